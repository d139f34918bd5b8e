"""The WAN port with HDLC: a secondary station on a line, or on the octets of a TCP connection.

An association lives on a link, and ends with it: DISC, another SNRM, or inactivity.
"""

from typing import TYPE_CHECKING

from bench.core.clock import MILLISECOND
from bench.core.line import LineSettings
from bench.protocols.hdlc.address import Address, client, server
from bench.protocols.hdlc.control import Kind
from bench.protocols.hdlc.events import (
    Connected,
    Disconnected,
    Event,
    LinkKey,
    Received,
    Unnumbered,
)
from bench.protocols.hdlc.frame import decode_frame
from bench.protocols.hdlc.options import SecondaryOptions
from bench.protocols.hdlc.secondary import SecondaryStation
from bench.simulator.ports.wan_application import Push
from bench.simulator.ports.wan_connection import WanConnection
from bench.simulator.uart import hear

if TYPE_CHECKING:
    from bench.simulator.ports.wan import WanDevice

_LATE_NS = 1500 * MILLISECOND


class FrameStation(SecondaryStation):
    """A station that keeps the frames to send apart."""

    def __init__(self, options: SecondaryOptions) -> None:
        super().__init__(options)
        self.frames: list[bytes] = []

    def emit(self, octets: bytes) -> None:
        """Put one frame to those to send."""
        self.frames.append(octets)

    def taken(self) -> list[bytes]:
        """Return the frames to send that were not returned before."""
        frames, self.frames = self.frames, []
        return frames


class HdlcConnection(WanConnection):
    """Octets of one line; several clients may have links on it at once."""

    def __init__(self, device: "WanDevice", line: LineSettings | None) -> None:
        super().__init__(device, line)
        self.station = device.station(0.0 if line is None else line.character_ns)
        self._heard_ns = 0  # when the last octet of the bench has arrived
        self._eras: dict[LinkKey, int] = {}  # how often each link began or ended so far

    def hear(self, octets: bytes, sent: LineSettings | None, now: int) -> int:
        """Take octets sent with other settings as a UART hears them."""
        if self.line is None:
            self.receive(octets, now)
            return now
        sent = sent or self.line
        self._heard_ns = max(now, self._heard_ns) + round(len(octets) * sent.character_ns)
        heard = hear(octets, sent, self.line).octets
        if heard:
            self.later(self._heard_ns, lambda at: self.arrived(heard, at))
        return self._heard_ns

    def receive(self, octets: bytes, now: int) -> None:
        """Take octets; on a line they arrive at its speed."""
        if self.line is None:
            self.arrived(octets, now)
        else:
            self.hear(octets, None, now)

    def take(self, octets: bytes, now: int) -> None:
        """Let the station take octets."""
        self._heed(self.station.receive(octets, now), now)

    def deadline(self) -> int | None:
        """Return when the station has something to do."""
        return self.station.next_event()

    def expire(self, now: int) -> None:
        """Let inactive links and frames broken off end."""
        self._heed(self.station.advance(now), now)

    def push(self, push: Push, now: int) -> bool:
        """Send an UI frame; it needs no link."""
        lower = self.station.options.lower
        source = server(push.server_sap, lower)
        for key in self.station.connected():
            if (key.client.upper, key.server.upper) == (push.client_sap, push.server_sap):
                source = key.server
        self.station.send_unnumbered(source, client(push.client_sap), push.apdu)
        self._transmit(now)
        return True

    def reset(self, now: int) -> None:
        """Begin anew, without any link."""
        super().reset(now)
        self.station = self.device.station(0.0 if self.line is None else self.line.character_ns)

    def _heed(self, events: list[Event], now: int) -> None:
        """Do what the station's events ask for; link-level answers leave after a while."""
        if self.device.crashed(now):
            return
        for event in events:
            match event:
                case Connected() | Disconnected():
                    self._eras[event.link] = self._era(event.link) + 1
                    self.close_channel(event.link.client.upper, event.link.server.upper, now)
                case Received():
                    self._received(event, now)
                case Unnumbered():
                    self._unnumbered(event.source, event.destination, event.apdu, now)
        late_ns = _LATE_NS if "turnaround-late" in self.breaks and self._says(Kind.RR) else 0
        self._transmit(now + self.device.turnaround_ns() + late_ns)

    def _says(self, kind: Kind) -> bool:
        return any(decode_frame(f[1:-1]).control.kind is kind for f in self.station.frames)

    def _received(self, event: Received, now: int) -> None:
        key = event.link
        answers: list[bytes] = []
        if not event.problems or "llc-unchecked" in self.breaks:
            answers = self.answers(key.client.upper, key.server.upper, event.apdu, now)
        if answers:
            at, era = now + self.device.latency_ns(), self._era(key)
            self.later(at, lambda now: self._respond(key, era, answers, now))
        elif not self.device.crashed(now):
            self.station.decline(key)

    def _era(self, key: LinkKey) -> int:
        return self._eras.get(key, 0)

    def _respond(self, key: LinkKey, era: int, apdus: list[bytes], now: int) -> None:
        """Answer a request, unless its link is gone meanwhile, even if there is another."""
        if era == self._era(key) and self.talks(key.client.upper, key.server.upper):
            for apdu in apdus:
                self.station.send(key, apdu)
            self._transmit(now)

    def _unnumbered(self, source: Address, to: Address, apdu: bytes, now: int) -> None:
        """Let the application hear what gets no answer."""
        uppers = self.station.options.uppers if to.broadcast else {to.upper}
        for upper in sorted(uppers):
            self.answers(source.upper, upper, apdu, now)

    def _transmit(self, at: int) -> None:
        for frame in self.station.taken():
            self.send(frame, at)
