"""A thread that owns the receiving side of a port, and the bounded queue behind it.

The stamp of a chunk is taken when the blocking read returns, in the thread, so it does not
depend on how busy the judge is. Nothing is lost silently: octets that do not fit in the queue
are counted, and who reads is told where they are missing.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue

from bench.core.clock import SECOND, Clock, VirtualClock
from bench.core.errors import AdapterLost, Overrun, UsageError
from bench.core.trace import Chunk

CAPACITY_OCTETS = 32 * 1024 * 1024
#: a wait is cut in pieces of this length, as a queue cannot wait for years
_LONGEST_WAIT_S = 3600.0
_JOIN_S = 5.0
#: how long the receiving side may take to find out by itself that the far end is gone
_LAST_WORDS_S = 0.5


class ChunkReader:
    """Keeps every chunk that `receive` returned, in order, with the instant of its arrival.

    `receive` blocks until octets are there and returns them; it returns None when there are
    none yet (a time-out, a call of `wake`), and raises AdapterLost when there never will be.
    `wake` makes a blocked `receive` return.
    """

    def __init__(
        self,
        name: str,
        clock: Clock,
        receive: Callable[[], bytes | None],
        wake: Callable[[], None],
        capacity_octets: int = CAPACITY_OCTETS,
    ) -> None:
        if isinstance(clock, VirtualClock):
            raise UsageError(f"{name}: a real port needs a clock that runs, not virtual time")
        self._name = name
        self._clock = clock
        self._receive = receive
        self._wake = wake
        self._capacity = capacity_octets
        # a queue written in C: handing an answer over costs a fraction of what a condition does
        # a number stands where so many octets are missing; None wakes a reader up: the end
        self._chunks: SimpleQueue[Chunk | int | None] = SimpleQueue()
        self._kept = self._taken = 0  # octets, each counted by one thread alone
        self._overrun = 0
        self._missing = 0  # octets that did not fit since the last one that did
        self._resting = False
        self._ending = threading.Lock()
        self._ended = ""
        self._ended_as: type[AdapterLost] = AdapterLost
        self._closing = False
        self._thread = threading.Thread(target=self._run, name=f"reader {name}", daemon=True)
        self._thread.start()

    @property
    def overrun(self) -> int:
        """Octets that arrived while the queue was full."""
        return self._overrun

    def read(self, until_ns: int) -> Chunk | None:
        """Return the next chunk, None when `until_ns` passes without any.

        What has arrived is returned even when `until_ns` lies in the past. Raises AdapterLost
        when the port is gone and all that came before has been read; and Overrun, once, where
        octets are missing because they were not read in time: what comes after can be read.
        """
        while True:
            remaining = until_ns - self._clock.now()
            try:
                if remaining > 0:
                    chunk = self._chunks.get(timeout=min(remaining / SECOND, _LONGEST_WAIT_S))
                else:
                    chunk = self._chunks.get_nowait()
            except Empty:
                if remaining <= 0:
                    return None
                continue
            if chunk is None:
                self._chunks.put(None)  # for whoever reads next
                raise self._ended_as(self._ended)
            if isinstance(chunk, int):
                raise Overrun(
                    f"{self._name}: octets arrived faster than the bench read them: {chunk} are "
                    "missing. Run fewer devices on this machine at once"
                )
            self._taken += len(chunk.octets)
            return chunk

    def rest(self) -> None:
        """Let go by what arrives, and forget what is queued."""
        self._resting = True
        self._forget()

    def listen(self) -> None:
        """Keep what arrives again."""
        if self._resting:
            self._forget()
            self._resting = False

    def lose(self, lost: AdapterLost) -> AdapterLost:
        """Return the error for a link whose sending side has failed; reads raise it from now on.

        What the receiving side still holds is read first, and so is its own reason.
        """
        self._thread.join(_LAST_WORDS_S)
        self._stop(lost)
        return lost

    def close(self) -> bool:
        """End the thread and forget what is queued; say whether the thread has ended."""
        self._closing = True
        self._end(f"{self._name}: the link was closed by the bench")
        self._forget()
        self._chunks.put(None)
        self._wake()
        if threading.current_thread() is not self._thread:
            self._thread.join(_JOIN_S)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._closing:
            try:
                octets = self._receive()
            except AdapterLost as lost:
                self._stop(lost)
                return
            except Exception as error:  # whatever it is, the judge must not wait for ever
                self._stop(AdapterLost(f"{self._name}: reading failed: {error}"))
                return
            at_ns = self._clock.now()
            if octets is not None and not self._keep(Chunk(at_ns, octets)):
                return

    def _keep(self, chunk: Chunk) -> bool:
        if self._ended:
            return False
        if self._resting:
            return True
        waiting = self._kept - self._taken
        # once octets are missing there shall be room before it goes on: one gap, not many
        room = self._capacity // 2 if self._missing else self._capacity
        if waiting + len(chunk.octets) > room:
            self._overrun += len(chunk.octets)
            self._missing += len(chunk.octets)
            return True
        self._tell_missing()
        self._kept += len(chunk.octets)
        self._chunks.put(chunk)
        return True

    def _tell_missing(self) -> None:
        missing, self._missing = self._missing, 0
        if missing:
            self._chunks.put(missing)

    def _forget(self) -> None:
        """Drop what is queued; the end stays where it is."""
        with suppress(Empty):
            while True:
                chunk = self._chunks.get_nowait()
                if chunk is None:
                    self._chunks.put(None)
                    return
                if not isinstance(chunk, int):
                    self._taken += len(chunk.octets)

    def _stop(self, lost: AdapterLost) -> None:
        self._end(str(lost), type(lost))

    def _end(self, reason: str, kind: type[AdapterLost] = AdapterLost) -> None:
        with self._ending:
            if not self._ended:
                self._ended_as = kind
                self._ended = reason
                self._tell_missing()
        self._chunks.put(None)
