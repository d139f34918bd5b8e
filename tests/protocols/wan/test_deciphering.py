"""Ciphered APDUs of a recording: which key and title open them, and what is said of the tag."""

import json
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.keywrap import aes_key_wrap

from bench.protocols.dlms.acse import Aare, Aarq, ApplicationContext
from bench.protocols.dlms.apdu import encode_apdu
from bench.protocols.dlms.ciphered import (
    AgreedKey,
    CipheredApdu,
    GeneralCiphering,
    GeneralDedCiphering,
    GeneralGloCiphering,
    GeneralSigning,
    IdentifiedKey,
    SecurityControl,
    WrappedKey,
)
from bench.protocols.dlms.cosem_types import AttributeDescriptor, LogicalName
from bench.protocols.dlms.data_types import octet_string
from bench.protocols.dlms.get import GetRequestNormal, GetResponseNormal
from bench.protocols.dlms.initiate import Conformance, InitiateRequest
from bench.protocols.dlms.results import Invocation
from bench.protocols.dlms.security.gcm import protect
from bench.protocols.wan.deciphering import Keys, NamedKey, general_header
from bench.protocols.wan.layer import Tag

KEY, CHECK, DEDICATED = bytes(range(16)), bytes(range(0xD0, 0xE0)), b"D" * 16
CLIENT, METER = b"MBX\x00\x00\x00\x00\x01", b"MTR\x00\x00\x00\x00\x02"
KEYS = Keys((NamedKey("env:EK", KEY),), (NamedKey("env:AK", CHECK),))
BOTH = SecurityControl(0, authenticated=True, encrypted=True)
SIGNED, HIDDEN = replace(BOTH, encrypted=False), replace(BOTH, authenticated=False)
CLOCK = AttributeDescriptor(8, LogicalName(0, 0, 1, 0, 0), 2)
REQUEST = encode_apdu(GetRequestNormal(Invocation(), CLOCK))
RESPONSE = encode_apdu(GetResponseNormal(Invocation(), octet_string(b"answer")))


def glo(text, title, control=BOTH, key=KEY, check=CHECK, more=8):
    return encode_apdu(CipheredApdu(text[0] + more, protect(control, title, 7, key, check, text)))


def opening(inner=None):
    """Return AARQ and AARE, which tell both titles."""
    context = ApplicationContext.LN_CIPHERED.oid
    aarq = Aarq(context, inner, calling_ap_title=CLIENT)
    return encode_apdu(aarq), encode_apdu(Aare(context, responding_ap_title=METER))


def last_of(units):
    return units[-1].layers[-1]


def test_titles_are_learnt_from_the_association(decode):
    units = decode([*opening(), glo(REQUEST, CLIENT), glo(RESPONSE, METER)], KEYS)
    for unit, text in zip(units[2:], (REQUEST, RESPONSE), strict=True):
        closed, opened = unit.layers
        assert (opened.octets, opened.at, opened.tag) == (text, None, Tag.GOOD)
        assert opened.how.startswith("deciphered with env:EK, system title 4D ")
        assert closed.tag is None
    assert last_of(units).notes == ("answers class 8 0-0:1.0.0*255 attribute 2 (clock, time)",)


def test_titles_may_be_given(decode):
    frame = glo(RESPONSE, METER)
    (unit,) = decode([frame], KEYS)
    assert unit.layers[-1].notes == ("not opened: the system title of its sender is not known",)
    assert last_of(decode([frame], replace(KEYS, titles=(CLIENT, METER)))).octets == RESPONSE
    general = encode_apdu(GeneralGloCiphering(METER, protect(BOTH, METER, 1, KEY, CHECK, RESPONSE)))
    assert last_of(decode([general], KEYS)).octets == RESPONSE


def test_one_of_several_keys_fits(decode):
    other = (NamedKey("env:A", b"a" * 16), NamedKey("env:B", b"b" * 16))
    keys = Keys(other + KEYS.encryption, other + KEYS.authentication)
    frame = decode([*opening(), glo(REQUEST, CLIENT)], keys)
    assert "env:EK" in last_of(frame).how
    (unit,) = decode([glo(REQUEST, CLIENT)], Keys(other, other, titles=(CLIENT,)))
    assert (unit.layers[-1].tag, unit.layers[-1].notes) == (
        Tag.WRONG,
        ("not opened: none of the keys fits",),
    )


@pytest.mark.parametrize(
    ("control", "authentication", "tag", "words"),
    [
        (BOTH, (), Tag.NOT_CHECKED, "no authentication key given"),
        (BOTH, (NamedKey("env:X", b"x" * 16),), Tag.WRONG, "the authentication key is another"),
        (SIGNED, KEYS.authentication, Tag.GOOD, "deciphered with env:EK"),
        (SIGNED, (), Tag.NOT_CHECKED, "authenticated only"),
        (SIGNED, (NamedKey("env:X", b"x" * 16),), Tag.WRONG, "authenticated only"),
        (HIDDEN, (), Tag.ABSENT, "deciphered with env:EK"),
    ],
)
def test_the_tag_is_told_apart_from_the_text(decode, control, authentication, tag, words):
    keys = Keys(KEYS.encryption, authentication, titles=(CLIENT,))
    (unit,) = decode([glo(REQUEST, CLIENT, control)], keys)
    opened = unit.layers[-1]
    assert (opened.octets, opened.tag) == (REQUEST, tag)
    assert words in opened.how


def test_keys_of_suite_2_have_32_octets(decode):
    key, check = bytes(range(32)), bytes(range(32, 64))
    control = replace(BOTH, suite=2)
    frame = glo(REQUEST, CLIENT, control, key, check)
    keys = Keys((NamedKey("k", key),), (NamedKey("c", check),), titles=(CLIENT,))
    assert last_of(decode([frame], keys)).octets == REQUEST
    (unit,) = decode([frame], replace(KEYS, titles=(CLIENT,)))
    assert "no key of 32 octets given" in unit.layers[-1].notes[0]
    (unit,) = decode([glo(REQUEST, CLIENT, replace(BOTH, suite=9))], KEYS)
    assert "there is no suite 9" in unit.layers[-1].notes[0]


def test_the_dedicated_key_is_learnt_or_given(decode):
    initiate = encode_apdu(InitiateRequest(Conformance.GET, 1200, DEDICATED))
    protected = CipheredApdu(0x21, protect(BOTH, CLIENT, 6, KEY, CHECK, initiate))
    frame = glo(REQUEST, CLIENT, key=DEDICATED, more=0x10)
    units = decode([*opening(protected), frame], KEYS)
    assert last_of(units).octets == REQUEST
    assert "the dedicated key of frame 1" in last_of(units).how
    shown = json.dumps([unit.to_json() for unit in units])
    assert DEDICATED.hex() not in shown
    keys = replace(KEYS, dedicated=(NamedKey("env:DK", DEDICATED),), titles=(CLIENT,))
    assert last_of(decode([frame], keys)).octets == REQUEST
    general = GeneralDedCiphering(CLIENT, protect(BOTH, CLIENT, 1, DEDICATED, CHECK, REQUEST))
    assert last_of(decode([encode_apdu(general)], keys)).octets == REQUEST


@pytest.mark.parametrize("covered", [False, True])
@pytest.mark.parametrize("wrapped", [False, True])
def test_general_ciphering_is_opened(decode, covered, wrapped):
    key = b"session key 0016" if wrapped else KEY
    info = WrappedKey(0, aes_key_wrap(KEY, key)) if wrapped else IdentifiedKey(0)
    nothing = protect(BOTH, CLIENT, 1, key, CHECK, b"")
    empty = GeneralCiphering(b"\x01", CLIENT, METER, b"", b"", info, nothing)
    header = general_header(empty) if covered else b""
    value = replace(empty, protected=protect(BOTH, CLIENT, 1, key, CHECK, REQUEST, header))
    opened = last_of(decode([encode_apdu(value)], KEYS))
    assert (opened.octets, opened.tag) == (REQUEST, Tag.GOOD)
    assert ("the key wrapped with env:EK" in opened.how) is wrapped
    agreed = replace(value, key_info=AgreedKey(b"\x02", b""))
    (unit,) = decode([encode_apdu(agreed)], KEYS)
    assert unit.layers[-1].notes == ("not opened: its key was agreed on",)


def test_what_is_compressed_stays_closed_and_what_is_signed_is_read(decode):
    frame = glo(REQUEST, CLIENT, replace(BOTH, compressed=True))
    (unit,) = decode([frame], replace(KEYS, titles=(CLIENT,)))
    assert unit.layers[-1].notes == ("not opened: the text is compressed",)
    signing = GeneralSigning(b"\x01", CLIENT, METER, b"", b"", REQUEST, b"s" * 64)
    (unit,) = decode([encode_apdu(signing)])
    assert [layer.name for layer in unit.layers] == ["general-signing", "get-request"]
    assert unit.layers[0].notes == ("the signature is not checked",)


def test_apdus_within_apdus_end(decode):
    octets = REQUEST
    for _ in range(20):
        octets = encode_apdu(GeneralSigning(b"", b"", b"", b"", b"", octets, b""))
    (unit,) = decode([octets])
    assert len(unit.layers) == 9


def test_no_key_is_shown(decode):
    assert KEY.hex() not in repr(KEYS)
    assert repr(KEY) not in repr(KEYS)
