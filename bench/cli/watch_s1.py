"""Watches an S1 port: opens its link, hears it until the end, and hands every second to a view."""

import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType

import click

from adapters.base import Capability, Link, LinkUrl
from adapters.registry import open_link
from bench.cli.decode_s1 import chosen_profile, is_file
from bench.cli.terminal import visible
from bench.cli.watch_s1_second import Second, Watched
from bench.cli.watch_s1_view import View, view_for
from bench.core.clock import MILLISECOND, SECOND, Clock, MonotonicClock, VirtualClock
from bench.core.errors import AdapterLost, UsageError
from bench.core.line import LineErrors, LineSettings
from bench.core.link import LinkEnded
from bench.engine.station import DeviceLock
from bench.protocols.s1.profile import Profile

_STEP_NS = 100 * MILLISECOND  # octets are taken apart together that arrive within
_STEP_OCTETS = 1 << 16
_FOUND, _NOTHING = 0, 3


@dataclass(frozen=True, slots=True)
class Where:
    """A link and the edition that is expected on it."""

    url: LinkUrl
    profile: Profile
    line: LineSettings


def from_link(text: str, profile: str | None) -> Where:
    """Return where a link of the command line leads, with the line rate of the profile."""
    url = LinkUrl.parse(text.removeprefix("s1="))
    name = profile
    if url.scheme == "simulated":
        name = profile or url.options.get("profile")
        if profile is not None and not is_file(profile):
            url = replace(url, options={"profile": profile, **url.options})
    chosen = chosen_profile(name)
    return Where(url, chosen, LineSettings(chosen.line_rate_bps))


def from_device(file: Path, profile: str | None) -> Where:
    """Return where a declaration says that the S1 port is; UsageError if it says nothing of it."""
    from bench.engine.preparation import load_declaration, prepare

    targets = prepare(load_declaration(file)).targets
    if "s1" not in targets:
        raise UsageError(f"{file} has no [s1]; declare it, or name the link with --link URL")
    target = targets["s1"]
    chosen = chosen_profile(profile or target.profile)
    url = target.link
    if url.scheme == "simulated":
        url = replace(url, options={"profile": target.profile, **url.options})
    return Where(url, chosen, target.line)


def watch_s1(where: Where, seconds: float | None, as_json: bool) -> int:
    """Show what arrives until the end, then a summary; return the exit code."""
    virtual = where.url.scheme == "simulated"
    clock: Clock = VirtualClock() if virtual else MonotonicClock()
    stop = threading.Event()
    with ExitStack() as stack:
        stack.enter_context(_interruptible(stop))
        link = stack.enter_context(open_link(where.url, line=where.line, clock=clock))
        if not virtual:
            stack.enter_context(DeviceLock(link.identity, "watch"))
        view = stack.enter_context(view_for(str(link.url), as_json))
        heard = _Heard(link, where.profile, view, stop, paced=virtual and view.paced)
        lost = heard.until(seconds)
    summary = heard.watched.summary()
    for line in summary:
        click.echo(visible(line), err=as_json)
    if lost:
        click.echo(f"meterbench: the link was lost: {visible(lost)}", err=True)
        return _NOTHING
    return _FOUND if heard.watched.frames else _NOTHING


@contextmanager
def _interruptible(stop: threading.Event) -> Iterator[None]:
    """Let Ctrl-C and an orderly kill set `stop`, so that there is a summary."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {
        number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Heard:
    """Reads a link and lets each second be shown."""

    def __init__(
        self, link: Link, profile: Profile, view: View, stop: threading.Event, *, paced: bool
    ) -> None:
        self.watched = Watched(profile)
        self._link = link
        self._clock = link.clock
        self._view = view
        self._stop = stop
        self._real = MonotonicClock() if paced else None
        self._timeless = Capability.TIMESTAMPS not in link.capabilities
        self._counts_errors = Capability.UART_ERRORS in link.capabilities
        self._errors = LineErrors()
        self._waiting = bytearray()
        self._began = self._shown = self._fed = self._clock.now()

    def until(self, seconds: float | None) -> str:
        """Hear the link until its end, the time is over, or a signal; return how it was lost."""
        end = None if seconds is None else self._began + round(seconds * SECOND)
        lost = ""
        try:
            while not self._stop.is_set() and (end is None or self._clock.now() < end):
                due = self._shown + SECOND
                self._hear(due if end is None else min(due, end))
                if self._clock.now() >= due:
                    self._show()
        except AdapterLost as error:
            lost = str(error)
        except LinkEnded:
            pass
        self._feed()
        rest = self._clock.now() - self._shown
        # of a short rest the figures are not those of whole periods
        if self.watched.octets_of_second and (rest >= SECOND // 2 or self._shown == self._began):
            self._show()
        else:
            self.watched.end((self._clock.now() - self._began) / SECOND)
        return lost

    def _hear(self, until: int) -> None:
        chunk = self._link.read(min(until, self._fed + _STEP_NS))
        if chunk is not None:
            self._waiting += chunk.octets
        if len(self._waiting) >= _STEP_OCTETS or self._clock.now() >= self._fed + _STEP_NS:
            self._feed()

    def _feed(self) -> None:
        self._fed = self._clock.now()
        if self._waiting:
            octets = bytes(self._waiting)
            self._waiting.clear()
            self.watched.feed(octets, self._fed)

    def _show(self) -> None:
        self._feed()
        now = self._clock.now()
        elapsed_s = None if self._timeless else (now - self._shown) / SECOND
        second: Second = self.watched.second(
            (now - self._began) / SECOND, elapsed_s, now, self._line_errors()
        )
        self._shown = now
        self._view.show(second)
        if self._real is not None:
            self._stop.wait((now - self._began - self._real.now()) / SECOND)

    def _line_errors(self) -> LineErrors | None:
        if not self._counts_errors:
            return None
        before, self._errors = self._errors, self._link.line_errors()
        after = self._errors
        return LineErrors(
            after.framing - before.framing,
            after.parity - before.parity,
            after.overrun - before.overrun,
        )
