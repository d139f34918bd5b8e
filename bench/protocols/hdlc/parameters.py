"""The link parameters that SNRM proposes and UA accepts (IEC 62056-46 §6.4.4).

The information field is `81 80 LL` and LL octets of parameters, each an identifier, a length and a
value of any width. What is missing has its default. Each side speaks of its own directions: what a
client transmits, its server receives.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bench.core.errors import UsageError
from bench.core.trace import Field, Problem

FORMAT, GROUP, USER_DATA = 0x81, 0x80, 0xFF
INFO_TRANSMIT, INFO_RECEIVE, WINDOW_TRANSMIT, WINDOW_RECEIVE = 5, 6, 7, 8
DEFAULT_INFO, DEFAULT_WINDOW = 128, 1
MIN_INFO, MAX_INFO, MAX_WINDOW = 32, 2030, 7

_CLAUSE = "IEC-62056-46:6.4.4"
_NAMES = {
    INFO_TRANSMIT: "max info length transmit",
    INFO_RECEIVE: "max info length receive",
    WINDOW_TRANSMIT: "window transmit",
    WINDOW_RECEIVE: "window receive",
}


@dataclass(frozen=True, slots=True)
class LinkParameters:
    """What one side may send and take: octets in an information field, frames in a window."""

    info_transmit: int = DEFAULT_INFO
    info_receive: int = DEFAULT_INFO
    window_transmit: int = DEFAULT_WINDOW
    window_receive: int = DEFAULT_WINDOW

    def __post_init__(self) -> None:
        for length in (self.info_transmit, self.info_receive):
            if not 1 <= length <= MAX_INFO:
                raise UsageError(f"an information field has 1 to {MAX_INFO} octets, not {length}")
        for window in (self.window_transmit, self.window_receive):
            if not 1 <= window <= MAX_WINDOW:
                raise UsageError(f"an HDLC window has 1 to {MAX_WINDOW} frames, not {window}")

    def values(self) -> dict[int, int]:
        """Return the values by parameter identifier, in their order."""
        return {
            INFO_TRANSMIT: self.info_transmit,
            INFO_RECEIVE: self.info_receive,
            WINDOW_TRANSMIT: self.window_transmit,
            WINDOW_RECEIVE: self.window_receive,
        }

    def within(self, peer: "LinkParameters") -> "LinkParameters":
        """Return what this side may do after the other has said what it can: the lower of both."""
        return LinkParameters(
            min(self.info_transmit, peer.info_receive),
            min(self.info_receive, peer.info_transmit),
            min(self.window_transmit, peer.window_receive),
            min(self.window_receive, peer.window_transmit),
        )

    def exceeding(self, proposal: "LinkParameters") -> tuple[str, ...]:
        """Return the names of those values, as in an UA, that are above what the SNRM proposed."""
        allowed = proposal.values()
        crossed = {5: 6, 6: 5, 7: 8, 8: 7}
        return tuple(
            _NAMES[name] for name, value in self.values().items() if value > allowed[crossed[name]]
        )


class ParameterField(NamedTuple):
    """A decoded information field of SNRM or UA.

    `given` holds the values that were there, in their order and as sent; `parameters` is what they
    mean, with the default for each that is missing or out of range.
    """

    octets: bytes
    given: Mapping[int, int]
    parameters: LinkParameters
    user_data: bytes = b""
    problems: tuple[Problem, ...] = ()
    fields: tuple[Field, ...] = ()


def encode_parameters(
    values: LinkParameters | Mapping[int, int] | Sequence[tuple[int, int]],
    *,
    widths: Mapping[int, int] | int | None = None,
    format_id: int = FORMAT,
    group_id: int = GROUP,
    length: int | None = None,
) -> bytes:
    """Return the information field of an SNRM or UA, with any identifiers, order and widths.

    `widths` is that of each value in octets, by identifier or for all. Without it lengths have one
    octet up to 255 and else two, windows four. UsageError for a value that its width cannot hold.
    """
    if isinstance(values, LinkParameters):
        values = values.values()
    pairs = list(values.items()) if isinstance(values, Mapping) else list(values)
    parts = bytearray()
    for name, value in pairs:
        width = widths if isinstance(widths, int) else (widths or {}).get(name)
        if width is None:
            width = 4 if name in (WINDOW_TRANSMIT, WINDOW_RECEIVE) else 1 if value <= 0xFF else 2
        if not 0 <= value < 1 << 8 * width:
            raise UsageError(f"parameter {name:02X}: {value} does not fit {width} octet(s)")
        parts += bytes((name, width)) + value.to_bytes(width, "big")
    stated = len(parts) if length is None else length
    return bytes((format_id, group_id, stated & 0xFF)) + bytes(parts)


def decode_parameters(octets: bytes) -> ParameterField:
    """Decode the information field of an SNRM or UA; an empty one means all defaults."""
    return _Reader(octets).read()


class _Reader:
    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._given: dict[int, int] = {}
        self._problems: list[Problem] = []
        self._fields: list[Field] = []
        self._user_data = b""

    def read(self) -> ParameterField:
        octets = self._octets
        if octets:
            self._field("format identifier", 0, 1, f"{octets[0]:02X}")
            if octets[0] != FORMAT:
                self._note(0, "format", f"format identifier {octets[0]:02X}, expected {FORMAT:02X}")
                self._field("rest", 1, len(octets) - 1, "")
            else:
                self._groups()
        usable = {name: self._usable(name) for name in _NAMES}
        parameters = LinkParameters(*usable.values())
        return ParameterField(
            octets,
            self._given,
            parameters,
            self._user_data,
            tuple(self._problems),
            tuple(self._fields),
        )

    def _groups(self) -> None:
        octets, at = self._octets, 1
        if len(octets) == 1:
            self._note(0, "truncated", "the field ends after its format identifier")
        while at < len(octets):
            group = octets[at]
            if group == USER_DATA:
                self._user_data = octets[at + 1 :]
                self._field("user data", at, len(octets) - at, f"{len(octets) - at - 1} octets")
                return
            if at + 2 > len(octets):
                self._field("group", at, 1, f"{group:02X}")
                self._note(at, "truncated", f"group {group:02X} ends before its length")
                return
            end = at + 2 + octets[at + 1]
            self._field("group", at, 2, f"{group:02X}, length {octets[at + 1]}")
            if end > len(octets):
                text = f"group {group:02X} has length {octets[at + 1]}, but {len(octets) - at - 2}"
                self._note(at + 1, "truncated", f"{text} octets are left")
                end = len(octets)
            if group == GROUP:
                self._parameters(at + 2, end)
            else:
                self._note(at, "group", f"group {group:02X} is not that of link parameters")
                self._field("unknown group", at + 2, end - at - 2, "")
            at = end

    def _parameters(self, at: int, end: int) -> None:
        octets = self._octets
        while at < end:
            name = octets[at]
            if at + 2 > end or at + 2 + octets[at + 1] > end:
                self._note(at, "truncated", f"parameter {name:02X} goes beyond its group")
                self._field("rest", at, end - at, "")
                return
            width = octets[at + 1]
            value = int.from_bytes(octets[at + 2 : at + 2 + width], "big")
            self._field(_NAMES.get(name, f"parameter {name:02X}"), at, 2 + width, str(value))
            self._judge(at, name, width, value)
            at += 2 + width

    def _judge(self, at: int, name: int, width: int, value: int) -> None:
        if name not in _NAMES:
            self._note(at, "unknown", f"parameter {name:02X} is not defined")
            return
        if name in self._given:
            self._note(at, "repeated", f"{_NAMES[name]} stands twice")
        if not 1 <= width <= 4:
            self._note(at + 1, "width", f"{_NAMES[name]} in {width} octets, expected 1 to 4")
            if not width:
                return
        self._given[name] = value
        low, high = _range(name)
        if not low <= value <= high:
            text = f"{_NAMES[name]} is {value}, legal are {low} to {high}"
            self._note(at + 2, "range", text)

    def _usable(self, name: int) -> int:
        """Return the value given, brought down to the highest legal one, or the default."""
        window = name in (WINDOW_TRANSMIT, WINDOW_RECEIVE)
        value = self._given.get(name, 0)
        if value < 1:
            return DEFAULT_WINDOW if window else DEFAULT_INFO
        return min(value, MAX_WINDOW if window else MAX_INFO)

    def _field(self, path: str, at: int, length: int, text: str) -> None:
        if length:
            self._fields.append(Field(path, at, length, text))

    def _note(self, at: int, code: str, message: str) -> None:
        at = min(at, len(self._octets) - 1)
        self._problems.append(Problem(at, message, f"parameter-{code}", _CLAUSE))


def _range(name: int) -> tuple[int, int]:
    window = name in (WINDOW_TRANSMIT, WINDOW_RECEIVE)
    return (1, MAX_WINDOW) if window else (MIN_INFO, MAX_INFO)
