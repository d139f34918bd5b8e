"""The gas, water and heat meters that P1 names, looked for in S1, which must not know them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from suites.p1.readings import Reading
from suites.s1.capture import Capture

_IDENTIFICATION = re.compile(r"0-([1-4]):96\.1\.[01]")
_HEADER = 4  # format, address, control
_SHORTEST = 6  # characters: fewer come about by chance
_FIELD = "meter_id"


@dataclass(frozen=True, slots=True)
class Linked:
    """A sub-meter: its channel, and its identification as characters."""

    channel: int
    octets: bytes

    def __str__(self) -> str:
        return f"{self.octets.decode('ascii', 'replace')} (channel {self.channel})"


@dataclass(frozen=True, slots=True)
class Trace:
    """Where an identification stands: the stream offset of the frame, and the place in it."""

    offset: int
    place: int


def linked(readings: Sequence[Reading]) -> tuple[Linked, ...]:
    """Return the sub-meters that the telegrams name by identifications of hexadecimal digits."""
    found: dict[Linked, None] = {}
    for reading in readings:
        for obis in reading.objects:
            match, text = _IDENTIFICATION.fullmatch(obis), reading.text(obis)
            if match is None or not text:
                continue
            try:
                octets = bytes.fromhex(text)
            except ValueError:
                continue
            if len(octets) >= _SHORTEST:
                found[Linked(int(match[1]), octets)] = None
    return tuple(found)


def traces(capture: Capture, one: Linked) -> Iterator[Trace]:
    """Yield where frames hold an identification behind the field of their own."""
    begins = _HEADER + capture.profile.fields[_FIELD].end
    for block in capture.blocks:
        width = block.rows.shape[1] - begins
        if width < len(one.octets):
            continue
        rest = block.rows[:, begins:].tobytes()
        at = rest.find(one.octets)
        while at >= 0:
            row, place = divmod(at, width)
            if place + len(one.octets) <= width:
                yield Trace(int(block.offsets[row]), 1 + begins + place)
            at = rest.find(one.octets, at + 1)
