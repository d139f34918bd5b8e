"""What blocks carry, joined: read and written as the whole that they were cut from."""

from hypothesis import given, settings
from hypothesis import strategies as st

from bench.protocols.dlms.action import OUTCOMES, PARAMETERS
from bench.protocols.dlms.block import split
from bench.protocols.dlms.data_types import unsigned
from bench.protocols.dlms.get import GET_DATA_RESULTS
from bench.protocols.dlms.part import decode_part, encode_part
from bench.protocols.dlms.set import VALUES


@settings(max_examples=60, deadline=None)
@given(data=st.data(), size=st.integers(1, 50))
def test_bodies_come_back_from_their_blocks(strategies, data, size):
    bodies = [
        (VALUES, strategies.DATA),
        (PARAMETERS, strategies.DATA),
        (GET_DATA_RESULTS, strategies.GET_RESULTS),
        (OUTCOMES, strategies.OUTCOMES),
    ]
    codec, parts = data.draw(st.sampled_from(bodies))
    value = data.draw(strategies.several(parts))
    octets = encode_part(value, codec)
    joined = b"".join(block.octets for block in split(octets, size))
    decoded = decode_part(joined, codec, "body")
    assert decoded.value == value
    assert decoded.problems == ()
    assert decoded.fields()[0].path == "body"


def test_problems_of_parts_have_offsets_in_them():
    octets = encode_part((unsigned(1), unsigned(2)), VALUES)
    assert decode_part(octets + b"\x00", VALUES).codes() == ("trailing",)
    decoded = decode_part(octets[:-1], VALUES)
    assert decoded.value is None
    assert [(p.code, p.offset) for p in decoded.problems] == [("truncated", 4)]
    assert any(field.problem for field in decoded.fields())
