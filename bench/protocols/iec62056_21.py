r"""Signing on to a meter at its optical port or serial line (IEC 62056-21, modes C and E).

At 300 Bd, 7E1: the request ``/?address!``, the identification ``/XXXZ\2text``, the option select
``ACK V Z Y``, each with CR LF. V = Y = 2 asks for HDLC (mode E, Annex E): the meter repeats it, and
both sides go on with 8N1 at the speed that Z names. These are the messages; the two sides are in
`iec62056_21_sign_on`.
"""

import re
from typing import NamedTuple

from bench.core.errors import UsageError
from bench.core.line import LineSettings
from bench.core.trace import Problem

START_LINE = LineSettings(300, 7, "E", 1)
#: what Z means in modes C and E
BAUD_BD = {"0": 300, "1": 600, "2": 1200, "3": 2400, "4": 4800, "5": 9600, "6": 19200}
ACK = b"\x06"
HDLC = "2"  # as V: the HDLC protocol; as Y: binary mode
INTER_CHARACTER_MAX_NS = 1_500_000_000
MESSAGE_LIMIT = 128  # octets of a message; more without a line end are none

_CLAUSE = "IEC-62056-21:6.3"
_REQUEST = re.compile(rb"/\?([0-9A-Za-z ]{0,32})!\r\n")
_IDENTIFICATION = re.compile(rb"/([A-Za-z]{3})([0-9A-Za-z])((?:\\[^/!\r\n])*)([^\\/!\r\n]*)\r\n")
_OPTION = re.compile(rb"\x06([0-9A-Za-z])([0-9A-Za-z])([0-9A-Za-z])\r\n")


class Identification(NamedTuple):
    """What a meter says about itself; what cannot be read is empty, and `baud_bd` then 0."""

    octets: bytes
    flag_id: str
    baud_character: str
    enhanced: str  # the letters after each backslash; "2": mode E
    text: str
    problems: tuple[Problem, ...] = ()

    @property
    def baud_bd(self) -> int:
        """The speed that the meter proposes, 0 for none of modes C and E."""
        return BAUD_BD.get(self.baud_character, 0)

    @property
    def hdlc(self) -> bool:
        """Whether the meter offers HDLC (mode E)."""
        return HDLC in self.enhanced

    @property
    def fast(self) -> bool:
        """Whether the meter reacts after 20 ms, which the lower case of its third letter says."""
        return self.flag_id[2:].islower()


class OptionSelect(NamedTuple):
    """The acknowledgement with protocol (V), speed (Z) and mode (Y); empty where unreadable."""

    octets: bytes
    protocol: str
    baud_character: str
    mode: str
    problems: tuple[Problem, ...] = ()


def encode_request(address: str = "") -> bytes:
    """Return the request; UsageError for an address of more than 32 characters or other signs."""
    octets = b"/?" + address.encode("ascii", "replace") + b"!\r\n"
    if _REQUEST.fullmatch(octets) is None:
        raise UsageError(f"{address!r} is no device address: at most 32 digits, letters and spaces")
    return octets


def decode_request(octets: bytes) -> str | None:
    """Return the address asked for, "" for any meter; None if this is no request."""
    found = _REQUEST.fullmatch(without_parity(octets))
    return None if found is None else found[1].decode("ascii")


def encode_identification(
    flag_id: str, baud_character: str, text: str, enhanced: str = HDLC
) -> bytes:
    """Return an identification; nothing is checked, so that a wrong one can be sent."""
    letters = "".join(f"\\{letter}" for letter in enhanced)
    return f"/{flag_id}{baud_character}{letters}{text}\r\n".encode("latin-1")


def decode_identification(octets: bytes) -> Identification:
    """Decode an identification; what is wrong is told, never raised."""
    plain = without_parity(octets)
    found = _IDENTIFICATION.fullmatch(plain)
    if found is None:
        text = f"{plain[:40]!r} is no identification: / XXX Z text CR LF"
        problem = Problem(0, text, "identification", _CLAUSE, None, max(len(octets), 1))
        return Identification(octets, "", "", "", "", (problem,))
    flag, baud, enhanced, rest = (part.decode("ascii") for part in found.groups())
    problems = []
    if not flag[:2].isupper():
        text = f"the first two letters of {flag} are not upper case"
        problems.append(Problem(1, text, "flag-id", _CLAUSE, None, 2))
    if len(rest) > 16:
        text = f"the identification has {len(rest)} characters, at most 16"
        at = len(octets) - 2 - len(rest)
        problems.append(Problem(at, text, "identification-length", _CLAUSE, None, len(rest)))
    return Identification(octets, flag, baud, enhanced[1::2], rest, tuple(problems))


def encode_option(baud_character: str, protocol: str = HDLC, mode: str = HDLC) -> bytes:
    """Return the option select; nothing is checked, so that a wrong one can be sent."""
    return ACK + f"{protocol}{baud_character}{mode}\r\n".encode("latin-1")


def decode_option(octets: bytes) -> OptionSelect:
    """Decode an option select, or the repetition of it; what is wrong is told, never raised."""
    plain = without_parity(octets)
    found = _OPTION.fullmatch(plain)
    if found is None:
        text = f"{plain[:40]!r} is no option select: ACK V Z Y CR LF"
        problem = Problem(0, text, "option-select", _CLAUSE, None, max(len(octets), 1))
        return OptionSelect(octets, "", "", "", (problem,))
    protocol, baud, mode = (part.decode("ascii") for part in found.groups())
    if baud in BAUD_BD:
        return OptionSelect(octets, protocol, baud, mode)
    problem = Problem(2, f"{baud!r} names no speed", "baud-character", _CLAUSE)
    return OptionSelect(octets, protocol, baud, mode, (problem,))


def baud_character(baud_bd: int) -> str:
    """Return Z for a speed; UsageError for one that has none."""
    for character, speed in BAUD_BD.items():
        if speed == baud_bd:
            return character
    known = ", ".join(map(str, BAUD_BD.values()))
    raise UsageError(f"IEC 62056-21 has no character for {baud_bd} Bd; there are {known}")


def with_parity(octets: bytes) -> bytes:
    """Return what a line set to 8N1 hears of characters sent as 7E1."""
    return bytes(o & 0x7F | (o & 0x7F).bit_count() % 2 << 7 for o in octets)


def without_parity(octets: bytes) -> bytes:
    """Return the characters whether their parity bits were left in or not."""
    return bytes(octet & 0x7F for octet in octets)


class Messages:
    """Puts the characters of messages together: from their first sign to LF, not too slowly."""

    def __init__(self, first: bytes) -> None:
        self._first = first
        self._buffer = bytearray()
        self._last_ns = 0
        self.started_ns = 0  # arrival of the first character of the message under way

    def feed(self, octets: bytes, now: int, character_ns: float) -> list[tuple[int, bytes]]:
        """Return the messages that are now complete, each with the arrival of its first octet."""
        found = []
        for left, octet in zip(range(len(octets) - 1, -1, -1), octets, strict=True):
            at = now - round(left * character_ns)
            if self._buffer and at - self._last_ns > INTER_CHARACTER_MAX_NS:
                self._buffer.clear()
            self._last_ns = at
            if octet & 0x7F in self._first:
                self._buffer.clear()
                self.started_ns = at
            elif not self._buffer:
                continue
            self._buffer.append(octet)
            if octet & 0x7F == 0x0A:
                found.append((self.started_ns, bytes(self._buffer)))
                self._buffer.clear()
            elif len(self._buffer) >= MESSAGE_LIMIT:
                self._buffer.clear()
        return found

    @property
    def under_way_until(self) -> int | None:
        """Until when the next character of a begun message has time; None without one."""
        return self._last_ns + INTER_CHARACTER_MAX_NS if self._buffer else None
