"""Opens a link by its URL: finds the adapter of the scheme and loads it only then.

The adapters of the bench are a table; third parties add theirs through the entry-point group
`meterbench.adapters` (name = scheme, value = `module:Class`). The bench's own schemes win.
"""

import importlib
import importlib.metadata
from typing import Protocol, cast

from adapters.base import Link, LinkUrl
from bench.core.clock import Clock
from bench.core.errors import AdapterUnavailable, UsageError
from bench.core.line import LineSettings

GROUP = "meterbench.adapters"

BUILT_IN = {
    "replay": "adapters.replay:ReplayLink",
    "serial": "adapters.serial_port:SerialLink",
    "simulated": "adapters.simulated:SimulatedLink",
    "tcp": "adapters.tcp:TcpLink",
    "udp": "adapters.udp:UdpLink",
}

#: the distribution to install where it is not called as the module that it brings
_DISTRIBUTIONS = {"serial": "pyserial"}


class Opener(Protocol):
    """What a Link class brings besides the link itself."""

    def open(self, url: LinkUrl, line: LineSettings, clock: Clock) -> Link:
        """Return the open link; UsageError for a bad URL, AdapterUnavailable otherwise."""
        ...


def schemes() -> dict[str, str]:
    """Return every known scheme with the `module:Class` that opens it, sorted."""
    known = {point.name.lower(): point.value for point in _entry_points()}
    return dict(sorted((known | BUILT_IN).items()))


def open_link(url: str | LinkUrl, *, line: LineSettings, clock: Clock) -> Link:
    """Return an open link to `url`.

    `line` is the character format that the interface prescribes; options of the URL override
    it. Raises UsageError for a URL that cannot be right, and AdapterUnavailable when the port
    cannot be opened or the adapter cannot be loaded.
    """
    parsed = LinkUrl.parse(url) if isinstance(url, str) else url
    return find_adapter(parsed.scheme).open(parsed, line, clock)


def find_adapter(scheme: str) -> Opener:
    """Return the Link class of `scheme`, loading its module.

    Raises UsageError for an unknown scheme, AdapterUnavailable when a package that the adapter
    imports is missing, or when the module does not hold a Link class of that name.
    """
    known = schemes()
    if scheme not in known:
        raise UsageError(
            f"no adapter is called {scheme!r}; known: {', '.join(known)}. "
            "Write for example tcp://127.0.0.1:2001 or serial:///dev/ttyUSB0"
        )
    where = known[scheme]
    module_name, _, class_name = where.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise _missing(scheme, module_name, error) from error
    except ImportError as error:
        raise AdapterUnavailable(
            f"the {scheme} adapter ({where}) cannot be loaded: {error}"
        ) from error
    found = getattr(module, class_name, None)
    if found is None:
        raise AdapterUnavailable(
            f"the {scheme} adapter is registered as {where}, but {module_name} has no "
            f"{class_name or 'class named after a colon'}; correct the entry point"
        )
    if not (isinstance(found, type) and issubclass(found, Link) and hasattr(found, "open")):
        raise AdapterUnavailable(
            f"the {scheme} adapter is registered as {where}, which is no Link class: it has to "
            "inherit from adapters.base.Link and have a class method open(url, line, clock)"
        )
    return cast(Opener, found)


def _missing(scheme: str, module_name: str, error: ModuleNotFoundError) -> AdapterUnavailable:
    missing = (error.name or module_name).partition(".")[0]
    if module_name == error.name or module_name.startswith(f"{error.name}."):
        owner = next((p.dist for p in _entry_points() if p.name.lower() == scheme), None)
        remedy = (
            f"reinstall it: pip install --force-reinstall {owner.name}"
            if owner is not None and scheme not in BUILT_IN
            else "reinstall the bench: pip install --force-reinstall meterbench"
        )
        return AdapterUnavailable(f"the {scheme} adapter has no module {module_name}; {remedy}")
    distribution = _DISTRIBUTIONS.get(missing, missing)
    return AdapterUnavailable(
        f"the {scheme} adapter needs the package {missing}, which is not installed: "
        f"pip install {distribution}"
    )


def _entry_points() -> importlib.metadata.EntryPoints:
    return importlib.metadata.entry_points(group=GROUP)
