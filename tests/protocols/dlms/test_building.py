"""Every wrong APDU can be built, and the API refuses only what it cannot mean."""

import pytest

from bench.core.errors import UsageError
from bench.protocols.dlms.acse import Aarq, ApplicationContext, AuthenticationValue, Mechanism
from bench.protocols.dlms.apdu import decode_apdu, encode_apdu
from bench.protocols.dlms.ber import encode_tlv
from bench.protocols.dlms.block import DataBlock, split
from bench.protocols.dlms.compact_array import CompactArray, TypeDescription
from bench.protocols.dlms.cosem_types import (
    AttributeDescriptor,
    CaptureObject,
    LogicalName,
    entry_access,
    range_access,
)
from bench.protocols.dlms.data import encode_data, raw_data
from bench.protocols.dlms.data_types import (
    Data,
    DataType,
    Elements,
    array,
    bits,
    null,
    octet_string,
    structure,
    unsigned,
    visible_string,
)
from bench.protocols.dlms.exception_response import ExceptionResponse
from bench.protocols.dlms.get import GetRequestNormal, GetResponseNormal
from bench.protocols.dlms.initiate import Conformance, InitiateRequest
from bench.protocols.dlms.results import Invocation, LongInvocation
from bench.protocols.dlms.set import SetRequestNormal
from bench.protocols.dlms.writer import Raw, encode_length, raw

CLOCK = AttributeDescriptor(8, LogicalName.parse("0-0:1.0.0"), 2)


def test_any_component_can_be_raw():
    request = GetRequestNormal(raw(b"\xff\xff"), CLOCK, raw(b"\x02"))
    assert encode_apdu(request).hex() == "c001ffff00080000010000ff0202"
    broken = SetRequestNormal(Invocation(), CLOCK, None, raw_data(bytes.fromhex("0984ffffffff")))
    assert encode_apdu(broken).endswith(bytes.fromhex("00 0984ffffffff"))
    inside = structure(unsigned(1), raw_data(b"\x07\x00"), unsigned(2))
    assert encode_data(inside).hex() == "020311010700" + "1102"
    count = Data(DataType.ARRAY, Raw(b"\x05\x11\x01"))
    assert encode_data(count) == b"\x01\x05\x11\x01"
    assert encode_apdu(ExceptionResponse(1, 6)) == b"\xd8\x01\x06"
    assert encode_apdu(ExceptionResponse(9, 200, 1)).hex() == "d809c800000001"


def test_an_association_with_any_field_wrong():
    aarq = Aarq(
        application_context_name=raw(encode_tlv(0xA1, encode_tlv(0x06, b"\x60"))),
        sender_acse_requirements="1",
        mechanism_name="2.16.756.5.8.2.9",
        calling_authentication_value=AuthenticationValue(b""),
        user_information=InitiateRequest(Conformance(0), 11, version=5, response_allowed=True),
    )
    expected = (
        "6029 a103060160 8a020780 8b0760857405080209 ac028000"
        " be11040f 01 00 0101 00 05 5f1f0400000000 000b"
    )
    octets = encode_apdu(aarq)
    assert octets == bytes.fromhex(expected)
    assert decode_apdu(octets).problems == ()


def test_longest_forms_of_lengths():
    aarq = Aarq(user_information=InitiateRequest(Conformance(0x10), 500))
    octets = encode_apdu(aarq, length_octets=4)
    assert octets[:6].hex() == f"6084{len(octets) - 6:08x}"
    decoded = decode_apdu(octets)
    assert set(decoded.codes()) == {"length-form"}
    assert decoded.value == aarq
    assert encode_length(5, 126)[0] == 0xFE
    assert encode_length(127) == b"\x7f"
    assert encode_length(128) == b"\x81\x80"
    assert encode_length(65536) == b"\x83\x01\x00\x00"


def test_names_of_contexts_and_mechanisms():
    assert ApplicationContext.LN_CIPHERED.oid == "2.16.756.5.8.1.3"
    assert Mechanism.HLS_ECDSA.oid == "2.16.756.5.8.2.7"


@pytest.mark.parametrize(
    "build",
    [
        lambda: encode_data(unsigned(256)),
        lambda: encode_data(unsigned("1")),
        lambda: encode_data(bits("012")),
        lambda: encode_data(visible_string("\u20ac")),
        lambda: encode_data(Data(7, 0)),
        lambda: encode_data(Data(DataType.NULL_DATA, 0)),
        lambda: encode_data(Data(DataType.FLOAT32, 1e300)),
        lambda: encode_data(Data(DataType.DATE, 0)),
        lambda: raw_data(b""),
        lambda: encode_apdu("c0"),
        lambda: encode_apdu(GetResponseNormal(Invocation(16), 0)),
        lambda: encode_apdu(GetResponseNormal(Invocation(), b"text")),
        lambda: encode_apdu(Aarq("mine")),
        lambda: encode_apdu(Aarq("3.1")),
        lambda: encode_apdu(Aarq("1.40")),
        lambda: encode_apdu(Aarq(user_information=CLOCK)),
        lambda: encode_apdu(Aarq(protocol_version="2")),
        lambda: encode_length(-1),
        lambda: encode_length(1, 127),
        lambda: LongInvocation(1 << 24).number,
        lambda: LogicalName.parse("1.8.0"),
        lambda: LogicalName.parse("1-0:1.8.256"),
        lambda: LogicalName.of(b"12345"),
        lambda: list(split(b"abc", 0)),
        lambda: CompactArray.of(TypeDescription(DataType.UNSIGNED), Elements.of([null()])),
    ],
)
def test_misuse_is_refused_with_a_message(build):
    with pytest.raises(UsageError) as error:
        build()
    assert str(error.value)


def test_blocks_are_numbered_from_one_and_the_last_is_marked():
    assert list(split(b"abcde", 2)) == [
        DataBlock(False, 1, b"ab"),
        DataBlock(False, 2, b"cd"),
        DataBlock(True, 3, b"e"),
    ]
    assert list(split(b"abcd", 2))[-1] == DataBlock(True, 2, b"cd")
    assert list(split(b"", 2)) == [DataBlock(True, 1, b"")]


def test_logical_names():
    name = LogicalName.parse("1-0:1.8.0*255")
    assert name == LogicalName.parse("1-0:1.8.0") == LogicalName.parse("1.0.1.8.0.255")
    assert name.octets == bytes((1, 0, 1, 8, 0, 255))
    assert str(name) == "1-0:1.8.0*255"


def test_range_access_is_what_the_known_request_holds(vectors):
    [octets] = [
        v["octets"] for v in vectors if v["id"] == "u9n-selective_access-parse_range_descriptor-60"
    ]
    request = decode_apdu(octets).value
    first, last = request.access.parameters.value.values[1:3]
    assert request.access == range_access(octet_string(first), octet_string(last))
    column = CaptureObject(3, LogicalName.parse("1-0:1.8.0"), 2)
    assert CaptureObject.of(column.data()) == column
    assert CaptureObject.of(null()) is None
    some = range_access(null(), null(), (column,)).parameters
    assert some.value[3] == array(column.data())


def test_entry_access():
    assert encode_data(entry_access(1, 10, 2, 3).parameters).hex() == (
        "02040600000001060000000a120002120003"
    )


def test_fields_of_an_association_that_was_cut_show_what_is_there():
    octets = encode_apdu(Aarq(user_information=InitiateRequest(Conformance(0x10), 500)))
    decoded = decode_apdu(octets[:-1])
    assert decoded.codes() == ("length",)
    shown = {field.path: field.text for field in decoded.fields()}
    assert shown["aarq/application-context-name"] == "2.16.756.5.8.1.1"
    assert [field.problem != "" for field in decoded.fields()].count(True) == 1


def test_fields_are_a_tree_with_offsets():
    octets = bytes.fromhex("c401c100 0202 0600001391 0902abcd")
    fields = decode_apdu(octets).fields()
    assert [(f.path.removeprefix("get-response/"), f.offset, f.length) for f in fields[1:]] == [
        ("tag", 0, 1),
        ("kind", 1, 1),
        ("invocation", 2, 1),
        ("result", 3, 12),
        ("result/1", 6, 5),
        ("result/2", 11, 4),
    ]
    assert [field.text for field in fields[-2:]] == [
        "double-long-unsigned 5009",
        "octet-string ab cd",
    ]
