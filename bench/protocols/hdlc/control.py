"""The control field of an HDLC frame, modulo 8 (IEC 62056-46 §6.4.3, ISO/IEC 13239)."""

from enum import StrEnum
from typing import NamedTuple

POLL = 0x10  # P in a command, F in a response


class Kind(StrEnum):
    """What a control field says; those after FRMR are outside the procedures of DLMS/COSEM."""

    I = "I"  # noqa: E741  # the standard's name
    RR = "RR"
    RNR = "RNR"
    UI = "UI"
    SNRM = "SNRM"
    DISC = "DISC"
    UA = "UA"
    DM = "DM"
    FRMR = "FRMR"
    REJ = "REJ"
    SREJ = "SREJ"
    UNDEFINED = "undefined"


COMMANDS = frozenset({Kind.I, Kind.RR, Kind.RNR, Kind.UI, Kind.SNRM, Kind.DISC})
RESPONSES = frozenset({Kind.I, Kind.RR, Kind.RNR, Kind.UI, Kind.UA, Kind.DM, Kind.FRMR})
#: frames that never have an information field
WITHOUT_INFORMATION = frozenset({Kind.RR, Kind.RNR})

_UNNUMBERED = {
    0x83: Kind.SNRM,
    0x43: Kind.DISC,
    0x63: Kind.UA,
    0x0F: Kind.DM,
    0x87: Kind.FRMR,
    0x03: Kind.UI,
}
_SUPERVISORY = {0x1: Kind.RR, 0x5: Kind.RNR, 0x9: Kind.REJ, 0xD: Kind.SREJ}


class Control(NamedTuple):
    """A control field: `final` is P or F; `ns` and `nr` are -1 where the kind has none."""

    octet: int
    kind: Kind
    final: bool
    ns: int = -1
    nr: int = -1

    @property
    def defined(self) -> bool:
        """Whether the field belongs to the procedures of DLMS/COSEM."""
        return self.kind in COMMANDS or self.kind in RESPONSES

    def __str__(self) -> str:
        numbers = f" N(S)={self.ns}" if self.ns >= 0 else ""
        numbers += f" N(R)={self.nr}" if self.nr >= 0 else ""
        name = f"{self.kind} {self.octet:02X}" if self.kind is Kind.UNDEFINED else f"{self.kind}"
        return f"{name}{numbers}{' P/F' if self.final else ''}"


def _control(octet: int) -> Control:
    final = bool(octet & POLL)
    if not octet & 1:
        return Control(octet, Kind.I, final, octet >> 1 & 7, octet >> 5)
    if octet & 3 == 1:
        return Control(octet, _SUPERVISORY[octet & 0xF], final, -1, octet >> 5)
    return Control(octet, _UNNUMBERED.get(octet & ~POLL, Kind.UNDEFINED), final)


#: every octet's meaning
CONTROLS = tuple(_control(octet) for octet in range(256))
#: what stands for the control field of a frame that ends before it
NO_CONTROL = Control(-1, Kind.UNDEFINED, False)


def information(ns: int, nr: int, final: bool = True) -> int:
    """Return the control octet of an I frame; sequence numbers count modulo 8."""
    return (nr & 7) << 5 | (POLL if final else 0) | (ns & 7) << 1


def receive_ready(nr: int, final: bool = True) -> int:
    """Return the control octet of RR."""
    return (nr & 7) << 5 | (POLL if final else 0) | 0x1


def receive_not_ready(nr: int, final: bool = True) -> int:
    """Return the control octet of RNR."""
    return (nr & 7) << 5 | (POLL if final else 0) | 0x5


def unnumbered(kind: Kind, final: bool = True) -> int:
    """Return the control octet of SNRM, DISC, UA, DM, FRMR or UI."""
    found = next(octet for octet, named in _UNNUMBERED.items() if named is kind)
    return found | (POLL if final else 0)
