"""Registers: energy, power, voltage, current and sub-meters are the same at every port."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bench.core.case import Case, Kind, case
from bench.core.check import Deviation, Place
from bench.engine.checks import Checks
from bench.protocols.dlms.cosem_types import LogicalName
from suites.system.looking import energies, is_sparse, look, powers
from suites.system.ports import Ports
from suites.system.samples import NOTHING, Agreement, Allowed, agreement
from suites.system.shown import Registers, p1_capacity, p1_samples, s1_power, s1_rms
from suites.wan_dlms.stamps import stamp_of

_ONE_TRUTH = "ERA-interfaces:one-truth"
_SHOWN = "Fluvius-P1-S1:4.2"
_ENERGY = Allowed(fixed=2.0)
_POWER = Allowed(fixed=2.0, share=0.01)
_EFFECTIVE = Allowed(share=0.005)
_STEADY_W = {"1": 2000.0, "2": -1000.0}
_APART_S = 30.0  # between two looks at energy: some ten Wh
_LISTENED_S = 4.0
#: V, A and degrees of lag: no two phases alike
_THREE_PHASES = ((222.0, 2.0, 10.0), (230.0, 5.0, -20.0), (238.0, 9.0, 35.0))
_CUBIC_METRE, _JOULE, _WATT_HOUR = 13, 25, 30
_VALUE = re.compile(r"0-([1-4]):24\.2\.[13]")


def _judge_energy(ports: Ports, verify: Checks, group: str) -> None:
    ports.load(_STEADY_W[group])
    codes = [f"1-0:{group}.8.{tariff}" for tariff in range(5)]
    seen = look(ports, codes, _APART_S)
    p1 = energies(ports, seen.readings, group)
    shown = [(one, obis) for one in seen.readings[:1] for obis in p1 if obis in one.lines]
    capacity = p1_capacity(*shown[0]) if shown else 0.0
    found = NOTHING
    for code, samples in seen.wan.items():
        if code in p1:
            one = agreement(p1[code], samples, _ENERGY, "Wh", ports.lag_s, modulus=capacity)
            found = found.and_also(one)
    expected = "the same energy at every port, to 2 Wh beside rounding"
    _judge(verify, "wan", found, expected)


def _judge(verify: Checks, check_id: str, found: Agreement, expected: str) -> None:
    verify.none_of(
        check_id, found.deviations, examined=found.examined, expected=expected, things="values"
    )


@case(
    Case(
        id="SYS-REG-01",
        version=1,
        interface="system",
        title="Imported energy agrees",
        purpose="Ensure that who reads the meter through one port is billed what another shows.",
        stimulus="Hold 2 kW where the link can; listen to P1, and read the energy registers over "
        "WAN twice, 30 s apart.",
        criterion="Each tariff and the total agree within 2 Wh beside rounding.",
        kind=Kind.VALID,
        clauses=(_ONE_TRUTH,),
        detects=(
            "system.p1-energy-frozen",
            "system.p1-energy-of-one-tariff",
            "system.wan-energy-scaler",
            "system.wan-energy-frozen",
            "system.wan-total-of-one-tariff",
        ),
        spans=("p1", "wan", "han", "mep"),
        bound_s=300,
    )
)
def test_imported_energy(ports: Ports, verify: Checks) -> None:
    """One household has drawn one amount of energy."""
    _judge_energy(ports, verify, "1")


@case(
    Case(
        id="SYS-REG-02",
        version=1,
        interface="system",
        title="Exported energy agrees",
        purpose="Ensure that what was fed in is counted as such wherever it is shown.",
        stimulus="Feed in 1 kW where the link can; listen to P1, and read the energy registers "
        "over WAN twice, 30 s apart.",
        criterion="Each tariff and the total agree within 2 Wh beside rounding.",
        kind=Kind.VALID,
        clauses=(_ONE_TRUTH,),
        detects=(
            "system.p1-export-as-import",
            "system.wan-export-as-import",
        ),
        spans=("p1", "wan", "han", "mep"),
        bound_s=300,
    )
)
def test_exported_energy(ports: Ports, verify: Checks) -> None:
    """What the roof feeds in is worth the same at every port."""
    _judge_energy(ports, verify, "2")


@case(
    Case(
        id="SYS-REG-03",
        version=1,
        interface="system",
        title="Power agrees",
        purpose="Ensure that import and export power are the same at every port.",
        stimulus="Hold 2 kW, then feed in 1 kW, where the link can; listen to P1 and S1, and read "
        "the power registers over WAN.",
        criterion="Import and export of P1 and WAN, and the mean of voltage times current of S1 "
        "over each second, agree within 1 % and 2 W beside rounding.",
        kind=Kind.VALID,
        clauses=(_ONE_TRUTH, _SHOWN),
        detects=(
            "system.p1-sign-lost",
            "system.wan-sign-lost",
            "system.s1-sign-lost",
        ),
        spans=("p1", "s1", "wan", "han", "mep"),
        bound_s=300,
    )
)
def test_power(ports: Ports, verify: Checks) -> None:
    """Power flows one way, whichever port one looks through."""
    loads = list(_STEADY_W.values()) if ports.can("load") else [None]
    wan = s1 = NOTHING
    sparse = is_sparse(ports)
    for watts in loads:
        if watts is not None:
            ports.load(watts)
        seen = look(ports, ("1-0:1.7.0", "1-0:2.7.0"))
        reference, others = powers(ports, seen)
        for code, samples in others.items():
            of = agreement(
                reference.get(code, []), samples, _POWER, "W", ports.lag_s, sparse=sparse
            )
            wan = wan.and_also(of)
        if seen.capture is not None:
            seconds = s1_power(ports, seen.capture)
            of = agreement(reference["net"], seconds, _POWER, "W", ports.lag_s, sparse=sparse)
            s1 = s1.and_also(of)
    expected = "the same power at every port, to 1 % and 2 W beside rounding"
    if ports.has("wan") and ports.has("p1"):
        _judge(verify, "wan", wan, expected)
    if ports.has("s1"):
        _judge(verify, "s1", s1, expected)


@case(
    Case(
        id="SYS-REG-04",
        version=1,
        interface="system",
        title="Voltage and current agree",
        purpose="Ensure that every port shows each phase under its own name.",
        stimulus="Connect a source with three different phases where the link can; listen to P1 "
        "and S1, and read voltages and currents over WAN.",
        criterion="Voltage and current of each phase, those of S1 being effective values over "
        "each second, agree within 0.5 % beside rounding.",
        kind=Kind.VALID,
        clauses=(_SHOWN, _ONE_TRUTH),
        detects=(
            "system.p1-phases-swapped",
            "system.wan-phases-swapped",
            "system.s1-phases-swapped",
        ),
        spans=("p1", "s1", "wan", "han", "mep"),
        bound_s=300,
    )
)
def test_voltage_and_current(ports: Ports, verify: Checks) -> None:
    """L2 is L2 at every port."""
    answers = ports.answers
    delta = answers.get("S1/DELTA") or answers.get("P1/DELTA")
    if ports.can("source") and not delta:
        poly = answers.get("S1/POLYPHASE") or answers.get("P1/POLYPHASE")
        ports.source(_THREE_PHASES if poly else _THREE_PHASES[:1])
    kinds = (("V", "2", "V"), ("I", "1", "A"))
    codes = {
        f"{name}{phase}": (f"1-0:{2 * phase + 1}{digit}.7.0", unit)
        for phase in (1, 2, 3)
        for name, digit, unit in kinds
    }
    seen = look(ports, [code for code, _ in codes.values()])
    wan = s1 = NOTHING
    sparse = is_sparse(ports)
    for channel, (code, unit) in codes.items():
        read = seen.wan.get(code, [])
        reference = p1_samples(ports, seen.readings, code) or read
        if reference is not read:
            of = agreement(reference, read, _EFFECTIVE, unit, ports.lag_s, sparse=sparse)
            wan = wan.and_also(of)
        if seen.capture is not None:
            of = agreement(
                reference,
                s1_rms(ports, seen.capture, channel),
                _EFFECTIVE,
                unit,
                ports.lag_s,
                sparse=sparse,
            )
            s1 = s1.and_also(of)
    expected = "the same voltages and currents at every port, to 0.5 % beside rounding"
    if ports.has("wan") and ports.has("p1"):
        _judge(verify, "wan", wan, expected)
    if ports.has("s1"):
        _judge(verify, "s1", s1, expected)


@case(
    Case(
        id="SYS-REG-05",
        version=1,
        interface="system",
        title="Readings of sub-meters agree",
        purpose="Ensure that the reading of a gas or water meter and its time are the same at "
        "every port.",
        stimulus="Listen to P1, and read the extended register of each linked meter over WAN, "
        "before and after.",
        criterion="What P1 shows (0-n:24.2.1 or 24.2.3) and the extended register 0-n:24.2.1 are "
        "the same value, captured at the same time.",
        kind=Kind.VALID,
        clauses=(_SHOWN,),
        ics="P1/MBUS",
        detects=(
            "system.p1-capture-hour",
            "system.wan-capture-hour",
            "system.p1-submeter-stale",
            "system.wan-submeter-stale",
        ),
        beside=("p1",),
        spans=("p1", "wan", "han"),
        bound_s=300,
    )
)
def test_submeters(ports: Ports, verify: Checks) -> None:
    """Who heats with gas pays once, by one reading."""
    ports.begin()
    ports.hear(_LISTENED_S + ports.lag_s)
    captured: dict[str, list[Captured]] = {}
    with ports.meter.associate("main") as aa:
        registers = Registers(ports, aa)
        for channel in range(1, 5):
            for one in _captured(registers, f"0-{channel}:24.2.1"):
                captured.setdefault(str(channel), []).append(one)
    ports.hear(ports.lag_s + 1.0)
    values, times = [], []
    examined = 0
    for meter, read in captured.items():
        shown = _of_channel(ports, meter)
        if not shown:
            continue
        examined += 1
        for one in read:
            if not any(one.time == other.time for other in shown):
                times.append(
                    _unlike(one, shown, lambda c: f"captured {c.time:%Y-%m-%d %H:%M:%S} UTC")
                )
            elif not any(_same_value(one, other) for other in shown):
                values.append(_unlike(one, shown, lambda c: f"{c.value:.10g} {c.unit}"))
    meters = "linked meters"
    verify.none_of(
        "time", times, examined=examined, expected="the same time of capture", things=meters
    )
    verify.none_of("value", values, examined=examined, expected="the same reading", things=meters)


@dataclass(frozen=True, slots=True)
class Captured:
    """A reading of a sub-meter with the instant in UTC at which it was taken."""

    what: str
    value: float
    resolution: float
    unit: str
    time: datetime
    place: Place


def _captured(registers: Registers, code: str) -> list[Captured]:
    """Return what an extended register shows, nothing where it shows no time."""
    sample = registers.sample(code)
    class_id = registers.class_of(code)
    if sample is None or class_id is None:
        return []
    stamp = stamp_of(registers.aa.get(class_id, LogicalName.parse(code), 5).data)
    utc = None if stamp is None or stamp.faults() else stamp.utc()
    if utc is None:
        return []
    unit, factor = _UNITS.get(registers.unit(code) or 0, ("", 1.0))
    value, resolution = sample.value * factor, sample.resolution * factor
    return [Captured(sample.what, value, resolution, unit, utc, sample.place or Place(0))]


_UNITS = {_CUBIC_METRE: ("m3", 1.0), _JOULE: ("GJ", 1e-9), _WATT_HOUR: ("Wh", 1.0)}


def _of_channel(ports: Ports, channel: str) -> list[Captured]:
    """Return what P1 showed of a channel while it was heard."""
    found = []
    for reading in ports.readings():
        for obis in reading.objects:
            match = _VALUE.fullmatch(obis)
            value, utc = reading.quantity(obis, 1), reading.utc(obis, 0)
            if match and match[1] == channel and value is not None and utc is not None:
                resolution = float(reading.resolution(obis, 1))
                place = ports.place_p1(reading, obis)
                found.append(Captured(f"P1 {obis}", float(value), resolution, "", utc, place))
    return found


def _same_value(one: Captured, other: Captured) -> bool:
    margin = max(one.resolution, other.resolution)
    return one.time == other.time and abs(one.value - other.value) <= margin


def _unlike(one: Captured, shown: Sequence[Captured], told: Callable[[Captured], str]) -> Deviation:
    nearest = shown[-1]
    return Deviation(nearest.place, f"{one.what} {told(one)}", f"{nearest.what} {told(nearest)}")
