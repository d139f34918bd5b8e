"""The self-test score of the installed suites, kept so that reports can print it."""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import __version__
from bench.engine import catalogue


def state_folder() -> Path:
    """Return where this station keeps what it measured itself."""
    configured = os.environ.get("METERBENCH_STATE")
    if configured:
        return Path(configured)
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "meterbench"


def _key() -> str:
    """Name bench and suites together: a score holds for these and no others."""
    digests = "-".join(catalogue.digest(name)[:16] for name in catalogue.suites())
    return f"{__version__}-{digests}"


def record_score(score: Mapping[str, Any]) -> bool:
    """Keep the score of a full self-test; return whether it could be kept."""
    path = state_folder() / "selftest" / f"{_key()}.json"
    row = {
        **score,
        "key": _key(),
        "digests": {name: catalogue.digest(name) for name in catalogue.suites()},
        "recorded": datetime.now(UTC).date().isoformat(),
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(row, indent=1) + "\n", encoding="utf-8")
    except OSError:
        return False
    return True


def recorded_score() -> dict[str, Any] | None:
    """Return the score that was recorded for the installed suites, None if there is none."""
    path = state_folder() / "selftest" / f"{_key()}.json"
    try:
        row = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return row if isinstance(row, dict) and row.get("key") == _key() else None
