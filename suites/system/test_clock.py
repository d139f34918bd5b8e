"""Clocks: one time at every port, and one daylight saving."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from bench.core.case import Case, Effects, Kind, case
from bench.core.check import Deviation
from bench.core.link import Capability
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import Inconclusive
from suites.p1.zone import next_changeover
from suites.system.clocks import ClockShown, ahead_of, device_time, p1_clocks, wan_clock
from suites.system.ports import Ports

_OURS = "OUR:one-system"
_SPREAD_S = 1.0
_LOOKS = 4
_BEFORE_S, _AFTER_S = 3.0, 3.0
_ZONE = "Europe/Brussels"  # all zones of the union change at once (2000/84/EC)


def _look(ports: Ports, looks: int = _LOOKS) -> dict[str, list[ClockShown]]:
    """Return what the clocks of all ports show now."""
    ports.begin()
    ports.hear(1.0 + ports.lag_s)
    found: dict[str, list[ClockShown]] = {}
    if ports.has("wan"):
        with ports.meter.associate("main") as aa:
            read = [wan_clock(ports, aa) for _ in range(looks)]
        found["wan"] = [one for one in read if one is not None]
    ports.hear(1.0 + ports.lag_s)
    if ports.has("p1"):
        found["p1"] = p1_clocks(ports, ports.readings())
    found = {port: shown for port, shown in sorted(found.items()) if shown}
    if len(found) < 2:
        which = ", ".join(found) or "no port"
        raise Inconclusive(Reason.PRECONDITION, f"only {which} shows a time: nothing to compare")
    return found


@case(
    Case(
        id="SYS-CLK-01",
        version=1,
        interface="system",
        title="Clocks agree",
        purpose="Ensure that what happens has one time, whichever port tells it.",
        stimulus="Read all clocks within seconds of one another.",
        criterion="The clocks differ by at most 1 s beside the uncertainty of reading them, and "
        "tell the same offset of local time and the same season (ours).",
        kind=Kind.VALID,
        clauses=(_OURS,),
        needs=(Capability.TIMESTAMPS,),
        detects=(
            "system.p1-clock-ahead",
            "system.wan-clock-ahead",
            "system.p1-standard-time",
            "system.wan-standard-time",
        ),
        spans=("p1", "wan", "han", "mep"),
        bound_s=180,
    )
)
def test_clocks(ports: Ports, verify: Checks) -> None:
    """There is one clock in a meter."""
    found = _look(ports)
    first, *others = found
    ahead, u = ahead_of(found[first])
    for port in others:
        other, other_u = ahead_of(found[port])
        sum_u = (u**2 + other_u**2) ** 0.5
        difference = other - ahead
        last = found[port][-1]
        verify.that(
            "spread",
            abs(difference) <= _SPREAD_S + sum_u,
            expected=f"within {_SPREAD_S:g} s of {first}, beside U = {sum_u:.2f} s",
            observed=f"{port} {difference:+.2f} s",
            place=last.place,
        )
        reference = found[first][-1]
        verify.that(
            "season",
            _same_season(reference, last),
            expected=f"{reference.season} ({first})",
            observed=f"{last.season} ({port})",
            place=last.place,
        )


def _same_season(one: ClockShown, other: ClockShown) -> bool:
    """Whether two clocks tell local time alike, as far as they tell it."""
    pairs = ((one.offset_min, other.offset_min), (one.summer, other.summer))
    return all(a is None or b is None or a == b for a, b in pairs)


@dataclass(frozen=True, slots=True)
class Change:
    """Between which two readings a port changed its season."""

    before: ClockShown
    after: ClockShown

    def __str__(self) -> str:
        return f"between {self.before.utc:%Y-%m-%d %H:%M:%S} and {self.after.utc:%H:%M:%S} UTC"

    def may_be(self, other: "Change") -> bool:
        """Whether both may have been at one instant."""
        slack = timedelta(seconds=1)  # clocks may differ by so much
        latest = max(self.before.utc, other.before.utc)
        return latest <= min(self.after.utc, other.after.utc) + slack


@case(
    Case(
        id="SYS-CLK-02",
        version=1,
        interface="system",
        title="Daylight saving everywhere at once",
        purpose="Ensure that no hour exists at one port only when clocks are changed.",
        stimulus="Set the device's clock to shortly before the next changeover of spring and of "
        "autumn, and watch the clocks of all ports over it. The clock is set right again.",
        criterion="All ports change at the same instant, or none does, and UTC as each port "
        "tells it never goes back (ours).",
        kind=Kind.VALID,
        clauses=(_OURS,),
        needs=(Capability.DEVICE_CONTROL,),
        effects=Effects.REVERSIBLE,
        detects=(
            "system.p1-standard-time",
            "system.wan-standard-time",
            "system.p1-changes-next-day",
            "system.wan-changes-next-day",
            "system.p1-season-unmarked",
            "system.wan-season-unmarked",
        ),
        spans=("p1", "wan", "han", "mep"),
        bound_s=300,
    )
)
def test_daylight_saving(ports: Ports, verify: Checks) -> None:
    """Both changeovers, on a clock that is set to them."""
    now = _look(ports, 1)
    right = next(iter(now.values()))[-1]
    right_utc, right_ns = device_time(ports, right), ports.now
    zone = ports.p1_profile.clock.zone if ports.has("p1") else _ZONE
    apart: list[Deviation] = []
    back: list[Deviation] = []
    examined = watched = 0
    for spring in (True, False):
        changeover = next_changeover(zone or _ZONE, right_utc, spring=spring)
        if changeover is None:
            continue
        begin = changeover.utc - timedelta(seconds=_BEFORE_S + ports.lag_s)
        ports.set_clock(begin, right_utc, right_ns)
        found = _watched(ports, changeover.utc)
        apart += _apart(found, "spring" if spring else "autumn")
        back += _gone_back(found)
        examined += 1
        watched += sum(map(len, found.values()))
    verify.none_of(
        "same-instant",
        apart,
        examined=examined,
        expected="every port changes at the same instant",
        things="changeovers",
    )
    verify.none_of(
        "monotonic", back, examined=watched, expected="UTC never goes back", things="clock readings"
    )


def _watched(ports: Ports, until: datetime) -> Mapping[str, Sequence[ClockShown]]:
    """Return what the clocks show until some seconds after an instant of theirs."""
    ports.begin()
    began_ns = ports.now
    total_s = _BEFORE_S + _AFTER_S + 2 * ports.lag_s
    end_ns = began_ns + round(total_s * 1e9)
    found: dict[str, list[ClockShown]] = {}
    if ports.has("wan"):
        shown: list[ClockShown] = []
        with ports.meter.associate("main") as aa:
            while ports.now < end_ns:
                if (one := wan_clock(ports, aa)) is not None:
                    shown.append(one)
                ports.hear(0.2)
        found["wan"] = shown
    ports.hear_until(end_ns)
    if ports.has("p1"):
        found["p1"] = p1_clocks(ports, ports.readings())
    # who opens an association may be late, and what was set shows with the next update only
    settled = until - timedelta(hours=1)
    return {p: [one for one in shown if one.utc > settled] for p, shown in sorted(found.items())}


def _changes(shown: Sequence[ClockShown]) -> list[Change]:
    return [
        Change(before, after)
        for before, after in pairwise(shown)
        if (before.offset_min, before.summer) != (after.offset_min, after.summer)
    ]


def _apart(found: Mapping[str, Sequence[ClockShown]], name: str) -> list[Deviation]:
    changed = {port: _changes(shown) for port, shown in found.items() if shown}
    if len(changed) < 2 or not any(changed.values()):
        return []
    first = next(port for port, changes in changed.items() if changes)
    reference = changed[first][0]
    deviations = []
    for port, changes in changed.items():
        if len(changes) == 1 and changes[0].may_be(reference):
            continue
        if port == first and len(changes) == 1:
            continue
        observed = "; ".join(map(str, changes)) or f"none until {found[port][-1].utc:%H:%M:%S} UTC"
        place = (changes[0].after if changes else found[port][-1]).place
        expected = f"{name}: {first} changes {reference}"
        deviations.append(Deviation(place, expected, f"{port} changes {observed}"))
    return deviations


def _gone_back(found: Mapping[str, Sequence[ClockShown]]) -> list[Deviation]:
    return [
        Deviation(
            after.place,
            f"{port}: {before.utc:%H:%M:%S} UTC or later",
            f"{after.utc:%H:%M:%S} UTC ({after.season})",
        )
        for port, shown in found.items()
        for before, after in pairwise(shown)
        if after.utc < before.utc
    ]
