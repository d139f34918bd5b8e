"""The WAN port with the wrapper over TCP (IEC 62056-47): units cut out of a stream of octets."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.core.clock import SECOND
from bench.core.trace import Chunk
from bench.protocols.dlms.wrapper import (
    ALL_STATION,
    HEADER_OCTETS,
    WpduOctets,
    WrapperStream,
    decode_wpdu,
    encode_wpdu,
)
from bench.simulator.ports.wan_application import Push
from bench.simulator.ports.wan_connection import WanConnection

if TYPE_CHECKING:
    from bench.simulator.ports.wan import WanDevice

_VERSION = b"\x00\x01"
_LONG_OCTETS = 0x7FFF
_FUZZ_OCTETS = 512
_HANG_NS = SECOND // 2
#: how long the rest of a unit may take before the connection is ended
HALF_UNIT_NS = 10 * SECOND


@dataclass(frozen=True, slots=True)
class TcpOptions:
    """How the meter treats TCP connections; `connections` is how many at once, 0 for any number."""

    connections: int = 0
    closes_on_wrong_version: bool = True


class WrapperConnection(WanConnection):
    """One TCP connection; an association ends with it."""

    def __init__(self, device: "WanDevice") -> None:
        super().__init__(device)
        self._stream = WrapperStream()
        self._half_since: int | None = None

    def take(self, octets: bytes, now: int) -> None:
        """Answer the units that are complete."""
        if "wr-one-read-one-pdu" in self.breaks:
            self.unit(octets, now)
            return
        whole = len(octets) > HEADER_OCTETS and octets[:1] == b"\x00"
        if whole and "wr-version-unchecked" in self.breaks:
            octets = _VERSION + octets[2:]
        if self._stream.lost:
            return
        pieces = self._stream.feed(Chunk(now, octets))
        if "wr-answers-reversed" in self.breaks:
            pieces.reverse()
        for piece in pieces:
            if isinstance(piece, WpduOctets):
                self.unit(piece.octets, now)
            elif "fuzz-crash" in self.breaks and len(piece.octets) > _FUZZ_OCTETS:
                self.device.crash(now)
        self.busy = bool(self._stream.pending)
        self._half_since = now if self.busy else None
        self._stumble(octets, now)
        if self._stream.lost and self.device.tcp.closes_on_wrong_version and not self.ended:
            self.hang_up(now + self.device.turnaround_ns())

    def _stumble(self, octets: bytes, now: int) -> None:
        """Fall over what came, where a rule says so."""
        if self._stream.lost and "wr-version-hang" in self.breaks:
            self.device.crash(now)
        stated = int.from_bytes(octets[6:8], "big")
        if self.busy and stated > _LONG_OCTETS and "wr-unfinished-crash" in self.breaks:
            self.device.crash(now)

    def unit(self, octets: bytes, now: int) -> None:
        """Answer one unit, with its ports swapped."""
        unit = decode_wpdu(octets)
        if not unit.apdu and "wr-zero-crash" in self.breaks:
            self.device.crash(now)
        if len(unit.apdu) > _LONG_OCTETS and "wr-longest-crash" in self.breaks:
            self.device.crash(now)
        if not unit.valid or not unit.apdu:
            return
        if unit.destination == ALL_STATION:
            self.device.broadcast(self, unit.source, unit.apdu, now)
            return
        source, destination = unit.destination, unit.source
        if "wr-any-port" in self.breaks and source not in self.device.secondary.uppers:
            answers = self.answers(destination, self.device.options.server_sap, unit.apdu, now)
        else:
            answers = self.answers(destination, source, unit.apdu, now)
        if "wr-ports-not-swapped" in self.breaks:
            source, destination = destination, source
        at = now + self.device.latency_ns() if answers else now
        for answer in answers:
            self.later(at, self.sender(encode_wpdu(source, destination, answer)))

    def deadline(self) -> int | None:
        """Return when half a unit has waited long enough for its rest."""
        if self._half_since is None:
            return None
        limit = _HANG_NS if "wr-len-hang" in self.breaks else HALF_UNIT_NS
        return self._half_since + limit

    def expire(self, now: int) -> None:
        """End a connection that has sent half a unit and no more."""
        self._half_since = None
        self.busy = False
        self.hang_up(now)
        if "wr-len-hang" in self.breaks:
            self.device.crash(now)

    def end(self, now: int) -> None:
        """Forget all that hangs on the connection."""
        busy = self.busy
        super().end(now)
        if busy and "wr-len-hang" in self.breaks:
            self.device.crash(now)
        if "tcp-second-end-kills-first" in self.breaks:
            for other in self.device.connections:
                other.hang_up(now)

    def reset(self, now: int) -> None:
        """Lose the connection."""
        super().reset(now)
        self._half_since = None
        self.busy = False
        self.ended = True
        self.device.forget(self)

    def push(self, push: Push, now: int) -> bool:
        """Send a unit to a client that has been heard on this connection."""
        if not self.talks(push.client_sap, push.server_sap):
            return False
        self.send(encode_wpdu(push.server_sap, push.client_sap, push.apdu), now)
        return True
