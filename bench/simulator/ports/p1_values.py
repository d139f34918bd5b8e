"""The values of a P1 telegram that are neither electrical nor a linked device's, by OBIS code."""

from collections.abc import Callable
from decimal import Decimal

from bench.protocols.p1.profile import Profile
from bench.simulator.household import Contact
from bench.simulator.metering_system import MeteringSystem
from bench.simulator.ports.p1_electricity import electricity
from bench.simulator.ports.p1_render import LocalTime, Source, Special, Value
from bench.simulator.reading import Reading


def source_of(obis: str, profile: Profile, system: MeteringSystem) -> Source | None:
    """Return what gives the values of an object out of a reading; None if there are none."""
    if obis == profile.version.obis:
        version = system.household.firmware.version or profile.version.values[-1]
        return _always(version)
    if obis in _CHANGING:
        return _CHANGING[obis]
    if obis == "0-0:98.1.0":
        return lambda reading: _peaks(reading, system)
    fixed = _fixed(obis, system)
    return electricity(obis, system) if fixed is None else _always(fixed)


def _always(value: Value) -> Source:
    values = [value]
    return lambda _reading: values


def _fixed(obis: str, system: MeteringSystem) -> Value | None:
    """Return what never changes."""
    home = system.household
    match obis:
        case "0-0:96.1.1" | "0-0:96.1.0" | "0-0:42.0.0" | "0-0:96.1.255":
            return home.serial
        case "0-0:0.0.0" | "1-0:0.0.0":
            return "".join(one for one in home.serial if one.isdigit())[-12:].zfill(12)
        case "0-0:96.1.2":
            return home.ean
        case "0-0:96.13.2" | "0-0:96.13.3" | "0-0:96.13.4" | "0-0:96.13.5":
            return b""
        case "1-0:96.5.5":
            return "80"
        case "1-0:94.32.1":
            return "230" if home.delta else "400"
    # the relays
    return 0 if obis.endswith(":96.3.10") else None


def _limit(reading: Reading) -> Value:
    return Special.NINES if reading.limiter_kw is None else reading.limiter_kw * 1000


def _failures(reading: Reading) -> Value:
    return Decimal(reading.short_failures + len(reading.failures))


def _switch(reading: Reading) -> Value:
    return "ON" if reading.breaker is Contact.CONNECTED else "OFF"


def _single(value: Callable[[Reading], Value]) -> Source:
    return lambda reading: [value(reading)]


_CHANGING: dict[str, Source] = {
    obis: _single(value)
    for obis, value in {
        "0-0:1.0.0": lambda reading: LocalTime(reading.local, reading.summer),
        "1-0:0.9.1": lambda reading: f"{reading.local:%H%M%S}",
        "1-0:0.9.2": lambda reading: f"{reading.local:%y%m%d}",
        "0-0:96.14.0": lambda reading: reading.tariff,
        "0-0:96.7.21": _failures,
        "0-0:96.7.9": lambda reading: Decimal(len(reading.failures)),
        "0-0:96.13.0": lambda reading: reading.text,
        "0-0:96.13.1": lambda reading: reading.code,
        "0-0:96.3.10": lambda reading: int(reading.breaker),
        "0-0:96.50.68": _switch,
        "0-0:17.0.0": _limit,
    }.items()
}


def _peaks(reading: Reading, system: MeteringSystem) -> list[Value]:
    """Oldest first, as real Flemish meters send them; thirteen months at most."""
    values: list[Value] = [len(reading.peaks), Special.FIXED_TEXT, Special.FIXED_TEXT]
    for end_s, peak in zip(reading.month_ends, reading.peaks, strict=True):
        values += [
            LocalTime(*system.local(end_s)),
            LocalTime(*system.local(peak.at_s)),
            Decimal(peak.mw) / 1000,
        ]
    return values
