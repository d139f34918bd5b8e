"""The LLC header before each APDU that HDLC carries (IEC 62056-46 §5.3; ISO/IEC 8802-2).

Destination LSAP, source LSAP, quality. In a segmented transfer the first segment alone has it.
"""

from typing import NamedTuple

from bench.core.trace import Problem

COMMAND = b"\xe6\xe6\x00"  # client to server
RESPONSE = b"\xe6\xe7\x00"  # server to client

_CLAUSE = "IEC-62056-46:5.3"
_NAMES = ("destination LSAP", "source LSAP", "quality")


class LinkServiceUnit(NamedTuple):
    """What an information field, put together from its segments, holds."""

    header: bytes
    apdu: bytes
    problems: tuple[Problem, ...] = ()


def split_llc(octets: bytes, expected: bytes) -> LinkServiceUnit:
    """Take the LLC header off and judge it; `expected` is COMMAND or RESPONSE."""
    header, apdu = octets[:3], octets[3:]
    if header == expected:
        return LinkServiceUnit(header, apdu)
    problems = [
        Problem(at, f"LLC {name} {got:02X}, expected {want:02X}", "llc", _CLAUSE)
        for at, (name, got, want) in enumerate(zip(_NAMES, header, expected, strict=False))
        if got != want
    ]
    if len(header) < 3:
        text = f"{len(header)} octets, too few for an LLC header"
        problems.append(Problem(max(len(header) - 1, 0), text, "llc", _CLAUSE))
    return LinkServiceUnit(header, apdu, tuple(problems))
