"""Whatever the octets: no exception, every octet kept, every problem inside the telegram.

METERBENCH_FUZZ=100000 makes the run long.
"""

import os

from hypothesis import given, settings
from hypothesis import strategies as st

from bench.core.trace import Chunk
from bench.protocols.p1.profile import load_profile, profile_names
from bench.protocols.p1.splitter import TelegramSplitter
from bench.protocols.p1.telegram import decode_telegram, detect_profile

ROUNDS = int(os.environ.get("METERBENCH_FUZZ", "300"))
PROFILES = st.sampled_from([None, *profile_names()])

_TOKENS = (
    "/ ! ( ) * () \r\n \r \n \x00 \xff 1-0:1.8.1"
    " 0-1:24.1.0(003)\r\n /MBX5\\X\r\n\r\n (00000.000)\r\n"
    " 632525252525S 0-0:96.1.4(50217)\r\n 1-0:99.97.0(0)(0-0:96.7.19)\r\n *255( 1234\r\n"
)
_PIECES = st.sampled_from([token.encode("latin-1") for token in _TOKENS.split(" ")])
ARBITRARY = st.lists(_PIECES | st.binary(max_size=8), max_size=30).map(b"".join)


def judge(octets: bytes, name: str | None) -> None:
    telegram = decode_telegram(octets, load_profile(name) if name else None)
    assert telegram.octets == octets
    assert detect_profile(telegram) in profile_names()
    telegram.to_json()
    offsets = [problem.offset for problem in telegram.problems]
    assert offsets == sorted(offsets)
    for problem in telegram.problems:
        assert 0 <= problem.offset <= len(octets)
        assert problem.code
        assert problem.message
        telegram.level(problem)
    for values in telegram.objects().values():
        for value in values:
            end = value.offset + len(value.text)
            assert octets[value.offset : end].decode("latin-1") == value.text
    fields = telegram.fields()
    covered = bytearray(len(octets))
    for field in fields:
        assert field.offset + field.length <= len(octets)
        covered[field.offset : field.offset + field.length] = b"\x01" * field.length
    if octets:
        assert all(covered)
    # Each problem is noted at a field, so that a report of the fields shows them all.
    assert bool(telegram.problems) == any(f.problem for f in fields) or not fields


@settings(max_examples=ROUNDS, deadline=None)
@given(ARBITRARY, PROFILES)
def test_arbitrary_octets(octets: bytes, name: str | None):
    judge(octets, name)


@settings(max_examples=ROUNDS, deadline=None)
@given(st.data(), PROFILES)
def test_damaged_telegrams(clean: bytes, data, name: str | None):
    octets = bytearray(clean)
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, max(len(octets) - 1, 0)))
        how = data.draw(st.sampled_from(["set", "cut", "insert", "double"]))
        if how == "set" and octets:
            octets[at] = data.draw(st.integers(0, 255))
        elif how == "cut":
            del octets[at : at + data.draw(st.integers(1, 64))]
        elif how == "insert":
            octets[at:at] = data.draw(_PIECES)
        else:
            octets[at:at] = octets[at : at + data.draw(st.integers(1, 64))]
    judge(bytes(octets), name)


@settings(max_examples=ROUNDS, deadline=None)
@given(st.lists(ARBITRARY, max_size=10))
def test_arbitrary_streams(chunks: list[bytes]):
    splitter = TelegramSplitter(octet_ns=86_806)
    pieces = [p for i, c in enumerate(chunks) for p in splitter.feed(Chunk(i * 1_000_000, c))]
    pieces += splitter.flush()
    assert b"".join(p.octets for p in pieces) == b"".join(chunks)
    for piece in pieces:
        assert piece.at_ns <= piece.until_ns
        decode_telegram(piece.octets).fields()
