"""Tariff: the ports say the same one, and change together."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from bench.core.case import Case, Effects, Kind, case
from bench.core.check import Deviation, Place
from bench.core.clock import SECOND
from bench.core.link import Capability
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import Inconclusive
from bench.protocols.dlms.cosem_types import LogicalName
from suites.system.clocks import device_time, p1_clocks
from suites.system.ports import Ports
from suites.wan_dlms.answer import Answer
from suites.wan_dlms.association import Association

_TARIFF = "0-0:96.14.0"
_DATA, _VALUE = 1, 2
_CALENDAR_CLASS, _CALENDAR, _DAYS = 20, "0-0:13.0.0", 5
_BEFORE_S, _AFTER_S = 3.0, 3.0
_WEDNESDAY = 2


@dataclass(frozen=True, slots=True)
class TariffShown:
    """Which tariff a port showed, and when."""

    tariff: int
    from_ns: int
    until_ns: int
    place: Place


@dataclass(frozen=True, slots=True)
class Change:
    """Between which two readings of a port the tariff changed."""

    before: TariffShown
    after: TariffShown

    def distance_s(self, other: "Change") -> float:
        """Return by how much the two are apart at least."""
        gap = max(
            self.before.from_ns - other.after.until_ns, other.before.from_ns - self.after.until_ns
        )
        return max(gap, 0) / SECOND


@case(
    Case(
        id="SYS-TAR-01",
        version=1,
        interface="system",
        title="Tariff agrees",
        purpose="Ensure that a reader switches its loads by the tariff that is billed.",
        stimulus="Set the device's clock to shortly before a switching time of the calendar "
        "0-0:13.0.0 and watch the tariff on P1 (0-0:96.14.0) and over WAN (the same object). The "
        "clock is set right again.",
        criterion="Both show the same tariff before and after, and change within one update of "
        "each other.",
        kind=Kind.VALID,
        clauses=("Fluvius-P1-S1:4.2",),
        ics="P1/TARIFF",
        needs=(Capability.DEVICE_CONTROL,),
        effects=Effects.REVERSIBLE,
        detects=(
            "system.p1-tariff-late",
            "system.wan-tariff-late",
            "system.p1-tariff-other",
            "system.wan-tariff-other",
        ),
        beside=("p1", "wan"),
        spans=("p1", "wan", "mep"),
        bound_s=600,
    )
)
def test_tariff(ports: Ports, verify: Checks) -> None:
    """The tariff that P1 shows is the one that counts."""
    ports.begin()
    ports.hear(1.0 + ports.lag_s)
    stamps = p1_clocks(ports, ports.readings())
    if not stamps:
        raise Inconclusive(Reason.PRECONDITION, "P1 shows no time from which one could set out")
    right, right_ns = device_time(ports, stamps[-1]), ports.now
    with ports.meter.associate("main") as aa:
        times = list(_switching_times(aa))
    for when in _next(times, right, ports.p1_profile.clock.zone):
        begin = when - timedelta(seconds=_BEFORE_S + ports.lag_s)
        ports.set_clock(begin, right, right_ns)
        found = _watched(ports)
        changed = {port: _changes(shown) for port, shown in found.items()}
        if any(changed.values()):
            _judge(verify, found, changed, ports.lag_s)
            return
    raise Inconclusive(
        Reason.PRECONDITION, f"no port changed its tariff at any of {len(times)} switching times"
    )


def _switching_times(aa: Association) -> Iterator[time]:
    """Yield the local times at which the active calendar has something to do."""
    answer = aa.get(_CALENDAR_CLASS, LogicalName.parse(_CALENDAR), _DAYS)
    found = set()
    for day in answer.value if isinstance(answer.value, tuple | list) else ():
        for action in day[1] if isinstance(day, tuple | list) and len(day) == 2 else ():
            octets = action[0] if isinstance(action, tuple | list) and action else b""
            if isinstance(octets, bytes) and len(octets) == 4 and octets[0] < 24:
                found.add(time(octets[0], octets[1] % 60, octets[2] % 60))
    if not found:
        text = f"the calendar {_CALENDAR} tells no switching times: {answer}"
        raise Inconclusive(Reason.PRECONDITION, text)
    yield from sorted(found)


def _next(times: Sequence[time], after: datetime, zone: str) -> Iterator[datetime]:
    """Yield these local times of the next Wednesday that is not tomorrow, in UTC."""
    local = after.astimezone(ZoneInfo(zone or "UTC"))
    day = local.date() + timedelta(days=2 + (_WEDNESDAY - local.weekday() - 2) % 7)
    for one in times:
        yield datetime.combine(day, one, local.tzinfo).astimezone(UTC)


def _watched(ports: Ports) -> dict[str, list[TariffShown]]:
    """Return which tariff the ports show for some seconds around the switching time."""
    ports.begin()
    end_ns = ports.now + round((_BEFORE_S + _AFTER_S + 3 * ports.lag_s) * SECOND)
    wan = []
    with ports.meter.associate("main") as aa:
        while ports.now < end_ns:
            answer = aa.get(_DATA, LogicalName.parse(_TARIFF), _VALUE)
            if (one := _of_answer(ports, answer)) is not None:
                wan.append(one)
            ports.hear(0.2)
    p1 = []
    for reading in ports.readings():
        value, text = reading.quantity(_TARIFF), reading.text(_TARIFF)
        number = None if value is None else int(value)
        if number is None and text is not None and text.isdigit():
            number = int(text)
        if number is not None:
            at_ns = reading.seen.frame.at_ns
            p1.append(TariffShown(number, at_ns, at_ns, ports.place_p1(reading, _TARIFF)))
    for port, shown in (("P1", p1), ("WAN", wan)):
        if not shown:
            raise Inconclusive(Reason.PRECONDITION, f"{port} shows no tariff ({_TARIFF})")
    return {"p1": p1, "wan": wan}


def _of_answer(ports: Ports, answer: Answer) -> TariffShown | None:
    """Return the tariff in an answer: a number, or text or octets that stand for one."""
    value = answer.value
    if isinstance(value, bytes):
        value = int(value) if value.isdigit() else int.from_bytes(value, "big")
    elif isinstance(value, str):
        value = int(value) if value.isdigit() else None
    if not isinstance(value, int):
        return None
    place = ports.place_wan(answer) or Place(0)
    return TariffShown(value, answer.last.sent_ns, answer.last.until_ns, place)


def _changes(shown: Sequence[TariffShown]) -> list[Change]:
    return [Change(a, b) for a, b in pairwise(shown) if a.tariff != b.tariff]


def _judge(
    verify: Checks,
    found: Mapping[str, Sequence[TariffShown]],
    changed: Mapping[str, Sequence[Change]],
    update_s: float,
) -> None:
    p1, wan = found["p1"], found["wan"]
    other = [
        Deviation(mine.place, f"tariff {theirs.tariff} (WAN)", f"tariff {mine.tariff} (P1)")
        for mine, theirs in ((p1[0], wan[0]), (p1[-1], wan[-1]))
        if mine.tariff != theirs.tariff
    ]
    verify.none_of(
        "same", other, examined=2, expected="the same tariff before and after", things="instants"
    )
    counts = {port: len(changes) for port, changes in changed.items()}
    together = counts == {"p1": 1, "wan": 1}
    distance = changed["p1"][0].distance_s(changed["wan"][0]) if together else None
    verify.that(
        "together",
        distance is not None and distance <= update_s,
        expected=f"both change once, within {update_s:g} s of each other",
        observed=f"{distance:.2f} s apart"
        if distance is not None
        else f"P1 changes {counts['p1']} times, WAN {counts['wan']} times",
        place=(changed["p1"][0].after if changed["p1"] else p1[-1]).place,
    )
