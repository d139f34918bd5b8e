"""What a P1 telegram says: the profile's object table filled in from the truth.

Which objects exist, in which order and format, is the profile's business; what they mean is here.
"""

from dataclasses import dataclass
from decimal import Decimal

from bench.protocols.p1.objects import ObjectFormat, Rule
from bench.protocols.p1.profile import Profile
from bench.simulator.household import Contact, Medium, SubMeter
from bench.simulator.metering_system import MeteringSystem
from bench.simulator.ports.p1_editions import is_sent, value_group_f
from bench.simulator.ports.p1_electricity import electricity
from bench.simulator.ports.p1_render import Counter, LocalTime, Special, Value, render_groups
from bench.simulator.reading import Reading
from bench.simulator.registers import Capture

_NO_READING = "632525252525"  # linked, but never read: seen in the Netherlands, Belgium, Luxembourg
_READING = frozenset({"24.2.1", "24.2.3", "24.3.0"})
_SHOWN = {"m3": Decimal(1), "GJ": Decimal("1e-9"), "kWh": Decimal("1e-3")}
_CHANNELS = range(1, 5)


@dataclass(frozen=True, slots=True)
class _Scene:
    """All that a value can depend on."""

    profile: Profile
    system: MeteringSystem
    reading: Reading


class Content:
    """Writes the data lines of a port's telegrams; what did not change is not written anew."""

    def __init__(self, profile: Profile, system: MeteringSystem) -> None:
        self._profile = profile
        self._system = system
        self._table = [entry for entry in profile.patterns if is_sent(profile, entry)]
        self._linked = [entry for entry in self._table if _is_of_a_device(entry)]
        self._linked.sort(key=lambda entry: not entry.obis.endswith(":24.1.0"))
        self._known = frozenset(entry.obis for entry in profile.patterns)
        self._written: dict[str, tuple[list[Value], list[str]]] = {}

    def lines(self, reading: Reading) -> tuple[str, ...]:
        """Return the data lines of a telegram, in the order of the profile's table.

        Objects of the second and third phase and of M-Bus channels appear when the household has
        them. All objects of a channel stand together, its device type first (DSMR 5.0.2 §6.12).
        """
        profile, system = self._profile, self._system
        scene = _Scene(profile, system, reading)
        lines: list[str] = []
        for entry in self._table:
            obis = entry.obis
            if "-n:" not in obis:
                if entry.rule is not Rule.POLYPHASE or system.household.phases > 1:
                    suffix = value_group_f(profile, obis)
                    lines += self._lines(entry, obis, _values(obis, scene), suffix)
            elif not _is_of_a_device(entry):
                for channel in _CHANNELS:
                    relay = obis.replace("-n:", f"-{channel}:")
                    lines += self._lines(entry, relay, _values(relay, scene))
            elif obis.endswith(":24.1.0"):
                for sub in sorted(reading.submeters, key=lambda sub: sub.channel):
                    for one in self._linked:
                        own = one.obis.replace("-n:", f"-{sub.channel}:")
                        lines += self._lines(one, own, _device_values(own, sub, scene, self._known))
        lines += (obis + text for obis, text in system.household.firmware.added)
        return tuple(lines)

    def _lines(
        self, entry: ObjectFormat, obis: str, values: list[Value] | None, suffix: str = ""
    ) -> list[str]:
        """Return the lines of an object, none when there are no values that it can show."""
        if values is None:
            return []
        before = self._written.get(obis)
        if before is not None and before[0] == values:
            return before[1]
        groups = _groups(entry, values)
        lines = [] if groups is None else _as_lines(obis + suffix, groups)
        self._written[obis] = (values, lines)
        return lines


def _groups(entry: ObjectFormat, values: list[Value]) -> list[str] | None:
    """Return the groups in the first shape that they fit; None if no shape takes the values."""
    if values[0] is Special.NO_READING:
        return [str(text) for text in values[1:]]
    nearest = None
    for shape in entry.shapes:
        groups = None if shape.no_data else render_groups(shape, values)
        if groups is None:
            continue
        if entry.match("".join(f"({g})" for g in groups), tuple(groups)) is shape:
            return groups
        nearest = nearest or groups
    return nearest


def _is_of_a_device(entry: ObjectFormat) -> bool:
    """Whether an object is a linked device's; the relays have a channel but are the meter's."""
    return "-n:" in entry.obis and not entry.obis.endswith(":96.3.10")


def _as_lines(obis: str, groups: list[str]) -> list[str]:
    """Return one line; two where the value stands on the line after its object (DSMR 3.0 §5.10)."""
    if obis.endswith(":24.3.0"):
        return [obis + "".join(f"({group})" for group in groups[:-1]), f"({groups[-1]})"]
    return [obis + "".join(f"({group})" for group in groups)]


def _values(obis: str, scene: _Scene) -> list[Value] | None:
    """Return the values of an object that is no linked device's; None if there are none."""
    profile, system, reading = scene.profile, scene.system, scene.reading
    if obis == profile.version.obis:
        return [system.household.firmware.version or profile.version.values[-1]]
    match obis:
        case "0-0:1.0.0":
            return [LocalTime(reading.local, reading.summer)]
        case "1-0:0.9.1":
            return [f"{reading.local:%H%M%S}"]
        case "1-0:0.9.2":
            return [f"{reading.local:%y%m%d}"]
        case "0-0:96.1.1" | "0-0:96.1.0" | "0-0:42.0.0" | "0-0:96.1.255":
            return [system.household.serial]
        case "0-0:0.0.0" | "1-0:0.0.0":
            number = "".join(one for one in system.household.serial if one.isdigit())
            return [number[-12:].zfill(12)]
        case "0-0:96.1.2":
            return [system.household.ean]
        case "0-0:96.14.0":
            return [reading.tariff]
        case "0-0:96.7.21":
            return [Decimal(reading.short_failures + len(reading.failures))]
        case "0-0:96.7.9":
            return [Decimal(len(reading.failures))]
        case "0-0:96.13.0":
            return [reading.text]
        case "0-0:96.13.1":
            return [reading.code]
        case "0-0:96.13.2" | "0-0:96.13.3" | "0-0:96.13.4" | "0-0:96.13.5":
            return [b""]
        case "0-0:96.3.10":
            return [int(reading.breaker)]
        case "0-0:96.50.68":
            return ["ON" if reading.breaker is Contact.CONNECTED else "OFF"]
        case "1-0:96.5.5":
            return ["80"]
        case "0-0:17.0.0":
            limit = reading.limiter_kw
            return [Special.NINES if limit is None else limit * 1000]
        case "0-0:98.1.0":
            return _peaks(scene)
        case "1-0:94.32.1":
            return ["230" if system.household.delta else "400"]
    if obis.endswith(":96.3.10"):
        return [0]
    return electricity(obis, system, reading)


def _peaks(scene: _Scene) -> list[Value]:
    """Oldest first, as real Flemish meters send them; thirteen months at most."""
    reading, system = scene.reading, scene.system
    values: list[Value] = [len(reading.peaks), Special.FIXED_TEXT, Special.FIXED_TEXT]
    for end_s, peak in zip(reading.month_ends, reading.peaks, strict=True):
        values += [
            LocalTime(*system.local(end_s)),
            LocalTime(*system.local(peak.at_s)),
            Decimal(peak.mw) / 1000,
        ]
    return values


def _device_values(
    obis: str, sub: SubMeter, scene: _Scene, known: frozenset[str]
) -> list[Value] | None:
    """Return the values of one object of a linked device, None if the device has none."""
    code = obis.partition(":")[2]
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
    capture = scene.reading.capture(sub.channel, sub.capture_s)
    if capture is None or not sub.answers:
        flag = "S" if scene.reading.summer else "W"
        return [Special.NO_READING, _NO_READING + flag, "00000.000"]
    return _device_reading(code, sub, capture, scene)


def _is_uncorrected_gas(sub: SubMeter, known: frozenset[str]) -> bool:
    """Whether the profile has an object of its own for gas that is not temperature corrected."""
    return sub.medium is Medium.GAS and "0-n:24.2.3" in known


def _device_reading(code: str, sub: SubMeter, capture: Capture, scene: _Scene) -> list[Value]:
    at = LocalTime(*scene.system.local(capture.at_s))
    volume = _volume(sub.medium, capture)
    if code == "24.3.0":
        # status, period in minutes, number of values, what they are, their unit
        what = f"0-{sub.channel}:24.2.1", volume.unit
        shown = volume.value * _SHOWN[volume.unit]  # the unit stands apart: nothing scales it
        return [at, 0, sub.capture_s // 60, 1, *what, Counter(shown)]
    return [at, volume]


def _volume(medium: Medium, capture: Capture) -> Counter:
    """Return m3 out of ml, J out of kJ, Wh out of mWh, with the unit that they are shown in."""
    match medium:
        case Medium.ELECTRICITY:
            return Counter(Decimal(capture.ml) / 1_000, "kWh")
        case Medium.HEAT:
            return Counter(Decimal(capture.ml) * 1_000, "GJ")
    return Counter(Decimal(capture.ml) / 1_000_000, "m3")
