"""Reads what `meterbench baseline` recorded, and the baselines that are shipped."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from bench.core.errors import UsageError
from vectors import loader

_SHIPPED = "shipped:"
Found = TypeVar("Found")


def load_baseline(
    name: str, interface: str, from_json: Callable[[Mapping[str, Any]], Found]
) -> Found:
    """Return the baseline in a file, or a shipped one of the interface by `shipped:NAME`.

    `from_json` makes it of the content of the file. Raises UsageError that says what is wrong.
    """
    if name.startswith(_SHIPPED):
        shipped = name.removeprefix(_SHIPPED)
        return from_json(loader.data(f"{interface}/baselines/{shipped}.json"))
    try:
        data = json.loads(Path(name).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"cannot read the baseline {name}: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(f"the baseline {name} is not JSON: {error}") from None
    try:
        return from_json(data)
    except (KeyError, TypeError, ValueError, UsageError) as error:
        raise UsageError(
            f"{name} is no baseline: {error!s:.80}; record one with "
            f"`meterbench baseline {interface}`"
        ) from None
