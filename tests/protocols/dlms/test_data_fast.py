"""The fast paths agree with the slow one, whatever the rows; and they are taken."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.protocols.dlms import data_fast
from bench.protocols.dlms.data import decode_data, encode_data, judge_data
from bench.protocols.dlms.data_types import (
    Data,
    DataType,
    Elements,
    Rows,
    array,
    double_long_unsigned,
    null,
    octet_string,
    structure,
    unsigned,
)


def buffer(count: int) -> Data:
    return array(
        *[
            structure(octet_string(bytes((7, number) * 6)), unsigned(8), double_long_unsigned(n))
            for number in range(count)
            for n in (number * 1000,)
        ]
    )


def agree(octets: bytes) -> None:
    fast, slow = decode_data(octets), judge_data(octets)
    assert fast == slow
    assert repr(fast.value) == repr(slow.value)
    assert hash(fast.value) == hash(slow.value)


def test_uniform_rows_take_the_path_for_them():
    octets = encode_data(buffer(200))
    value = decode_data(octets).value
    assert isinstance(value.value, Rows)
    assert value == judge_data(octets).value == buffer(200)
    assert value.to_python() == buffer(200).to_python()
    assert value.value[3] == buffer(200).value[3]
    assert value.value[-1] == buffer(200).value[-1]
    assert value.value[5:9] == buffer(200).value[5:9]
    assert isinstance(value.value[5:9], Rows)
    assert list(value.value) == list(buffer(200).value)
    assert encode_data(value) == octets


def test_rows_that_look_like_one_before_take_the_path_for_them(monkeypatch):
    rows = [
        structure(null() if number % 3 else octet_string(bytes(12)), unsigned(number))
        for number in range(30)
    ]
    octets = encode_data(array(*rows))
    seen = []
    row = data_fast.Layout.row
    monkeypatch.setattr(data_fast.Layout, "row", lambda *args: seen.append(row(*args)) or seen[-1])
    value = decode_data(octets).value
    assert len([found for found in seen if found is not None]) == 28
    assert value == array(*rows)


def test_every_octet_of_uniform_rows_is_looked_at():
    octets = encode_data(buffer(6))
    for at in range(len(octets)):
        for bit in range(8):
            changed = bytearray(octets)
            changed[at] ^= 1 << bit
            agree(bytes(changed))


def test_a_row_that_is_cut_short_is_no_row():
    octets = encode_data(buffer(6))
    for size in range(len(octets)):
        agree(octets[:size])


@settings(max_examples=300, deadline=None)
@given(data=st.data(), seed=st.integers(0, 2**32))
def test_rows_of_any_types_with_any_damage(data_strategies, data, seed):
    octets = bytearray(encode_data(data.draw(data_strategies.rows())))
    agree(bytes(octets))
    rng = random.Random(seed)
    for _ in range(5):
        octets[rng.randrange(len(octets))] = rng.choice(b"\x00\x01\x02\x09\x0c\x11\x80\x81\xff")
        decoded, slow = decode_data(bytes(octets)), judge_data(bytes(octets))
        assert decoded.problems == slow.problems
        assert repr(decoded.value) == repr(slow.value)


@pytest.mark.parametrize("tag", sorted(data_fast._LAYOUTS))
def test_each_type_of_a_layout_has_no_content_that_the_slow_path_would_judge(tag):
    size = len(encode_data(Data(DataType(tag), None if tag == 0 else 0)))
    rng = random.Random(tag)
    for filling in (b"\x00", b"\xff", b"\x80", b"\x7f", None):
        rows = b""
        for _ in range(5):
            content = rng.randbytes(size - 1) if filling is None else filling * (size - 1)
            rows += b"\x02\x02\x11\x01" + bytes((tag,)) + content
        octets = b"\x01\x05" + rows
        fast, slow = decode_data(octets), judge_data(octets)
        assert slow.problems == fast.problems == ()
        assert repr(fast.value) == repr(slow.value)


@pytest.mark.parametrize("depth", range(29, 35))
def test_both_paths_refuse_the_same_depth(depth):
    rows = encode_data(buffer(5))
    for inner in (rows, b"\x02\x00", b"\x11\x01", encode_data(array(*[array()] * 5))):
        agree(b"\x02\x01" * depth + inner)


def test_elements_are_a_sequence_of_data():
    found = Elements.of([unsigned(1), octet_string(b"x")])
    assert found == Elements(b"\x11\x09", (1, b"x"))
    assert found != (unsigned(1), octet_string(b"x"))
    assert found[1] == octet_string(b"x")
    assert unsigned(1) in found
    assert len(found[:1]) == 1
    assert structure(*found).to_python() == (1, b"x")
    assert repr(found).startswith("Elements(Data(type=<DataType.UNSIGNED: 17>, value=1)")
