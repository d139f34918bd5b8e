"""How far a link's time stamps are off at this station: kept by `calibrate`, used by every run.

What was measured replaces the adapter's own figure, for the better or the worse. A link that was
never calibrated keeps its own, and so does one whose URL states `u_ms`.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from math import ceil, sqrt
from pathlib import Path
from typing import Any

from adapters.base import Capability, Link
from bench.core.errors import EvidenceError, UsageError
from bench.engine.score import state_folder

#: recordings and the simulator know their instants; nothing is to be measured there
_EXACT = frozenset({"replay", "simulated"})
_PSEUDO_TERMINAL = re.compile(r"serial:/dev/pts/\d+")
_LOOPBACK = re.compile(r"(tcp|udp):(127\.[\d.]+|localhost|::1):\d+")
_ENOUGH_FOR_BOUND = 1000  # below, the largest error stands for the 99.9 % bound


@dataclass(frozen=True, slots=True)
class Calibration:
    """The error of one time stamp: its distribution and the expanded uncertainty, in seconds.

    `key` names the link, `adapter` the piece of hardware by its serial number ("" if it has none).
    The uncertainty is the larger of two: twice the root mean square (k = 2, the offset of late
    stamps included, as it is not corrected) and the 99.9 % bound; `rule` says which.
    """

    key: str
    link: str
    adapter: str
    method: str
    repeats: int
    median_s: float
    p95_s: float
    p999_s: float
    max_s: float
    k2_s: float
    uncertainty_s: float
    rule: str
    recorded: str

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Calibration":
        """Return what `to_json` wrote; KeyError, TypeError or ValueError if it did not."""
        numbers = {"median_s", "p95_s", "p999_s", "max_s", "k2_s", "uncertainty_s"}
        row = {name: data[name] for name in cls.__dataclass_fields__}
        for name in numbers:
            row[name] = float(row[name])
            if not 0 <= row[name] < 60:
                raise ValueError(f"{name} is {row[name]}")
        return cls(**row)


def conclude(link: Link, method: str, errors_s: Sequence[float]) -> Calibration:
    """Return what the errors of single stamps say about a link; UsageError without any."""
    if not errors_s:
        raise UsageError("no time stamp was measured")
    ordered = sorted(abs(error) for error in errors_s)
    k2_s = 2 * sqrt(sum(error * error for error in ordered) / len(ordered))
    bound_s = _quantile(ordered, 0.999)
    wide = bound_s > k2_s
    bound = "99.9 % bound" if len(ordered) >= _ENOUGH_FOR_BOUND else "largest error"
    return Calibration(
        key=station_key(link.identity),
        link=str(link.url),
        adapter=link.describe().get("serial_number", ""),
        method=method,
        repeats=len(ordered),
        median_s=_quantile(ordered, 0.5),
        p95_s=_quantile(ordered, 0.95),
        p999_s=bound_s,
        max_s=ordered[-1],
        k2_s=k2_s,
        uncertainty_s=bound_s if wide else k2_s,
        rule=bound if wide else "k = 2",
        recorded=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[max(ceil(share * len(ordered) - 1e-9), 1) - 1]


def station_key(identity: str) -> str:
    """Return what a calibration holds for: pseudo terminals are alike, and so are local sockets."""
    if _PSEUDO_TERMINAL.fullmatch(identity):
        return "serial:pseudo-terminal"
    if local := _LOOPBACK.fullmatch(identity):
        return f"{local[1]}:this-machine"
    return identity


def keep(calibration: Calibration) -> Path:
    """Write a calibration where this station keeps it; return the file. EvidenceError if not."""
    path = _path(calibration.key)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(calibration.to_json(), indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise EvidenceError(
            f"cannot keep the calibration in {path}: {error.strerror}; set METERBENCH_STATE to a "
            "folder that you may write to"
        ) from error
    return path


def recorded_calibration(link: Link) -> Calibration | None:
    """Return what was measured for a link, None if nothing was, or with another adapter."""
    path = _path(station_key(link.identity))
    try:
        found = Calibration.from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    same = found.key == station_key(link.identity)
    return found if same and found.adapter == link.describe().get("serial_number", "") else None


def calibrated(link: Link) -> Link:
    """Return the link with the uncertainty that was measured for it, where one was."""
    can_measure = Capability.TIMESTAMPS in link.capabilities and link.url.scheme not in _EXACT
    if can_measure and "u_ms" not in link.url.options:
        found = recorded_calibration(link)
        if found is not None:
            link.timing_uncertainty_s = found.uncertainty_s
    return link


def origin(link: Link) -> str:
    """Return in words where the timing uncertainty of an open link comes from."""
    if link.url.scheme in _EXACT:
        return "instants of the link itself"
    if "u_ms" in link.url.options:
        return "stated by u_ms in the link"
    found = recorded_calibration(link)
    if found is not None and link.timing_uncertainty_s == found.uncertainty_s:
        return f"calibrated {found.recorded}: {found.rule} of {found.repeats} stamps"
    return "usual for the adapter, not calibrated at this station"


def _path(key: str) -> Path:
    name = hashlib.sha256(key.encode()).hexdigest()[:24]
    return state_folder() / "calibration" / f"{name}.json"
