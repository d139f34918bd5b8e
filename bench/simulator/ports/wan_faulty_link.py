"""A connected HDLC link that breaks the rules of numbers, windows and segments it is told to."""

from typing import TYPE_CHECKING

from bench.protocols.hdlc.control import Control
from bench.protocols.hdlc.events import Event, LinkKey, Received
from bench.protocols.hdlc.frame import HdlcFrame
from bench.protocols.hdlc.frame_reject import Reason, encode_frame_reject
from bench.protocols.hdlc.llc import COMMAND, RESPONSE, split_llc
from bench.protocols.hdlc.parameters import MAX_WINDOW, LinkParameters
from bench.protocols.hdlc.secondary_link import SecondaryLink
from bench.protocols.hdlc.sequence import MODULUS, Segment, Sequence

if TYPE_CHECKING:
    from bench.protocols.hdlc.secondary import SecondaryStation

_USUAL = LinkParameters()


class FaultySequence(Sequence):
    """Numbers and segments, wrong where a rule is broken."""

    def __init__(self, parameters: LinkParameters, longest: int, breaks: frozenset[str]) -> None:
        if "negotiation-ignored" in breaks:
            parameters = _USUAL
        super().__init__(parameters, longest)
        self._breaks = breaks

    def expects(self, ns: int) -> bool:
        """Return whether the number will do."""
        if "ns-unchecked" in self._breaks:
            return (ns - self.vr) % MODULUS < MODULUS - 1  # all but the one before
        return super().expects(ns)

    def acknowledge(self, nr: int) -> bool:
        """Take an N(R), even one that acknowledges what was never sent."""
        taken = super().acknowledge(nr)
        if taken or "nr-unchecked" not in self._breaks:
            return taken
        self._sent.clear()
        self.vs = nr
        return True

    def queue(self, octets: bytes) -> None:
        """Cut a unit into segments."""
        before = len(self._waiting)
        if "oversize-info" in self._breaks:
            size = min(self._parameters.info_transmit + 1, 2030)
            parts = [octets[at : at + size] for at in range(0, len(octets), size)]
            self._waiting.extend((part, part is not parts[-1]) for part in parts)
            return
        super().queue(octets)
        if "llc-every-segment" in self._breaks:
            for n in range(before + 1, len(self._waiting)):
                part, more = self._waiting[n]
                self._waiting[n] = (RESPONSE + part, more)

    def burst(self) -> list[Segment]:
        """Return the next segments, all that numbers can tell apart where the window is ignored."""
        if "window-overrun" not in self._breaks:
            return super().burst()
        agreed = self._parameters.window_transmit
        segments = []
        while self._waiting and len(self._sent) < min(agreed + 1, MAX_WINDOW):
            octets, more = self._waiting.popleft()
            self._sent.append((octets, more))
            segments.append(Segment(self.vs, octets, more))
            self.vs = (self.vs + 1) % MODULUS
        return segments

    def take(self, octets: bytes, more: bool) -> bytes | None:
        """Take the next I frame's octets."""
        if "segments-not-joined" in self._breaks:
            self._parts.clear()
        return super().take(octets, more)

    def take_back(self) -> None:
        """Forget what was not acknowledged, and its numbers."""
        self.vs = self.va
        self._sent.clear()
        self._waiting.clear()


class FaultyLink(SecondaryLink):
    """One link of a station that breaks rules."""

    def __init__(
        self, station: "SecondaryStation", key: LinkKey, parameters: LinkParameters, now: int
    ) -> None:
        super().__init__(station, key, parameters, now)
        self._breaks: frozenset[str] = getattr(station, "breaks", frozenset())
        self._sequence = FaultySequence(parameters, station.options.longest_apdu, self._breaks)
        self.sequence = self._sequence

    def take_information(self, frame: HdlcFrame, now: int, events: list[Event]) -> str:
        """Take up an I frame."""
        breaks, control = self._breaks, frame.control
        if "no-segmentation" in breaks and frame.segmented:
            frame = frame._replace(segmented=False)
        repeated = {"duplicate-executed", "duplicate-executed-anew"} & breaks
        if repeated and (control.ns + 1) % MODULUS == self.sequence.vr:
            if "duplicate-executed" in repeated:
                self._sequence.take_back()
            else:
                self.sequence.acknowledge(self.sequence.vs)
            self._owes = control.final
            unit = split_llc(frame.information, COMMAND)
            events.append(Received(now, self.key, unit.apdu, 1, unit.problems))
            return ""
        if "ns-counted" in breaks and not self.sequence.expects(control.ns):
            self.sequence.vr = (control.ns + 1) % MODULUS
        return super().take_information(frame, now, events)

    def reject(self, control: Control, reason: Reason) -> bytes:
        """Return the information field of an FRMR."""
        if "frmr-wrong-bits" not in self._breaks:
            return super().reject(control, reason)
        return encode_frame_reject(control.octet ^ 0x10, self.sequence.vr, self.sequence.vs + 1, 0)

    def go_on_from(self, former: SecondaryLink) -> None:
        """Keep the numbers of the link before."""
        self.sequence.vr = former.sequence.vr
        if "seq-not-reset" in self._breaks:
            self.sequence.vs = former.sequence.vs
