"""Listening to an S1 port during one case, while something is done to the device or its supply."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

from bench.core.clock import SECOND, seconds
from bench.core.errors import AdapterError
from bench.core.link import Capability
from bench.core.trace import Chunk
from bench.core.verdict import Reason
from bench.engine.context import CaseContext, Inconclusive
from bench.engine.observing import Stopped
from bench.engine.session import Session
from bench.protocols.s1.profile import Profile
from suites.s1.beside import P1Beside
from suites.s1.capture import Capture
from suites.s1.watch import profile_of

_SLICE_NS = SECOND // 2  # how long a wait lasts before the operator's wish to stop is looked at
_SETTLE_S = 1.5  # of a source: until meter and consumer ports show it


class Listener:
    """Hears what the port sends during one case; everything it hears is recorded.

    Checks point at the frames of the capture that was made last.
    """

    def __init__(self, session: Session, context: CaseContext) -> None:
        self.profile: Profile = profile_of(session)
        self.session = session
        self.context = context
        self._sourced = False

    @property
    def now(self) -> int:
        """The present instant on the clock of the link."""
        return self.context.link.clock.now()

    def chunks(self, until_ns: int, beside: P1Beside | None = None) -> list[Chunk]:
        """Return what arrives until an instant; Inconclusive where the UART lost some of it."""
        heard: list[Chunk] = []
        lost = self._lost()
        while self.now < until_ns:
            if self.session.stopping:
                raise Stopped
            chunk = self.context.connection.receive(min(until_ns, self.now + _SLICE_NS))
            if chunk is not None:
                heard.append(chunk)
            if beside is not None:
                beside.take()
        if self._lost() > lost:  # nobody knows where
            raise Inconclusive(Reason.OVERRUN, "the UART lost characters meanwhile")
        return heard

    def capture(self, duration_s: float, beside: P1Beside | None = None) -> Capture:
        """Return what arrives from now on for so long; what has arrived before is forgotten.

        Where P1 is wanted too, `beside` hears it meanwhile.
        """
        self.forget()
        if beside is not None:
            beside.begin()
        found = Capture(self.profile, self.chunks(self.now + seconds(duration_s), beside))
        self.context.frames_from(found.frame)
        return found

    def _lost(self) -> int:
        """Return how often the UART has lost characters since the link was opened."""
        counts = self.has(Capability.UART_ERRORS)
        return self.context.link.line_errors().overrun if counts else 0

    def forget(self) -> None:
        """Let go of what has arrived and was not read."""
        link = self.context.link
        link.rest()
        link.listen()

    def has(self, capability: Capability) -> bool:
        """Return whether the link can do this."""
        return capability in self.context.link.capabilities

    # -- what the meter is connected to

    def source(
        self,
        phases: Sequence[tuple[float, float, float]],
        *,
        hertz: float = 50.0,
        harmonics: Sequence[tuple[int, float, float]] = (),
        leak_a: float = 0.0,
        settle_s: float = _SETTLE_S,
    ) -> int:
        """Feed the meter: V, A and the degrees by which A lag, of each phase; needs SOURCE.

        `harmonics` of the voltage are (order, share, degrees); the load is linear. Returns the
        instant from which it holds; waits until it has settled. At the end of the case the meter
        gets back what it had.
        """
        return self._feed(
            {"phases": phases, "hertz": hertz, "harmonics": harmonics, "leak_a": leak_a}, settle_s
        )

    def _feed(self, values: Mapping[str, object], settle_s: float) -> int:
        link = self.context.link
        since = link.control("source", **values)
        if not self._sourced:
            self._sourced = True
            self.context.at_end(self._give_back)
        since = self.now if since is None else since
        self.chunks(since + seconds(settle_s))
        return since

    def _give_back(self) -> None:
        link = self.context.link
        with suppress(AdapterError):
            since = link.control("source", phases=None, hertz=50.0, harmonics=(), leak_a=0.0)
            since = self.now if since is None else since
            link.clock.wait_until(since + seconds(_SETTLE_S))  # the next case sees no change
