"""The fast way through a telegram whose like was decoded before.

A meter sends the same objects in the same formats all day; only digits change. Two telegrams
whose octets agree but for digits inside values of fixed format deserve the same judgement, so
the full way is taken once per layout. What depends on the digits themselves is judged every
time: the CRC and the calendar. Values that the profile judges by their text (enumerations,
markers, references, device types) belong to the layout.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import partial
from operator import itemgetter
from typing import Any

from bench.core.trace import Problem
from bench.protocols.crc import crc16_arc
from bench.protocols.p1.formats import Enumerated, Format, Matching, Stamp, TypedValue
from bench.protocols.p1.framing import Crc
from bench.protocols.p1.profile import Profile
from bench.protocols.p1.telegram import DataLine, Telegram, Value
from bench.protocols.p1.timestamp import Timestamp, stamp_exists

CACHE_SIZE = 64
_CRC_AND_END = 6  # four digits, CR, LF
_DIGITS_TO_ZERO = bytes.maketrans(b"0123456789", b"0000000000")
_DEVICE_TYPE = ":24.1.0"

_value = partial(tuple.__new__, Value)


class Layout:
    """All that telegrams of one layout have in common, made from one that was fully decoded."""

    __slots__ = (
        "_convert",
        "_literal",
        "_mask",
        "_numbers",
        "_offsets",
        "_spans",
        "_stamps",
        "_texts",
        "_units",
        "header",
        "problems",
    )

    def __init__(self, telegram: Telegram) -> None:
        self.header = telegram.header
        self.problems: tuple[Problem, ...] = telegram.problems
        free: list[tuple[int, int]] = []
        stamps: list[slice] = []
        values: list[Value] = []
        self._spans: list[tuple[str, int, int]] = []
        for line in telegram.lines:
            found = line.values()
            self._spans.append((line.obis or "", len(values), len(values) + len(found)))
            values += found
            for value, form in zip(found, _formats(line), strict=True):
                if _by_digits(line, form, value.text):
                    # the digit of a unit such as m3 is not free
                    free.append((value.offset, len(value.text.partition("*")[0])))
                    if isinstance(form, Stamp):
                        stamps.append(slice(value.offset, value.offset + 12))
        self._mask, self._literal = _masked(telegram.octets[:-_CRC_AND_END], free)
        self._stamps = stamps
        self._units = [value.unit for value in values]
        self._offsets = [value.offset for value in values]
        self._texts = _slices((v.offset, len(v.text)) for v in values)
        self._numbers = _slices((v.offset, len(v.text.partition("*")[0])) for v in values)
        self._convert = [_converter(value.value) for value in values]

    def holds(self, octets: bytes, text: str) -> bool:
        """Whether octets that agree but for digits agree in all that belongs to the layout."""
        if int.from_bytes(octets, "little") & self._mask != self._literal:
            return False
        return all(stamp_exists(text[stamp]) for stamp in self._stamps)

    def objects(self, text: str) -> dict[str, list[Value]]:
        """Return the values by OBIS code of a telegram that has this layout."""
        typed = [
            convert(number)
            for convert, number in zip(self._convert, self._numbers(text), strict=True)
        ]
        parts = zip(typed, self._units, self._texts(text), self._offsets, strict=True)
        values = list(map(_value, parts))
        return {obis: values[first:last] for obis, first, last in self._spans}


class _FromLayout:
    """Content of a telegram that has a known layout; its lines are made when asked for."""

    __slots__ = ("_layout", "_lines", "_octets", "_profile", "_text")

    def __init__(self, layout: Layout, octets: bytes, text: str, profile: Profile) -> None:
        self._layout, self._octets, self._text, self._profile = layout, octets, text, profile
        self._lines: tuple[DataLine, ...] | None = None

    def lines(self) -> tuple[DataLine, ...]:
        """Return the lines as the full way finds them."""
        if self._lines is None:
            from bench.protocols.p1.decoder import decode

            self._lines = decode(self._octets, self._profile).lines
        return self._lines

    def objects(self) -> dict[str, list[Value]]:
        """Return the values by OBIS code."""
        return self._layout.objects(self._text)


def recall(octets: bytes, profile: Profile) -> Telegram | None:
    """Return the decoded telegram if its layout is known and its CRC right, else None."""
    covered = octets[:-_CRC_AND_END]
    layout = profile.layouts.get(covered.translate(_DIGITS_TO_ZERO))
    if layout is None:
        return None
    crc = f"{crc16_arc(covered):04X}"
    text = octets.decode("latin-1")
    if text[-_CRC_AND_END:] != crc + "\r\n" or not layout.holds(covered, text):
        return None
    content = _FromLayout(layout, octets, text, profile)
    return Telegram(octets, layout.header, Crc(crc, crc, True), layout.problems, profile, content)


def remember(telegram: Telegram, profile: Profile) -> None:
    """Keep the layout of a fully decoded telegram in which nothing is wrong."""
    if telegram.crc.ok is not True or any(p.code != "unknown-object" for p in telegram.problems):
        return
    layouts = profile.layouts
    if len(layouts) >= CACHE_SIZE:
        del layouts[next(iter(layouts))]
    covered = telegram.octets[:-_CRC_AND_END]
    layouts[covered.translate(_DIGITS_TO_ZERO)] = Layout(telegram)


def _formats(line: DataLine) -> tuple[Format | None, ...]:
    count = len(line.groups)
    found = None if line.shape is None else line.shape.formats(count)
    return found if found is not None else (None,) * count


def _by_digits(line: DataLine, form: Format | None, text: str) -> bool:
    """Whether any digits in place of the sent ones have the same format, calendar apart."""
    if isinstance(form, Enumerated | Matching) or line.no_data:
        return False
    if isinstance(form, Stamp) and not stamp_exists(text):
        return False
    return not (line.obis or "").endswith(_DEVICE_TYPE)


def _masked(octets: bytes, free: Iterable[tuple[int, int]]) -> tuple[int, int]:
    """Return a mask that blanks the free stretches, and the octets under it."""
    mask = bytearray(b"\xff" * len(octets))
    for offset, length in free:
        mask[offset : offset + length] = bytes(length)
    bits = int.from_bytes(mask, "little")
    return bits, int.from_bytes(octets, "little") & bits


def _slices(places: Iterable[tuple[int, int]]) -> Callable[[str], tuple[str, ...]]:
    """Return a function that cuts these stretches out of a text."""
    slices = [slice(offset, offset + length) for offset, length in places]
    if len(slices) < 2:
        return lambda text: tuple(text[part] for part in slices)
    return itemgetter(*slices)


def _converter(value: TypedValue) -> Callable[[str], Any]:
    return {Decimal: Decimal, int: int, Timestamp: Timestamp}.get(type(value), str)
