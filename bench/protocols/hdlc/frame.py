"""Takes an HDLC frame apart: goes on after the first fault and says where each one is.

A frame is here what lies between two flags; offsets count from its first octet, which is that of
the frame format field (IEC 62056-46 §6.4.1). `decode_frame` never raises for what is in the octets.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

from bench.core.trace import Field, Problem
from bench.protocols.crc import X25_GOOD, crc16_x25
from bench.protocols.hdlc.address import Address, address_of
from bench.protocols.hdlc.control import CONTROLS, WITHOUT_INFORMATION, Control

FLAG = 0x7E
MAX_LENGTH = 0x7FF  # what the length field can say

#: problems for which a station discards a frame without an answer (§6.4.1, "invalid frame")
INVALID = frozenset({"too-short", "format-type", "length", "address", "no-control", "hcs", "fcs"})


@dataclass(frozen=True, slots=True)
class FrameLayout:
    """What ISO/IEC 13239 leaves to choose: format type, address fields, header check.

    `longest` and `shortest` bound the stated length; `standard` names the one that chose.
    """

    format_type: int
    addresses: int
    header_check: bool
    shortest: int
    longest: int = MAX_LENGTH
    standard: str = "IEC-62056-46"

    def clause(self, number: str) -> str:
        """Return a clause of the standard; the numbers are those of IEC 62056-46."""
        return f"{self.standard}:{number}" if self.standard == "IEC-62056-46" else self.standard


#: DLMS/COSEM: 1010, destination and source, HCS before an information field
TYPE_3 = FrameLayout(0xA, 2, True, 7)
#: S1: 1000, one address, no HCS
TYPE_1 = FrameLayout(0x8, 1, False, 6, standard="ISO-IEC-13239")

_MAY_INFORM = tuple(c.defined and c.kind not in WITHOUT_INFORMATION for c in CONTROLS)


class HdlcFrame(NamedTuple):
    """A decoded frame with its octets and every problem, in the order of the octets.

    `length` and `segmented` are as the format field states them. A field that the octets end
    before is empty: no octets in an address, the octet -1 in the control field. `at` is where
    the information starts. With one address field, `source` has no octets.
    """

    octets: bytes
    format_type: int
    segmented: bool
    length: int
    destination: Address
    source: Address
    control: Control
    information: bytes
    at: int
    problems: tuple[Problem, ...] = ()
    layout: FrameLayout = TYPE_3

    @property
    def valid(self) -> bool:
        """Whether a station has to take the frame up; what it then makes of it is another thing."""
        return not self.problems or not any(p.code in INVALID for p in self.problems)

    def fields(self) -> tuple[Field, ...]:
        """Return the annotated octets of the whole frame, without gap or overlap."""
        from bench.protocols.hdlc.annotate import annotate

        return annotate(self)

    def to_json(self) -> dict[str, Any]:
        """Return the frame as plain JSON values; octets are hexadecimal."""
        control = self.control
        return {
            "frame": control.kind.value,
            "destination": str(self.destination),
            "source": str(self.source),
            "final": control.final,
            "ns": control.ns if control.ns >= 0 else None,
            "nr": control.nr if control.nr >= 0 else None,
            "segmented": self.segmented,
            "information": self.information.hex(),
            "problems": [
                {"offset": p.offset, "message": p.message, "clause": p.clause}
                for p in self.problems
            ],
        }


def decode_frame(octets: bytes, layout: FrameLayout = TYPE_3) -> HdlcFrame:
    """Decode what lies between two flags, flags excluded."""
    if layout is not TYPE_3:
        return _diagnose(octets, layout)
    count = len(octets)
    if count < 7 or count > MAX_LENGTH or crc16_x25(octets) != X25_GOOD:
        return _diagnose(octets, layout)
    head = octets[0] << 8 | octets[1]
    if head & 0xF7FF != 0xA000 | count:
        return _diagnose(octets, layout)
    # Destination and source: 1, 2 or 4 octets, the last one alone odd.
    if octets[2] & 1:
        source = 3
    elif octets[3] & 1:
        source = 4
    elif octets[5] & 1 and not octets[4] & 1:
        source = 6
    else:
        return _diagnose(octets, layout)
    if octets[source] & 1:
        after = source + 1
    elif count > source + 4 and octets[source + 1] & 1:
        after = source + 2
    elif count > source + 6 and octets[source + 3] & 1 and not octets[source + 2] & 1:
        after = source + 4
    else:
        return _diagnose(octets, layout)
    if source > 3 and after > source + 1:  # one of them is a client, which has one octet
        return _diagnose(octets, layout)
    if after >= count - 2:
        return _diagnose(octets, layout)
    control = CONTROLS[octets[after]]
    if not _MAY_INFORM[octets[after]] and (after + 3 < count or not control.defined):
        return _diagnose(octets, layout)
    at = after + 1
    if at + 2 == count:
        information = b""
    else:
        at += 2
        if at + 2 >= count or crc16_x25(octets[:at]) != X25_GOOD:
            return _diagnose(octets, layout)
        information = octets[at:-2]
    return HdlcFrame(
        octets,
        0xA,
        head & 0x800 != 0,
        count,
        address_of(octets[2:source]),
        address_of(octets[source:after]),
        control,
        information,
        at,
    )


def _diagnose(octets: bytes, layout: FrameLayout) -> HdlcFrame:
    from bench.protocols.hdlc.diagnosis import diagnose

    return diagnose(octets, layout)
