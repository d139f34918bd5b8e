"""User ports heard together, whatever they send: when octets came, and when what is whole came."""

from collections.abc import Callable, Sequence
from contextlib import suppress

from bench.core.check import Deviation, Place
from bench.core.clock import SECOND, seconds
from bench.core.errors import AdapterError, Overrun
from bench.core.link import LinkEnded
from bench.core.trace import Chunk
from bench.core.verdict import Reason
from bench.engine.context import CaseContext, Inconclusive
from bench.engine.observation import Ended
from bench.engine.observing import Stopped
from bench.engine.session import Session
from suites.p1.readings import readings_of
from suites.s1.capture import Capture
from suites.s1.user_ports import Command, Switch
from suites.s1.watch import endless_p1_watch, profile_of

_SLICE_NS = SECOND // 4  # how long a wait lasts before the operator's wish to stop is looked at
_SHOWN_OCTETS = 64
_S1_PATIENCE_S = 2.0
_QUICK_S = 60.0


def silence_s(session: Session, context: CaseContext) -> float:
    """Return for how long closed ports are heard."""
    declared = float(context.ixit["silence_s"])
    return min(declared, _QUICK_S) if session.preparation.quick else declared


class Outlet:
    """One user port ("p1" or "s1"), heard from `begin` on."""

    def __init__(self, name: str, session: Session, context: CaseContext) -> None:
        self.name = name
        self.chunks: list[Chunk] = []
        self._session = session
        self._context = context

    @property
    def uncertainty_s(self) -> float:
        """Expanded uncertainty (k = 2) of the time of an arrival."""
        return self._context.link.timing_uncertainty_s

    @property
    def patience_s(self) -> float:
        """How long an open port may be silent."""
        if self.name == "s1":
            return _S1_PATIENCE_S
        profile = endless_p1_watch(self._session).profile
        return 3 * profile.interval_s + profile.max_transfer_s

    @property
    def spoke(self) -> bool:
        """Whether any octet came."""
        return bool(self.chunks)

    def begin(self) -> None:
        """Forget what came; from now on it counts."""
        link = self._context.link
        with suppress(Overrun, LinkEnded):  # of what came before
            while link.read(link.clock.now()) is not None:
                pass
        self.chunks = []

    def take(self, until_ns: int) -> None:
        """Take what arrives until an instant."""
        connection = self._context.connection
        with suppress(LinkEnded):
            while (chunk := connection.receive(until_ns)) is not None:
                self.chunks.append(chunk)

    def first_whole_ns(self) -> int | None:
        """Return when the first whole telegram, or good frame, had arrived; None if none did."""
        if self.name == "s1":
            found = self.capture()
            if not len(found.sequence):
                return None
            return int(found.arrived_ns(found.ends[:1] - 1)[0])
        watch = endless_p1_watch(self._session)
        for chunk in self.chunks:
            watch.feed(chunk)
        watch.finish(Ended.COMPLETE)
        readings = readings_of(watch)
        return readings[0].seen.frame.until_ns if readings else None

    def capture(self) -> Capture:
        """Return what S1 sent, decoded."""
        return Capture(profile_of(self._session), self.chunks)


class Outlets:
    """The user ports that a case hears, and the switch that opens and closes them."""

    def __init__(self, session: Session, context: CaseContext, names: Sequence[str]) -> None:
        self.switch = Switch(session, context)
        self._session = session
        self._context = context
        self._asides: list[CaseContext] = []
        self._sent_before: list[str] = []
        self.ports: dict[str, Outlet] = {}
        for name in names:
            own = name == context.case.interface
            one = context if own else self._aside(name)
            self.ports[name] = Outlet(name, session, one)
        context.at_end(self._end)

    @property
    def now(self) -> int:
        """The present instant on the clock that all links share."""
        return self._session.clock.now()

    @property
    def patience_s(self) -> float:
        """How long all open ports may be silent."""
        return max(one.patience_s for one in self.ports.values())

    # -- hearing

    def begin(self) -> None:
        """Forget what came; from now on it counts."""
        for one in self.ports.values():
            one.begin()

    def hear(self, until_ns: int, enough: Callable[[], bool] = lambda: False) -> None:
        """Hear all ports until an instant, or until `enough`."""
        while self.now < until_ns and not enough():
            if self._session.stopping:
                raise Stopped
            until = min(until_ns, self.now + _SLICE_NS, self._context.bound_ns())
            for one in self.ports.values():
                one.take(until)
            self._session.clock.wait_until(until)

    def all_spoke(self) -> bool:
        """Whether octets came from every port."""
        return all(one.spoke for one in self.ports.values())

    def hear_whole(self, until_ns: int) -> None:
        """Hear until something came from every port, and time for it to be whole."""
        self.hear(until_ns, self.all_spoke)
        self.hear(self.now + seconds(self.patience_s))

    # -- states

    def look(self) -> None:
        """Hear which ports send now; they do so again at the end of the case."""
        self.begin()
        self.hear(self.now + seconds(self.patience_s), self.all_spoke)
        self._sent_before = [one.name for one in self.ports.values() if one.spoke]
        self.switch.believe(bool(self._sent_before))

    def require_open(self) -> None:
        """Have every port send, opened if need be; Inconclusive where one does not."""
        self.look()
        if not self.all_spoke():
            self.open()

    def open(self) -> Command:
        """Open the ports and hear them send; Inconclusive where one does not."""
        command = self.switch.open()
        self.hear(self._settled(command) + seconds(self.patience_s), self.all_spoke)
        silent = [one.name.upper() for one in self.ports.values() if not one.spoke]
        if silent:
            raise Inconclusive(
                Reason.PRECONDITION, f"{' and '.join(silent)} sends nothing although opened"
            )
        return command

    def close(self) -> Command:
        """Close the ports and give them the time that they have to fall silent."""
        command = self.switch.close()
        self.settle(command)
        return command

    def settle(self, command: Command) -> None:
        """Hear until the ports must have followed a command; from then on what comes counts."""
        self.hear(self._settled(command))
        self.begin()

    def require_closed(self) -> Command:
        """Close the ports until nothing comes; Inconclusive where one goes on.

        A port that has been silent for longer than an open one may be has followed.
        """
        command = self.switch.close()
        deadline = self._settled(command)
        while True:
            self.begin()
            self.hear(self.now + seconds(self.patience_s))
            sending = [one.name.upper() for one in self.ports.values() if one.spoke]
            if not sending:
                self.begin()
                return command
            if self.now >= deadline:
                raise Inconclusive(
                    Reason.PRECONDITION,
                    f"{' and '.join(sending)} still sends {self.switch.limit_s:g} s after the "
                    "ports were closed",
                )

    def silence(self, duration_s: float) -> float:
        """Hear closed ports for so long; return for how many seconds they were heard.

        It ends early when one speaks: what it says in its patience is enough to be judged.
        """
        began = self.now
        self.hear(began + seconds(duration_s), lambda: any(o.spoke for o in self.ports.values()))
        if any(one.spoke for one in self.ports.values()):
            self.hear(self.now + seconds(self.patience_s))
        return (self.now - began) / SECOND

    def _settled(self, command: Command) -> int:
        return command.done_ns + seconds(self.switch.limit_s)

    # -- evidence

    def octets_of(self, one: Outlet, expected: str) -> list[Deviation]:
        """Return what a port said that had to be silent, with its first octets as evidence."""
        if not one.spoke:
            return []
        first = one.chunks[0]
        number = self._context.keep(first.octets[:_SHOWN_OCTETS], first.at_ns)
        count = sum(len(chunk.octets) for chunk in one.chunks)
        heard = (one.chunks[-1].at_ns - first.at_ns) / SECOND
        observed = f"{count} octets within {heard:.3g} s"
        return [Deviation(Place(number), expected, observed)]

    # -- the end

    def _aside(self, name: str) -> CaseContext:
        case = self._context.case
        found = self._session.aside(name, f"beside-{case.id}", 2 * case.bound_s)
        self._asides.append(found)
        return found

    def _end(self) -> None:
        try:
            if self.switch.put_back():
                self._await(self.now + seconds(self.switch.limit_s))
        finally:
            for one in reversed(self._asides):
                with suppress(AdapterError):
                    one.finish()
                one.close()

    def _await(self, until_ns: int) -> None:
        """Wait until the ports that sent before the case do so again, for the next one."""
        for name in self._sent_before:
            with suppress(AdapterError, LinkEnded):
                self._session.link(name).read(until_ns)
