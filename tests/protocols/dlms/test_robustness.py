"""Whatever the octets: no exception, bounded work, every problem with a code inside the octets.

METERBENCH_FUZZ=200000 makes the run long.
"""

import os
import random
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.protocols.dlms.apdu import decode_apdu, encode_apdu, judge_apdu
from bench.protocols.dlms.data import decode_data, judge_data

ROUNDS = int(os.environ.get("METERBENCH_FUZZ", "400"))


def same(one: object, other: object) -> bool:
    """Equal, or the same text: a NaN equals nothing."""
    return one == other or repr(one) == repr(other)


def judge(octets: bytes) -> None:
    decoded = decode_apdu(octets)
    slow = judge_apdu(octets)
    assert same(decoded, slow)
    assert decoded.octets == octets
    offsets = [problem.offset for problem in decoded.problems]
    assert offsets == sorted(offsets)
    for problem in decoded.problems:
        assert 0 <= problem.offset <= len(octets)
        assert problem.code
        assert problem.message
    fields = decoded.fields()
    assert bool(decoded.problems) == any(field.problem for field in fields)
    for field in fields:
        assert field.offset <= len(octets)
    if not decoded.problems:
        again = encode_apdu(decoded.value)
        # A boolean is true in 255 ways, and a few octets are a NaN in more.
        assert len(again) == len(octets)
        assert same(decode_apdu(again).value, decoded.value)


def judge_value(octets: bytes) -> None:
    decoded = decode_data(octets)
    slow = judge_data(octets)
    assert same(decoded, slow)
    assert (decoded.value is None) <= bool(decoded.problems)
    decoded.fields()
    if decoded.value is not None:
        decoded.value.to_python()
        str(decoded.value)


TAGS = st.sampled_from(
    bytes.fromhex("01080e0f6061626321282ec0c1c2c3c4c5c7c8ccd0d4d8d9dadbdcdddfe0")
).map(lambda tag: bytes((tag,)))
_PIECES = (
    "00 01 02 ff 0181 0182 84ffffffff 80 0204 09 0c 0906 13 1301 130211 0600000001 1105 120102"
    " be10040e 5f1f0400007e1f a109060760857405080101 c10100 010001 00000001 010000 0a0141 0401"
    " 19 1a 1b 17 18"
)
PIECES = st.sampled_from([bytes.fromhex(piece) for piece in _PIECES.split(" ")])
ARBITRARY = st.builds(
    lambda tag, pieces: tag + b"".join(pieces),
    TAGS | st.binary(max_size=1),
    st.lists(PIECES | st.binary(max_size=6), max_size=20),
)


@settings(max_examples=ROUNDS, deadline=None)
@given(ARBITRARY)
def test_arbitrary_octets(octets: bytes):
    judge(octets)
    judge_value(octets)


def mutate(octets: bytes, rng: random.Random) -> bytes:
    changed = bytearray(octets)
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(changed) + 1)
        how = rng.randrange(5)
        if how == 0 and at < len(changed):
            changed[at] ^= 1 << rng.randrange(8)
        elif how == 1 and at < len(changed):
            changed[at] = rng.choice(b"\x00\x01\x02\x7f\x80\x81\x82\x84\xff")
        elif how == 2:
            del changed[at : at + rng.randint(1, 8)]
        elif how == 3:
            changed[at:at] = rng.randbytes(rng.randint(1, 4))
        else:
            changed[at:at] = changed[at : at + rng.randint(1, 16)]
    return bytes(changed)


@settings(max_examples=max(ROUNDS // 20, 20), deadline=None)
@given(data=st.data(), seed=st.integers(0, 2**32))
def test_mutated_apdus(strategies, data, seed: int):
    kind = data.draw(st.sampled_from(sorted(strategies.APDUS, key=lambda kind: kind.__name__)))
    octets = encode_apdu(data.draw(strategies.APDUS[kind]))
    rng = random.Random(seed)
    for _ in range(20):
        judge(mutate(octets, rng))


def test_mutated_known_apdus(vectors):
    rng = random.Random(1)
    clean = [vector["octets"] for vector in vectors if len(vector["octets"]) < 200]
    for number in range(max(ROUNDS * 2, 1000)):
        judge(mutate(clean[number % len(clean)], rng))


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (b"\x01\x84\xff\xff\xff\xff", "length"),
        (b"\x09\x84\xff\xff\xff\xff", "length"),
        (b"\x04\x84\xff\xff\xff\xff", "length"),
        (b"\x09\x88" + b"\xff" * 8, "length"),
        (b"\x09\xff" + b"\xff" * 127, "length"),
        (b"\x01\x80", "length"),
        (b"\x01\x01" * 200 + b"\x00", "depth"),
        (b"\x02\x01" * 100_000, "depth"),
        (b"\x13" + b"\x01\xff\xff" * 20 + b"\x00\x01\x00", "size"),
        (b"\x13" + b"\x01\xff\xff" * 200 + b"\x00\x01\x00", "depth"),
        (b"\x13\x02\x00\x01\x00", "length"),
        (b"\x13\x00\x01\x00", "length"),
    ],
)
def test_bombs_are_refused_without_memory(octets: bytes, code: str):
    response = b"\xc4\x01\xc1\x00" + octets
    tracemalloc.start()
    try:
        for decode in (decode_data, judge_data):
            decoded = decode(octets)
            assert decoded.value is None or decoded.value.type == 0x13
            assert decoded.codes() == (code,)
            decoded.fields()
        assert decode_apdu(response).codes() == (code,)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 40_000_000


def test_association_bombs_are_refused():
    for octets in (
        b"\x60\x84\xff\xff\xff\xff",
        b"\x60\x80\xa1\x00\x00\x00",
        b"\x60\x04\xbe\x84\xff\xff",
        b"\x60" + b"\xff" * 128,
    ):
        assert decode_apdu(octets).codes()[0] in {"length", "truncated"}


def test_every_prefix_of_the_known_apdus_is_malformed(vectors):
    for vector in vectors:
        octets = vector["octets"]
        if octets[0] == 0x7E or len(octets) > 100 or decode_apdu(octets).problems:
            continue
        for size in range(len(octets)):
            decoded = decode_apdu(octets[:size])
            assert len(decoded.problems) == 1, (vector["id"], size)
            assert decoded.codes()[0] in {"truncated", "length"}, (vector["id"], size)
            assert decoded.value.octets == octets[:size]
