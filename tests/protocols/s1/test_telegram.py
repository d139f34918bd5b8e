"""One S1 frame: the printed sample of the specification, computed frames, and any octets."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.protocols.s1.encode import encode_frame, encode_telegram, stuffed, unstuffed
from bench.protocols.s1.profile import load_profile
from bench.protocols.s1.telegram import decode_telegram

PROFILE = load_profile("emucs-h-1.3")
ID = "1SAG1105555625"

# the telegram that e-MUCS-H 1.3 prints: single phase, 52 samples per period, sequence 15
PRINTED = (
    "7E802BFF0300000000000000000000000000000A34C3BB0F0B150005FA00000000000000000000000000C5B27E"
)
POLYPHASE = (
    "7E802BFF0331534147313130353535353632351F34C350FF32D300373EE697FFE461E696FFE4610000001BED7E"
)
EXTREMES = (
    "7E802BFF0331534147313130353535353632350B34C33C0223F7FFFFFF0000000001DC098000007FFFFFD11D7E"
)
INTERIOR = (
    "7E802BFF0331534147313130353535353632351F34C3BB7E7E7E7E7E7E7D7E00007E007E00007D007E7E713E7E"
)
LONGER = (
    "7E802FFF0331534147313130353535353632352A34C3BB01000000000000000000000000000000000000DEADBEEF"
    "5C897E"
)


def decoded(frame):
    return decode_telegram(bytes.fromhex(frame)[1:-1], PROFILE)


def test_the_printed_telegram_has_a_good_check_and_the_printed_values():
    telegram = decoded(PRINTED)
    assert telegram.fcs.ok
    assert telegram.fcs.given == 0xB2C5
    assert telegram.sequence == 15
    assert telegram.fields["mains_frequency"] == pytest.approx(50.107)
    assert telegram.samples["V1"] == pytest.approx(70.925)
    assert telegram.samples["I1"] == pytest.approx(1.530)
    assert telegram.flags["info.per_period"]
    assert not telegram.flags["info.polyphase"]
    assert telegram.rate_hz == pytest.approx(52 * 50.107)
    assert telegram.problems == ()


def test_a_polyphase_telegram_with_neutral_current():
    telegram = decoded(POLYPHASE)
    assert telegram.meter_id == ID
    assert [telegram.samples[c] for c in ("V1", "V2", "V3")] == [325.275, -162.625, -162.65]
    assert telegram.samples["I1"] == pytest.approx(14.142)
    assert telegram.samples["I2"] == pytest.approx(-7.071)
    assert telegram.version == 0
    assert telegram.problems == ()


def test_the_extreme_codes_keep_their_signs():
    telegram = decoded(EXTREMES)
    assert telegram.samples["I3"] == pytest.approx(-8388.608)
    assert telegram.samples["IN"] == pytest.approx(8388.607)
    assert telegram.samples["V2"] == 0
    assert telegram.samples["I1"] == pytest.approx(-0.001)


@pytest.mark.parametrize("frame", [PRINTED, POLYPHASE, EXTREMES, INTERIOR])
def test_known_frames_are_encoded_as_they_are(frame):
    telegram = decoded(frame)
    fields = {**telegram.fields, "meter_id": bytes.fromhex(frame)[5:19]}
    octets = encode_telegram(PROFILE, fields, telegram.samples)
    assert encode_frame(PROFILE, octets).hex().upper() == frame


def test_a_later_version_may_be_longer_and_keeps_its_tail():
    telegram = decoded(LONGER)
    assert telegram.fcs.ok
    assert telegram.version == 1
    assert telegram.tail == bytes.fromhex("DEADBEEF")
    assert telegram.sequence == 1


@pytest.mark.parametrize(
    ("at", "octet", "code"),
    [
        (3, 0x03, "station"),
        (4, 0x13, "control-field"),
        (1, 0xA0, "format-type"),
        (1, 0x88, "segmented"),
    ],
)
def test_a_wrong_header_octet_is_named(at, octet, code):
    frame = bytearray.fromhex(PRINTED)
    frame[at] = octet
    telegram = decode_telegram(bytes(frame[1:-1]), PROFILE)
    assert code in [problem.code for problem in telegram.problems]
    assert not telegram.fcs.ok


def test_the_fields_cover_every_octet_between_the_flags():
    fields = decoded(POLYPHASE).annotated()
    covered = [at for f in fields for at in range(f.offset, f.offset + f.length)]
    assert covered == list(range(1, 44))
    assert fields[-1].text == "ED1B right"


@given(st.binary(max_size=80))
def test_any_octets_give_a_telegram(octets):
    telegram = decode_telegram(octets, PROFILE)
    json.dumps(telegram.to_json())
    telegram.annotated()
    assert telegram.octets == octets


@given(st.binary(max_size=60))
def test_escapes_are_undone(octets):
    sent = stuffed(b"\x7e" + octets + b"\x7e")
    assert b"\x7e" not in sent[1:-1]
    assert unstuffed(sent[1:-1]) == octets


@given(bit=st.integers(0, 41 * 8 + 15))
def test_each_single_bit_damage_is_seen(bit):
    body = bytearray.fromhex(POLYPHASE)[1:-1]
    body[bit // 8] ^= 1 << bit % 8
    assert not decode_telegram(bytes(body), PROFILE).fcs.ok
