"""The WAN port with the wrapper over UDP (IEC 62056-47): each datagram is one unit."""

from bench.protocols.dlms.wrapper import ALL_STATION, decode_wpdu, encode_wpdu
from bench.simulator.ports.wan_application import Push
from bench.simulator.ports.wan_connection import WanConnection


class UdpConnection(WanConnection):
    """One peer; each call of `emit` returns one datagram."""

    def take(self, octets: bytes, now: int) -> None:
        """Answer a datagram that is one whole unit; others are dropped."""
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

    def emit(self, now: int) -> bytes:
        """Return one datagram that is due."""
        while not (self._queue and self._queue[0][0] <= now):
            if self.ended or not self._happen(now):
                return b""
        return self._queue.popleft()[1]

    def push(self, push: Push, now: int) -> bool:
        """Send a datagram to a peer from which the client has been heard."""
        if not self.talks(push.client_sap, push.server_sap):
            return False
        self.send(encode_wpdu(push.server_sap, push.client_sap, push.apdu), now)
        return True
