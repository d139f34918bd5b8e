"""The clocks of one device as its ports show them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bench.core.check import Place
from bench.core.clock import SECOND
from bench.protocols.dlms.date_time import STATUS_DAYLIGHT_SAVING
from suites.p1.readings import Reading, standard_offset_min
from suites.system.ports import Ports
from suites.wan_dlms.association import Association
from suites.wan_dlms.model import CLOCK, CLOCK_CLASS
from suites.wan_dlms.stamps import Shown

_TIME = 2
_PREPARED_S = 1.0  # how long before it starts a telegram may have been made


@dataclass(frozen=True, slots=True)
class ClockShown:
    """What a port's clock showed: an instant, local time's offset in minutes, summer or not.

    The clock was looked at from `from_ns` to `until_ns`; offset and season are None where the port
    does not tell them.
    """

    port: str
    utc: datetime
    offset_min: int | None
    summer: bool | None
    resolution_s: float
    from_ns: int
    until_ns: int
    place: Place

    @property
    def ahead_s(self) -> tuple[float, float]:
        """Least and most by which the clock is ahead of the link's clock, in seconds since 1970."""
        shown = self.utc.timestamp()
        return shown - self.until_ns / SECOND, shown + self.resolution_s - self.from_ns / SECOND

    @property
    def season(self) -> str:
        """How local time is told."""
        offset = "unknown" if self.offset_min is None else f"{self.offset_min:+d} min"
        name = {True: "summer", False: "standard", None: "unknown"}[self.summer]
        return f"{name} time, UTC {offset}"


def p1_clocks(ports: Ports, readings: Iterable[Reading]) -> list[ClockShown]:
    """Return the stamps of telegrams."""
    found = []
    for reading in readings:
        stamp, utc = reading.stamp(), reading.utc()
        if stamp is None or utc is None:
            continue
        at_ns = reading.seen.frame.at_ns
        offset = standard_offset_min(reading.profile) + (60 if stamp.daylight else 0)
        place = ports.place_p1(reading)
        early_ns = at_ns - round(_PREPARED_S * SECOND)
        found.append(ClockShown("P1", utc, offset, stamp.daylight, 1.0, early_ns, at_ns, place))
    return found


def wan_clock(ports: Ports, aa: Association) -> ClockShown | None:
    """Return what the clock object shows now, None if it shows no time."""
    answer = aa.get(CLOCK_CLASS, CLOCK, _TIME)
    shown = Shown.of(answer)
    if shown is None:
        return None
    stamp = shown.stamp
    deviation = stamp.deviation_min
    status = stamp.status
    return ClockShown(
        "COSEM",
        shown.utc,
        None if deviation is None else -deviation,
        None if status is None else bool(status & STATUS_DAYLIGHT_SAVING),
        shown.resolution_s(),
        answer.last.sent_ns,
        answer.last.until_ns,
        ports.place_wan(answer) or Place(0),
    )


def ahead_of(shown: Iterable[ClockShown]) -> tuple[float, float]:
    """Return by how much a clock is ahead of the link's, and the uncertainty, in seconds."""
    bounds = [one.ahead_s for one in shown]
    low, high = max(low for low, _ in bounds), min(high for _, high in bounds)
    return (low + high) / 2, abs(high - low) / 2


def device_time(ports: Ports, shown: ClockShown) -> datetime:
    """Return what a clock that showed this shows now."""
    ahead, _ = ahead_of([shown])
    return datetime.fromtimestamp(ports.now / SECOND + ahead, UTC).replace(microsecond=0)


def seconds_of(value: float) -> timedelta:
    """Return a duration."""
    return timedelta(seconds=value)
