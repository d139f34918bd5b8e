"""A simulated port on a real pty or TCP socket, in wall-clock time.

The device does not wait for anyone: time goes by while nobody reads, and octets that nobody takes
are lost, as on a real line.
"""

import contextlib
import os
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bench.core.clock import MILLISECOND, SECOND
from bench.core.errors import AdapterUnavailable
from bench.simulator.ports.port import Port

_LATEST_NS = SECOND // 20  # how long `stop` may go unnoticed
_ROUNDING_NS = 2 * MILLISECOND
_BACKLOG_OCTETS = 65536  # what a slow client may owe before its connection is ended
_READ_OCTETS = 4096


@contextmanager
def serve_pty(port: Port, stop: threading.Event | None = None) -> Iterator[str]:
    """Serve `port` on a new pseudo terminal while the block runs; yields the path to open.

    Setting `stop` ends the service early. Octets that nobody has read when the terminal's buffer is
    full are dropped, the oldest first. Raises AdapterUnavailable where there are no pseudo
    terminals.
    """
    try:
        import pty
        import termios
        import tty
    except ImportError as error:
        raise AdapterUnavailable("this system has no pseudo terminals; serve over TCP") from error
    master, slave = pty.openpty()  # keeping the slave open lets readers come and go

    def send(octets: bytes) -> None:
        if _write(master, octets) < len(octets):
            termios.tcflush(slave, termios.TCIFLUSH)
            _write(master, octets)

    def receive() -> None:
        with contextlib.suppress(BlockingIOError):
            service.receive(os.read(master, _READ_OCTETS))

    try:
        tty.setraw(slave)
        os.set_blocking(master, False)
        with _Service(port, send) as service:
            service.watch(master, receive)
            with service.running(stop or threading.Event()):
                yield os.ttyname(slave)
    finally:
        os.close(master)
        os.close(slave)


@contextmanager
def serve_tcp(
    port: Port,
    host: str = "127.0.0.1",
    tcp_port: int = 0,
    stop: threading.Event | None = None,
) -> Iterator[int]:
    """Serve `port` to any number of TCP clients while the block runs; yields the TCP port.

    Port 0 takes a free one. All clients see the same octets from when they connected. Setting
    `stop` ends the service early. Raises AdapterUnavailable when the address cannot be used.
    """
    try:
        listener = socket.create_server((host, tcp_port))
    except (OSError, OverflowError) as error:
        raise AdapterUnavailable(
            f"cannot listen on {host}:{tcp_port}: {error}; choose another port or address"
        ) from error
    with listener:
        listener.setblocking(False)
        clients: dict[socket.socket, bytearray] = {}  # what each is still owed
        with _Service(port, lambda octets: _send_all(clients, octets, drop)) as service:

            def drop(client: socket.socket) -> None:
                service.forget(client)
                del clients[client]
                client.close()

            def accept() -> None:
                with contextlib.suppress(OSError):
                    client, _address = listener.accept()
                    client.setblocking(False)
                    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BACKLOG_OCTETS)
                    clients[client] = bytearray()
                    service.watch(client, lambda: receive(client))

            def receive(client: socket.socket) -> None:
                try:
                    octets = client.recv(_READ_OCTETS)
                except BlockingIOError:
                    return
                except OSError:
                    octets = b""
                if octets:
                    service.receive(octets)
                else:
                    drop(client)

            service.watch(listener, accept)
            try:
                with service.running(stop or threading.Event()):
                    yield int(listener.getsockname()[1])
            finally:
                for client in list(clients):
                    drop(client)


class _Service:
    """Runs a port on the monotonic clock, in one thread with all that is read from outside."""

    def __init__(self, port: Port, send: Callable[[bytes], None]) -> None:
        self._port = port
        self._send = send
        self._start = time.monotonic_ns()
        self._selector = selectors.DefaultSelector()

    def __enter__(self) -> "_Service":
        return self

    def __exit__(self, *_: object) -> None:
        self._selector.close()

    def watch(self, source: int | socket.socket, ready: Callable[[], None]) -> None:
        """Call `ready` whenever `source` can be read."""
        self._selector.register(source, selectors.EVENT_READ, ready)

    def forget(self, source: socket.socket) -> None:
        """Watch `source` no longer."""
        self._selector.unregister(source)

    def receive(self, octets: bytes) -> None:
        """Hand octets from outside to the port."""
        self._port.receive(octets, self._now())

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

    def _now(self) -> int:
        return time.monotonic_ns() - self._start

    def _run(self, stop: threading.Event) -> None:
        """Raise the data request and emit what is due until `stop` is set; then release it."""
        port = self._port
        port.set_request(True, self._now())
        while not stop.is_set():
            due = port.next_event()
            self._look(due)
            if due is not None and due <= (now := self._now()):
                octets = port.emit(now)
                if octets:
                    self._send(octets)
        port.set_request(False, self._now())

    def _look(self, due: int | None) -> None:
        """Take what comes from outside until `due`, or for a while.

        A selector wakes up to a millisecond late, so that it is left early, to sleep the rest.
        """
        wait = _LATEST_NS if due is None else min(due - self._now(), _LATEST_NS)
        for key, _events in self._selector.select(max(wait - _ROUNDING_NS, 0) / SECOND):
            key.data()
        if due is not None and 0 < (rest := due - self._now()) <= _ROUNDING_NS:
            time.sleep(rest / SECOND)


def _write(descriptor: int, octets: bytes) -> int:
    """Write what fits now; return how many octets that was."""
    try:
        return os.write(descriptor, octets)
    except BlockingIOError:
        return 0


def _send_all(
    clients: dict[socket.socket, bytearray],
    octets: bytes,
    drop: Callable[[socket.socket], None],
) -> None:
    """Send what each client's socket takes now; the rest is owed, up to a limit."""
    for client, owed in list(clients.items()):
        owed += octets
        try:
            del owed[: client.send(owed)]
        except BlockingIOError:
            if len(owed) > _BACKLOG_OCTETS:
                drop(client)
        except OSError:
            drop(client)
