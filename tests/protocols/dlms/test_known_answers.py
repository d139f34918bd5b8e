"""Known answers from the standard and from other implementations, and what they mean."""

import pytest

from bench.protocols.dlms.acse import Aare, Aarq, ApplicationContext, Mechanism
from bench.protocols.dlms.apdu import decode_apdu, encode_apdu
from bench.protocols.dlms.data import decode_data, encode_data

# These are no whole APDUs: a wrapper header alone, and data or blocks that a test cut out.
NO_APDUS = {
    "u9n-udp_message-udp_message_from_bytes-29",
    "u9n-parsers-parse_buffer-28",
    "u9n-get-transform_bytes-43",
    "u9n-selective_access-range_descriptor_to_bytes-59",
    "u9n-selective_access-parse_range_descriptor-61",
}
# These are named after other kinds of APDU than they are: a list of no elements, then rest.
WRONG = {
    "u9n-get-get_with_list-39": ("trailing",),
    "u9n-get-get_response_with_list-50": ("trailing",),
    "xdlms-5": ("enum",),
}


def test_every_known_apdu_is_understood_and_built_again(vectors):
    seen = 0
    for vector in vectors:
        octets = vector["octets"]
        if octets[0] == 0x7E or vector["id"] in NO_APDUS or vector["id"].startswith("wrapper"):
            continue
        decoded = decode_apdu(octets)
        expected = WRONG.get(vector["id"], ())
        assert decoded.codes() == expected, (vector["id"], decoded.problems)
        if "trailing" not in expected:
            assert encode_apdu(decoded.value) == octets, vector["id"]
        seen += 1
    assert seen > 60


def test_what_is_no_apdu_is_not_taken_for_one(vectors):
    for vector in vectors:
        if vector["id"] in NO_APDUS:
            assert decode_apdu(vector["octets"]).problems, vector["id"]


def by_id(vectors, name):
    [found] = [v["octets"] for v in vectors if v["id"] == name]
    return decode_apdu(found).value


def test_association_with_password(vectors):
    aarq = by_id(vectors, "acse-1")
    assert isinstance(aarq, Aarq)
    assert aarq.application_context_name == ApplicationContext.LN.oid
    assert aarq.mechanism_name == "2.16.756.5.8.2.1" == Mechanism.LLS.oid
    assert aarq.sender_acse_requirements == "1"
    assert aarq.calling_authentication_value.octets == b"12345678"
    assert aarq.user_information.conformance == 0x007E1F
    assert aarq.user_information.max_pdu_size == 1200
    assert aarq.user_information.version == 6


def test_ciphered_association(vectors):
    aarq = by_id(vectors, "acse-3")
    assert aarq.application_context_name == ApplicationContext.LN_CIPHERED.oid
    assert aarq.calling_ap_title == bytes.fromhex("4d4d4d0000bc614e")
    protected = aarq.user_information.protected
    assert (protected.control.authenticated, protected.control.encrypted) == (True, True)
    assert protected.invocation_counter == 0x01234567
    assert protected.tag.hex() == "41db204d39ee6fdb8e356855"
    assert len(protected.text) == 31


def test_challenge_of_the_server(vectors):
    aare = by_id(vectors, "acse-7")
    assert isinstance(aare, Aare)
    assert (aare.result, aare.diagnostic.code) == (0, 14)
    assert aare.responding_authentication_value.octets == b"P6wRJ21F"
    assert aare.user_information.vaa_name == 7


def test_refusal_with_an_initiate_error(vectors):
    aare = by_id(vectors, "acse-6")
    assert (aare.result, aare.diagnostic.code) == (1, 1)
    error = aare.user_information
    assert (error.service, error.error_class, error.error) == (1, 6, 1)


def test_pushed_data(vectors):
    name = "u9n-general_global_cipher-data_notification_apdu-20"
    notification = by_id(vectors, name)
    assert notification.invocation.invoke_id == 475
    assert notification.date_time == b""
    assert len(notification.body.value) == 0x22


@pytest.mark.parametrize(
    ("octets", "value"),
    [
        ("00", None),
        ("04082a", "00101010"),
        ("05fe93ba98", -23872872),
        ("0600539343", 5477187),
        ("090401020304", bytes((1, 2, 3, 4))),
        ("0fff", -1),
    ],
)
def test_known_data(octets, value):
    octets = bytes.fromhex(octets)
    decoded = decode_data(octets)
    assert decoded.problems == ()
    assert decoded.value.value == value
    assert encode_data(decoded.value) == octets


def test_compact_array_of_structures():
    # Two structures of an unsigned and a long-unsigned.
    octets = bytes.fromhex("13 02 02 11 12 06 01 0002 03 0004")
    decoded = decode_data(octets)
    assert decoded.problems == ()
    assert decoded.value.value.elements().to_python() == ((1, 2), (3, 4))
    assert encode_data(decoded.value) == octets
