"""Devices for the command line: files to replay, a TCP server, and folders of one's own."""

import socket
import threading
from contextlib import contextmanager

import pytest

from bench.cli.main import main
from bench.core.clock import SECOND
from bench.simulator.faults import alterations
from bench.simulator.ports.p1 import p1_port


def telegrams_of(count, fault=None, profile="nl50"):
    """Return telegrams of a simulated port, one for each second."""
    port = p1_port(profile, alterations=alterations(fault) if fault else ())
    return [port.telegram(n * SECOND, n) for n in range(count)]


@pytest.fixture
def telegrams():
    return telegrams_of


@pytest.fixture(autouse=True)
def station(tmp_path, monkeypatch):
    """Keep locks and scores of this test apart from those of the machine."""
    monkeypatch.setenv("METERBENCH_LOCKS", str(tmp_path / "locks"))
    monkeypatch.setenv("METERBENCH_STATE", str(tmp_path / "state"))


@pytest.fixture
def bench(capsys):
    """Run a command line in this process; return code, output and error output."""

    def run(*arguments):
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture
def recording(tmp_path):
    """Write octets to a file; return the link that replays it."""

    def write(octets, name="recording.bin"):
        (tmp_path / name).write_bytes(octets)
        return f"p1=replay:{tmp_path / name}"

    return write


@contextmanager
def serve(pieces, pause_s=0.005):
    """Send `pieces` over and over to whoever connects; yields the link."""
    stop = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)

    def send():
        with listener:
            while not stop.is_set():
                try:
                    client, _ = listener.accept()
                except TimeoutError:
                    continue
                with client:
                    number = 0
                    while not stop.is_set():
                        try:
                            client.sendall(pieces[number % len(pieces)])
                        except OSError:
                            break
                        number += 1
                        stop.wait(pause_s)

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    try:
        yield f"p1=tcp://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        stop.set()
        thread.join()


@pytest.fixture
def served():
    return serve
