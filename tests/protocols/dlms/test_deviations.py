"""One deviation, one problem: its code and the offset of the octet that is wrong."""

import dataclasses

import pytest

from bench.protocols.dlms.acse import Aare, Aarq, AuthenticationValue, Rlrq, Tlv
from bench.protocols.dlms.apdu import decode_apdu, encode_apdu
from bench.protocols.dlms.ciphered import CipheredApdu
from bench.protocols.dlms.data import decode_data
from bench.protocols.dlms.decoded import Malformed, Opaque
from bench.protocols.dlms.initiate import Conformance, InitiateRequest
from bench.protocols.dlms.writer import raw

INITIATE = InitiateRequest(Conformance(0x007E1F), 0x04B0)
AARQ = Aarq(user_information=INITIATE)


@pytest.mark.parametrize(
    ("octets", "code", "offset"),
    [
        ("", "truncated", 0),
        ("06 000000", "truncated", 1),
        ("0600000001 00", "trailing", 5),
        ("07", "tag", 0),
        ("0b", "tag", 0),
        ("09 8101 aa", "length-form", 1),
        ("09 820001 aa", "length-form", 1),
        ("01 8100", "length-form", 1),
        ("09 05 aa", "length", 1),
        ("01 03 0000", "length", 1),
        ("02 02 00 07", "tag", 3),
        ("09 80", "length", 1),
        ("04 03 ff", "padding", 2),
        ("04 09 ff", "length", 1),
        ("0a 02 41 07", "text", 3),
        ("0a 01 c3", "text", 2),
        ("0c 02 41 c3", "text", 3),
        ("1a 07e9 02 1f ff", "date-time", 4),
        ("1a 07e9 0d 01 ff", "date-time", 3),
        ("1a 07e9 02 01 08", "date-time", 5),
        ("1a 07e9 02 01 01", "day-of-week", 5),
        ("1b 19 00 00 00", "date-time", 1),
        ("1b 00 3c 00 00", "date-time", 2),
        ("19 07e9 02 01 ff 00 00 00 64 ffc4 00", "date-time", 9),
        ("19 07e9 02 01 ff 00 00 00 00 7fff 00", "date-time", 10),
        ("13 07 00", "tag", 1),
        ("13 12 03 000102", "truncated", 5),
        ("13 11 05 00", "length", 2),
    ],
)
def test_data(octets, code, offset):
    decoded = decode_data(bytes.fromhex(octets))
    assert [(p.code, p.offset) for p in decoded.problems] == [(code, offset)]
    assert any(field.problem for field in decoded.fields())


GET = "c1 0003 0100010800ff 02"


@pytest.mark.parametrize(
    ("octets", "code", "offset"),
    [
        ("", "truncated", 0),
        ("04", "tag", 0),
        ("00", "tag", 0),
        ("7f", "tag", 0),
        ("ff", "tag", 0),
        ("c6", "tag", 0),
        ("de", "tag", 0),
        ("c0", "truncated", 1),
        ("c0 00", "choice", 1),
        ("c0 04", "choice", 1),
        (f"c0 01 {GET}", "truncated", 12),
        (f"c0 01 {GET} 00 00", "trailing", 13),
        (f"c0 01 {GET} 02 01 00", "presence", 12),
        (f"c0 01 {GET} 01 02", "truncated", 14),
        (f"c0 01 {GET.replace('c1', 'd1')} 00", "reserved", 2),
        (f"c0 01 {GET.replace('c1', 'e1')} 00", "reserved", 2),
        ("c0 03 c1 05 0000", "length", 3),
        ("c4 01 c1 02 00", "choice", 3),
        ("c4 01 c1 01 05", "enum", 4),
        ("c4 01 c1 00 0600000001 aa", "trailing", 9),
        ("c4 01 f1 00 0600000001", "reserved", 2),
        ("c4 01 c1 00 8100", "tag", 4),
        ("c4 02 c1 00 00000001 00 8101 aa", "length-form", 9),
        ("c4 02 c1 00 00000001 02", "choice", 8),
        ("c4 03 c1 02 00 00", "truncated", 6),
        (f"c1 06 {GET}", "choice", 1),
        (f"c1 01 {GET} 00", "truncated", 13),
        ("c1 04 c1 01 0001 010000000000 02 00 02 00 00", "list-length", 14),
        ("c3 03 c1 00 01 00", "list-length", 4),
        ("d9 00000001 00 00 01 00", "list-length", 7),
        ("da 00000001 00 00 01 00 00", "list-length", 9),
        ("c5 01 c1 05", "enum", 3),
        ("c5 06 c1", "choice", 1),
        ("c7 01 c1 07 00", "enum", 3),
        ("c7 01 c1 00 03 01 00", "presence", 4),
        ("c7 01 c1 00 01 02", "choice", 5),
        ("c2 01 0b 00000000000000000000 00 0001 010000000000 02 00", "size", 2),
        ("0f 0f000001 00 00", "reserved", 1),
        ("0f 00000001 01 00 00", "size", 5),
        ("d8 03 01", "enum", 1),
        ("d8 01 07", "enum", 2),
        ("d8 01 06", "truncated", 3),
        ("d8 01 05 00", "trailing", 3),
        ("d9 00000001 00 01 06", "choice", 7),
        ("da 00000001 00 00 00 01 04 00", "choice", 9),
        ("e0 80 0001 0000 05 aa", "length", 6),
        ("0e 14 06 01", "enum", 1),
        ("0e 01 0b 01", "enum", 2),
        ("01 00 00 00 06 5f 04 00 007e1f 04b0", "conformance-tag", 5),
        ("01 00 00 00 06 5e1f 04 00 007e1f 04b0", "tag", 5),
        ("01 00 00 00 06 5f1f 03 00 007e 04b0", "size", 7),
        ("01 00 00 00 06 5f1f 04 01 007e1f 04b0", "size", 7),
        ("01 00 00 00 06 5f1f 8104 00 007e1f 04b0", "length-form", 7),
        ("01 00 02 01 00 06 5f1f 04 00 007e1f 04b0", "presence", 2),
        ("08 00 06 5f1f 04 00 00501f 01f4", "truncated", 12),
        ("c8 04 30 000000", "truncated", 3),
        ("c8 05 30 00000001", "size", 7),
        ("c8 10 30 00000001 0000000000000000000000", "size", 7),
        ("c8 20 30 00000001", "length", 1),
        ("db 01 41 05 20 00000001", "size", 1),
        ("dd 00 00 00 00 00 01 03 05 20 00000001", "choice", 7),
        ("df 00 00 00 00 00 00", "truncated", 7),
    ],
)
def test_apdus(octets, code, offset):
    octets = bytes.fromhex(octets)
    decoded = decode_apdu(octets)
    assert [(p.code, p.offset) for p in decoded.problems] == [(code, offset)]
    assert any(field.problem for field in decoded.fields()) or not octets
    lost = code in {"truncated", "tag", "choice", "length"}
    assert isinstance(decoded.value, Malformed) == lost


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"application_context_name": None}, "missing"),
        ({"application_context_name": raw(bytes.fromhex("a1 03 0601 85"))}, "oid"),
        ({"application_context_name": raw(bytes.fromhex("a1 04 0602 8001"))}, "oid"),
        ({"application_context_name": raw(bytes.fromhex("a1 03 0401 60"))}, "tag"),
        ({"application_context_name": raw(bytes.fromhex("a1 05 0601 60 0500"))}, "trailing"),
        ({"protocol_version": raw(bytes.fromhex("80 02 07 ff"))}, "padding"),
        ({"protocol_version": raw(bytes.fromhex("80 02 08 80"))}, "size"),
        ({"protocol_version": raw(bytes.fromhex("80 00"))}, "truncated"),
        ({"protocol_version": raw(bytes.fromhex("80 8102 0780"))}, "length-form"),
        ({"called_ap_invocation_id": raw(bytes.fromhex("a4 04 0202 0001"))}, "integer-form"),
        ({"called_ap_invocation_id": raw(bytes.fromhex("a4 02 0200"))}, "size"),
        ({"calling_authentication_value": AuthenticationValue(b"x", 0x84)}, "choice"),
        ({"mechanism_name": raw(bytes.fromhex("8b 01 60 a2 02 0400"))}, "order"),
        ({"calling_ap_title": raw(bytes.fromhex("a6 02 0400 a6 02 0400"))}, "duplicate"),
        ({"others": (Tlv(0x9E, b""),)}, "tag"),
        ({"user_information": Opaque("", bytes.fromhex("77 00"))}, "tag"),
        ({"user_information": Opaque("", bytes.fromhex("01 00 00"))}, "truncated"),
        ({"user_information": raw(bytes.fromhex("be 02 0400"))}, "truncated"),
    ],
)
def test_one_field_of_an_association(change, code):
    octets = encode_apdu(dataclasses.replace(AARQ, **change))
    decoded = decode_apdu(octets)
    assert decoded.codes() == (code,)
    assert isinstance(decoded.value, Aarq)
    # The other fields are read all the same.
    if "user_information" not in change:
        assert decoded.value.user_information == INITIATE
    if "application_context_name" not in change:
        assert decoded.value.application_context_name == AARQ.application_context_name


@pytest.mark.parametrize(
    ("octets", "codes"),
    [
        ("60 00", ("missing",)),
        ("61 00", ("missing",) * 3),
        ("60 05 a1", ("length",)),
        ("60 03 a1 05 06", ("length",)),
        ("62 00 00", ("trailing",)),
        ("62 03 80 01 02", ("enum",)),
        ("63 03 80 01 02", ("enum",)),
        ("62 04 80 02 00 00", ("integer-form",)),
        ("62 80 00 00", ("length",)),
    ],
)
def test_association_apdus(octets, codes):
    assert decode_apdu(bytes.fromhex(octets)).codes() == codes


@pytest.mark.parametrize("octets", ["62 00", "63 00", "62 03 80 01 00", "63 03 80 01 1e"])
def test_releases_that_are_right(octets):
    assert decode_apdu(bytes.fromhex(octets)).codes() == ()


@pytest.mark.parametrize(
    ("diagnostic", "code"),
    [("a1 03 0201 0f", "enum"), ("a2 03 0201 03", "enum"), ("a3 03 0201 00", "choice")],
)
def test_diagnostics(diagnostic, code):
    content = bytes.fromhex(diagnostic)
    aare = Aare(diagnostic=raw(b"\xa3" + bytes((len(content),)) + content))
    decoded = decode_apdu(encode_apdu(aare))
    assert decoded.codes() == (code,)
    assert decoded.value.result == 0


def test_result_that_has_no_name():
    decoded = decode_apdu(encode_apdu(Aare(result=3)))
    assert decoded.codes() == ("enum",)
    assert decoded.value.result == 3


def test_short_name_services_are_recognised():
    decoded = decode_apdu(bytes.fromhex("0501020101"))
    assert decoded.problems == ()
    assert isinstance(decoded.value, Opaque)
    assert decoded.value.name == "read-request"
    assert encode_apdu(decoded.value) == decoded.octets


def test_problems_of_different_natures_are_all_found():
    # Reserved bits, an unknown result, and an octet too many.
    decoded = decode_apdu(bytes.fromhex("c501d10500"))
    assert decoded.codes() == ("reserved", "enum", "trailing")
    notes = [field.problem for field in decoded.fields() if field.problem]
    assert len(notes) == 3


def test_a_release_with_ciphered_user_information_keeps_its_header():
    protected = bytes.fromhex("21 12 30 00000007") + bytes(13)
    decoded = decode_apdu(encode_apdu(Rlrq(user_information=Opaque("", protected))))
    assert decoded.problems == ()
    carried = decoded.value.user_information
    assert isinstance(carried, CipheredApdu)
    assert carried.protected.invocation_counter == 7
    assert (len(carried.protected.text), len(carried.protected.tag)) == (1, 12)
