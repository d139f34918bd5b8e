"""Whatever the octets: no exception, every octet kept, every problem inside the frame.

METERBENCH_FUZZ=200000 makes the run long.
"""

import os
import random
from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from bench.core.trace import Chunk
from bench.protocols.hdlc.address import client, server
from bench.protocols.hdlc.deframer import Deframer, FrameOctets
from bench.protocols.hdlc.encode import build_frame, encode_frame
from bench.protocols.hdlc.events import Received
from bench.protocols.hdlc.frame import decode_frame
from bench.protocols.hdlc.options import PrimaryOptions, SecondaryOptions
from bench.protocols.hdlc.parameters import LinkParameters, decode_parameters, encode_parameters
from bench.protocols.hdlc.primary import PrimaryStation
from bench.protocols.hdlc.secondary import SecondaryStation

ROUNDS = int(os.environ.get("METERBENCH_FUZZ", "1000"))
SERVER, CLIENT = server(1, 17), client(16)
MS = 1_000_000

CLEAN = (
    encode_frame(SERVER, CLIENT, 0x93),
    encode_frame(SERVER, CLIENT, 0x93, encode_parameters(LinkParameters(500, 500, 7, 7))),
    encode_frame(SERVER, CLIENT, 0x10, b"\xe6\xe6\x00\xc0\x01\xc1\x00\x7e\x7e\xa0\x07"),
    encode_frame(SERVER, CLIENT, 0x02, b"\xe6\xe6\x00" + bytes(120), True),
    encode_frame(SERVER, CLIENT, 0x31),
    encode_frame(server(1, 17, 4), CLIENT, 0x53),
    encode_frame(CLIENT, SERVER, 0x73, encode_parameters(LinkParameters())),
    encode_frame(CLIENT, SERVER, 0x30, b"\xe6\xe7\x00" + bytes(range(128))),
    encode_frame(CLIENT, SERVER, 0x97, b"\x10\x00\x04"),
    encode_frame(CLIENT, SERVER, 0x13, b"\xe6\xe7\x00\x0f"),
)


def mutated(rng: random.Random) -> bytes:
    """A frame with a few octets changed, lost, doubled or put in; often with right checks again."""
    octets = bytearray(rng.choice(CLEAN))
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(octets) + 1)
        how = rng.randrange(5)
        if how == 0 and at < len(octets):
            octets[at] ^= 1 << rng.randrange(8)
        elif how == 1 and at < len(octets):
            octets[at] = rng.randrange(256)
        elif how == 2:
            del octets[at : at + rng.randint(1, 6)]
        elif how == 3:
            octets[at:at] = rng.choice([b"\x7e", b"\xa0\x07", b"\xff", rng.randbytes(3)])
        else:
            octets[at:at] = octets[at : at + rng.randint(1, 12)]
    if rng.random() < 0.5:  # a frame whose checks fit gets further
        addresses = rng.choice([SERVER, CLIENT, bytes(octets[3:5])]), rng.choice([CLIENT, SERVER])
        information = bytes(octets[6 : 6 + rng.randint(0, 60)])
        return build_frame(*addresses, rng.randrange(256), information, segmented=bool(at & 1))
    return bytes(octets)


def stations() -> Iterator[PrimaryStation | SecondaryStation]:
    for parameters in (None, LinkParameters(200, 200, 3, 3)):
        primary = PrimaryStation(PrimaryOptions(CLIENT, SERVER, parameters, longest_apdu=2000))
        primary.connect(0)
        yield primary
        yield SecondaryStation(SecondaryOptions(longest_apdu=2000, links=2))


def test_mutated_frames():
    rng = random.Random(1)
    everybody = list(stations())
    now = 0
    for number in range(ROUNDS):
        octets = mutated(rng)
        deframer = Deframer()
        pieces = [*deframer.feed(Chunk(0, octets)), *deframer.flush()]
        assert b"".join(piece.octets for piece in pieces) == octets
        for piece in pieces:
            if isinstance(piece, FrameOctets):
                frame = decode_frame(piece.body)
                assert sum(f.length for f in frame.fields()) == len(piece.body)
                assert all(0 <= p.offset <= len(piece.body) for p in frame.problems)
                unsound = {"too-short", "format-type", "length", "fcs"}
                assert piece.sound == (not unsound & {p.code for p in frame.problems})
                decode_parameters(frame.information)
        for station in everybody:
            now += rng.choice([1, 10 * MS, 2000 * MS])
            for event in station.receive(octets, now):
                if isinstance(station, SecondaryStation) and isinstance(event, Received):
                    station.send(event.link, event.apdu)
            if isinstance(station, PrimaryStation) and number % 50 == 0:
                station.connect(now)
            assert len(station.outgoing()) < 100_000
            at = station.next_event()
            if at is not None and rng.random() < 0.1:
                now = max(now, at)
                station.advance(now)


@settings(max_examples=min(ROUNDS, 5000), deadline=None)
@given(st.binary(max_size=80))
def test_arbitrary_octets(octets: bytes):
    frame = decode_frame(octets)
    assert frame.octets == octets
    assert sum(f.length for f in frame.fields()) == len(octets)
    # Problems stand at fields, so that a report of the fields shows them all.
    if octets:
        assert bool(frame.problems) == any(f.problem for f in frame.fields())
    frame.to_json()


@settings(max_examples=min(ROUNDS // 10, 5000), deadline=None)
@given(st.lists(st.binary(max_size=30) | st.sampled_from(CLEAN), max_size=12))
def test_arbitrary_streams_to_stations(chunks: list[bytes]):
    for station in stations():
        for number, octets in enumerate(chunks):
            if octets:
                station.receive(octets, number * 10 * MS)
            station.outgoing()
        while (at := station.next_event()) is not None and at < 10**15:
            station.advance(at)


def test_every_single_bit_of_damage_on_the_wire_is_found():
    for clean in CLEAN:
        for bit in range(len(clean) * 8):
            octets = bytearray(clean)
            octets[bit // 8] ^= 1 << bit % 8
            deframer = Deframer()
            pieces = [*deframer.feed(Chunk(0, bytes(octets))), *deframer.flush()]
            assert not any(isinstance(p, FrameOctets) and p.sound for p in pieces)


def test_every_control_octet_with_and_without_information():
    for octet in range(256):
        for unit in (b"", b"\xe6\xe6\x00abc", bytes(200)):
            for station in stations():
                if isinstance(station, SecondaryStation):
                    station.receive(CLEAN[0], 0)
                    station.receive(build_frame(SERVER, CLIENT, octet, unit), MS)
                else:
                    station.receive(encode_frame(CLIENT, SERVER, 0x73), 0)
                    station.receive(build_frame(CLIENT, SERVER, octet, unit), MS)
                sent = Deframer().feed(Chunk(0, station.outgoing()))
                assert sent
                for piece in sent:
                    assert isinstance(piece, FrameOctets)
                    assert decode_frame(piece.body).problems == ()
