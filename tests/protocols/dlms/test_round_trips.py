"""Every record of the application layer comes back from its octets as it was, without a problem."""

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.core.trace import Field
from bench.protocols.dlms import apdu
from bench.protocols.dlms.acse import Aarq
from bench.protocols.dlms.apdu import decode_apdu, encode_apdu, judge_apdu
from bench.protocols.dlms.data import decode_data, encode_data, judge_data
from bench.protocols.dlms.data_types import Data, DataType


def covers(fields: tuple[Field, ...], octets: bytes) -> None:
    """The first field is the whole, and every other one lies in it."""
    assert (fields[0].offset, fields[0].length) == (0, len(octets))
    for field in fields:
        assert field.length >= 0
        assert field.offset + field.length <= len(octets)
        assert not field.problem


@settings(max_examples=600, deadline=None)
@given(st.data())
def test_apdus(strategies, data):
    kind = data.draw(st.sampled_from(sorted(strategies.APDUS, key=lambda kind: kind.__name__)))
    value = data.draw(strategies.APDUS[kind])
    octets = encode_apdu(value)
    decoded = decode_apdu(octets)
    assert decoded.problems == ()
    assert decoded.value == value
    assert type(decoded.value) is kind
    assert judge_apdu(octets) == decoded
    covers(decoded.fields(), octets)


def test_every_record_has_a_strategy(strategies):
    assert set(strategies.APDUS) == set(apdu._BY_TYPE)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_data(data_strategies, data):
    value = data.draw(data_strategies.DATA)
    octets = encode_data(value)
    decoded = decode_data(octets)
    assert decoded.problems == ()
    assert decoded.value == value
    assert judge_data(octets) == decoded
    covers(decoded.fields(), octets)
    assert encode_data(decoded.value) == octets


@pytest.mark.parametrize("tag", list(DataType))
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_each_type(data_strategies, tag, data):
    if tag in data_strategies.VALUES:
        content = data.draw(data_strategies.VALUES[tag])
        value = Data(tag, content)
    elif tag == DataType.COMPACT_ARRAY:
        value = data.draw(data_strategies.compact_arrays())
    else:
        value = data.draw(data_strategies.elements(data_strategies.SCALAR_DATA))
        value = value._replace(type=tag)
    octets = encode_data(value)
    assert octets[0] == tag
    decoded = decode_data(octets)
    assert decoded.problems == ()
    assert decoded.value == value
    assert judge_data(octets).value == value
    assert str(value).startswith(tag.title)


@settings(max_examples=200, deadline=None)
@given(data=st.data(), size=st.integers(1, 6))
def test_longer_lengths_change_nothing_but_their_problem(strategies, data, size):
    kind = data.draw(st.sampled_from(sorted(strategies.APDUS, key=lambda kind: kind.__name__)))
    value = data.draw(strategies.APDUS[kind])
    octets = encode_apdu(value, length_octets=size)
    decoded = decode_apdu(octets)
    assert set(decoded.codes()) <= {"length-form"}
    # The contents of a compact array and of other octet strings are made before.
    assert decoded.value == value
    assert encode_apdu(decoded.value, length_octets=size) == octets


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_undefined_fields_of_an_association_are_kept(strategies, data):
    value = data.draw(strategies.APDUS[Aarq])
    others = data.draw(strategies.UNKNOWN_FIELDS)
    value = dataclasses.replace(value, others=others)
    decoded = decode_apdu(encode_apdu(value))
    assert decoded.codes() == ("tag",) * len(others) or not value.application_context_name
    assert decoded.value == value
