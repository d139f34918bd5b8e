# ruff: noqa: D102, PT017 - a test's name is its meaning; pytest is not needed to import this
"""What every adapter has to keep, as tests: inherit, say how to open a link, run pytest.

    from adapters.contract import LinkContract, Rig

    class TestMyAdapter(LinkContract):
        def rig(self, first: bytes) -> Rig: ...

Bounds are generous: the tests look for octets that are lost and reads that never return, not for
speed. All instants are taken from the clock of the link, so links in virtual time pass as well.
"""

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NoReturn, ParamSpec, TypeVar

from adapters.base import Capability, Link, LinkEnded
from bench.core.clock import MILLISECOND, SECOND
from bench.core.errors import AdapterLost, UsageError
from bench.core.line import LineSettings

PATIENCE_NS = 20 * SECOND
ALL_OCTETS = bytes(range(256))

_P = ParamSpec("_P")
_T = TypeVar("_T")


def _nothing() -> None:
    return None


@dataclass(frozen=True, slots=True)
class Rig:
    """An open link and the hands at its far end; what the far end cannot do is None.

    `more`: the far end takes further connections.

    `send` lets octets arrive; `receive(count)` returns what the link wrote, at least `count`
    octets or what came within ten seconds; `lose` makes the far end vanish; `close` clears away
    everything but the link. `ends` says that LinkEnded follows the last octet.
    """

    link: Link
    send: Callable[[bytes], object] | None = None
    receive: Callable[[int], bytes] | None = None
    lose: Callable[[], None] | None = None
    close: Callable[[], None] = _nothing
    ends: bool = False
    more: bool = False


class LinkContract:
    """The tests; a subclass whose name starts with `Test` brings `rig`."""

    #: octets of the larger transfers
    LENGTH = 32 * 1024

    def rig(self, first: bytes) -> Rig:
        """Return a freshly opened link to whose far end nothing but `first` happens."""
        raise NotImplementedError

    @contextmanager
    def opened(self, first: bytes = b"") -> Iterator[Rig]:
        """Give a rig and clear it away."""
        rig = self.rig(first)
        try:
            yield rig
        finally:
            rig.link.close()
            rig.close()

    def test_octets_arrive_complete_and_in_order(self) -> None:
        octets = ALL_OCTETS * (self.LENGTH // 256)
        with self.opened(octets) as rig:
            assert drain(rig.link, len(octets)) == octets, "octets are missing or out of order"

    def test_pieces_arrive_in_order(self) -> None:
        pieces = [ALL_OCTETS[start : start + 7] for start in range(0, 256, 7)]
        with self.opened() as rig:
            send = _need(rig.send, "send")
            for piece in pieces:
                send(piece)
            assert drain(rig.link, 256) == ALL_OCTETS, "pieces are missing or out of order"

    def test_a_read_ends_at_its_deadline(self) -> None:
        with self.opened() as rig:
            _need(rig.send, "stay silent")
            until = rig.link.clock.now() + 30 * MILLISECOND
            assert rig.link.read(until) is None, "a read got octets that nobody sent"
            now = rig.link.clock.now()
            assert now >= until, "a read gave up before its deadline"
            assert now < until + 10 * SECOND, "a read came back long after its deadline"

    def test_what_is_there_is_returned_after_the_deadline_too(self) -> None:
        with self.opened(b"\x7e") as rig:
            clock = rig.link.clock
            end = clock.now() + PATIENCE_NS
            chunk = rig.link.read(clock.now())
            while chunk is None and clock.now() < end:
                clock.wait_until(clock.now() + 5 * MILLISECOND)
                chunk = rig.link.read(clock.now() - 1)
            assert chunk is not None, "a read whose deadline has passed left octets lying"
            assert chunk.octets == b"\x7e", "a read returned other octets than were sent"

    def test_stamps_never_go_back_and_never_lie_ahead(self) -> None:
        octets = ALL_OCTETS * 8
        with self.opened(octets) as rig:
            _need_capability(rig.link, Capability.TIMESTAMPS)
            clock, latest, count = rig.link.clock, 0, 0
            while count < len(octets):
                chunk = rig.link.read(clock.now() + PATIENCE_NS)
                assert chunk is not None, f"only {count} of {len(octets)} octets arrived"
                assert latest <= chunk.at_ns, "a stamp lies before the stamp of earlier octets"
                assert chunk.at_ns <= clock.now(), "a stamp lies in the future"
                latest, count = chunk.at_ns, count + len(chunk.octets)

    def test_a_write_arrives_whole(self) -> None:
        octets = ALL_OCTETS * 8
        with self.opened() as rig:
            _need_capability(rig.link, Capability.WRITE)
            receive = _need(rig.receive, "receive")
            before = rig.link.clock.now()
            at = rig.link.write(octets)
            assert before <= at <= rig.link.clock.now(), "the instant of a write is not of it"
            assert receive(len(octets)) == octets, "the far end got other octets"

    def test_a_link_that_only_reads_refuses_to_write(self) -> None:
        with self.opened(b"\x7e") as rig:
            if Capability.WRITE in rig.link.capabilities:
                _skip("the link writes")
            _refuses(lambda: rig.link.write(b"\x7e"), "write", UsageError)

    def test_closing_twice_is_closing_once(self) -> None:
        with self.opened(b"\x7e") as rig:
            rig.link.close()
            rig.link.close()

    def test_a_closed_link_neither_reads_nor_writes(self) -> None:
        with self.opened(b"\x7e\x7e") as rig:
            rig.link.close()
            until = rig.link.clock.now() + MILLISECOND
            _refuses(lambda: rig.link.read(until), "read after close", AdapterLost, UsageError)
            _refuses(lambda: rig.link.write(b"x"), "write after close", AdapterLost, UsageError)

    def test_closing_ends_the_threads(self) -> None:
        before = set(threading.enumerate())
        with self.opened(b"\x7e") as rig:
            rig.link.close()
            rig.close()
            left = {one.name for one in threading.enumerate() if one not in before}
            assert not left, f"threads go on after close: {left}"

    def test_losing_the_far_end_is_noticed(self) -> None:
        with self.opened() as rig:
            _need(rig.lose, "vanish")()
            clock = rig.link.clock
            end = clock.now() + PATIENCE_NS
            try:
                while clock.now() < end:
                    if Capability.WRITE in rig.link.capabilities:
                        rig.link.write(b"\x00")  # where there is no connection, only this tells
                    rig.link.read(clock.now() + 50 * MILLISECOND)
            except AdapterLost as lost:
                assert str(lost), "AdapterLost does not say what happened"
                try:
                    rig.link.read(clock.now() + MILLISECOND)
                except AdapterLost:
                    return
                raise AssertionError("a lost link came back to life") from None
            raise AssertionError("the far end is gone and nothing was raised")

    def test_a_recording_ends(self) -> None:
        with self.opened(b"\x7e\x7e") as rig:
            if not rig.ends:
                _skip("the link does not end by itself")
            drain(rig.link, 2)
            until = rig.link.clock.now() + SECOND
            _refuses(lambda: rig.link.read(until), "read after the end", LinkEnded)
            _refuses(lambda: rig.link.read(until), "a second read after the end", LinkEnded)

    def test_capabilities_are_truthful(self) -> None:
        with self.opened(b"\x7e") as rig:
            link, can = rig.link, rig.link.capabilities
            unknown = sorted(set(can) - set(Capability))
            assert not unknown, f"capabilities that nobody knows: {unknown}"
            if Capability.REQUEST_LINE in can:
                before = link.clock.now()
                assert before <= link.request(True) <= link.clock.now()
                link.request(False)
            else:
                _refuses(lambda: link.request(True), "request", UsageError)
            if Capability.UART_ERRORS in can:
                errors = link.line_errors()
                assert min(errors.framing, errors.parity, errors.overrun) >= 0
            else:
                _refuses(link.line_errors, "line_errors", UsageError)
            if Capability.LINE_FORMAT not in can:
                _refuses(link.line_format, "line_format", UsageError)
            if Capability.CONNECTION not in can:
                _refuses(link.connect, "connect", UsageError)
                _refuses(link.reconnect, "reconnect", UsageError)
            if Capability.LINE_SPEED not in can:
                _refuses(lambda: link.set_line(LineSettings(300)), "set_line", UsageError)

    def test_speed_and_format_can_be_changed(self) -> None:
        with self.opened() as rig:
            link = rig.link
            _need_capability(link, Capability.LINE_SPEED)
            for line in (LineSettings(300, 7, "E"), LineSettings(9600)):
                before = link.clock.now()
                assert before <= link.set_line(line) <= link.clock.now()

    def test_a_connection_is_made_anew_and_others_beside_it(self) -> None:
        with self.opened() as rig:
            link = rig.link
            _need_capability(link, Capability.CONNECTION)
            if not rig.more:
                _skip("the far end takes one connection")
            other = link.connect()
            assert other.capabilities == link.capabilities, "another connection can do less"
            other.close()
            for abrupt in (False, True):
                link.reconnect(abrupt=abrupt)
                until = link.clock.now() + MILLISECOND
                assert link.read(until) is None, "a new connection brought old octets"
                link.write(b"\x00")

    def test_a_closed_link_is_not_connected_again(self) -> None:
        with self.opened() as rig:
            _need_capability(rig.link, Capability.CONNECTION)
            rig.link.close()
            _refuses(rig.link.connect, "connect after close", AdapterLost, UsageError)
            _refuses(rig.link.reconnect, "reconnect after close", AdapterLost, UsageError)

    def test_it_says_what_it_is(self) -> None:
        with self.opened(b"\x7e") as rig:
            link = rig.link
            assert link.identity, "identity is empty: the station could not lock the port"
            assert link.url.scheme, "the link does not know its URL"
            uncertainty = link.timing_uncertainty_s
            assert uncertainty >= 0, "the timing uncertainty is negative"
            assert math.isfinite(uncertainty), "the timing uncertainty is no number"
            described = link.describe()
            assert described, "describe() is empty"
            assert all(isinstance(value, str) for value in described.values())


def drain(link: Link, count: int) -> bytes:
    """Return the next `count` octets or more, fewer when nothing comes for 20 s."""
    octets = bytearray()
    while len(octets) < count:
        chunk = link.read(link.clock.now() + PATIENCE_NS)
        if chunk is None:
            break
        octets += chunk.octets
    return bytes(octets)


def _refuses(act: Callable[[], object], what: str, *expected: type[Exception]) -> None:
    names = " or ".join(one.__name__ for one in expected)
    try:
        act()
    except expected as error:
        assert str(error), f"{what}: {type(error).__name__} without a message"
    else:
        raise AssertionError(f"{what} did not raise {names}")


def _need(hand: Callable[_P, _T] | None, what: str) -> Callable[_P, _T]:
    if hand is None:
        _skip(f"the far end cannot {what}")
    return hand


def _need_capability(link: Link, capability: Capability) -> None:
    if capability not in link.capabilities:
        _skip(f"the link has no {capability}")


def _skip(reason: str) -> NoReturn:
    import pytest

    pytest.skip(reason)
