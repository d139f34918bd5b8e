"""A simulated port on a real pty, TCP or UDP socket, in wall-clock time.

The device does not wait for anyone: time goes by while nobody reads, and octets that nobody takes
are lost, as on a real line. A device that takes connections gives each client its own.
"""

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from adapters.service import Service
from bench.core.errors import AdapterUnavailable
from bench.simulator.ports.port import Connection, Listener, Port

_BACKLOG_OCTETS = 65536  # what a slow client may owe before its connection is ended
_READ_OCTETS = 4096
_DATAGRAM_OCTETS = 65536
_PEERS = 64  # of a UDP socket; the one that was silent longest is forgotten for another


@contextmanager
def serve_pty(
    served: Port | Listener, stop: threading.Event | None = None, kept_octets: int = 0
) -> Iterator[str]:
    """Serve a port on a new pseudo terminal while the block runs; yields the path to open.

    Setting `stop` ends the service early. Octets that nobody has read when the terminal's buffer is
    full are kept up to `kept_octets`, for a reader that is late at a fast line; beyond that they
    are dropped, the oldest first. Raises AdapterUnavailable where there are no pseudo terminals.
    """
    try:
        import pty
        import termios
        import tty
    except ImportError as error:
        raise AdapterUnavailable("this system has no pseudo terminals; serve over TCP") from error
    master, slave = pty.openpty()  # keeping the slave open lets readers come and go

    kept = bytearray()

    def send(octets: bytes) -> None:
        kept.extend(octets)
        del kept[: _write(master, kept)]
        if len(kept) > kept_octets:
            kept.clear()
            termios.tcflush(slave, termios.TCIFLUSH)
            _write(master, octets)

    def receive() -> None:
        with contextlib.suppress(BlockingIOError):
            octets = os.read(master, _READ_OCTETS)
            port.receive(octets, service.now())

    try:
        tty.setraw(slave)
        os.set_blocking(master, False)
        with Service() as service:
            port = served.accept(service.now()) if isinstance(served, Listener) else served
            service.add(port, send)
            service.watch(master, receive)
            with service.running(stop or threading.Event()):
                yield os.ttyname(slave)
    finally:
        os.close(master)
        os.close(slave)


@contextmanager
def serve_tcp(
    served: Port | Listener,
    host: str = "127.0.0.1",
    tcp_port: int = 0,
    stop: threading.Event | None = None,
) -> Iterator[int]:
    """Serve any number of TCP clients while the block runs; yields the TCP port.

    Port 0 takes a free one. All clients of a port see the same octets from when they connected;
    where `served` takes connections, each client has its own. Setting `stop` ends the service
    early. Raises AdapterUnavailable when the address cannot be used.
    """
    try:
        listener = socket.create_server((host, tcp_port))
    except (OSError, OverflowError) as error:
        raise _cannot_listen(host, tcp_port, error) from error
    with listener, Service() as service:
        listener.setblocking(False)
        clients: dict[socket.socket, _Client] = {}
        shared = None if isinstance(served, Listener) else served

        def drop(client: _Client) -> None:
            if clients.pop(client.socket, None) is not None:
                client.close()

        def accept() -> None:
            with contextlib.suppress(OSError):
                connected, _address = listener.accept()
                if isinstance(served, Listener):
                    try:
                        port: Port = served.accept(service.now())
                    except AdapterUnavailable:  # there is no room for one more
                        connected.close()
                        return
                else:
                    port = served
                client = _Client(service, connected, port, shared is not None, drop)
                clients[connected] = client

        def send_all(octets: bytes) -> None:
            for client in list(clients.values()):
                client.send(octets)

        service.watch(listener, accept)
        if shared is not None:
            service.add(shared, send_all)
        try:
            with service.running(stop or threading.Event()):
                yield int(listener.getsockname()[1])
        finally:
            for client in list(clients.values()):
                drop(client)


@contextmanager
def serve_udp(
    served: Listener,
    host: str = "127.0.0.1",
    udp_port: int = 0,
    stop: threading.Event | None = None,
) -> Iterator[int]:
    """Serve datagrams of any number of peers while the block runs; yields the UDP port.

    Port 0 takes a free one. Raises AdapterUnavailable when the address cannot be used.
    """
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        bound.bind((host, udp_port))
    except (OSError, OverflowError) as error:
        bound.close()
        raise _cannot_listen(host, udp_port, error) from error
    with bound, Service() as service:
        bound.setblocking(False)
        peers: dict[tuple[str, int], Connection] = {}

        def receive() -> None:
            try:
                octets, peer = bound.recvfrom(_DATAGRAM_OCTETS)
            except OSError:  # of an earlier datagram that nobody took
                return
            port = peers.pop(peer, None) or accept(peer)
            peers[peer] = port  # the last one is that of the latest datagram
            port.receive(octets, service.now())

        def accept(peer: tuple[str, int]) -> Connection:
            if len(peers) >= _PEERS:
                forget(next(iter(peers)))
            port = served.accept(service.now())
            service.add(port, lambda octets: send(octets, peer), lambda: forget(peer))
            return port

        def send(octets: bytes, peer: tuple[str, int]) -> None:
            with contextlib.suppress(OSError):  # as a datagram that is lost
                bound.sendto(octets, peer)

        def forget(peer: tuple[str, int]) -> None:
            port = peers.pop(peer, None)
            if port is not None:
                service.remove(port)
                port.end(service.now())

        service.watch(bound, receive)
        with service.running(stop or threading.Event()):
            yield int(bound.getsockname()[1])


class _Client:
    """A TCP client and what it is still owed; without a shared port it has one of its own."""

    def __init__(
        self,
        service: Service,
        connected: socket.socket,
        port: Port,
        shared: bool,
        drop: "Callable[[_Client], None]",
    ) -> None:
        connected.setblocking(False)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BACKLOG_OCTETS)
        self.socket = connected
        self._service = service
        self._port = port
        self._own = port if not shared and isinstance(port, Connection) else None
        self._drop = drop
        self._owed = bytearray()
        self._over = False
        self._waits = False  # until the socket takes more
        service.watch(connected, self._ready)
        if not shared:
            service.add(port, self.send, self._end)

    def send(self, octets: bytes) -> None:
        """Send what the socket takes now; the rest is owed, up to a limit."""
        self._owed += octets
        self._pay()

    def close(self) -> None:
        """End the connection on both sides."""
        self._service.forget(self.socket)
        self.socket.close()
        if self._own is not None:
            self._service.remove(self._own)
            if not self._own.ended:
                self._own.end(self._service.now())

    def _end(self) -> None:
        """Hang up for the device, once all that it sent has left."""
        self._over = True
        self._pay()

    def _pay(self) -> None:
        try:
            while self._owed:
                del self._owed[: self.socket.send(self._owed)]
        except BlockingIOError:
            if len(self._owed) > _BACKLOG_OCTETS:
                self._drop(self)
                return
        except OSError:
            self._drop(self)
            return
        if self._over and not self._owed:
            self._drop(self)
        elif self._waits is not bool(self._owed):
            self._waits = bool(self._owed)
            self._service.watch_writing(self.socket, self._waits)

    def _ready(self) -> None:
        if self._owed:
            self._pay()
            if self.socket.fileno() < 0:
                return
        try:
            octets = self.socket.recv(_READ_OCTETS)
        except BlockingIOError:
            return
        except OSError:
            octets = b""
        if octets:
            self._port.receive(octets, self._service.now())
        else:
            self._drop(self)


def _cannot_listen(host: str, port: int, error: Exception) -> AdapterUnavailable:
    return AdapterUnavailable(
        f"cannot listen on {host}:{port}: {error}; choose another port or address"
    )


def _write(descriptor: int, octets: bytes | bytearray) -> int:
    """Write what fits now; return how many octets that was."""
    try:
        return os.write(descriptor, octets)
    except BlockingIOError:
        return 0
