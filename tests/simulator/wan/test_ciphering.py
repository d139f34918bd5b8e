"""Ciphered requests: authentic, fresh, protected as the policy demands; answers as they came."""

from typing import Any

import pytest

from bench.protocols.dlms.apdu import decode_apdu, encode_apdu
from bench.protocols.dlms.ciphered import SecurityControl
from bench.protocols.dlms.data_types import enum
from bench.protocols.dlms.exception_response import ExceptionResponse
from bench.protocols.dlms.get import GetResponseNormal
from bench.protocols.dlms.initiate import Conformance, InitiateRequest
from bench.protocols.dlms.security import ecdsa
from bench.protocols.dlms.security.apdus import Ciphering, protect_apdu
from bench.protocols.dlms.security.general import (
    AsymmetricKeys,
    GeneralParty,
    Identified,
    OnePass,
    StaticUnified,
    Wrapped,
)
from bench.protocols.dlms.security.header import GeneralHeader
from bench.protocols.dlms.security.signing import sign_apdu, verify_apdu
from bench.protocols.dlms.security.suite import SUITES, Curve
from bench.simulator.wan.keys import wan_secret
from bench.simulator.wan.options import CounterAnswer, Refusal

SEED = 1
ALL = Conformance(0xFFFFFF)
NAME = bytes.fromhex("C001C1000100002A0000FF0200")
UNDECIPHERED = bytes.fromhex("D80105")
NOT_ALLOWED = bytes.fromhex("D80101")
KEY = bytes(range(16))


def opened(meter: Any, name: str = "suite0", **initiate: Any) -> Any:
    return meter.client(name).open_association(InitiateRequest(ALL, 0xFFFF, **initiate))


def sealed(client: Any, control: int, counter: int | None = None, **changes: Any) -> bytes:
    known = {
        "control": SecurityControl.of(control),
        "title": client.title,
        "counter": client.counter if counter is None else counter,
        "keys": client.keys,
    } | changes
    octets = protect_apdu(NAME, Ciphering.GLO, **known)
    if counter is None:
        client.counter += 1
    return octets


@pytest.mark.parametrize(
    ("name", "control"), [("suite0", 0x30), ("suite1", 0x31), ("suite2", 0x32)]
)
@pytest.mark.parametrize("how", [Ciphering.GLO, Ciphering.GENERAL_GLO])
def test_answers_are_protected_like_their_requests(
    meter: Any, name: str, control: int, how: Ciphering
) -> None:
    client = opened(meter, name)
    counters = set()
    for _ in range(5):
        answer = client.raw(client.protect(NAME, how))
        assert answer[0] == (0xCC if how is Ciphering.GLO else 0xDB)
        assert decode_apdu(answer).value.protected.control.octet == control
        counters.add(decode_apdu(answer).value.protected.invocation_counter)
        assert decode_apdu(client.open(answer)).value.result.value.startswith(b"MBX")
    assert len(counters) == 5


def test_each_bit_of_the_tag_counts(meter: Any) -> None:
    client = opened(meter)
    good = sealed(client, 0x30)
    for bit in range(96):
        bad = bytearray(good)
        bad[len(good) - 12 + bit // 8] ^= 1 << bit % 8
        assert client.raw(bytes(bad)) == UNDECIPHERED
    for size in (1, 12):
        short = good[:1] + bytes((good[1] - size,)) + good[2 : len(good) - size]
        assert client.raw(short) == UNDECIPHERED
    for at in (2, 4, 8):
        bad = bytearray(good)
        bad[at] ^= 1
        assert client.raw(bytes(bad)) == UNDECIPHERED
    assert client.raw(good)[0] == 0xCC


@pytest.mark.parametrize("control", [0x10, 0x20, 0x00])
def test_less_protection_than_the_policy_is_refused(make_meter: Any, control: int) -> None:
    assert opened(make_meter()).raw(sealed(opened(make_meter()), control))[:2] == b"\xd8\x01"
    client = opened(make_meter(policies={0: 0}))
    answer = client.raw(sealed(client, control))
    assert answer[0] == 0xCC
    assert decode_apdu(answer).value.protected.control.octet == control
    assert client.raw(NAME).startswith(b"\xc4\x01")


def test_a_plain_request_is_refused_if_the_policy_says_so(make_meter: Any) -> None:
    assert opened(make_meter()).raw(NAME) == NOT_ALLOWED
    assert opened(make_meter(unprotected=Refusal.SILENCE)).raw(NAME) is None
    ciphers_answers = opened(make_meter(policies={0: 0x60}))
    answer = ciphers_answers.raw(NAME)
    assert answer[0] == 0xCC


@pytest.mark.parametrize(
    ("how", "answer"),
    [
        (CounterAnswer.COUNTER, "D80106{expected:08X}"),
        (CounterAnswer.DECIPHERING, "D80105"),
        (CounterAnswer.SILENCE, None),
    ],
)
def test_a_counter_is_taken_once(make_meter: Any, how: CounterAnswer, answer: str | None) -> None:
    client = opened(make_meter(counter_error=how))
    good = sealed(client, 0x30)
    assert client.raw(good)[0] == 0xCC
    expected = None if answer is None else bytes.fromhex(answer.format(expected=client.counter))
    assert client.raw(good) == expected
    assert client.raw(sealed(client, 0x30, client.counter - 2)) == expected


def test_counters_are_used_up_and_do_not_start_again(meter: Any) -> None:
    client = opened(meter)
    assert client.raw(sealed(client, 0x30, 0xFFFFFFFE))[0] == 0xCC
    assert client.raw(sealed(client, 0x30, 0xFFFFFFFF))[0] == 0xCC
    for counter in (0, 1, 0xFFFFFFFF):
        assert client.raw(sealed(client, 0x30, counter)) == bytes.fromhex("D80106FFFFFFFF")


def test_the_counter_survives_the_connection_and_can_be_read(meter: Any) -> None:
    client = opened(meter)
    old = sealed(client, 0x30)
    client.raw(old)
    client.channel.close(0)
    public = meter.client("public").open_association()
    assert public.get(1, "0-0:43.1.0", 2).value == client.counter
    again = opened(meter)
    assert again.counter > client.counter
    assert again.raw(old)[:3] == bytes.fromhex("D80106")
    assert public.get(1, "0-0:43.1.2", 2).value == 1


def test_another_suite_or_key_set_is_refused(meter: Any) -> None:
    client = opened(meter)
    assert client.raw(sealed(client, 0x31)) == UNDECIPHERED
    assert client.raw(sealed(client, 0xB0)) == UNDECIPHERED
    from dataclasses import replace

    unicast = replace(client.keys, broadcast=client.keys.encryption)
    assert client.raw(sealed(client, 0x70, keys=unicast)) == UNDECIPHERED
    assert client.raw(sealed(client, 0x70, 1)) is None  # executed, and broadcasts get no answer
    assert client.raw(sealed(client, 0x70, 1))[:3] == bytes.fromhex("D80106")


def test_the_dedicated_key_lasts_as_long_as_the_association(meter: Any) -> None:
    client = opened(meter, dedicated_key=KEY)
    from dataclasses import replace

    client.keys = replace(client.keys, dedicated=KEY)
    answer = client.raw(client.protect(NAME, Ciphering.DED))
    assert answer[0] == 0xD4
    assert decode_apdu(client.open(answer)).value.result.value
    assert client.raw(client.protect(NAME, Ciphering.GENERAL_DED))[0] == 0xDC
    assert client.raw(client.protect(NAME))[0] == 0xCC
    client.release()
    client.open_association()
    assert client.raw(client.protect(NAME, Ciphering.DED)) == UNDECIPHERED


def test_the_title_of_somebody_else_is_refused(meter: Any) -> None:
    client = opened(meter)
    client.title = b"SOMEBODY"
    assert client.raw(client.protect(NAME, Ciphering.GENERAL_GLO)) == UNDECIPHERED


def test_a_tag_that_announces_another_service_is_refused(meter: Any) -> None:
    client = opened(meter)
    assert client.raw(b"\xc9" + client.protect(NAME)[1:]) == UNDECIPHERED


def test_without_a_ciphered_context_nothing_is_deciphered(meter: Any) -> None:
    client = meter.client("lls").open_association()
    assert client.raw(bytes.fromhex("C81E3000000001") + bytes(25)) == bytes.fromhex("D80202")


def test_broadcasts_are_done_and_not_answered(meter: Any) -> None:
    client = meter.client("broadcast")
    assert client.raw(sealed(client, 0x70)) is None
    assert meter.application.ring_of(0).broadcast.expected == client.counter
    assert client.raw(sealed(client, 0x30)) is None
    assert client.raw(NAME) is None
    assert client.raw(bytes.fromhex("6200")) is None


def _party(client: Any, suite: int) -> GeneralParty:
    curve = SUITES[suite].curve
    keys = AsymmetricKeys()
    if curve is not None:
        end = "_p384" if curve is Curve.P_384 else ""

        def secret(name: str) -> bytes:
            return wan_secret(SEED, name + end)

        keys = AsymmetricKeys(
            secret("client_signing"),
            secret("client_agreement"),
            ecdsa.public_key_of(curve, secret("meter_signing")),
            ecdsa.public_key_of(curve, secret("meter_agreement")),
        )
    return GeneralParty(SUITES[suite], client.keys, keys)


@pytest.mark.parametrize(
    ("suite", "choice"),
    [
        (0, None),
        (0, Identified(0)),
        (0, Wrapped(KEY)),
        (1, OnePass(wan_secret(7, "client_signing"))),
        (1, StaticUnified()),
        (2, OnePass(wan_secret(7, "client_signing_p384"))),
        (2, StaticUnified()),
        (2, Wrapped(KEY + KEY)),
    ],
)
def test_general_ciphering_with_each_kind_of_key(meter: Any, suite: int, choice: Any) -> None:
    client = opened(meter, f"suite{suite}")
    party = _party(client, suite)
    header = GeneralHeader(b"12345678", client.title, client.meter_title)
    control = SecurityControl(suite, True, True)
    apdu = party.protect(NAME, header, choice, control=control, counter=client.counter)
    answer = decode_apdu(client.raw(apdu)).value
    assert answer.originator == client.meter_title
    found = party.unprotect(answer)
    assert found is not None
    assert isinstance(decode_apdu(found.apdu).value, GetResponseNormal)
    assert client.raw(apdu)[:3] == bytes.fromhex("D80106")
    foreign = GeneralHeader(b"12345678", b"SOMEBODY", client.meter_title)
    wrong = party.protect(NAME, foreign, choice, control=control, counter=client.counter + 9)
    assert client.raw(wrong) == UNDECIPHERED


def test_a_long_general_answer_fits_the_client(meter: Any) -> None:
    client = meter.client("suite1").open_association(InitiateRequest(ALL, 400))
    party = _party(client, 1)
    header = GeneralHeader(b"1", client.title, client.meter_title)
    request = bytes.fromhex("C001C1000F0000280000FF0200")
    control = SecurityControl(1, True, True)
    one_pass = OnePass(wan_secret(7, "client_signing"))
    apdu = party.protect(request, header, one_pass, control=control, counter=client.counter)
    answer = client.raw(apdu)
    assert 250 < len(answer) <= 400


@pytest.mark.parametrize("suite", [1, 2])
def test_signed_requests_get_signed_answers(meter: Any, suite: int) -> None:
    client = opened(meter, f"suite{suite}")
    curve = SUITES[suite].curve
    end = "_p384" if suite == 2 else ""
    private = wan_secret(SEED, f"client_signing{end}")
    header = GeneralHeader(b"12345678", client.title, client.meter_title)
    record = sign_apdu(SUITES[suite], private, header, client.protect(NAME))
    answer = decode_apdu(client.raw(encode_apdu(record))).value
    public = ecdsa.public_key_of(curve, wan_secret(SEED, f"meter_signing{end}"))
    content = verify_apdu(SUITES[suite], public, answer)
    assert content is not None
    assert isinstance(decode_apdu(client.open(content)).value, GetResponseNormal)
    forged = sign_apdu(SUITES[suite], wan_secret(9, f"client_signing{end}"), header, NAME)
    assert client.raw(encode_apdu(forged)) == UNDECIPHERED


def test_a_policy_of_signatures_demands_them(meter: Any) -> None:
    client = opened(meter, "suite1")
    assert client.act(64, "0-0:43.0.1", 1, enum(0xFC)).result == 0
    assert client.raw(client.protect(NAME)) == NOT_ALLOWED
    header = GeneralHeader(b"1", client.title, client.meter_title)
    private = wan_secret(SEED, "client_signing")
    record = sign_apdu(SUITES[1], private, header, client.protect(NAME))
    assert client.raw(encode_apdu(record))[0] == 0xDF


def test_exceptions_are_what_they_say() -> None:
    assert decode_apdu(UNDECIPHERED).value == ExceptionResponse(1, 5)
