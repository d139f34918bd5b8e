"""An HDLC station that breaks the rules of framing, addressing and link set-up it is told to."""

from dataclasses import replace
from typing import Protocol

from bench.protocols.hdlc.address import ALL_STATION, Address, server
from bench.protocols.hdlc.control import CONTROLS, POLL, Kind, receive_ready, unnumbered
from bench.protocols.hdlc.deframer import FrameOctets, Noise, NoiseKind, Piece
from bench.protocols.hdlc.encode import build_frame, flipped
from bench.protocols.hdlc.events import Event, LinkKey
from bench.protocols.hdlc.frame import FLAG, INVALID, HdlcFrame, decode_frame
from bench.protocols.hdlc.options import SecondaryOptions
from bench.protocols.hdlc.parameters import (
    INFO_RECEIVE,
    INFO_TRANSMIT,
    LinkParameters,
    decode_parameters,
    encode_parameters,
)
from bench.simulator.ports.wan_faulty_link import FaultyLink
from bench.simulator.ports.wan_hdlc import FrameStation

_OVERLOOKED = {
    "fcs-ignored": {"fcs"},
    "hcs-ignored": {"hcs"},
    "crc-ignored": {"fcs", "hcs"},
    "type-unchecked": {"format-type"},
    "length-unchecked": {"length"},
    "addr-3-accepted": {"address"},
}
_EVERY = 9  # of so many answers one is damaged, so that a client that repeats gets through
_FRAME_LIKE = 7  # octets without a flag before them that may have been a frame
_FUZZ_OCTETS = 1024  # of noise in one go
_USUAL_WIDTHS = {5: {1, 2}, 6: {1, 2}, 7: {1, 4}, 8: {1, 4}}


class Host(Protocol):
    """The device around a station."""

    def crash(self, now: int) -> None:
        """Lose all that was going on."""
        ...

    def leaks(self, now: int) -> bool:
        """Count a link that is made; return whether there is no room for it."""
        ...


class FaultyStation(FrameStation):
    """A station with `breaks`, the names of the rules that it does not keep.

    Where a station would fall over, the whole `host` does. Rules have the catalogue's names.
    """

    link_type = FaultyLink

    def __init__(self, options: SecondaryOptions, breaks: frozenset[str], host: Host) -> None:
        limit = options.inactivity_ns
        if "timeout-never" in breaks:
            limit = None
        elif "timeout-short" in breaks and limit is not None:
            limit //= 2
        overlooks = options.overlooks.union(*(_OVERLOOKED.get(name, ()) for name in breaks))
        super().__init__(replace(options, inactivity_ns=limit, overlooks=overlooks))
        self.breaks = breaks
        self._host = host
        self._answers = 0
        self._filled = False
        self._noise = 0

    # -- what comes

    def piece(self, piece: Piece, now: int, events: list[Event]) -> None:
        """Take up a frame, or the octets between frames."""
        if isinstance(piece, Noise):
            self._between(piece, now)
            self._filled = True
        elif self._stumbles(piece, now):
            return
        else:
            self._broadcast(decode_frame(piece.body))
        super().piece(piece, now, events)

    def _between(self, piece: Noise, now: int) -> None:
        octets = piece.octets
        if piece.kind is not NoiseKind.FILL:
            self._noise += len(octets)
        if "fuzz-crash" in self.breaks and self._noise > _FUZZ_OCTETS:
            self._host.crash(now)
        if piece.kind is NoiseKind.FILL or len(octets) < 3:
            return
        stated = (octets[1] & 7) << 8 | octets[2] if octets[0] == FLAG else 0
        cut = piece.kind is NoiseKind.BROKEN_OFF and len(octets) - 1 < stated
        stumbles = "interoctet-stuck" if cut else "flag-hang"
        if stumbles in self.breaks and (cut or len(octets) >= _FRAME_LIKE):
            self._host.crash(now)

    def _stumbles(self, piece: FrameOctets, now: int) -> bool:
        """Return whether a frame is lost on the way in."""
        filled, self._filled = self._filled, False
        self._noise = 0 if piece.sound else self._noise + len(piece.octets)
        if "idle-flags" in self.breaks and filled:
            return True
        if "shared-flag" in self.breaks and piece.shared:
            return True
        if "fuzz-crash" in self.breaks and self._noise > _FUZZ_OCTETS:
            self._host.crash(now)
        frame = decode_frame(piece.body)
        if "flag-in-info" in self.breaks and FLAG in frame.information:
            return True
        codes = {problem.code for problem in frame.problems}
        if "length-hang" in self.breaks and "length" in codes:
            self._host.crash(now)
        unknown = not codes & INVALID and not frame.control.defined
        if "crash-unknown-control" in self.breaks and unknown:
            self._host.crash(now)
        if "damaged-frame-hang" in self.breaks and "hcs" in codes:
            self._host.crash(now)
        return False

    def not_for_us(self, frame: HdlcFrame) -> str:
        """Return why a frame is passed over in silence."""
        why = super().not_for_us(frame)
        if not why or any(
            problem.code in INVALID and problem.code not in self.options.overlooks
            for problem in frame.problems
        ):
            return why
        to = frame.destination
        if "answers-broadcast" in self.breaks and to.broadcast:
            return ""
        if "answers-any-address" in self.breaks and not to.broadcast:
            return ""
        odd = not (to.legal and frame.source.legal and len(frame.source.octets) == 1)
        return "" if "addr-3-accepted" in self.breaks and odd else why

    def command(self, frame: HdlcFrame, now: int, events: list[Event]) -> str:
        """Take up a command."""
        name = (frame.source, frame.destination.upper)
        if (
            "disc-ignored" in self.breaks
            and frame.control.kind is Kind.DISC
            and name in self._links
        ):
            return "DISC is not heard"
        return super().command(frame, now, events)

    def while_down(self, key: LinkKey, frame: HdlcFrame) -> str:
        """Answer a client that has no link."""
        control = frame.control
        if "answers-in-ndm" in self.breaks and control.kind in (Kind.I, Kind.RR) and control.final:
            taken = control.ns + 1 if control.kind is Kind.I else 0
            self.transmit(key.client, key.server, receive_ready(taken))
            return f"{control} while disconnected"
        return super().while_down(key, frame)

    def connect(self, key: LinkKey, frame: HdlcFrame, now: int, events: list[Event]) -> str:
        """Take up SNRM."""
        field = decode_parameters(frame.information)
        if "param-crash" in self.breaks and field.problems:
            self._host.crash(now)
            return "the station has crashed"
        if "width-fixed" in self.breaks and _unusual_widths(frame.information):
            return "parameters of another width"
        if self._host.leaks(now):
            return "no room for a link"
        name = (key.client, key.server.upper)
        former = self._links.get(name)
        why = super().connect(key, frame, now, events)
        link = self._links.get(name)
        kept = {"seq-not-reset", "seq-vr-not-reset"} & self.breaks
        if kept and former is not None and isinstance(link, FaultyLink):
            link.go_on_from(former)
        return why

    # -- what goes

    def acceptance(self, agreed: LinkParameters, frame: HdlcFrame) -> bytes:
        """Return the information field of UA."""
        if "negotiation-raises" not in self.breaks or not frame.information:
            return super().acceptance(agreed, frame)
        proposed = decode_parameters(frame.information).parameters.values()
        raised = agreed.values()
        raised[INFO_TRANSMIT] = proposed[INFO_RECEIVE] + 1
        raised[INFO_RECEIVE] = proposed[INFO_TRANSMIT] + 1
        return encode_parameters(raised)

    def reply(self, key: LinkKey, kind: Kind, information: bytes = b"") -> None:
        """Send UA or DM, unless it is left out."""
        if ("no-ua" in self.breaks and kind is Kind.UA) or (
            "dm-missing" in self.breaks and kind is Kind.DM
        ):
            return
        final = not ("ua-no-final" in self.breaks and kind is Kind.UA)
        self.transmit(key.client, key.server, unnumbered(kind, final), information)

    def transmit(
        self,
        destination: Address,
        source: Address,
        control: int,
        information: bytes = b"",
        segmented: bool = False,
    ) -> None:
        """Put one frame into those to send."""
        if "addr-size-mismatch" in self.breaks and len(source.octets) in (1, 4):
            source = server(source.upper, source.lower or self.options.lower or ALL_STATION, 2)
        if "client-mixup" in self.breaks and self._links and CONTROLS[control].kind is not Kind.UI:
            destination = self.connected()[0].client
        self._answers += 1
        damaged = not self._answers % _EVERY
        if "hcs-always" in self.breaks and not information:
            self.emit(build_frame(destination, source, control, with_hcs=True))
        elif "crc-wrong-answer" in self.breaks and damaged:
            self.emit(build_frame(destination, source, control, information, fcs=flipped(3)))
        elif "length-off-by-one" in self.breaks and damaged:
            off = build_frame(destination, source, control, information, length=lambda n: n + 1)
            self.emit(off)
        else:
            super().transmit(destination, source, control, information, segmented)

    def _broadcast(self, frame: HdlcFrame) -> None:
        """Answer an UI frame to all stations, which nobody may."""
        to_all = frame.valid and frame.destination.broadcast and frame.control.kind is Kind.UI
        if "answers-broadcast" in self.breaks and to_all:
            answer = unnumbered(Kind.UI, bool(frame.control.octet & POLL))
            self.transmit(frame.source, frame.destination, answer, frame.information)


def _unusual_widths(information: bytes) -> bool:
    at = 3
    while at + 1 < len(information):
        name, width = information[at], information[at + 1]
        if width not in _USUAL_WIDTHS.get(name, {width}):
            return True
        at += 2 + width
    return False
