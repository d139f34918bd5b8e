"""What a P1 telegram says: the profile's object table filled in from the truth.

Which objects exist, in which order and format, is the profile's business; what they mean is in
`p1_values`, `p1_electricity` and `p1_devices`.
"""

from bench.protocols.p1.objects import ObjectFormat, Rule
from bench.protocols.p1.profile import Profile
from bench.simulator.household import SubMeter
from bench.simulator.metering_system import MeteringSystem
from bench.simulator.ports.p1_devices import device_values
from bench.simulator.ports.p1_editions import is_sent, value_group_f
from bench.simulator.ports.p1_render import Source, Special, Value, render_groups
from bench.simulator.ports.p1_values import source_of
from bench.simulator.reading import Reading

_CHANNELS = range(1, 5)


class _Writer:
    """Writes the lines of one object; what did not change is not written anew."""

    def __init__(self, entry: ObjectFormat, obis: str, suffix: str = "") -> None:
        self._entry = entry
        self._obis = obis
        self._suffix = suffix
        self._values: list[Value] | None = None
        self._lines: list[str] = []

    def lines(self, values: list[Value] | None) -> list[str]:
        """Return the lines of the object, none when there are no values that it can show."""
        if values != self._values:
            groups = None if values is None else _groups(self._entry, values)
            self._lines = [] if groups is None else _as_lines(self._obis, self._suffix, groups)
            self._values = values
        return self._lines


class Content:
    """Writes the data lines of a port's telegrams."""

    def __init__(self, profile: Profile, system: MeteringSystem) -> None:
        self._profile = profile
        self._system = system
        self._known = frozenset(entry.obis for entry in profile.patterns)
        table = [entry for entry in profile.patterns if is_sent(profile, entry)]
        self._linked = [entry for entry in table if _is_of_a_device(entry)]
        self._linked.sort(key=lambda entry: not entry.obis.endswith(":24.1.0"))
        self._devices: dict[SubMeter, list[tuple[str, _Writer]]] = {}
        #: in the order of the table; None is the place of the linked devices
        self._own: list[tuple[_Writer, Source] | None] = []
        for entry in table:
            if not _is_of_a_device(entry):
                self._own += self._sources(entry)
            elif entry.obis.endswith(":24.1.0"):
                self._own.append(None)

    def lines(self, reading: Reading) -> tuple[str, ...]:
        """Return the data lines of a telegram, in the order of the profile's table.

        Objects of the second and third phase and of M-Bus channels appear when the household has
        them. All objects of a channel stand together, its device type first (DSMR 5.0.2 §6.12).
        """
        lines: list[str] = []
        for own in self._own:
            if own is not None:
                writer, source = own
                lines += writer.lines(source(reading))
                continue
            for sub in sorted(reading.submeters, key=lambda sub: sub.channel):
                for code, writer in self._writers(sub):
                    values = device_values(code, sub, self._system, reading, self._known)
                    lines += writer.lines(values)
        lines += (obis + text for obis, text in self._system.household.firmware.added)
        return tuple(lines)

    def _sources(self, entry: ObjectFormat) -> list[tuple[_Writer, Source] | None]:
        """Return who writes an object, and out of what; nobody when the household lacks it."""
        if entry.rule is Rule.POLYPHASE and self._system.household.phases == 1:
            return []
        if "-n:" in entry.obis:
            codes = [entry.obis.replace("-n:", f"-{channel}:") for channel in _CHANNELS]
        else:
            codes = [entry.obis]
        found: list[tuple[_Writer, Source] | None] = []
        for obis in codes:
            source = source_of(obis, self._profile, self._system)
            if source is not None:
                writer = _Writer(entry, obis, value_group_f(self._profile, obis))
                found.append((writer, source))
        return found

    def _writers(self, sub: SubMeter) -> list[tuple[str, _Writer]]:
        if sub not in self._devices:
            self._devices[sub] = [
                (
                    entry.obis.partition(":")[2],
                    _Writer(entry, entry.obis.replace("-n:", f"-{sub.channel}:")),
                )
                for entry in self._linked
            ]
        return self._devices[sub]


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


def _as_lines(obis: str, suffix: str, groups: list[str]) -> list[str]:
    """Return one line; two where the value stands on the line after its object (DSMR 3.0 §5.10)."""
    if obis.endswith(":24.3.0"):
        return [obis + "".join(f"({group})" for group in groups[:-1]), f"({groups[-1]})"]
    return [obis + suffix + "".join(f"({group})" for group in groups)]
