"""The information field of FRMR: which frame was rejected, in what state, and why (ISO/IEC 13239).

Three octets: the rejected control field; V(R) in bits 7..5, C/R in bit 4, V(S) in bits 3..1; and
the reasons W, X, Y, Z in bits 0..3.
"""

from enum import IntFlag
from typing import NamedTuple

from bench.core.trace import Problem

_CLAUSE = "ISO-IEC-13239"


class Reason(IntFlag):
    """Why a frame was rejected; what cannot be together is a matter for `decode_frame_reject`."""

    CONTROL = 1  # W: undefined or not implemented
    NOT_PERMITTED = 2  # X: information where none is allowed; with W
    TOO_LONG = 4  # Y: information longer than agreed
    NUMBER = 8  # Z: N(R) out of range

    @property
    def letters(self) -> str:
        """The letters of the standard, e.g. "W,X"."""
        return ",".join(letter for bit, letter in enumerate("WXYZ") if self & 1 << bit)


class FrameReject(NamedTuple):
    """What an FRMR says; `response` is C/R: the rejected frame was a response."""

    control: int
    vs: int
    vr: int
    response: bool
    reason: Reason
    problems: tuple[Problem, ...] = ()


def encode_frame_reject(
    control: int, vs: int, vr: int, reason: int, response: bool = False
) -> bytes:
    """Return the three octets; any reason bits can be sent."""
    return bytes((control & 0xFF, (vr & 7) << 5 | response << 4 | (vs & 7) << 1, reason & 0xFF))


def decode_frame_reject(octets: bytes) -> FrameReject:
    """Decode the information field of an FRMR, whatever its length."""
    problems = []
    if len(octets) != 3:
        text = f"the information field of FRMR has {len(octets)} octets, expected 3"
        problems.append(Problem(0, text, "frmr-length", _CLAUSE, None, max(len(octets), 1)))
    control, state, reason = octets[:3].ljust(3, b"\x00")
    if state & 1:
        problems.append(Problem(1, "bit 0 is 1, expected 0", "frmr-reserved", _CLAUSE))
    if reason & 0xF0:
        text = f"reason {reason:02X}: bits 7 to 4 are not 0"
        problems.append(Problem(2, text, "frmr-reserved", _CLAUSE))
    if len(octets) >= 3 and not reason & 0xF:
        problems.append(Problem(2, "no reason is given", "frmr-no-reason", _CLAUSE))
    return FrameReject(
        control,
        state >> 1 & 7,
        state >> 5,
        bool(state & 0x10),
        Reason(reason & 0xF),
        tuple(problems),
    )
