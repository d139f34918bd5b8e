"""A thread that owns the receiving side of a port, and the bounded queue behind it.

The stamp of a chunk is taken when the blocking read returns, in the thread, so it does not
depend on how busy the judge is. Nothing is lost silently: octets that do not fit in the queue
are counted, and the link is lost where they are missing.
"""

import threading
from collections import deque
from collections.abc import Callable

from bench.core.clock import SECOND, Clock, VirtualClock
from bench.core.errors import AdapterLost, UsageError
from bench.core.trace import Chunk

CAPACITY_OCTETS = 32 * 1024 * 1024
#: a wait is cut in pieces of this length, as a condition cannot wait for years
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
        self._arrived = threading.Condition()
        self._chunks: deque[Chunk] = deque()
        self._queued = 0
        self._overrun = 0
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
        with self._arrived:
            while not self._chunks:
                if self._ended:
                    raise self._ended_as(self._ended)
                remaining = until_ns - self._clock.now()
                if remaining <= 0:
                    return None
                self._arrived.wait(min(remaining / SECOND, _LONGEST_WAIT_S))
            chunk = self._chunks.popleft()
            self._queued -= len(chunk.octets)
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
        with self._arrived:
            self._closing = True
            self._end(f"{self._name}: the link was closed by the bench")
            self._chunks.clear()
            self._queued = 0
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
        with self._arrived:
            if self._ended:
                return False
            if self._queued + len(chunk.octets) > self._capacity:
                self._overrun += len(chunk.octets)
                self._end(
                    f"{self._name}: octets arrive faster than the bench reads them: "
                    f"{self._queued} are waiting, the next {self._overrun} did not fit. "
                    "Run fewer devices on this machine at once"
                )
                return False
            self._chunks.append(chunk)
            self._queued += len(chunk.octets)
            self._arrived.notify_all()
        return True

    def _stop(self, lost: AdapterLost) -> None:
        with self._arrived:
            self._end(str(lost), type(lost))

    def _end(self, reason: str, kind: type[AdapterLost] = AdapterLost) -> None:
        if not self._ended:
            self._ended, self._ended_as = reason, kind
        self._arrived.notify_all()
