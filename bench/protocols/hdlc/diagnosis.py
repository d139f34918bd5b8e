"""Finds everything that is wrong with a frame, octet by octet; `frame` takes the short way."""

from bench.core.trace import Problem
from bench.protocols.crc import crc16_x25
from bench.protocols.hdlc.address import Address, address_end, address_of
from bench.protocols.hdlc.control import CONTROLS, NO_CONTROL, WITHOUT_INFORMATION, Control
from bench.protocols.hdlc.frame import MAX_LENGTH, FrameLayout, HdlcFrame

_FORMAT, _LENGTH, _ADDRESS, _CONTROL = "6.4.1.3", "6.4.1.3", "6.4.2", "6.4.3"
_HCS, _FCS, _INVALID = "6.4.1.6", "6.4.1.8", "6.4.1"
_ADDRESS_LIMIT = 4


def diagnose(octets: bytes, layout: FrameLayout) -> HdlcFrame:
    """Return the frame with every problem, in the order of the octets."""
    return _Diagnosis(octets, layout).frame()


class _Diagnosis:
    def __init__(self, octets: bytes, layout: FrameLayout) -> None:
        self._octets = octets
        self._layout = layout
        self._problems: list[Problem] = []
        self._fcs_at = max(len(octets) - 2, 0)

    def frame(self) -> HdlcFrame:
        octets, layout = self._octets, self._layout
        count = len(octets)
        if count < layout.shortest:
            text = f"{count} octets between the flags, at least {layout.shortest} are needed"
            self._note(0, max(count, 1), "too-short", text, _INVALID)
        head = octets[0] << 8 | octets[1] if count >= 2 else (octets[0] << 8 if count else 0)
        self._format(head)
        destination, at = self._address(2, "destination" if layout.addresses == 2 else "address")
        source = Address(b"")
        if layout.addresses == 2:
            source, at = self._address(at, "source")
            if len(destination.octets) > 1 and len(source.octets) > 1:
                text = "both addresses have more than one octet, a client has one"
                self._note(2, at - 2, "address", text, _ADDRESS)
        control = self._control(at)
        information, start = self._information(at + 1, control)
        self._fcs()
        return HdlcFrame(
            octets,
            head >> 12,
            bool(head & 0x800),
            head & MAX_LENGTH,
            destination,
            source,
            control,
            information,
            start,
            tuple(sorted(self._problems, key=lambda problem: problem.offset)),
            layout,
        )

    def _format(self, head: int) -> None:
        if not self._octets:
            return
        if head >> 12 != self._layout.format_type:
            text = f"format type {head >> 12:04b}, expected {self._layout.format_type:04b}"
            self._note(0, 1, "format-type", text, _FORMAT)
        stated = head & MAX_LENGTH
        if len(self._octets) >= 2 and stated != len(self._octets):
            text = f"length {stated}, but {len(self._octets)} octets stand between the flags"
            self._note(0, 2, "length", text, _LENGTH)

    def _address(self, start: int, name: str) -> tuple[Address, int]:
        """Return the address field at `start` and where it ends."""
        octets = self._octets[: self._fcs_at]
        end = address_end(octets, start, start + _ADDRESS_LIMIT)
        if not end:
            end = max(start, min(len(octets), start + _ADDRESS_LIMIT))
            if start < len(octets):
                text = f"{name} address without a last octet (bit 0 = 1)"
                self._note(start, end - start, "address", text, _ADDRESS)
            elif len(self._octets) >= self._layout.shortest:
                self._note(start, 1, "address", f"no {name} address", _ADDRESS)
            return address_of(octets[start:end]), end
        address = address_of(octets[start:end])
        if not address.legal:
            text = f"{name} address of {end - start} octets, legal are 1, 2 and 4"
            self._note(start, end - start, "address", text, _ADDRESS)
        return address, end

    def _control(self, at: int) -> Control:
        if at >= self._fcs_at:
            if len(self._octets) >= self._layout.shortest:
                self._note(at, 1, "no-control", "the octets end before the control field", _INVALID)
            return NO_CONTROL
        control = CONTROLS[self._octets[at]]
        if not control.defined:
            text = f"control field {control.octet:02X} ({control.kind}) is not used by DLMS/COSEM"
            self._note(at, 1, "control", text, _CONTROL)
        return control

    def _information(self, start: int, control: Control) -> tuple[bytes, int]:
        """Return the information field and where it starts."""
        octets, end = self._octets, self._fcs_at
        if start >= end:
            return b"", min(start, len(octets))
        at = start
        if self._layout.header_check:
            if start + 2 > end:
                text = "one octet between control field and FCS: half a header check"
                self._note(start, 1, "hcs", text, _HCS)
                return b"", start + 1
            self._hcs(start)
            at = start + 2
            if at == end:
                text = "a header check without information field"
                self._note(start, 2, "hcs-without-information", text, _HCS)
                return b"", at
        if control.kind in WITHOUT_INFORMATION:
            text = f"{control.kind} with an information field of {end - at} octets"
            self._note(at, end - at, "information-not-permitted", text, _CONTROL)
        return octets[at:end], at

    def _hcs(self, at: int) -> None:
        computed = crc16_x25(self._octets[:at])
        self._check("hcs", at, computed, _HCS)

    def _fcs(self) -> None:
        if len(self._octets) >= 3:
            self._check("fcs", self._fcs_at, crc16_x25(self._octets[: self._fcs_at]), _FCS)

    def _check(self, code: str, at: int, computed: int, clause: str) -> None:
        given = self._octets[at : at + 2]
        wanted = computed.to_bytes(2, "little")
        if given != wanted:
            text = f"{code.upper()} {given.hex(' ').upper()} does not fit, computed "
            self._note(at, 2, code, text + wanted.hex(" ").upper(), clause)

    def _note(self, at: int, length: int, code: str, message: str, clause: str) -> None:
        at = min(at, max(len(self._octets) - 1, 0))
        self._problems.append(
            Problem(at, message, code, self._layout.clause(clause), None, max(length, 1))
        )
