"""Watching an S1 port: the stream of a stretch of time, kept whole and decoded at the end."""

from functools import cached_property

from bench.core.clock import SECOND, seconds
from bench.core.link import Capability
from bench.core.trace import Chunk, Frame
from bench.core.verdict import Reason
from bench.engine.observation import Ended
from bench.engine.session import Session
from bench.engine.suite import Unwell
from bench.protocols.s1.profile import Profile, load_profile
from suites.p1.watch import TelegramWatch
from suites.p1.watch import new_watch as new_p1_watch
from suites.s1.capture import Capture

_PATIENCE_NS = 10 * SECOND  # silence that ends an observation
_QUICK_S = 10.0
_MOST_OCTETS = 200_000 * 60  # a minute of a line without a pause: what sends more is no S1 port


class StreamWatch:
    """Keeps what arrives for `wanted_s` seconds from the first octet on."""

    def __init__(self, profile: Profile, wanted_s: float) -> None:
        self.profile = profile
        self.wanted_s = wanted_s
        self.ended: Ended | None = None
        self._chunks: list[Chunk] = []
        self._octets = 0
        self._most = max(_MOST_OCTETS, round(wanted_s * profile.line_rate_bps / 10 * 1.1))

    def feed(self, chunk: Chunk) -> None:
        """Take the next chunk."""
        self._chunks.append(chunk)
        self._octets += len(chunk.octets)

    def finish(self, ended: Ended) -> None:
        """Take the end."""
        self.ended = ended

    def complete(self) -> bool:
        """Return whether the wanted time has passed since the first octet."""
        if not self._chunks or self._octets > self._most:
            return bool(self._chunks)
        return self._chunks[-1].at_ns - self._chunks[0].at_ns >= seconds(self.wanted_s)

    def deadline_ns(self, started_ns: int) -> int:
        """Return when waiting ends: no octet for that long."""
        last = self._chunks[-1].at_ns if self._chunks else 0
        return max(started_ns, last) + _PATIENCE_NS

    def counted(self) -> int:
        """Return how many good frames there are."""
        return len(self.capture)

    def frame(self, number: int) -> Frame:
        """Return a frame by its number."""
        return self.capture.frame(number)

    @cached_property
    def capture(self) -> Capture:
        """What was seen, decoded; only after the end."""
        return Capture(self.profile, self._chunks)

    def unwell(self) -> Unwell | None:
        """Return why nothing can be judged: no octet at all."""
        if self._chunks:
            return None
        return Unwell(
            Reason.SILENT,
            "no octet arrived; is the cable in (pins 3, 4, 5), the port activated by the operator?",
        )


def observe(session: Session) -> StreamWatch:
    """Return the shared observation of the S1 port, made at the first call.

    Where P1 is declared too and may be opened, its telegrams are heard meanwhile.
    """
    target = session.preparation.target("s1")
    wanted = _QUICK_S if session.preparation.quick else float(target.values["observation_s"])
    beside = {}
    if "p1" in session.preparation.ports:
        beside["p1"] = lambda: endless_p1_watch(session)
    return session.observe("s1", lambda: StreamWatch(profile_of(session), wanted), beside)


def endless_p1_watch(session: Session) -> TelegramWatch:
    """Return a watch of P1 that ends when another one does."""
    watch = new_p1_watch(session, 1)
    watch.wanted = 1 << 62
    return watch


def profile_of(session: Session) -> Profile:
    """Return the declared edition of the S1 port."""
    return load_profile(session.preparation.target("s1").profile)


def is_timed(session: Session) -> bool:
    """Return whether arrival times mean something."""
    return session.can("s1", Capability.TIMESTAMPS)
