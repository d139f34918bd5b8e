"""What all link layers of the WAN port have in common: channels, delays, octets that leave.

A connection is one TCP connection, one serial line or one UDP peer. The device behind it is shared.
"""

import heapq
from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from bench.core.clock import SECOND
from bench.core.line import LineSettings
from bench.simulator.ports.wan_application import Channel, Push
from bench.simulator.ports.wan_stages import Stage

if TYPE_CHECKING:
    from bench.simulator.ports.wan import WanDevice

BURST_OCTETS = 64
#: rules by which something of an association outlives its link
_PERSISTENT = frozenset({"block-state-persist", "hls-state-persist"})
_STUMBLES: Mapping[str, Callable[[bytes], bool]] = {
    "ber-len-crash": lambda apdu: apdu[:1] == b"\x60" and b"\x84\xff\xff\xff\xff" in apdu,
    "ber-nested-crash": lambda apdu: apdu[:1] == b"\x60" and apdu.count(b"\xa1") > 32,
    "fuzz-apdu-crash": lambda apdu: len(apdu) > 256 and len(set(apdu)) > 128,
}
#: how long a device that has crashed takes to be there again
REBOOT_NS = 10 * SECOND


class WanConnection:
    """A port of the device for as long as a connection lasts.

    Octets leave one frame after the other, on a line at its speed and in bursts whose instant is
    the end of their last stop bit; the first octet after a silence is a burst of its own.
    """

    def __init__(self, device: "WanDevice", line: LineSettings | None = None) -> None:
        self.device = device
        self.line = line
        self.ended = False
        self._hasty: bool | None = None  # whether the first answer was an exception-response
        self.busy = False  # half a unit has come
        self.epoch_ns = device.epoch_ns
        self.breaks = device.breaks
        self._channels: dict[tuple[int, int], Channel | None] = {}
        self._queue: deque[tuple[int, bytes]] = deque()
        self._free_ns = 0  # when the last octet to send has left
        self._later: list[tuple[int, int, Callable[[int], None]]] = []
        self._count = 0

    # -- the port, as the wire sees it

    def next_event(self) -> int | None:
        """Return when octets are complete, or something happens by itself."""
        instants = [self._queue[0][0]] if self._queue else []
        if not self.ended:
            if self._later:
                instants.append(self._later[0][0])
            for at in (self.deadline(), self.device.next_push()):
                if at is not None:
                    instants.append(at)
        return min(instants, default=None)

    def emit(self, now: int) -> bytes:
        """Return the octets that are complete by `now`; what was sent with one line setting."""
        while True:
            emitted = b""
            while self._queue and self._queue[0][0] <= now:
                emitted += self._queue.popleft()[1]
            if emitted or self.ended:
                return emitted
            if not self._happen(now) and not (self._queue and self._queue[0][0] <= now):
                return b""

    def receive(self, octets: bytes, now: int) -> None:
        """Take octets that the bench sent."""
        self.arrived(octets, now)

    def arrived(self, octets: bytes, now: int) -> None:
        """Take octets that are there, unless nobody heeds them."""
        if self.ended or self.device.deaf(self, now):
            return
        self.take(self.device.altered(Stage.FRAME_IN, octets), now)

    def set_request(self, active: bool, now: int) -> None:
        """Ignore the request: a WAN port has none."""

    def end(self, now: int) -> None:
        """Forget all that hangs on the connection."""
        if "stale-association" in self.breaks:
            self.device.left_open.update(self._channels)
        elif "stale-association-refuses" not in self.breaks:
            self.close_channels(now)
        self._channels.clear()
        self._later.clear()
        self._queue.clear()
        self.ended = True
        self.device.forget(self)

    def control(self, action: str, values: Mapping[str, Any], now: int) -> int | None:
        """Do something to the device, see `bench.simulator.control`; UsageError if it cannot."""
        return self.device.control(action, values, now)

    # -- what a link layer fills in

    def take(self, octets: bytes, now: int) -> None:
        """Take octets whose last one arrived at `now`."""
        raise NotImplementedError

    def deadline(self) -> int | None:
        """Return when `expire` has something to do."""
        return None

    def expire(self, now: int) -> None:
        """Let time-outs up to `now` happen."""

    def push(self, push: Push, now: int) -> bool:
        """Send what nobody asked for; return False if this connection does not lead there."""
        raise NotImplementedError

    def reset(self, now: int) -> None:
        """Lose all state, as in a crash; a line stays, a connection is gone."""
        self._later.clear()
        self._queue.clear()
        self.close_channels(now)

    # -- what a link layer uses

    def talks(self, client: int, server: int) -> bool:
        """Return whether there is a channel between the two."""
        return self._channels.get(self._name(client, server)) is not None

    def _name(self, client: int, server: int) -> tuple[int, int]:
        """Return between whom a channel is."""
        if "client-steals-association" in self.breaks:
            return next((one for one in self._channels if one[1] == server), (client, server))
        return client, server

    def answers(self, client: int, server: int, apdu: bytes, now: int) -> list[bytes]:
        """Return the APDUs with which the application process answers; none for silence."""
        name = self._name(client, server)
        if name not in self._channels:
            self._channels[name] = self.device.channel(client, server)
        channel = self._channels[name]
        if channel is None:
            return []
        if "hasty-client-ignored" in self.breaks and self._hasty and apdu[:1] == b"\x60":
            self._hasty = False
            return []
        if self.breaks and self._stumbles(apdu):
            self.device.crash(now)
            return []
        self.device.asked = 0 if apdu[:1] == b"\x60" else self.device.asked + 1
        answer = channel.receive(self.device.altered(Stage.REQUEST, apdu), now)
        if answer is None or self.device.crashed(now):
            return []
        self.device.objected = answer[:1] == b"\xd8"
        if self._hasty is None:
            self._hasty = self.device.objected
        return [self.device.altered(Stage.RESPONSE, one) for one in (answer, *channel.following())]

    def _stumbles(self, apdu: bytes) -> bool:
        """Return whether a device falls over an APDU, where a rule says so."""
        return any(name in self.breaks and over(apdu) for name, over in _STUMBLES.items())

    def close_channel(self, client: int, server: int, now: int) -> None:
        """End the channel between the two, if there is one."""
        channel = self._channels.pop((client, server), None)
        if channel is None:
            return
        channel.close(now)
        if self.breaks & _PERSISTENT:
            self.device.left_open[(client, server)] = channel

    def close_channels(self, now: int) -> None:
        """End every channel."""
        for client, server in list(self._channels):
            self.close_channel(client, server, now)

    def later(self, at: int, act: Callable[[int], None]) -> None:
        """Do something at an instant; what is due together happens in the order of calls."""
        self._count += 1
        heapq.heappush(self._later, (at, self._count, act))

    def send(self, octets: bytes, at: int) -> None:
        """Let one frame leave at `at`, or as soon as the line is free."""
        octets = self.device.altered(Stage.FRAME_OUT, octets)
        if octets:
            self.put(octets, at)

    def sender(self, octets: bytes) -> Callable[[int], None]:
        """Return what sends one frame at the instant that it is called with."""
        return lambda at: self.send(octets, at)

    def put(self, octets: bytes, at: int) -> None:
        """Let octets leave at `at`, or as soon as the line is free."""
        start = max(at, self._free_ns)
        if self.line is None:
            self._queue.append((start, octets))
            self._free_ns = start
            return
        character_ns = self.line.character_ns
        burst = self.device.burst_octets(character_ns)
        done = 0
        while done < len(octets):
            silent = not done and start > self._free_ns
            part = octets[done : done + (1 if silent else burst)]
            done += len(part)
            self._queue.append((start + round(done * character_ns), part))
        self._free_ns = start + round(len(octets) * character_ns)

    def hang_up(self, at: int) -> None:
        """End the connection from the device's side once what is to be sent has left."""
        self.later(max(at, self._free_ns), self._hang_up)

    def _hang_up(self, now: int) -> None:
        queue = deque(self._queue)
        self.end(now)
        self._queue = queue

    def _happen(self, now: int) -> bool:
        """Let what is due first happen; return whether anything was."""
        if self._later and self._later[0][0] <= now:
            at, _, act = heapq.heappop(self._later)
            act(at)
            return True
        deadline = self.deadline()
        if deadline is not None and deadline <= now:
            self.expire(now)
            return True
        pushing = self.device.next_push()
        if pushing is not None and pushing <= now:
            self.device.push(now)
            return True
        return False
