"""How AARQs are judged, in the order of the standard, each with its diagnostic."""

from typing import Any

import pytest

from bench.protocols.dlms.acse import Aare
from bench.protocols.dlms.acse_fields import AuthenticationValue
from bench.protocols.dlms.apdu import decode_apdu, encode_apdu
from bench.protocols.dlms.ciphered import CipheredApdu
from bench.protocols.dlms.initiate import (
    ConfirmedServiceError,
    Conformance,
    InitiateRequest,
    InitiateResponse,
)
from bench.simulator.wan.options import OWN_CONFORMANCE

ALL = Conformance(0xFFFFFF)
OID = "2.16.756.5.8"


def refusal(aare: Aare) -> tuple[int, int, int]:
    assert aare.diagnostic is not None
    return int(aare.result or 0), aare.diagnostic.source, aare.diagnostic.code


@pytest.mark.parametrize(
    ("name", "changes", "expected"),
    [
        ("public", {"protocol_version": "01"}, (1, 0xA2, 2)),
        ("public", {"application_context_name": f"{OID}.1.9"}, (1, 0xA1, 2)),
        ("public", {"application_context_name": f"{OID}.1.2"}, (1, 0xA1, 2)),
        ("public", {"calling_ap_title": b"1"}, (1, 0xA1, 3)),
        ("public", {"calling_ap_title": b"1234567890"}, (1, 0xA1, 3)),
        ("suite0", {"calling_ap_title": None}, (1, 0xA1, 3)),
        ("lls", {"mechanism_name": f"{OID}.2.9"}, (1, 0xA1, 11)),
        ("lls", {"mechanism_name": None}, (1, 0xA1, 14)),
        ("lls", {"calling_authentication_value": AuthenticationValue(b"wrong")}, (1, 0xA1, 13)),
        ("lls", {"calling_authentication_value": AuthenticationValue(b"")}, (1, 0xA1, 13)),
        ("lls", {"calling_authentication_value": None}, (1, 0xA1, 13)),
        ("hls3", {"calling_authentication_value": AuthenticationValue(b"1234567")}, (1, 0xA1, 13)),
        ("suite1", {"calling_authentication_value": AuthenticationValue(bytes(31))}, (1, 0xA1, 13)),
        ("public", {"user_information": None}, (1, 0xA1, 1)),
    ],
)
def test_what_an_aarq_lacks_is_told(
    meter: Any, name: str, changes: dict[str, Any], expected: tuple[int, int, int]
) -> None:
    client = meter.client(name)
    assert refusal(client.associate(**changes)) == expected
    assert client.raw(bytes.fromhex("C001C1000100002A0000FF0200")) == bytes.fromhex("D80101")


def test_fields_that_nobody_needs_change_nothing(make_meter: Any) -> None:
    usual, full = make_meter().client("public"), make_meter().client("public")
    aarq = full.aarq(
        called_ap_title=b"12345678",
        called_ae_qualifier=b"1",
        called_ap_invocation_id=1,
        called_ae_invocation_id=2,
        calling_ae_qualifier=b"2",
        calling_ap_invocation_id=3,
        calling_ae_invocation_id=4,
        protocol_version="1",
    )
    assert full.raw(encode_apdu(aarq)) == usual.raw(encode_apdu(usual.aarq()))


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (InitiateRequest(ALL, 0xFFFF, version=5), 1),
        (InitiateRequest(Conformance(0), 0xFFFF), 2),
        (InitiateRequest(ALL, 11), 3),
        (InitiateRequest(Conformance(0), 11, version=5), 1),
    ],
)
def test_an_initiate_request_is_judged(meter: Any, request_: InitiateRequest, error: int) -> None:
    aare = meter.client("public").associate(request_)
    assert refusal(aare) == (1, 0xA1, 1)
    assert aare.user_information == ConfirmedServiceError(1, 6, error)


@pytest.mark.parametrize("size", [12, 64, 0xFFFF, 0])
def test_what_is_agreed_on_is_what_both_can(meter: Any, size: int) -> None:
    proposed = Conformance.GET | Conformance.SET | Conformance.READ
    aare = meter.client("public").associate(InitiateRequest(proposed, size, version=7))
    assert refusal(aare) == (0, 0xA1, 0)
    assert aare.user_information == InitiateResponse(Conformance.GET | Conformance.SET, 1024)


def test_only_what_was_agreed_on_is_served(meter: Any) -> None:
    client = meter.client("lls")
    client.associate(InitiateRequest(Conformance.GET, 0xFFFF))
    assert client.raw(bytes.fromhex("C301C100030100010800FF010 10F00".replace(" ", ""))) == (
        bytes.fromhex("D80102")
    )


def test_a_ciphered_context_ciphers_what_is_agreed_on(meter: Any) -> None:
    client = meter.client("suite0")
    aare = client.associate()
    assert isinstance(aare.user_information, CipheredApdu)
    opened = client.open(encode_apdu(aare.user_information))
    assert decode_apdu(opened).value == InitiateResponse(OWN_CONFORMANCE, 1024)
    assert aare.responding_ap_title == client.meter_title


def test_a_plain_request_in_a_ciphered_context_is_no_request(meter: Any) -> None:
    client = meter.client("suite0")
    aare = client.associate(user_information=InitiateRequest(ALL, 0xFFFF))
    assert refusal(aare) == (1, 0xA1, 1)
    assert aare.user_information == ConfirmedServiceError(1, 0, 6)


def test_a_replayed_aarq_is_not_accepted(meter: Any) -> None:
    client = meter.client("suite0")
    octets = encode_apdu(client.aarq())
    assert decode_apdu(client.raw(octets)).value.result == 0
    client.channel.close(0)
    assert decode_apdu(client.raw(octets)).value.result == 1


def test_an_association_has_one_client_at_a_time(meter: Any, make_meter: Any) -> None:
    first, second = meter.client("lls"), meter.client("lls")
    first.open_association()
    assert refusal(second.associate()) == (2, 0xA1, 1)
    assert meter.client("public").associate().result == 0
    first.channel.close(0)
    assert second.associate().result == 0
    several = make_meter(clients_at_once=2)
    assert several.client("lls").associate().result == 0
    assert several.client("lls").associate().result == 0


def test_a_second_aarq_replaces_the_association_or_is_refused(make_meter: Any) -> None:
    client = make_meter().client("lls").open_association()
    wrong = {"calling_authentication_value": AuthenticationValue(b"wrong")}
    assert client.associate(**wrong).result == 1
    assert client.get(1, "0-0:42.0.0", 2).value
    assert client.associate(InitiateRequest(Conformance.GET, 200)).result == 0
    assert client.channel.association.limit == 200
    refusing = make_meter(second_aarq="reject").client("lls").open_association()
    assert refusing.associate().result == 1


def test_an_unconfirmed_association_is_not_answered(meter: Any) -> None:
    client = meter.client("public")
    aarq = client.aarq(InitiateRequest(ALL, 0xFFFF, response_allowed=False))
    assert client.raw(encode_apdu(aarq)) is None
    assert client.get(1, "0-0:42.0.0", 2).value


def test_a_dedicated_key_counts_in_a_ciphered_context_alone(meter: Any) -> None:
    client = meter.client("public")
    assert client.associate(InitiateRequest(ALL, 0xFFFF, dedicated_key=bytes(16))).result == 0
    assert client.channel.association.dedicated_key == b""
    short = meter.client("suite0").associate(InitiateRequest(ALL, 0xFFFF, dedicated_key=bytes(8)))
    assert refusal(short) == (1, 0xA1, 1)


def test_an_aarq_that_cannot_be_read_is_rejected(meter: Any) -> None:
    client = meter.client("public")
    answer = client.raw(bytes.fromhex("601DA109060760857405080101BE1004"))
    assert refusal(decode_apdu(answer).value) == (1, 0xA1, 1)


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"show_protocol_version": True}, "public"),
        ({"show_title": True}, "public"),
        ({"show_mechanism": True}, "lls"),
        ({"show_quality_of_service": True}, "public"),
        ({"long_lengths": 2}, "suite0"),
        ({"implementation_information": b"meter"}, "hls3"),
    ],
)
def test_optional_fields_and_long_lengths_are_legal(
    make_meter: Any, options: dict[str, Any], name: str
) -> None:
    meter = make_meter(**options)
    client = meter.client(name)
    octets = client.raw(encode_apdu(client.aarq()))
    plain = make_meter().client(name)
    assert octets != plain.raw(encode_apdu(plain.aarq()))
    decoded = decode_apdu(octets)
    assert decoded.value.result == 0
    assert set(decoded.codes()) <= {"length-form"}


def test_release_tells_its_reason_or_not(make_meter: Any) -> None:
    short = make_meter(release_reason=False).client("public").open_association()
    assert short.raw(bytes.fromhex("6200")) == bytes.fromhex("6300")
    told = make_meter(release_information=True).client("public").open_association()
    answer = decode_apdu(told.raw(bytes.fromhex("6200"))).value
    assert isinstance(answer.user_information, InitiateResponse)


def test_a_plain_release_of_a_ciphered_association_is_refused(meter: Any) -> None:
    client = meter.client("suite0").open_association()
    assert client.raw(bytes.fromhex("6200")) == bytes.fromhex("D80101")
    assert client.get(1, "0-0:42.0.0", 2).value
    released = client.release()
    assert released is not None
    information = decode_apdu(released).value.user_information
    assert isinstance(information, CipheredApdu)
    assert client.raw(bytes.fromhex("6200")) == bytes.fromhex("D80101")
