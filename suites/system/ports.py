"""The declared ports of one device as a system case uses them: heard, read, and acted upon.

What listens (P1, S1) is heard while time goes by, whatever else is done meanwhile; what is asked
(WAN) is asked through an exchange of its own. All is recorded under the name of the case, and put
back at its end.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from bench.core.check import Place
from bench.core.clock import SECOND, seconds
from bench.core.errors import AdapterError, UsageError
from bench.core.link import Capability, LinkEnded
from bench.core.trace import Chunk
from bench.core.verdict import Reason
from bench.engine.context import CaseContext, Inconclusive
from bench.engine.observation import Ended
from bench.engine.observing import Stopped
from bench.engine.session import Session
from bench.protocols.p1.profile import Profile
from bench.protocols.p1.telegram import decode_telegram
from suites.p1.readings import Reading, readings_of
from suites.p1.watch import TelegramWatch
from suites.s1.capture import Capture
from suites.s1.watch import endless_p1_watch, profile_of
from suites.wan_dlms.answer import Answer
from suites.wan_dlms.meter import Meter

_SLICE_NS = SECOND // 2  # how long a wait lasts before the operator's wish to stop is looked at
_NEEDS = {"source": Capability.SOURCE}
_LISTENING = ("p1", "s1")
SETTLE_S = 1.5  # of a source or load: until all ports show it


class Ear:
    """Hears one listening port from now on."""

    def __init__(self, context: CaseContext) -> None:
        self.context = context
        self.chunks: list[Chunk] = []
        self.forget()

    def forget(self) -> None:
        """Let go of all that has come."""
        link = self.context.link
        while link.read(link.clock.now()) is not None:
            pass
        self.chunks = []

    def take(self, until_ns: int) -> None:
        """Take what arrives until an instant."""
        while (chunk := self.context.connection.receive(until_ns)) is not None:
            self.chunks.append(chunk)


class Ports:
    """The ports that a case looks at: those of its `spans` and `beside` that are declared."""

    def __init__(self, session: Session, context: CaseContext) -> None:
        self.session = session
        self.context = context
        case = context.case
        ports = session.preparation.ports
        self.declared = tuple(n for n in dict.fromkeys((*case.beside, *case.spans)) if n in ports)
        self._ears: dict[str, Ear] = {}
        self._restored: set[str] = set()
        self._asides: list[CaseContext] = []
        self._kept: dict[int, int] = {}  # numbers of telegrams by their instant
        context.at_end(self._end)

    def has(self, name: str) -> bool:
        """Whether the case looks at a port, and it is declared."""
        return name in self.declared

    @property
    def answers(self) -> Mapping[str, bool]:
        """What the ports are declared to have."""
        return self.context.answers

    @property
    def now(self) -> int:
        """The present instant on the clock that all links share."""
        return self.session.clock.now()

    def _aside(self, name: str) -> CaseContext:
        found = self.session.aside(name, self.context.case.id, self.context.case.bound_s)
        self._asides.append(found)
        return found

    # -- listening

    def ear(self, name: str) -> Ear:
        """Return what hears a port, from the first call on."""
        if name not in self._ears:
            self._ears[name] = Ear(self._aside(name))
        return self._ears[name]

    def begin(self) -> None:
        """Hear all listening ports from now on; what came before is forgotten."""
        for name in self.declared:
            if name in _LISTENING:
                self.ear(name).forget()

    def hear(self, duration_s: float) -> None:
        """Let time go by, and hear what listens meanwhile."""
        self.hear_until(self.now + seconds(duration_s))

    def hear_until(self, until_ns: int) -> None:
        """Let time go by until an instant, and hear what listens meanwhile."""
        ears = list(self._ears.values())
        while self.now < until_ns:
            if self.session.stopping:
                raise Stopped
            until = min(until_ns, self.now + _SLICE_NS, self.context.bound_ns())
            for ear in ears:
                ear.take(until)
            self.session.clock.wait_until(until)
        self.take()

    def take(self) -> None:
        """Take what has arrived."""
        for ear in self._ears.values():
            ear.take(self.now)

    @cached_property
    def p1_profile(self) -> Profile:
        """The declared edition of P1."""
        return endless_p1_watch(self.session).profile

    @property
    def lag_s(self) -> float:
        """By how much what ports show at one instant may differ in age: one update of each."""
        return 1.0 + (self.p1_profile.interval_s if self.has("p1") else 1.0)

    def p1_watch(self) -> TelegramWatch:
        """Return the telegrams of P1 since the beginning."""
        watch = endless_p1_watch(self.session)
        for chunk in self.ear("p1").chunks:
            watch.feed(chunk)
        watch.finish(Ended.COMPLETE)
        return watch

    def readings(self) -> tuple[Reading, ...]:
        """Return what P1's whole telegrams since the beginning say."""
        return readings_of(self.p1_watch())

    def capture(self) -> Capture:
        """Return what S1 sent since the beginning."""
        return Capture(profile_of(self.session), self.ear("s1").chunks)

    # -- asking

    @cached_property
    def meter(self) -> Meter:
        """The meter behind the WAN port; what is opened is closed at the end of the case."""
        context = self._aside("wan")
        found = Meter.of(self.session, context)
        context.at_end(found.close)
        return found

    # -- evidence

    def place_p1(self, reading: Reading, obis: str = "") -> Place:
        """Return where an object of a telegram stands, in a frame that is kept with the case."""
        frame, profile = reading.seen.frame, reading.profile
        if frame.at_ns not in self._kept:
            self._kept[frame.at_ns] = self.context.keep(
                frame.octets,
                frame.at_ns,
                annotate=lambda octets: decode_telegram(octets, profile).fields(),
            )
        return replace(reading.place(obis), frame=self._kept[frame.at_ns])

    def place_wan(self, answer: Answer) -> Place | None:
        """Return where an answer stands, in a frame that is kept with the case."""
        place = answer.place()
        if place is None:
            return None
        frame = self.meter.context.frame(place.frame)
        number = self.context.keep(frame.octets, frame.at_ns, annotate=lambda _octets: frame.fields)
        return replace(place, frame=number)

    def place_s1(self, capture: Capture, row: int) -> Place:
        """Return a frame of a capture, kept with the case."""
        frame = capture.frame(capture.number_of(row))
        number = self.context.keep(frame.octets, frame.at_ns, annotate=lambda _octets: frame.fields)
        return Place(number, 0, len(frame.octets))

    # -- what is done to the device

    def can(self, action: str) -> bool:
        """Whether one of the links can do an action."""
        return self._controlling(action) is not None

    def control(self, action: str, **values: Any) -> int:
        """Do something to the device; return from when it holds.

        Inconclusive (PRECONDITION) where no link can.
        """
        name = self._controlling(action)
        if name is None:
            text = f"no link of {', '.join(self.declared)} can do {action!r} to the device"
            raise Inconclusive(Reason.PRECONDITION, text)
        try:
            since = self.session.link(name).control(action, **values)
        except UsageError as error:
            raise Inconclusive(Reason.PRECONDITION, str(error)) from None
        return self.now if since is None else since

    def _controlling(self, action: str) -> str | None:
        need = _NEEDS.get(action, Capability.DEVICE_CONTROL)
        every = dict.fromkeys((*self.declared, *self.session.preparation.ports))
        return next((name for name in every if self._offers(name, need)), None)

    def _offers(self, name: str, need: Capability) -> bool:
        """Whether the link of a port can do something; one that nobody looks at is not opened."""
        return name in self.declared and need in self.session.link(name).capabilities

    def load(self, watts: float) -> bool:
        """Hold the total power (negative: fed in) and wait until all ports show it.

        Returns False where no link can.
        """
        try:
            self._settle(self.control("load", watts=watts))
        except Inconclusive:
            return False
        self._once("load", lambda: self.control("load", watts=None))
        return True

    def source(self, phases: Sequence[tuple[float, float, float]]) -> None:
        """Feed the meter V, A and degrees of lag by phase, and wait until all ports show it."""
        self._settle(self.control("source", phases=phases, hertz=50.0, harmonics=(), leak_a=0.0))
        self._once("source", self._household)

    def _household(self) -> int:
        return self.control("source", phases=None, hertz=50.0, harmonics=(), leak_a=0.0)

    def _settle(self, since_ns: int) -> None:
        self.hear_until(since_ns + seconds(SETTLE_S))

    def set_clock(self, utc: datetime, right: datetime, right_ns: int) -> None:
        """Set the device's clock; `right` is what it showed at `right_ns`, and does so again."""
        self.control("clock", utc=utc)

        def back() -> int:
            gone = timedelta(microseconds=(self.now - right_ns) // 1000)
            return self.control("clock", utc=right + gone)

        self._once("clock", back)

    def _once(self, action: str, back: Callable[[], int]) -> None:
        """Put back at the end of the case what an action has changed."""
        if action in self._restored:
            return
        self._restored.add(action)

        def restore() -> None:
            with suppress(AdapterError):
                self.session.clock.wait_until(max(back(), self.now))

        self.context.at_end(restore)

    def _end(self) -> None:
        for context in reversed(self._asides):
            with suppress(AdapterError, LinkEnded):
                context.finish()
            context.close()
