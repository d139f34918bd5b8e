"""Measures the error of a link's time stamps with octets whose instant is known.

Three far ends will do: the link's own transmitter (a loop-back plug), a peer that this module
serves on a pseudo terminal or a local socket, or any sender with a known, steady interval.
"""

import contextlib
import os
import random
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from math import sqrt

from adapters.base import Capability, Link
from adapters.registry import open_link
from bench.core.clock import MILLISECOND, SECOND, Clock, MonotonicClock, seconds
from bench.core.errors import AdapterError, AdapterUnavailable, UsageError
from bench.core.line import LineSettings
from bench.engine.calibration import Calibration, conclude

#: Sends octets to the link; returns the instant, on the link's clock, right before it did.
Send = Callable[[bytes], int]

_SETTLE_NS = 200 * MILLISECOND
_PATIENCE_NS = 2 * SECOND
_PAUSE_NS = (2 * MILLISECOND, 8 * MILLISECOND)


def calibrate_echo(link: Link, send: Send, repeats: int, character_ns: float) -> Calibration:
    """Return how late single octets are stamped that were sent at known instants.

    `character_ns` is the time that an octet takes on the line, 0 where there is no line. The pauses
    between octets vary, as the scheduler's reaction to a steady rhythm is not that to a device.
    Raises AdapterUnavailable when octets do not come back, or others come.
    """
    _drain(link)
    pause = random.Random(1)
    errors = []
    for number in range(repeats):
        link.clock.wait_until(link.clock.now() + pause.randint(*_PAUSE_NS))
        octet = bytes([0x20 + number % 0x5F])
        sent = send(octet)
        chunk = link.read(sent + _PATIENCE_NS)
        if chunk is None:
            raise AdapterUnavailable(
                f"{link.url}: octet {number + 1} of {repeats} did not come back within "
                f"{_PATIENCE_NS // SECOND} s; connect TX to RX (loop-back plug), or name a sender "
                "with a known interval: --interval SECONDS"
            )
        if chunk.octets != octet:
            raise AdapterUnavailable(
                f"{link.url}: {chunk.octets[:8].hex(' ')} arrived where {octet.hex()} was sent; is "
                "a device connected, or is the speed wrong? A calibration needs TX on RX alone"
            )
        errors.append((chunk.at_ns - sent - character_ns) / SECOND)
    return conclude(link, "echo of octets sent at known instants", errors)


def calibrate_interval(
    url: str, interval_s: float, repeats: int, line: LineSettings, clock: Clock | None = None
) -> Calibration:
    """Return how much the intervals between the bursts that arrive differ from `interval_s`.

    A burst begins after a silence of half an interval. The difference holds two stamps and the
    sender's own unsteadiness, which counts as ours. AdapterUnavailable when the bursts end.
    """
    if url in _SERVED:
        raise UsageError(
            f"the far end that serves {url} echoes; name the URL of a sender to go with an interval"
        )
    with open_link(url, line=line, clock=clock or MonotonicClock()) as link:
        _must_measure(link, Capability.TIMESTAMPS)
        starts = _starts(link, interval_s, repeats + 1)
        errors = [
            ((after - before) / SECOND - interval_s) / sqrt(2) for before, after in pairwise(starts)
        ]
        return conclude(link, f"sender with an interval of {interval_s:g} s", errors)


def _starts(link: Link, interval_s: float, count: int) -> list[int]:
    """Return the stamps of the first octets of `count` bursts."""
    quiet_ns = seconds(interval_s) // 2
    starts: list[int] = []
    last: int | None = None
    while len(starts) < count:
        chunk = link.read(link.clock.now() + seconds(3 * interval_s) + _PATIENCE_NS)
        if chunk is None:
            raise AdapterUnavailable(
                f"{link.url}: nothing arrives any more after {len(starts)} bursts; is the sender "
                "running, and its data request raised?"
            )
        if last is not None and chunk.at_ns - last > quiet_ns:
            starts.append(chunk.at_ns)
        last = chunk.at_ns
    return starts


@contextmanager
def echo_link(
    where: str, line: LineSettings, clock: Clock | None = None
) -> Iterator[tuple[Link, Send, float]]:
    """Open a link whose far end sends at known instants; gives link, sender, time of a character.

    `where` is `pty` or `tcp` for a far end that is served here, else the URL of a link whose
    transmitter leads to its own receiver.
    """
    clock = clock or MonotonicClock()
    served = _SERVED.get(where)
    if served is None:
        link = open_link(where, line=line, clock=clock)
        with link:
            _must_measure(link, Capability.TIMESTAMPS, Capability.WRITE)
            wired = "port" in link.describe() and "://" not in link.describe()["port"]
            yield link, _own_transmitter(link), line.character_ns if wired else 0.0
        return
    with served(line, clock) as (link, send):
        yield link, send, 0.0


def _must_measure(link: Link, *needed: Capability) -> None:
    lacking = [str(one) for one in needed if one not in link.capabilities]
    if link.url.scheme in ("replay", "simulated"):
        raise UsageError(f"{link.url}: its instants are exact, there is nothing to calibrate")
    if lacking:
        raise UsageError(f"{link.url} lacks {', '.join(lacking)} and cannot be calibrated so")


def _own_transmitter(link: Link) -> Send:
    def send(octets: bytes) -> int:
        at = link.clock.now()
        link.write(octets)
        return at

    return send


@contextmanager
def _served_pty(line: LineSettings, clock: Clock) -> Iterator[tuple[Link, Send]]:
    try:
        import pty
        import tty
    except ImportError as error:
        raise AdapterUnavailable("this system has no pseudo terminals; calibrate tcp") from error
    master, slave = pty.openpty()
    try:
        tty.setraw(slave)
        with open_link(f"serial://{os.ttyname(slave)}", line=line, clock=clock) as link:

            def send(octets: bytes) -> int:
                at = clock.now()
                os.write(master, octets)
                return at

            yield link, send
    finally:
        os.close(master)
        os.close(slave)


@contextmanager
def _served_tcp(line: LineSettings, clock: Clock) -> Iterator[tuple[Link, Send]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        place = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        with open_link(place, line=line, clock=clock) as link:
            far, _address = listener.accept()
            far.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with contextlib.closing(far):

                def send(octets: bytes) -> int:
                    at = clock.now()
                    far.sendall(octets)
                    return at

                yield link, send


def _drain(link: Link) -> None:
    """Take what is there already; a link on which octets keep coming is no loop."""
    end = link.clock.now() + 10 * _SETTLE_NS
    while link.read(link.clock.now() + _SETTLE_NS) is not None:
        if link.clock.now() > end:
            raise AdapterError(
                f"{link.url}: octets keep arriving; disconnect the device, or name its interval: "
                "--interval SECONDS"
            )


_SERVED = {"pty": _served_pty, "tcp": _served_tcp}
