"""The S1 port served in real time: whole frames in their order, as fast as they are due."""

import os
import socket
import threading

import numpy as np

from adapters.serve import serve_pty, serve_tcp
from bench.core.clock import MILLISECOND
from bench.protocols.s1.bulk import BulkCutter
from bench.simulator.ports.s1 import REAL_TIME_BLOCK_NS, s1_port

OCTETS = 60_000  # half a second


def test_a_client_gets_frames_without_a_gap():
    port = s1_port(block_ns=REAL_TIME_BLOCK_NS)
    cutter = BulkCutter(port.profile)
    sequence = []
    with (
        serve_tcp(port) as number,
        socket.create_connection(("127.0.0.1", number), timeout=20) as client,
    ):
        taken = 0
        while taken < OCTETS:
            octets = client.recv(4096)
            assert octets
            taken += len(octets)
            sequence += [block.sequence for block in cutter.feed(octets)]
    # who joins may hear the end of a frame first, and its closing flag; then nothing is lost
    assert sum(cutter.statistics.discarded.values()) < port.profile.frame_octets
    assert sum(cutter.statistics.events.values()) <= 2
    assert set((np.diff(np.concatenate(sequence)) % 256).tolist()) == {1}
    assert cutter.statistics.frames >= OCTETS // 45 - 1


def test_a_terminal_keeps_what_a_late_reader_has_not_taken():
    port = Scripted([bytes((n,)) * 6000 for n in range(8)])
    with serve_pty(port, None, 65536) as path:
        reader = os.open(path, os.O_RDONLY | os.O_NOCTTY)
        port.sent.wait(20)
        octets = b""
        while len(octets) < 48_000:
            octets += os.read(reader, 65536)
        os.close(reader)
    assert octets[:48_000] == b"".join(bytes((n,)) * 6000 for n in range(8))


class Scripted:
    """Sends its pieces a millisecond apart, then single octets."""

    line = None

    def __init__(self, pieces):
        self._pieces = pieces
        self._now = 0
        self.sent = threading.Event()

    def next_event(self):
        return self._now

    def emit(self, now):
        self._now = now + MILLISECOND
        if not self._pieces:
            self.sent.set()
            return b"\xff"  # what is kept goes with what follows it
        return self._pieces.pop(0)

    def receive(self, octets, now):
        pass

    def set_request(self, active, now):
        pass
