"""The WAN port with the wrapper over TCP (IEC 62056-47): units cut out of a stream of octets."""

from typing import TYPE_CHECKING

from bench.core.clock import SECOND
from bench.core.trace import Chunk
from bench.protocols.dlms.wrapper import (
    ALL_STATION,
    WpduOctets,
    WrapperStream,
    decode_wpdu,
    encode_wpdu,
)
from bench.simulator.ports.wan_application import Push
from bench.simulator.ports.wan_connection import WanConnection

if TYPE_CHECKING:
    from bench.simulator.ports.wan import WanDevice

#: how long the rest of a unit may take before the connection is ended
HALF_UNIT_NS = 10 * SECOND


class WrapperConnection(WanConnection):
    """One TCP connection; an association ends with it."""

    def __init__(self, device: "WanDevice") -> None:
        super().__init__(device)
        self._stream = WrapperStream()
        self._half_since: int | None = None

    def take(self, octets: bytes, now: int) -> None:
        """Answer the units that are complete."""
        if self._stream.lost:
            return
        for piece in self._stream.feed(Chunk(now, octets)):
            if isinstance(piece, WpduOctets):
                self.unit(piece.octets, now)
        self._half_since = now if self._stream.pending else None
        if self._stream.lost and self.device.closes_on_wrong_version:
            self.hang_up(now + self.device.turnaround_ns())

    def unit(self, octets: bytes, now: int) -> None:
        """Answer one unit, with its ports swapped."""
        unit = decode_wpdu(octets)
        if not unit.valid or not unit.apdu:
            return
        if unit.destination == ALL_STATION:
            self.device.broadcast(self, unit.source, unit.apdu, now)
            return
        answers = self.answers(unit.source, unit.destination, unit.apdu, now)
        at = now + self.device.latency_ns() if answers else now
        for answer in answers:
            self.later(at, self.sender(encode_wpdu(unit.destination, unit.source, answer)))

    def deadline(self) -> int | None:
        """Return when half a unit has waited long enough for its rest."""
        return None if self._half_since is None else self._half_since + HALF_UNIT_NS

    def expire(self, now: int) -> None:
        """End a connection that has sent half a unit and no more."""
        self._half_since = None
        self.hang_up(now)

    def push(self, push: Push, now: int) -> bool:
        """Send a unit to a client that has been heard on this connection."""
        if not self.talks(push.client_sap, push.server_sap):
            return False
        self.send(encode_wpdu(push.server_sap, push.client_sap, push.apdu), now)
        return True
