"""Runs simulated ports on the monotonic clock, in one thread with all that comes from outside."""

import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bench.core.clock import MILLISECOND, SECOND
from bench.simulator.ports.port import Connection, Port

_LATEST_NS = SECOND // 20  # how long `stop` may go unnoticed
_ROUNDING_NS = 2 * MILLISECOND


def _nothing() -> None:
    return None


@dataclass(frozen=True, slots=True)
class _Served:
    """A port, what sends its octets, and what is called when the device ends the connection."""

    port: Port
    send: Callable[[bytes], None]
    over: Callable[[], None]
    connection: Connection | None


class Service:
    """Lets time go by for its ports; everything happens in the thread of `running`."""

    def __init__(self) -> None:
        self._start = time.monotonic_ns()
        self._selector = selectors.DefaultSelector()
        self._served: dict[int, _Served] = {}

    def __enter__(self) -> "Service":
        return self

    def __exit__(self, *_: object) -> None:
        self._selector.close()

    def now(self) -> int:
        """Return nanoseconds since the service began."""
        return time.monotonic_ns() - self._start

    def add(
        self, port: Port, send: Callable[[bytes], None], over: Callable[[], None] = _nothing
    ) -> None:
        """Take a port in; `over` is called when the device has ended its connection."""
        connection = port if isinstance(port, Connection) else None
        self._served[id(port)] = _Served(port, send, over, connection)

    def remove(self, port: Port) -> None:
        """Take a port out."""
        self._served.pop(id(port), None)

    def watch(self, source: int | socket.socket, ready: Callable[[], None]) -> None:
        """Call `ready` whenever `source` can be read."""
        self._selector.register(source, selectors.EVENT_READ, ready)

    def watch_writing(self, source: socket.socket, wanted: bool) -> None:
        """Call what watches `source` also when it can be written, or no longer."""
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if wanted else 0)
        key = self._selector.get_key(source)
        if key.events != events:
            self._selector.modify(source, events, key.data)

    def forget(self, source: socket.socket) -> None:
        """Watch `source` no longer."""
        self._selector.unregister(source)

    @contextmanager
    def running(self, stop: threading.Event) -> Iterator[None]:
        """Run while the block does, or until `stop` is set; waits for the thread to end.

        A failure in the thread is raised when the block is left.
        """
        failures: list[Exception] = []

        def run() -> None:
            try:
                self._run(stop)
            except Exception as error:
                failures.append(error)

        thread = threading.Thread(target=run, name="simulated port", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
        if failures:
            raise failures[0]

    def _run(self, stop: threading.Event) -> None:
        """Raise the data request of the first ports and emit what is due until `stop` is set."""
        first = [served.port for served in self._served.values()]
        for port in first:
            port.set_request(True, self.now())
        while not stop.is_set():
            self._look(self._next())
            now = self.now()
            for served in list(self._served.values()):
                due = served.port.next_event()
                if due is not None and due <= now:
                    octets = served.port.emit(now)
                    if octets:
                        served.send(octets)
                connection = served.connection
                if connection is not None and connection.ended and connection.next_event() is None:
                    served.over()
        for port in first:
            port.set_request(False, self.now())

    def _next(self) -> int | None:
        instants = [served.port.next_event() for served in self._served.values()]
        return min((at for at in instants if at is not None), default=None)

    def _look(self, due: int | None) -> None:
        """Take what comes from outside until `due`, or for a while.

        A selector wakes up to a millisecond late, so that it is left early, to sleep the rest.
        """
        wait = _LATEST_NS if due is None else min(due - self.now(), _LATEST_NS)
        ready = self._selector.select(max(wait - _ROUNDING_NS, 0) / SECOND)
        for key, _events in ready:
            key.data()
        if due is not None and not ready and 0 < (rest := due - self.now()) <= _ROUNDING_NS:
            time.sleep(rest / SECOND)
