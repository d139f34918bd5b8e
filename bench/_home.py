"""Where the bench lives, and the assurance that its packages come from there.

`suites`, `adapters`, `reports` and `vectors` are ordinary words. A folder of that name that stands
earlier on the import path (the current folder under `python -m`, `PYTHONPATH`, another
distribution) would be imported instead, and a run would use cases that nobody reviewed.
"""

from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path

import bench
from bench.core.errors import UsageError

SIBLINGS = ("suites", "adapters", "reports", "vectors")
"""The import packages that are installed side by side with `bench`."""


def home() -> Path:
    """The folder that holds `bench` and its siblings; absolute, symbolic links resolved."""
    return Path(bench.__file__).resolve().parent.parent


def check_home() -> None:
    """Return only if every sibling would be imported from the folder next to `bench`.

    Nothing is imported. Raises `UsageError` (exit code 2) that names, for each sibling, the place
    that shadows it and the place that is shadowed.
    """
    base = home()
    wrong = []
    for name in SIBLINGS:
        expected = base / name
        found = _location(find_spec(name))
        if found is None:
            wrong.append(f"  {name}: not found, expected at {expected}")
        elif found != expected:
            wrong.append(f"  {name}: {found} shadows {expected}")
    if wrong:
        places = "\n".join(wrong)
        raise UsageError(
            f"the packages of meterbench are not all its own:\n{places}\n"
            "Rename what shadows, take its folder off PYTHONPATH, or start the `meterbench` "
            "command instead of `python -m bench`; if one is missing, install meterbench again."
        )


def _location(spec: ModuleSpec | None) -> Path | None:
    """The folder of a package, or the file of a plain module; None if there is neither."""
    if spec is None:
        return None
    if spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations))).resolve()
    return Path(spec.origin).resolve() if spec.origin else None
