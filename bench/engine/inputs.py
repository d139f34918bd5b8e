"""Files that a declaration names: found beside it, read before the run, kept with its evidence."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from bench.core.declaration import Declaration
from bench.core.errors import UsageError
from bench.core.ics import Proforma

#: names of files that come with the bench; the suite knows them
SHIPPED = "shipped:"
_FOLDER = "inputs"


def with_inputs(
    declaration: Declaration, proformas: Mapping[str, Proforma], folder: Path
) -> Declaration:
    """Return the declaration with the files that it names as paths from `folder`, where it stands.

    In the folder of a run the copy that the run keeps takes the place of the file.
    """
    interfaces = dict(declaration.interfaces)
    for name, key, value in _named(declaration, proformas):
        kept = folder / _kept_as(name, key, value)
        path = kept if kept.is_file() else folder / Path(value).expanduser()
        section = interfaces[name]
        ixit = {**section.ixit, key: str(path.absolute())}
        interfaces[name] = section.model_copy(update={"ixit": ixit})
    return replace(declaration, interfaces=interfaces)


def read_inputs(declaration: Declaration, proformas: Mapping[str, Proforma]) -> dict[str, str]:
    """Return the content of every file that is named, by the name under which a run keeps it.

    Raises UsageError for a file that cannot be read: better now than after an hour of listening.
    """
    found = {}
    for name, key, value in _named(declaration, proformas):
        try:
            found[_kept_as(name, key, value)] = Path(value).read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise UsageError(f"{value}: octet {error.start} is not UTF-8") from None
        except OSError as error:
            raise UsageError(
                f"[{name}.ixit] {key}: cannot read {value}: {error.strerror}"
            ) from None
    return found


def _named(
    declaration: Declaration, proformas: Mapping[str, Proforma]
) -> Iterator[tuple[str, str, str]]:
    """Yield interface, value and file name for each value that is a file of the user's."""
    for name, section in declaration.interfaces.items():
        for key, item in proformas[name].ixit.items():
            value = section.ixit.get(key)
            if item.type == "file" and isinstance(value, str) and not value.startswith(SHIPPED):
                yield name, key, value


def _kept_as(interface: str, key: str, value: str) -> str:
    return f"{_FOLDER}/{interface}-{key}{Path(value).suffix}"
