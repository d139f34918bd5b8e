"""Watches what a listening interface delivers, once for all cases, and keeps the recording."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from adapters.base import Link
from bench.core.clock import SECOND
from bench.core.errors import AdapterError, AdapterLost, EvidenceError, Overrun
from bench.core.line import LineErrors
from bench.core.link import Capability, LinkEnded
from bench.core.trace import Chunk
from bench.engine.capture import ChunkRecorder, read_chunks
from bench.engine.evidence import RunFolder
from bench.engine.observation import Ended, ObservationRecord, Watch

if TYPE_CHECKING:
    from bench.engine.session import Session

_SLICE_NS = SECOND // 2  # how long a wait lasts before the operator's wish to stop is looked at

Watcher = TypeVar("Watcher", bound=Watch)


class Stopped(Exception):
    """The operator asked the run to stop."""


def _counts(link: Link) -> bool:
    return Capability.UART_ERRORS in link.capabilities


class Observing:
    """The observations of one session, by interface; `path` is the folder of the run, if any."""

    def __init__(self, session: "Session", path: Path | None, worker: str) -> None:
        self._session = session
        self._path = path
        self._worker = worker
        self._observed: dict[str, Watch] = {}
        self._beside: dict[tuple[str, str], Watch] = {}
        self._observations: dict[str, ObservationRecord] = {}

    def observe(
        self,
        interface: str,
        make: Callable[[], Watcher],
        beside: Mapping[str, Callable[[], Watch]] | None = None,
    ) -> Watcher:
        """Return the finished watch of an interface; the first caller pays for watching.

        A complete observation of an earlier process of the same run is judged again from its
        recording instead of being repeated. `beside` are watches of further ports, fed meanwhile
        with what those send: `beside(interface, other)` returns them.
        """
        if interface not in self._observed:
            watch = make()
            others = {other: make_other() for other, make_other in (beside or {}).items()}
            if not self._recall(interface, watch, others):
                self._watch(interface, watch, others)
            self._observed[interface] = watch
            self._beside |= {(interface, other): one for other, one in others.items()}
        return cast("Watcher", self._observed[interface])

    def beside(self, interface: str, other: str) -> Watch | None:
        """Return the watch of another port beside an observation; None where there was none."""
        return self._beside.get((interface, other))

    def line_errors(self, interface: str) -> LineErrors:
        """Return what the UART counted until the end of the shared observation.

        Kept with the observation: a run that was killed and resumed has a new link that counted
        nothing of it. UsageError where the link does not count.
        """
        record = self._observations.get(interface)
        if record is not None and record.line_errors is not None:
            return record.line_errors
        return self._session.link(interface).line_errors()

    def from_ns(self, interface: str) -> int:
        """Return the Unix time of instant 0 of an observation, maybe an earlier process's."""
        return self._observations[interface].epoch_ns

    def _watch(self, interface: str, watch: Watch, others: dict[str, Watch]) -> None:
        link = self._session.link(interface)
        number = self._next_observation(interface)
        companions = self._companions(interface, number, others)
        recorder = self._recorder(interface, number, link)
        self._session.note("observation-started", interface=interface, number=number)
        started, octets, ended = self._session.clock.now(), 0, Ended.COMPLETE
        lost: AdapterLost | None = None
        try:
            while not watch.complete():
                if self._session.stopping:
                    ended = Ended.STOPPED
                    break
                deadline = watch.deadline_ns(started)
                now = self._session.clock.now()
                if now >= deadline:
                    ended = Ended.SILENCE
                    break
                chunk = link.read(min(deadline, now + _SLICE_NS))
                if chunk is not None:
                    self._session.overheard.take(interface, chunk)
                    if recorder:
                        recorder.record(chunk)
                    octets += len(chunk.octets)
                    watch.feed(chunk)
                for companion in companions:
                    companion.take()
        except LinkEnded:
            ended = Ended.RECORDING
        except Overrun as error:
            ended = Ended.OVERRUN
            self._session.note("overrun", interface=interface, message=str(error))
        except AdapterLost as error:
            # who only listens is not told by the device that a connection ends: it is lost
            lost, ended = AdapterLost(str(error)), Ended.INTERRUPTED
            self._session.lose(interface, lost)
        finally:
            if recorder:
                recorder.close()
            for companion in companions:
                companion.close()
        watch.finish(ended)
        for companion in companions:
            companion.watch.finish(ended)
        record = ObservationRecord(
            interface=interface,
            number=number,
            ended=ended,
            units=watch.counted(),
            octets=octets,
            started_ns=started,
            finished_ns=self._session.clock.now(),
            epoch_ns=link.clock.epoch_ns,
            line_errors=link.line_errors() if _counts(link) else None,
        )
        self._observations[interface] = record
        self._keep(record)
        if lost is not None:
            raise lost
        if ended is Ended.STOPPED:
            raise Stopped

    def _companions(
        self, interface: str, number: int, others: dict[str, Watch]
    ) -> list["_Companion"]:
        """Return the further ports that can be opened; what came before is not theirs."""
        found = []
        for other, watch in list(others.items()):
            try:
                link = self._session.link(other)
                while link.read(self._session.clock.now()) is not None:
                    pass
            except (AdapterError, LinkEnded):
                del others[other]  # cases that need it say so themselves
                continue
            recorder = self._recorder(interface, number, link, f"beside-{other}.pcapng")
            overhear = partial(self._session.overheard.take, other)
            found.append(_Companion(link, watch, recorder, overhear))
        return found

    def _recorder(
        self, interface: str, number: int, link: Link, name: str = "frames.pcapng"
    ) -> ChunkRecorder | None:
        if self._path is None:
            return None
        path = self._path / "observations" / interface / str(number) / name
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
        (self._session.folder or RunFolder(self._path)).write_json(place, record.to_json())
        self._session.note("observation-finished", **record.to_json())

    def _recall(self, interface: str, watch: Watch, others: dict[str, Watch]) -> bool:
        if self._session.folder is None:
            return False
        folder = self._session.folder.path / "observations" / interface
        for path in sorted(folder.glob("*/observation.json")):
            record = ObservationRecord.from_json(json.loads(path.read_text(encoding="utf-8")))
            if record.ended in (
                Ended.COMPLETE,
                Ended.SILENCE,
                Ended.RECORDING,
                Ended.OVERRUN,
            ):
                for chunk in read_chunks(path.with_name("frames.pcapng"), record.epoch_ns):
                    watch.feed(chunk)
                watch.finish(record.ended)
                for other in list(others):
                    self._recall_beside(path, record, other, others)
                self._observations[interface] = record
                return True
        return False

    def _recall_beside(
        self, observation: Path, record: ObservationRecord, other: str, others: dict[str, Watch]
    ) -> None:
        recording = observation.with_name(f"beside-{other}.pcapng")
        if not recording.exists():
            del others[other]
            return
        for chunk in read_chunks(recording, record.epoch_ns):
            others[other].feed(chunk)
        others[other].finish(record.ended)


class _Companion:
    """A further port that is heard during an observation; what it fails at ends it alone."""

    def __init__(
        self,
        link: Link,
        watch: Watch,
        recorder: ChunkRecorder | None,
        overhear: Callable[[Chunk], None],
    ) -> None:
        self.watch = watch
        self._overhear = overhear
        self._link: Link | None = link
        self._recorder = recorder

    def take(self) -> None:
        """Take what has arrived."""
        try:
            while self._link is not None:
                chunk = self._link.read(self._link.clock.now())
                if chunk is None:
                    return
                self._overhear(chunk)
                if self._recorder:
                    self._recorder.record(chunk)
                self.watch.feed(chunk)
        except (AdapterError, LinkEnded):
            self._link = None

    def close(self) -> None:
        """End the recording."""
        if self._recorder:
            self._recorder.close()
