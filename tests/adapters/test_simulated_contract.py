"""The simulated link keeps the contract of all links, over a port that only does as it is told."""

import pytest

from adapters.contract import LinkContract, Rig
from adapters.registry import open_link
from bench.core.clock import MILLISECOND, VirtualClock
from bench.core.line import LineSettings

simulated = pytest.importorskip("adapters.simulated")


class ScriptedPort:
    """Emits what it is given, a millisecond later, and keeps what it receives."""

    line = LineSettings()

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._due: list[tuple[int, bytes]] = []
        self.received = b""

    def send(self, octets: bytes) -> None:
        self._due.append((self._clock.now() + MILLISECOND, octets))

    def next_event(self) -> int | None:
        return self._due[0][0] if self._due else None

    def emit(self, now: int) -> bytes:
        return self._due.pop(0)[1]

    def receive(self, octets: bytes, now: int) -> None:
        self.received += octets

    def set_request(self, active: bool, now: int) -> None:
        pass


class TestSimulatedContract(LinkContract):
    def rig(self, first: bytes) -> Rig:
        clock = VirtualClock()
        port = ScriptedPort(clock)
        link = simulated.SimulatedLink(port, clock)
        if first:
            port.send(first)
        return Rig(link, send=port.send, receive=lambda count: port.received)


class TestWanContract(LinkContract):
    """A TCP connection to the simulated meter: it answers nothing that is no unit for it."""

    def rig(self, first: bytes) -> Rig:
        del first
        url = "simulated:wan?link=wrapper"
        link = open_link(url, line=LineSettings(), clock=VirtualClock())
        return Rig(link, more=True)

    def test_octets_arrive_complete_and_in_order(self) -> None:
        pytest.skip("the meter sends what it wants")

    test_what_is_there_is_returned_after_the_deadline_too = test_octets_arrive_complete_and_in_order
    test_stamps_never_go_back_and_never_lie_ahead = test_octets_arrive_complete_and_in_order


class TestWanLineContract(TestWanContract):
    """The line of the simulated meter, whose speed can be changed."""

    def rig(self, first: bytes) -> Rig:
        del first
        link = open_link("simulated:wan", line=LineSettings(), clock=VirtualClock())
        return Rig(link)
