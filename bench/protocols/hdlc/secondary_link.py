"""One connected link of a server: what it does with commands while in NRM (IEC 62056-46 §6.4.4)."""

from typing import TYPE_CHECKING

from bench.protocols.hdlc.control import (
    COMMANDS,
    Control,
    Kind,
    information,
    receive_not_ready,
    receive_ready,
    unnumbered,
)
from bench.protocols.hdlc.events import Event, LinkKey, Overlong, Received, Rejected
from bench.protocols.hdlc.frame import HdlcFrame
from bench.protocols.hdlc.frame_reject import Reason, decode_frame_reject, encode_frame_reject
from bench.protocols.hdlc.llc import COMMAND, split_llc
from bench.protocols.hdlc.options import Answer, NotYet
from bench.protocols.hdlc.parameters import LinkParameters
from bench.protocols.hdlc.sequence import Sequence

if TYPE_CHECKING:
    from bench.protocols.hdlc.secondary import SecondaryStation


class SecondaryLink:
    """Answers polls: with I frames when there is something to say, else with RR or RNR.

    A client that polled with a complete request is answered as soon as the answer is there. Until
    then the same request again is not answered; RR is, and the answer then waits for the next poll.
    """

    sequence_type: type[Sequence] = Sequence

    def __init__(
        self, station: "SecondaryStation", key: LinkKey, parameters: LinkParameters, now: int
    ) -> None:
        self.parameters = parameters
        self.touched_ns = now
        self.sequence = self.sequence_type(parameters, station.options.longest_apdu)
        self._station = station
        self.key = key
        self._owes = False  # the client waits for the answer to a request
        self._reject: bytes | None = None

    def inactive_at(self) -> int | None:
        """Return when the link ends unless a frame comes; None if it never does."""
        limit = self._station.options.inactivity_ns
        return None if limit is None else self.touched_ns + limit

    def send(self, unit: bytes) -> None:
        """Queue a unit, and send what may be sent if the client waits."""
        self.sequence.queue(unit)
        if self._owes:
            self.answer()

    def decline(self) -> None:
        """Answer a client that waits with RR."""
        if self._owes:
            self.answer()

    def command(self, frame: HdlcFrame, now: int, events: list[Event]) -> str:
        """Take a command up; return why it was ignored, "" if it was not."""
        control = frame.control
        if self._reject is not None:
            if control.final:
                self.transmit(unnumbered(Kind.FRMR), self._reject)
            return "after FRMR only SNRM and DISC are taken up"
        if control.kind not in COMMANDS:
            return self.refuse(control, Reason.CONTROL, now, events)
        if any(problem.code == "information-not-permitted" for problem in frame.problems):
            return self.refuse(control, Reason.CONTROL | Reason.NOT_PERMITTED, now, events)
        if len(frame.information) > self.parameters.info_receive:
            return self.refuse(control, Reason.TOO_LONG, now, events)
        if not self.sequence.acknowledge(control.nr):
            return self.refuse(control, Reason.NUMBER, now, events)
        if control.kind is Kind.I:
            return self.take_information(frame, now, events)
        if control.final and control.kind is Kind.RNR:
            self._owes = False
            self.ready()  # the client takes nothing now
        elif control.final:
            self.answer()
        return ""

    def take_information(self, frame: HdlcFrame, now: int, events: list[Event]) -> str:
        """Take up an I frame; return why it was ignored, "" if it was not."""
        control = frame.control
        if self._station.busy or not self.sequence.expects(control.ns):
            if control.final and not self._owes:
                self.answer()
            expected = f"expected N(S)={self.sequence.vr}"
            return f"{control} while busy" if self._station.busy else f"{control}, {expected}"
        unit = self.sequence.take(frame.information, frame.segmented)
        if frame.segmented or unit is None:
            if control.final:
                self.answer()
            if not frame.segmented:
                events.append(Overlong(now, self.key, self.sequence.dropped))
            return ""
        self._owes = control.final
        service = split_llc(unit, COMMAND)
        count = self.sequence.segments
        events.append(Received(now, self.key, service.apdu, count, service.problems))
        not_yet = self._station.options.not_yet
        if self._owes and not_yet is not NotYet.NOTHING:
            self._owes = False
            ready = not_yet is NotYet.READY
            self.transmit((receive_ready if ready else receive_not_ready)(self.sequence.vr))
        return ""

    def answer(self) -> None:
        """Send what the client has not got as far as the window goes, the last final; or RR."""
        self._owes = False
        self.sequence.go_back()
        segments = self.sequence.burst()
        for segment in segments:
            control = information(segment.ns, self.sequence.vr, segment is segments[-1])
            self.transmit(control, segment.octets, segment.more)
        if not segments:
            self.ready()

    def ready(self) -> None:
        """Send RR, or RNR while the station is busy."""
        control = receive_not_ready if self._station.busy else receive_ready
        self.transmit(control(self.sequence.vr))

    def refuse(self, control: Control, reason: Reason, now: int, events: list[Event]) -> str:
        """Answer FRMR if the options say so; the link then needs SNRM."""
        options = self._station.options
        answer = {
            Reason.TOO_LONG: options.on_too_long,
            Reason.NUMBER: options.on_bad_number,
        }.get(reason, options.on_undefined)
        if answer is Answer.REPLY and control.final:
            self._reject = self.reject(control, reason)
            events.append(Rejected(now, self.key, decode_frame_reject(self._reject), own=True))
            self.transmit(unnumbered(Kind.FRMR), self._reject)
        return f"{control} refused ({reason.letters})"

    def reject(self, control: Control, reason: Reason) -> bytes:
        """Return the information field of the FRMR that refuses a frame."""
        return encode_frame_reject(control.octet, self.sequence.vs, self.sequence.vr, reason)

    def transmit(self, control: int, unit: bytes = b"", segmented: bool = False) -> None:
        """Send one frame to the client."""
        station, key = self._station, self.key
        station.transmit(key.client, key.server, control, unit, segmented)
