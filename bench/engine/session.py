"""A run in progress: the open links, the shared observations, and one case after the other."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar, cast

from adapters.base import Link, LinkUrl
from adapters.registry import open_link
from bench.core.case import Case
from bench.core.clock import SECOND, Clock, MonotonicClock, VirtualClock
from bench.core.errors import AdapterError, AdapterLost, EvidenceError
from bench.core.line import LineErrors
from bench.core.link import Capability, LinkEnded
from bench.core.verdict import Reason
from bench.engine.calibration import calibrated
from bench.engine.capture import ChunkRecorder, read_chunks
from bench.engine.context import CaseContext, Inconclusive
from bench.engine.evidence import CaseRecord, RunFolder
from bench.engine.observation import Ended, ObservationRecord, Watch
from bench.engine.preparation import Preparation, Target
from bench.engine.station import DeviceLock
from bench.engine.suite import Unwell

_SLICE_NS = SECOND // 2  # how long a wait lasts before the operator's wish to stop is looked at

Watcher = TypeVar("Watcher", bound=Watch)
LinkOpener = Callable[[Target, Clock], Link]


@dataclass(slots=True)
class BracketRecord:
    """The known-good exchanges around a group of cases, and the cases between them."""

    interface: str
    group: str
    opening: Unwell | None = None
    closing: Unwell | None = None
    cases: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, object]:
        """Return plain JSON values; the suspects are the cases that ran before a bad end."""

        def side(unwell: Unwell | None) -> dict[str, object]:
            return {"ok": unwell is None, "message": unwell.message if unwell else ""}

        return {
            "interface": self.interface,
            "group": self.group,
            "opening": side(self.opening),
            "closing": side(self.closing),
            "suspects": list(self.cases) if self.closing else [],
        }


def _counts(link: Link) -> bool:
    return Capability.UART_ERRORS in link.capabilities


class Stopped(Exception):
    """The operator asked the run to stop."""


def open_target(target: Target, clock: Clock) -> Link:
    """Open the link that the declaration names, at the settings that the edition prescribes.

    The built-in metering system shows the declared edition unless its link asks for another. Time
    stamps are as uncertain as this station has measured them to be.
    """
    url = target.link
    if url.scheme == "simulated":
        url = replace(url, options={"profile": target.profile, **url.options})
    return calibrated(open_link(url, line=target.line, clock=clock))


def clock_for(targets: Mapping[str, Target]) -> Clock:
    """Return virtual time when no link needs real time: the simulator, or a recording in haste."""
    if targets and all(_timeless(target.link) for target in targets.values()):
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
        self.clock = clock or clock_for(preparation.targets)
        self.stopping = False
        self.broken: EvidenceError | None = None
        self._opener = opener
        self._worker = worker
        self._path = folder.path if folder else folder_path
        self._links: dict[str, Link] = {}
        self._failed: dict[str, AdapterError] = {}
        self._locks: list[DeviceLock] = []
        self._observed: dict[str, Watch] = {}
        self._observations: dict[str, ObservationRecord] = {}
        self._bracket: BracketRecord | None = None

    # -- links

    def link(self, interface: str) -> Link:
        """Return the open link of an interface; opens it at first, and locks its device.

        A link that could not be opened or was lost raises the same AdapterError ever after.
        """
        if interface in self._failed:
            # raising the same error again would lengthen its traceback each time
            raise self._failed[interface].with_traceback(None)
        if interface not in self._links:
            target = self.preparation.targets[interface]
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
                self._note("link-failed", interface=interface, message=str(error))
                raise
            self._links[interface] = link
            if isinstance(self.clock, VirtualClock) and link.epoch_ns is not None:
                self.clock.epoch_ns = self.clock.epoch_ns or link.epoch_ns
            self._note("link-opened", interface=interface, link=str(link.url))
        return self._links[interface]

    def lose(self, interface: str, error: AdapterError) -> None:
        """Remember that a link is gone, so that no later case blames the device for it."""
        self._failed.setdefault(interface, error)
        self._note("link-lost", interface=interface, message=str(error))

    def capabilities(self, interface: str) -> frozenset[str] | None:
        """Return what the link can do, None when it cannot be opened."""
        try:
            return self.link(interface).capabilities
        except AdapterError:
            return None

    def close(self) -> None:
        """Close every link and give the devices back."""
        for link in self._links.values():
            link.close()
        for lock in self._locks:
            lock.release()
        self._links.clear()
        self._locks.clear()

    # -- observation

    def observe(self, interface: str, make: Callable[[], Watcher]) -> Watcher:
        """Return the finished watch of an interface; the first caller pays for watching.

        A complete observation of an earlier process of the same run is judged again from its
        recording instead of being repeated.
        """
        if interface not in self._observed:
            watch = make()
            if not self._recall(interface, watch):
                self._watch(interface, watch)
            self._observed[interface] = watch
        return cast("Watcher", self._observed[interface])

    def line_errors(self, interface: str) -> LineErrors:
        """Return what the UART counted until the end of the shared observation.

        Kept with the observation: a run that was killed and resumed has a new link that counted
        nothing of it. UsageError where the link does not count.
        """
        record = self._observations.get(interface)
        if record is not None and record.line_errors is not None:
            return record.line_errors
        return self.link(interface).line_errors()

    def observed_from_ns(self, interface: str) -> int:
        """Return the Unix time of instant 0 of an observation, maybe an earlier process's."""
        return self._observations[interface].epoch_ns

    def _watch(self, interface: str, watch: Watch) -> None:
        link = self.link(interface)
        number = self._next_observation(interface)
        recorder = self._recorder(interface, number, link)
        self._note("observation-started", interface=interface, number=number)
        started, octets, ended = self.clock.now(), 0, Ended.COMPLETE
        try:
            while not watch.complete():
                if self.stopping:
                    ended = Ended.STOPPED
                    break
                deadline = watch.deadline_ns(started)
                now = self.clock.now()
                if now >= deadline:
                    ended = Ended.SILENCE
                    break
                chunk = link.read(min(deadline, now + _SLICE_NS))
                if chunk is not None:
                    if recorder:
                        recorder.record(chunk)
                    octets += len(chunk.octets)
                    watch.feed(chunk)
        except LinkEnded:
            ended = Ended.RECORDING
        except AdapterLost as error:
            self.lose(interface, error)
            ended = Ended.INTERRUPTED
        finally:
            if recorder:
                recorder.close()
        watch.finish(ended)
        record = ObservationRecord(
            interface=interface,
            number=number,
            ended=ended,
            units=watch.counted(),
            octets=octets,
            started_ns=started,
            finished_ns=self.clock.now(),
            epoch_ns=link.clock.epoch_ns,
            line_errors=link.line_errors() if _counts(link) else None,
        )
        self._observations[interface] = record
        self._keep(record)
        if ended is Ended.INTERRUPTED:
            raise self._failed[interface].with_traceback(None)
        if ended is Ended.STOPPED:
            raise Stopped

    def _recorder(self, interface: str, number: int, link: Link) -> ChunkRecorder | None:
        if self._path is None:
            return None
        path = self._path / "observations" / interface / str(number) / "frames.pcapng"
        try:
            return ChunkRecorder(path, link.clock.epoch_ns, interface, str(link.url))
        except OSError as error:
            raise EvidenceError(f"cannot write {path}: {error.strerror or error}") from error

    def _next_observation(self, interface: str) -> int:
        """Return a number that no other observation has; worker processes count side by side."""
        number = 1 + int(self._worker.removeprefix("gw") or 0)
        if self._path is not None:
            folder = self._path / "observations" / interface
            while (folder / str(number)).exists():
                number += 1
        return number

    def _keep(self, record: ObservationRecord) -> None:
        if self._path is None:
            return
        place = f"observations/{record.interface}/{record.number}/observation.json"
        (self.folder or RunFolder(self._path)).write_json(place, record.to_json())
        self._note("observation-finished", **record.to_json())

    def _recall(self, interface: str, watch: Watch) -> bool:
        if self.folder is None:
            return False
        folder = self.folder.path / "observations" / interface
        for path in sorted(folder.glob("*/observation.json")):
            record = ObservationRecord.from_json(json.loads(path.read_text(encoding="utf-8")))
            if record.ended in (Ended.COMPLETE, Ended.SILENCE, Ended.RECORDING):
                for chunk in read_chunks(path.with_name("frames.pcapng"), record.epoch_ns):
                    watch.feed(chunk)
                watch.finish(record.ended)
                self._observations[interface] = record
                return True
        return False

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
        target = self.preparation.targets[case.interface]
        return CaseContext(
            case,
            number,
            lambda: self.link(case.interface),
            target.values,
            target.answers,
            self.clock.now,
            lambda: self.line_errors(case.interface),
        )

    def end(self, context: CaseContext, error: BaseException | None) -> CaseRecord | None:
        """Return the record of a finished attempt; `error` is what the case raised.

        The adapter's failures and the bench's own are `error`, never the device's fault. None
        when the operator stopped the run before the case could decide: it was not run.
        """
        if isinstance(error, Stopped):
            self._note("case-stopped", case=context.case.id, attempt=context.number)
            return None
        if isinstance(error, EvidenceError):
            self._break(error)
            return None
        if isinstance(error, Inconclusive):
            context.inconclusive(error.reason, str(error))
        elif isinstance(error, LinkEnded):
            context.inconclusive(Reason.SHORT, "the recording ends before the case has enough")
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

    # -- sanity brackets

    def open_bracket(self, interface: str, group: str) -> None:
        """Make the known-good exchange that a group of cases starts with, once per group."""
        named = f"{group}-{self._worker}" if self._worker else group  # each process has its own
        if self._bracket is not None and self._bracket.group == named:
            return
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
        self._note("bracket", **bracket.to_json())

    def _exchange(self, interface: str, side: str) -> Unwell | None:
        suite = self.preparation.targets[interface].suite
        try:
            return (suite.opening if side == "opening" else suite.closing)(self)
        except (AdapterError, Stopped):
            return None  # every case of the group says so itself
        except EvidenceError as failure:
            self._break(failure)
            return None

    def can(self, interface: str, capability: Capability) -> bool:
        """Return whether the link of an interface has a capability."""
        return capability in self.link(interface).capabilities

    def _note(self, event: str, **details: object) -> None:
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
