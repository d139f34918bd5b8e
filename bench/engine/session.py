"""A run in progress: the open links, the shared observations, and one case after the other."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar, cast

from adapters.base import Link, LinkUrl
from adapters.registry import open_link
from bench.core.case import Case
from bench.core.clock import Clock, MonotonicClock, VirtualClock
from bench.core.errors import (
    AdapterError,
    AdapterLost,
    ConnectionEnded,
    EvidenceError,
    Overrun,
)
from bench.core.line import LineErrors
from bench.core.link import Capability, LinkEnded
from bench.core.verdict import Reason
from bench.engine.bracket import BracketRecord, known_good_case
from bench.engine.calibration import calibrated
from bench.engine.context import CaseContext, Inconclusive
from bench.engine.evidence import CaseRecord, RunFolder
from bench.engine.figures import Figure, keep_figure
from bench.engine.observation import Watch
from bench.engine.observing import Observing, Stopped
from bench.engine.overheard import Overheard
from bench.engine.preparation import Preparation, Target
from bench.engine.station import DeviceLock
from bench.engine.suite import Unwell
from bench.engine.traffic import Traffic

Watcher = TypeVar("Watcher", bound=Watch)
Shared = TypeVar("Shared")
LinkOpener = Callable[[Target, Clock], Link]


def open_target(target: Target, clock: Clock) -> Link:
    """Open the link that the declaration names, at the settings that the edition prescribes.

    The built-in metering system shows the declared edition, and the declared link layer where an
    interface has several, unless its link asks for another. Time stamps are as uncertain as this
    station has measured them to be.
    """
    url = target.link
    if url.scheme == "simulated":
        declared = {"profile": target.profile}
        if (layer := target.values.get("link_layer")) is not None:
            declared["link"] = layer
        url = replace(url, options={**declared, **url.options})
    return calibrated(open_link(url, line=target.line, clock=clock))


def clock_for(targets: Mapping[str, Target]) -> Clock:
    """Return virtual time when no link needs real time: the simulator, or a recording in haste."""
    links = [target.link for target in targets.values() if target.is_port]
    if links and all(_timeless(link) for link in links):
        return VirtualClock()
    return MonotonicClock()


def _timeless(url: LinkUrl) -> bool:
    return url.scheme == "simulated" or (
        url.scheme == "replay" and url.options.get("pace", "fast") == "fast"
    )


class Session:
    """Runs cases against one device; evidence goes to `folder` when there is one.

    Not thread safe: one device, one session, one case at a time. `worker` names the process in
    a run that is spread over several (simulator only).
    """

    def __init__(
        self,
        preparation: Preparation,
        folder: RunFolder | None = None,
        *,
        clock: Clock | None = None,
        opener: LinkOpener = open_target,
        worker: str = "",
        folder_path: Path | None = None,
    ) -> None:
        self.preparation = preparation
        self.folder = folder
        self.clock = clock or clock_for(preparation.ports)
        self.stopping = False
        self.broken: EvidenceError | None = None
        self._opener = opener
        self._worker = worker
        self._path = folder.path if folder else folder_path
        self._links: dict[str, Link] = {}
        self._failed: dict[str, AdapterError] = {}
        self._locks: list[DeviceLock] = []
        self.overheard = Overheard(self._path)
        self._observing = Observing(self, self._path, worker)
        self._shared: dict[tuple[str, str], object] = {}
        self._bracket: BracketRecord | None = None
        self._exchanging: CaseContext | None = None

    # -- links

    def link(self, interface: str) -> Link:
        """Return the open link of an interface; opens it at first, and locks its device.

        A link that could not be opened or was lost raises the same AdapterError ever after.
        """
        if interface in self._failed:
            # raising the same error again would lengthen its traceback each time
            raise self._failed[interface].with_traceback(None)
        if interface not in self._links:
            target = self.preparation.target(interface)
            try:
                link = self._opener(target, self.clock)
                try:
                    if target.link.scheme != "simulated":
                        run = self.folder.name if self.folder else "without evidence"
                        self._locks.append(DeviceLock(link.identity, run))
                except AdapterError:
                    link.close()
                    raise
            except AdapterError as error:
                self._failed[interface] = error
                self.note("link-failed", interface=interface, message=str(error))
                raise
            self._links[interface] = link
            if isinstance(self.clock, VirtualClock) and link.epoch_ns is not None:
                self.clock.epoch_ns = self.clock.epoch_ns or link.epoch_ns
            self.note("link-opened", interface=interface, link=str(link.url))
        return self._links[interface]

    def lose(self, interface: str, error: AdapterError) -> None:
        """Remember that a link is gone, so that no later case blames the device for it."""
        self._failed.setdefault(interface, error)
        self.note("link-lost", interface=interface, message=str(error))

    def capabilities(self, interface: str) -> frozenset[str] | None:
        """Return what the link can do, None when it cannot be opened.

        A suite that spans ports can do what any of them can.
        """
        target = self.preparation.target(interface)
        if not target.is_port:
            ports = [one for one in target.suite.spans if one in self.preparation.ports]
            return frozenset().union(*(self.capabilities(one) or () for one in ports))
        try:
            return self.link(interface).capabilities
        except AdapterError:
            return None

    def _attend(self, *interfaces: str) -> None:
        """Let these ports be heard, and the others rest."""
        for name, link in self._links.items():
            if name in interfaces:
                link.listen()
            else:
                link.rest()

    def close(self) -> None:
        """Close every link and give the devices back."""
        for link in self._links.values():
            link.close()
        for lock in self._locks:
            lock.release()
        self._links.clear()
        self._locks.clear()

    # -- what cases share

    def observe(
        self,
        interface: str,
        make: Callable[[], Watcher],
        beside: Mapping[str, Callable[[], Watch]] | None = None,
    ) -> Watcher:
        """Return the finished watch of an interface; the first caller pays for watching.

        A complete observation of an earlier process of the same run is judged again from its
        recording instead of being repeated. `beside` are watches of further ports, fed meanwhile.
        """
        return self._observing.observe(interface, make, beside)

    def observed_beside(self, interface: str, other: str) -> Watch | None:
        """Return the watch of another port beside a shared observation, None where it failed."""
        return self._observing.beside(interface, other)

    def line_errors(self, interface: str) -> LineErrors:
        """Return what the UART counted until the end of the shared observation.

        Kept with the observation: a run that was killed and resumed has a new link that counted
        nothing of it. UsageError where the link does not count.
        """
        return self._observing.line_errors(interface)

    def observed_from_ns(self, interface: str) -> int:
        """Return the Unix time of instant 0 of an observation, maybe an earlier process's."""
        return self._observing.from_ns(interface)

    def shared(self, interface: str, name: str, make: Callable[[], Shared]) -> Shared:
        """Return what the first caller made under this name; cases of one run share it."""
        key = (interface, name)
        if key not in self._shared:
            self._shared[key] = make()
        return cast("Shared", self._shared[key])

    @property
    def keeps_evidence(self) -> bool:
        """Whether what is kept goes anywhere: a self-test has no run folder."""
        return self._path is not None

    def keep_figure(self, interface: str, name: str, figure: Figure) -> None:
        """Keep a figure for the report, `figures/<interface>/<name>.json`; none without a run."""
        keep_figure(self._path, interface, name, figure)

    # -- cases

    def begin(self, case: Case) -> CaseContext:
        """Return the context of a new attempt at `case`."""
        try:
            number = self.folder.start_case(case.id) if self.folder else 1
        except EvidenceError as failure:
            self._break(failure)
            raise
        if self._bracket is not None:
            self._bracket.cases.append(case.id)
        target = self.preparation.target(case.interface)
        path = self._traffic_path(case, number)
        self._attend(case.interface, *case.beside, *case.spans)
        return CaseContext(
            case,
            number,
            lambda: self.link(case.interface),
            target.values,
            target.answers,
            self.clock.now,
            lambda: self.line_errors(case.interface),
            Traffic(path, self.clock.epoch_ns, case.interface, self.overheard),
        )

    def _traffic_path(self, case: Case, number: int) -> Path | None:
        """Return where the octets of an attempt go; a worker does not know its attempt's number."""
        if self._path is None:
            return None
        if self.folder is None:
            return self._path / "exchanges" / self._worker / f"{case.id}.pcapng"
        return self._path / "cases" / case.id / f"a{number}" / "traffic.pcapng"

    def end(self, context: CaseContext, error: BaseException | None) -> CaseRecord | None:
        """Return the record of a finished attempt; `error` is what the case raised.

        The adapter's failures and the bench's own are `error`, never the device's fault. None
        when the operator stopped the run before the case could decide: it was not run.
        """
        ending = self._finish(context)
        error = error or ending
        if isinstance(error, Stopped):
            self.note("case-stopped", case=context.case.id, attempt=context.number)
            return None
        if isinstance(error, EvidenceError):
            self._break(error)
            return None
        if isinstance(error, Inconclusive):
            context.inconclusive(error.reason, str(error))
        elif isinstance(error, LinkEnded):
            context.inconclusive(Reason.SHORT, "the recording ends before the case has enough")
        elif isinstance(error, ConnectionEnded):
            context.inconclusive(Reason.PRECONDITION, str(error))
        elif isinstance(error, Overrun):
            context.inconclusive(Reason.OVERRUN, str(error))
        elif isinstance(error, AdapterError):
            if isinstance(error, AdapterLost):
                self.lose(context.case.interface, error)
            context.error(Reason.ADAPTER, str(error))
        elif error is not None:
            context.error(Reason.BENCH, f"{type(error).__name__}: {error}")
        record = context.record(self.clock.epoch_ns)
        if self.folder:
            try:
                self.folder.finish_case(record)
            except EvidenceError as failure:
                self._break(failure)
        return record

    def _finish(self, context: CaseContext) -> Exception | None:
        """Let the case put back what it changed; return what went wrong with that."""
        try:
            context.finish()
        except Exception as error:
            return error
        finally:
            context.close()
        return None

    # -- sanity brackets

    def open_bracket(self, interface: str, group: str) -> None:
        """Make the known-good exchange that a group of cases starts with, once per group."""
        named = f"{group}-{self._worker}" if self._worker else group  # each process has its own
        if self._bracket is not None and self._bracket.group == named:
            return
        self._attend(interface, *self.preparation.target(interface).suite.spans)
        self._bracket = BracketRecord(interface, named)
        self._bracket.opening = self._exchange(interface, "opening")

    def require_bracket(self, interface: str) -> None:
        """Raise Inconclusive when the group did not start well."""
        bracket = self._bracket
        if bracket is not None and bracket.interface == interface and bracket.opening:
            raise Inconclusive(bracket.opening.reason, bracket.opening.message)

    def close_bracket(self, interface: str) -> None:
        """Make the known-good exchange that a group of cases ends with, and keep both."""
        bracket, self._bracket = self._bracket, None
        if bracket is None or self.stopping:
            return
        if bracket.opening is None:
            bracket.closing = self._exchange(interface, "closing")
        if self._path is not None:
            place = f"brackets/{interface}-{bracket.group}.json"
            try:
                (self.folder or RunFolder(self._path)).write_json(place, bracket.to_json())
            except EvidenceError as failure:
                self._break(failure)
        self.note("bracket", **bracket.to_json())

    def known_good(self, interface: str) -> CaseContext:
        """Return the context of the exchange that opens or closes the present group.

        An active suite's brackets talk to the device through it; its checks count for nothing.
        """
        path, bracket = None, self._bracket
        if self._path is not None and bracket is not None:
            side = "closing" if bracket.cases else "opening"
            path = self._path / "brackets" / f"{interface}-{bracket.group}-{side}.pcapng"
        context = self._beside(known_good_case(interface), path)
        self._exchanging = context
        return context

    def aside(self, interface: str, name: str, bound_s: float) -> CaseContext:
        """Return the context of an exchange that no case pays for, recorded as `name`.

        Its checks count for nothing. Who asks for it ends it: `finish` and `close`.
        """
        path = None
        if interface in self._links:
            self._links[interface].listen()
        if self._path is not None:
            path = self._path / "exchanges" / self._worker / f"{interface}-{name}.pcapng"
        return self._beside(replace(known_good_case(interface), bound_s=bound_s), path)

    def _beside(self, case: Case, path: Path | None) -> CaseContext:
        target = self.preparation.target(case.interface)
        return CaseContext(
            case,
            1,
            lambda: self.link(case.interface),
            target.values,
            target.answers,
            self.clock.now,
            traffic=Traffic(path, self.clock.epoch_ns, case.interface, self.overheard),
        )

    def _exchange(self, interface: str, side: str) -> Unwell | None:
        suite = self.preparation.target(interface).suite
        try:
            return (suite.opening if side == "opening" else suite.closing)(self)
        except Inconclusive as unwell:
            return Unwell(unwell.reason, str(unwell))
        except ConnectionEnded as ended:
            return Unwell(Reason.SILENT, str(ended))
        except (AdapterError, Stopped):
            return None  # every case of the group says so itself
        except EvidenceError as failure:
            self._break(failure)
            return None
        finally:
            if self._exchanging is not None:
                self._finish(self._exchanging)
                self._exchanging = None

    def can(self, interface: str, capability: Capability) -> bool:
        """Return whether the link of an interface has a capability."""
        return capability in self.link(interface).capabilities

    def note(self, event: str, **details: object) -> None:
        """Write an event; nothing without a run folder."""
        if self.folder is None:
            return
        try:
            self.folder.event(event, **details)
        except EvidenceError as failure:
            self._break(failure)

    def _break(self, failure: EvidenceError) -> None:
        """Stop the run: what happens from now on could not be proven."""
        self.stopping = True
        self.broken = self.broken or failure
