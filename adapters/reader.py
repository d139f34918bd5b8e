"""A thread that owns the receiving side of a port, and the bounded queue behind it.

The stamp of a chunk is taken when the blocking read returns, in the thread, so it does not
depend on how busy the judge is. Nothing is lost silently: octets that do not fit in the queue
are counted, and the link is lost where they are missing.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue

from bench.core.clock import SECOND, Clock, VirtualClock
from bench.core.errors import AdapterLost, UsageError
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
        self._chunks: SimpleQueue[Chunk | None] = SimpleQueue()  # None wakes a reader up: the end
        self._kept = self._taken = 0  # octets, each counted by one thread alone
        self._overrun = 0
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
        when the port is gone and all that came before has been read.
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
            self._taken += len(chunk.octets)
            return chunk

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
        waiting = self._kept - self._taken
        if waiting + len(chunk.octets) > self._capacity:
            self._overrun += len(chunk.octets)
            self._end(
                f"{self._name}: octets arrive faster than the bench reads them: "
                f"{waiting} are waiting, the next {self._overrun} did not fit. "
                "Run fewer devices on this machine at once"
            )
            return False
        self._kept += len(chunk.octets)
        self._chunks.put(chunk)
        return True

    def _forget(self) -> None:
        with suppress(Empty):
            while True:
                self._chunks.get_nowait()

    def _stop(self, lost: AdapterLost) -> None:
        self._end(str(lost), type(lost))

    def _end(self, reason: str, kind: type[AdapterLost] = AdapterLost) -> None:
        with self._ending:
            if not self._ended:
                self._ended_as = kind
                self._ended = reason
        self._chunks.put(None)
