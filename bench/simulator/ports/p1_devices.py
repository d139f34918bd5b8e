"""What a P1 port shows of the linked devices: type, identifiers, valve and last reading."""

from decimal import Decimal

from bench.simulator.household import Medium, SubMeter
from bench.simulator.metering_system import MeteringSystem
from bench.simulator.ports.p1_render import Counter, LocalTime, Special, Value
from bench.simulator.reading import Reading
from bench.simulator.registers import Capture

_NO_READING = "632525252525"  # linked, but never read: seen in the Netherlands, Belgium, Luxembourg
_READING = frozenset({"24.2.1", "24.2.3", "24.3.0"})
_SHOWN = {"m3": Decimal(1), "GJ": Decimal("1e-9"), "kWh": Decimal("1e-3")}


def device_values(
    code: str, sub: SubMeter, system: MeteringSystem, reading: Reading, known: frozenset[str]
) -> list[Value] | None:
    """Return the values of `0-n:CODE` of a linked device, None if the device has none.

    `known` are all objects of the edition.
    """
    match code:
        case "24.1.0":
            return [Decimal(int(sub.medium))]
        case "96.1.0" | "96.1.1":
            return [sub.serial]
        case "96.1.2":
            return [sub.ean]
        case "24.4.0":
            return None if sub.valve is None else [int(sub.valve)]
    if code not in _READING or (code == "24.2.1" and _is_uncorrected_gas(sub, known)):
        return None
    if code == "24.2.3" and sub.medium is not Medium.GAS:
        return None
    capture = reading.capture(sub.channel, sub.capture_s)
    if capture is None or not sub.answers:
        flag = "S" if reading.summer else "W"
        return [Special.NO_READING, _NO_READING + flag, "00000.000"]
    at = LocalTime(*system.local(capture.at_s))
    volume = _volume(sub.medium, capture)
    if code == "24.3.0":
        # status, period in minutes, number of values, what they are, their unit
        what = f"0-{sub.channel}:24.2.1", volume.unit
        shown = volume.value * _SHOWN[volume.unit]  # the unit stands apart: nothing scales it
        return [at, 0, sub.capture_s // 60, 1, *what, Counter(shown)]
    return [at, volume]


def _is_uncorrected_gas(sub: SubMeter, known: frozenset[str]) -> bool:
    """Whether the profile has an object of its own for gas that is not temperature corrected."""
    return sub.medium is Medium.GAS and "0-n:24.2.3" in known


def _volume(medium: Medium, capture: Capture) -> Counter:
    """Return m3 out of ml, J out of kJ, Wh out of mWh, with the unit that they are shown in."""
    match medium:
        case Medium.ELECTRICITY:
            return Counter(Decimal(capture.ml) / 1_000, "kWh")
        case Medium.HEAT:
            return Counter(Decimal(capture.ml) * 1_000, "GJ")
    return Counter(Decimal(capture.ml) / 1_000_000, "m3")
