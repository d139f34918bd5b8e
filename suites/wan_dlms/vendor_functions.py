"""f() of mechanism 2, which is the manufacturer's own: found by the name that is declared.

`aes-ecb` is built in. A package adds others through the entry-point group of this module: each
entry point is a function of (secret, received challenge) that returns what is sent for it.
"""

from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any, cast

from bench.core.errors import UsageError
from bench.core.verdict import Reason
from bench.engine.context import Inconclusive
from bench.protocols.dlms.security.hls import VendorFunction, aes_ecb

GROUP = "meterbench.hls_functions"
BUILT_IN: dict[str, VendorFunction] = {"aes-ecb": aes_ecb}


def declared_function(values: Mapping[str, Any]) -> VendorFunction:
    """Return f() of mechanism 2 as it is declared; Inconclusive (IXIT) where it is not there."""
    try:
        return vendor_function(str(values.get("hls2_function", "aes-ecb")))
    except UsageError as error:
        raise Inconclusive(Reason.IXIT, str(error)) from None


def vendor_function(name: str) -> VendorFunction:
    """Return the function of this name.

    UsageError for a name that nobody offers, and for an entry point that cannot be loaded.
    """
    if name in BUILT_IN:
        return BUILT_IN[name]
    offered = {one.name: one for one in entry_points(group=GROUP)}
    if name not in offered:
        known = ", ".join(sorted({*BUILT_IN, *offered}))
        raise UsageError(
            f"hls2_function {name!r} is not known (known: {known}); a package offers it by an "
            f"entry point of the group {GROUP}"
        )
    try:
        found = offered[name].load()
    except Exception as error:
        raise UsageError(f"hls2_function {name!r} cannot be loaded: {error}") from error
    if not callable(found):
        raise UsageError(f"hls2_function {name!r} is no function but {type(found).__name__}")
    return cast(VendorFunction, found)
