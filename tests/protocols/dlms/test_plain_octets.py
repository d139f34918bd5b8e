"""The quick ways to write what is plain give the octets of the ways that can write all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.core.errors import UsageError
from bench.core.trace import Chunk
from bench.protocols.dlms.apdu import encode_apdu
from bench.protocols.dlms.cosem_types import AttributeDescriptor, LogicalName
from bench.protocols.dlms.data import DATA, encode_data
from bench.protocols.dlms.data_types import octet_string
from bench.protocols.dlms.get import GET_REQUESTS, GetRequestNormal
from bench.protocols.dlms.results import INVOCATIONS
from bench.protocols.dlms.wrapper import WrapperStream, encode_wpdu
from bench.protocols.dlms.writer import Writer

OCTET = st.integers(0, 255)


def written(codec, value):
    writer = Writer(0)
    codec.write(writer, value)
    return bytes(writer.octets)


@given(st.sampled_from(INVOCATIONS), st.integers(0, 0xFFFF), st.tuples(*[OCTET] * 6), OCTET)
def test_a_request_for_one_attribute(invocation, class_id, groups, attribute):
    descriptor = AttributeDescriptor(class_id, LogicalName(*groups), attribute - 128)
    request = GetRequestNormal(invocation, descriptor)
    assert encode_apdu(request) == written(GET_REQUESTS, request)


@pytest.mark.parametrize(
    "descriptor",
    [
        AttributeDescriptor(0x10000, LogicalName(0, 0, 1, 0, 0), 2),
        AttributeDescriptor(8, LogicalName(0, 0, 256, 0, 0), 2),
        AttributeDescriptor(8, LogicalName(0, 0, 1, 0, 0), 128),
    ],
)
def test_a_request_that_does_not_fit_is_refused(descriptor):
    with pytest.raises(UsageError):
        encode_apdu(GetRequestNormal(INVOCATIONS[0xC1], descriptor))


@given(st.binary(max_size=300))
def test_an_octet_string(octets):
    assert encode_data(octet_string(octets)) == written(DATA, octet_string(octets))


@given(st.lists(st.binary(max_size=40), max_size=5), st.integers(1, 60))
def test_units_that_come_alone_are_those_of_a_stream(apdus, size):
    units = [encode_wpdu(1, 16, apdu) for apdu in apdus]
    alone, stream = WrapperStream(), WrapperStream()
    octets = b"".join(units)
    parts = [octets[at : at + size] for at in range(0, len(octets), size)]
    found = [piece for unit in units for piece in alone.feed(Chunk(0, unit))]
    assert found == [piece for part in parts for piece in stream.feed(Chunk(0, part))]
    assert alone.pending == stream.pending == 0
