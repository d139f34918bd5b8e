"""general-ciphering and general-signing: all ways to tell the key, and what is refused."""

from dataclasses import replace

import pytest

from bench.core.errors import UsageError
from bench.protocols.dlms.apdu import decode_apdu, encode_apdu
from bench.protocols.dlms.ciphered import (
    AgreedKey,
    IdentifiedKey,
    Protected,
    SecurityControl,
    WrappedKey,
)
from bench.protocols.dlms.security.ecdsa import private_key_of, public_key_of
from bench.protocols.dlms.security.gcm import protect
from bench.protocols.dlms.security.general import (
    AsymmetricKeys,
    GeneralParty,
    Identified,
    OnePass,
    StaticUnified,
    Wrapped,
)
from bench.protocols.dlms.security.header import GeneralHeader
from bench.protocols.dlms.security.key_wrap import wrap_key
from bench.protocols.dlms.security.keys import SymmetricKeys
from bench.protocols.dlms.security.options import (
    EphemeralSignature,
    GeneralAad,
    SecurityOptions,
    SignedContent,
)
from bench.protocols.dlms.security.signing import sign_apdu, verify_apdu
from bench.protocols.dlms.security.suite import SUITES

CLIENT = bytes.fromhex("4D4D4D0000BC614E")
SERVER = bytes.fromhex("4D4D4D0000000001")
GET = bytes.fromhex("C0010000080000010000FF0200")
HEADER = GeneralHeader(b"\x01\x02\x03\x04\x05\x06\x07\x08", CLIENT, SERVER, b"", b"other")


def symmetric(suite):
    size = suite.key_octets
    keys = [bytes((number,)) * size for number in (1, 2, 3, 4)]
    return SymmetricKeys(keys[0], keys[1], broadcast=keys[2], master=keys[3])


def parties(number, options=None):
    suite = SUITES[number]
    keys = symmetric(suite)
    mine = theirs = AsymmetricKeys()
    if suite.curve is not None:
        private = {
            name: private_key_of(suite.curve, name.encode()) for name in ("cs", "ca", "ss", "sa")
        }
        public = {name: public_key_of(suite.curve, key) for name, key in private.items()}
        mine = AsymmetricKeys(private["cs"], private["ca"], public["ss"], public["sa"])
        theirs = AsymmetricKeys(private["ss"], private["sa"], public["cs"], public["ca"])
    options = options or SecurityOptions()
    client = GeneralParty(suite, keys, mine, options)
    return client, GeneralParty(suite, keys, theirs, options)


def control_of(number, flags=0x30):
    return SecurityControl.of(flags | number)


def choices(number):
    suite = SUITES[number]
    found = [None, Identified(), Identified(1), Wrapped(b"\x09" * suite.key_octets)]
    if suite.curve is not None:
        found += [OnePass(private_key_of(suite.curve, b"ephemeral")), StaticUnified()]
    return found


WAYS = [(number, choice) for number in SUITES for choice in choices(number)]


@pytest.mark.parametrize(("number", "choice"), WAYS)
@pytest.mark.parametrize("aad", GeneralAad)
@pytest.mark.parametrize("flags", [0x10, 0x20, 0x30])
def test_there_and_back(number, choice, aad, flags):
    client, server = parties(number, SecurityOptions(general_aad=aad))
    control = control_of(number, flags)
    octets = client.protect(GET, HEADER, choice, control=control, counter=7)
    decoded = decode_apdu(octets)
    assert decoded.problems == ()
    opened = server.unprotect(decoded.value)
    assert opened is not None
    assert opened.apdu == GET
    assert opened.header == HEADER
    assert (opened.control, opened.invocation_counter) == (control, 7)
    assert opened.key_info == decoded.value.key_info
    assert len(opened.key) == SUITES[number].key_octets


@pytest.mark.parametrize(
    ("choice", "kind"),
    [
        (None, type(None)),
        (Identified(), IdentifiedKey),
        (Wrapped(bytes(16)), WrappedKey),
        (StaticUnified(), AgreedKey),
    ],
)
def test_the_key_info_is_as_chosen(choice, kind):
    client, _ = parties(1)
    record = client.protect_record(GET, HEADER, choice, control=control_of(1), counter=1)
    assert type(record.key_info) is kind


def test_the_keys_are_those_that_were_meant():
    client, server = parties(1)
    keys = symmetric(SUITES[1])
    for choice, flags, key in (
        (None, 0x30, keys.encryption),
        (None, 0x70, keys.broadcast),
        (Identified(0), 0x30, keys.encryption),
        (Identified(1), 0x30, keys.broadcast),
        (Wrapped(b"w" * 16), 0x30, b"w" * 16),
    ):
        control = control_of(1, flags)
        record = client.protect_record(GET, HEADER, choice, control=control, counter=1)
        opened = server.unprotect(record)
        assert opened is not None
        assert opened.key == key
        assert record.protected == protect(
            control, CLIENT, 1, key, keys.authentication, GET, HEADER.octets
        )


def test_the_header_is_written_with_lengths():
    assert HEADER.octets == b"".join(
        (b"\x08", HEADER.transaction_id, b"\x08", CLIENT, b"\x08", SERVER, b"\x00", b"\x05other")
    )


@pytest.mark.parametrize(
    "change",
    [
        {"transaction_id": b"another"},
        {"originator": SERVER},
        {"recipient": CLIENT},
        {"date_time": b"\x00"},
        {"other_information": b""},
    ],
)
def test_the_header_is_authenticated_unless_declared_otherwise(change):
    for aad in GeneralAad:
        client, server = parties(0, SecurityOptions(general_aad=aad))
        record = client.protect_record(GET, HEADER, None, control=control_of(0), counter=1)
        opened = server.unprotect(replace(record, **change))
        # The originator is part of the nonce in any case.
        noticed = aad is GeneralAad.HEADER or "originator" in change
        assert (opened is None) == noticed


def test_both_readings_of_the_authenticated_data_exclude_each_other():
    for here, there in (tuple(GeneralAad), tuple(GeneralAad)[::-1]):
        client, _ = parties(0, SecurityOptions(general_aad=here))
        _, server = parties(0, SecurityOptions(general_aad=there))
        record = client.protect_record(GET, HEADER, None, control=control_of(0), counter=1)
        assert server.unprotect(record) is None


def test_titles_may_be_left_to_the_association():
    client, server = parties(1)
    header = GeneralHeader(b"1", b"", b"")
    for choice in choices(1):
        record = client.protect_record(
            GET,
            header,
            choice,
            control=control_of(1),
            counter=1,
            originator=CLIENT,
            recipient=SERVER,
        )
        opened = server.unprotect(record, originator=CLIENT, recipient=SERVER)
        assert opened is not None
        assert opened.apdu == GET
        assert server.unprotect(record) is None


def test_a_wrapped_key_is_one_of_the_suite_under_the_master_key():
    client, server = parties(1)
    record = client.protect_record(
        GET, HEADER, Wrapped(bytes(16)), control=control_of(1), counter=1
    )
    master = symmetric(SUITES[1]).master
    for info in (
        WrappedKey(1, record.key_info.octets),
        WrappedKey(0, wrap_key(bytes(16), bytes(16))),
        WrappedKey(0, wrap_key(master, bytes(32))),
        WrappedKey(0, wrap_key(master, bytes(24))),
        WrappedKey(0, b""),
        IdentifiedKey(2),
        IdentifiedKey(1),
        AgreedKey(b"\x03", b""),
        AgreedKey(b"", b""),
        AgreedKey(b"\x01", b""),
        AgreedKey(b"\x02", b"data"),
        AgreedKey(b"\x02", b""),
    ):
        assert server.unprotect(replace(record, key_info=info)) is None


def test_a_long_key_in_a_suite_of_short_keys_is_refused():
    client, server = parties(1)
    long = replace(client, suite=SUITES[2])
    record = long.protect_record(GET, HEADER, Wrapped(bytes(32)), control=control_of(1), counter=1)
    assert server.unprotect(record) is None


def test_an_ephemeral_key_must_be_signed_by_the_originator():
    client, server = parties(1)
    choice = OnePass(private_key_of(SUITES[1].curve, b"ephemeral"))
    record = client.protect_record(GET, HEADER, choice, control=control_of(1), counter=1)
    data = record.key_info.octets
    for octet in (0, 31, 32, 63, 64, 95, 96, 127):
        damaged = data[:octet] + bytes((data[octet] ^ 1,)) + data[octet + 1 :]
        assert server.unprotect(replace(record, key_info=AgreedKey(b"\x01", damaged))) is None
    habit = SecurityOptions(ephemeral_signature=EphemeralSignature.SCHEME_AND_POINT)
    assert replace(server, options=habit).unprotect(record) is None
    record = replace(client, options=habit).protect_record(
        GET, HEADER, choice, control=control_of(1), counter=1
    )
    assert server.unprotect(record) is None
    opened = replace(server, options=habit).unprotect(record)
    assert opened is not None
    assert opened.apdu == GET


def test_agreed_keys_mean_nothing_to_those_without_asymmetric_keys():
    client, server = parties(1)
    for choice in choices(1)[-2:]:
        record = client.protect_record(GET, HEADER, choice, control=control_of(1), counter=1)
        assert replace(server, asymmetric=AsymmetricKeys()).unprotect(record) is None
        assert replace(server, suite=SUITES[0]).unprotect(record) is None


def test_short_keys_of_suite_2_where_declared():
    options = SecurityOptions(derived_key_octets=16)
    client, server = parties(2, options)
    record = client.protect_record(GET, HEADER, StaticUnified(), control=control_of(2), counter=1)
    opened = server.unprotect(record)
    assert opened is not None
    assert len(opened.key) == 16
    assert parties(2)[1].unprotect(record) is None


def test_a_tag_without_place_is_refused():
    client, server = parties(0)
    record = client.protect_record(GET, HEADER, None, control=control_of(0), counter=1)
    short = Protected(record.protected.control, 1, record.protected.octets[:11])
    assert server.unprotect(replace(record, protected=short)) is None


def test_misuse():
    client, _ = parties(1)
    arguments = {"control": control_of(1), "counter": 1}
    with pytest.raises(UsageError, match="neither 0 unicast nor 1"):
        client.protect(GET, HEADER, Identified(3), **arguments)
    with pytest.raises(UsageError, match="a system title has 8 octets, not 0"):
        client.protect(GET, GeneralHeader(b"", b"", b""), None, **arguments)
    without = replace(client, asymmetric=replace(client.asymmetric, peer_agreement=b""))
    with pytest.raises(UsageError, match="no point"):
        without.protect(GET, HEADER, StaticUnified(), **arguments)
    with pytest.raises(UsageError, match="suite 0 has no curve"):
        parties(0)[0].protect(GET, HEADER, StaticUnified(), **arguments)


def test_secrets_are_not_shown():
    client, server = parties(1)
    wrapped = Wrapped(b"W" * 16)
    assert "WWW" not in repr(wrapped)
    assert "PPP" not in repr(OnePass(b"P" * 32))
    assert "SSS" not in repr(AsymmetricKeys(b"S" * 32, b"S" * 32))
    record = client.protect_record(b"\xc0TTTT", HEADER, wrapped, control=control_of(1), counter=1)
    opened = server.unprotect(record)
    assert "WWW" not in repr(opened)
    assert "TTT" not in repr(opened)
    assert repr(client.symmetric.encryption)[2:-1] not in repr(client)


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("covered", SignedContent)
def test_signed_apdus(number, covered):
    suite = SUITES[number]
    options = SecurityOptions(signed_content=covered)
    private = private_key_of(suite.curve, b"signing")
    public = public_key_of(suite.curve, private)
    record = sign_apdu(suite, private, HEADER, GET, options)
    decoded = decode_apdu(encode_apdu(record))
    assert decoded.problems == ()
    assert verify_apdu(suite, public, decoded.value, options) == GET
    for change in (
        {"transaction_id": b""},
        {"originator": SERVER},
        {"recipient": CLIENT},
        {"date_time": b"\x00"},
        {"other_information": b""},
        {"content": GET + b"\x00"},
        {"signature": b""},
        {"signature": record.signature[::-1]},
        {"signature": bytes(len(record.signature))},
    ):
        assert verify_apdu(suite, public, replace(record, **change), options) is None
    other = SecurityOptions(signed_content=next(c for c in SignedContent if c is not covered))
    assert verify_apdu(suite, public, record, other) is None
    assert verify_apdu(suite, b"", record, options) is None
    assert verify_apdu(SUITES[3 - number], public, record, options) is None
    assert verify_apdu(SUITES[0], public, record, options) is None
    with pytest.raises(UsageError, match="suite 0 has no curve"):
        sign_apdu(SUITES[0], private, HEADER, GET)
