"""The answers to challenges: known ones, and those that must not be taken."""

import json
from dataclasses import replace

import pytest

from bench.core.errors import UsageError
from bench.protocols.dlms.ciphered import SecurityControl
from bench.protocols.dlms.security.ecdsa import private_key_of, public_key_of
from bench.protocols.dlms.security.gcm import gmac
from bench.protocols.dlms.security.hls import (
    HlsParty,
    aes_ecb,
    challenge_octets,
    response_counter,
)
from bench.protocols.dlms.security.keys import SymmetricKeys
from bench.protocols.dlms.security.suite import SUITES

KEYS = SymmetricKeys(
    bytes.fromhex("000102030405060708090A0B0C0D0E0F"),
    bytes.fromhex("D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF"),
)
CLIENT_TITLE = bytes.fromhex("4D4D4D0000000001")
SERVER_TITLE = bytes.fromhex("4D4D4D0000BC614E")
CTOS, STOC = b"K56iVagY" * 4, b"P6wRJ21F" * 4
SECRET = b"secret__"


def parties(suite=0):
    curve = SUITES[suite].curve
    private = public = [b"", b""]
    if curve is not None:
        private = [private_key_of(curve, name) for name in (b"client", b"server")]
        public = [public_key_of(curve, key) for key in private]
    client = HlsParty(CLIENT_TITLE, SERVER_TITLE, SECRET, KEYS, suite, private[0], public[1])
    server = HlsParty(SERVER_TITLE, CLIENT_TITLE, SECRET, KEYS, suite, private[1], public[0])
    return client, server


CASES = [(2, 0), (3, 0), (4, 0), (5, 0), (5, 1), (5, 2), (6, 0), (7, 1), (7, 2)]


def test_gmac_as_in_the_green_book():
    client, server = parties()
    f_stoc = client.response(5, b"P6wRJ21F", b"K56iVagY", 1)
    assert f_stoc.hex() == "10000000011a52fe7dd3e72748973c1e28"
    f_ctos = server.response(5, b"K56iVagY", b"P6wRJ21F", 0x01234567)
    assert f_ctos.hex() == "1001234567fe1466afb3dbcd4f9389e2b7"
    assert server.verify(5, f_stoc, b"P6wRJ21F")
    assert client.verify(5, f_ctos, b"K56iVagY")
    assert response_counter(f_stoc) == 1
    assert response_counter(f_ctos) == 0x01234567


def test_digests_computed_apart():
    client, server = parties()
    stoc, ctos = b"FEDCBA9876543210", b"0123456789ABCDEF"
    assert client.response(3, stoc).hex() == "b51bdf91b3927afe464149c2aa0bc33e"
    assert server.response(3, ctos).hex() == "f6cd9729334ffbc5fa2a3f13cc68a61c"
    assert client.response(4, stoc).hex() == "d6cd6f370a83549ed0eee4e6d331a22aead4a069"
    assert server.response(4, ctos).hex() == "45c84ec990caa8b21dc8850138612416d7bb8fa4"
    assert client.response(6, stoc, ctos).hex() == (
        "49b94b2a52911c02e46c96e7fad36c3d803303aa564a514e5d13e8cd88457cdf"
    )
    assert server.response(6, ctos, stoc).hex() == (
        "514bc62c56e083406316340ccbb099a0d9b2e98314aae7dfc608dc8254337bfc"
    )


def test_known_answers(real_data):
    file = real_data / "wan-dlms" / "hls.json"
    if not file.is_file():
        pytest.skip(f"no known answers at {file}")
    seen = 0
    for vector in json.loads(file.read_text(encoding="utf-8"))["vectors"]:
        known = {
            name: bytes.fromhex(value)
            for name, value in vector.items()
            if isinstance(value, str) and name not in ("id", "meaning", "source", "licence")
            if name != "challenge_ascii"
        }
        mechanism = vector["mechanism"]
        if mechanism == 5:
            keys = SymmetricKeys(known["ek"], known["ak"])
            party = HlsParty(known["system_title"], bytes(8), keys=keys)
            counter = vector["invocation_counter"]
            assert party.response(5, known["challenge"], counter=counter) == known["expected"]
        else:
            titles = known.get("client_title", b""), known.get("server_title", b"")
            client = HlsParty(*titles, known["secret"])
            server = HlsParty(*titles[::-1], known["secret"])
            stoc, ctos = known["stoc"], known["ctos"]
            assert client.response(mechanism, stoc, ctos) == known["f_stoc"]
            assert server.response(mechanism, ctos, stoc) == known["f_ctos"]
        seen += 1
    assert seen >= 5


@pytest.mark.parametrize(("mechanism", "suite"), CASES)
def test_both_sides_understand_each_other(mechanism, suite):
    client, server = parties(suite)
    f_stoc = client.response(mechanism, STOC, CTOS, 5)
    assert server.verify(mechanism, f_stoc, STOC, CTOS)
    f_ctos = server.response(mechanism, CTOS, STOC, 7)
    assert client.verify(mechanism, f_ctos, CTOS, STOC)
    assert not client.verify(mechanism, f_stoc, CTOS, STOC)
    assert not server.verify(mechanism, f_ctos, STOC, CTOS)


@pytest.mark.parametrize(("mechanism", "suite"), CASES)
def test_every_bit_of_a_response_counts(mechanism, suite):
    client, server = parties(suite)
    response = client.response(mechanism, STOC, CTOS, 5)
    for bit in range(8 * len(response)):
        damaged = bytearray(response)
        damaged[bit // 8] ^= 1 << bit % 8
        assert not server.verify(mechanism, bytes(damaged), STOC, CTOS), bit
    for length in range(len(response)):
        assert not server.verify(mechanism, response[:length], STOC, CTOS), length
    assert not server.verify(mechanism, response + b"\x00", STOC, CTOS)


@pytest.mark.parametrize(("mechanism", "suite"), CASES)
def test_the_response_to_another_challenge_is_wrong(mechanism, suite):
    client, server = parties(suite)
    response = client.response(mechanism, STOC, CTOS, 5)
    assert not server.verify(mechanism, response, STOC[::-1], CTOS)
    if mechanism in (6, 7):
        assert not server.verify(mechanism, response, STOC, CTOS[::-1])


@pytest.mark.parametrize(("mechanism", "suite"), [(5, 0), (6, 0), (7, 1), (7, 2)])
def test_the_response_of_another_title_is_wrong(mechanism, suite):
    client, server = parties(suite)
    other = replace(client, title=b"MMM\x00\x00\x00\x00\x02")
    response = other.response(mechanism, STOC, CTOS, 5)
    assert not server.verify(mechanism, response, STOC, CTOS)
    assert not replace(server, peer_title=b"short").verify(mechanism, response, STOC, CTOS)


@pytest.mark.parametrize("mechanism", [2, 3, 4, 6])
def test_the_response_with_another_secret_is_wrong(mechanism):
    client, server = parties()
    response = replace(client, secret=b"another").response(mechanism, STOC, CTOS)
    assert not server.verify(mechanism, response, STOC, CTOS)


@pytest.mark.parametrize("octet", [0x00, 0x11, 0x12, 0x20, 0x30, 0x50, 0x90])
def test_a_gmac_under_another_security_control_is_wrong(octet):
    _, server = parties()
    control = SecurityControl.of(octet)
    tag = gmac(control, CLIENT_TITLE, 5, KEYS.encryption, KEYS.authentication, STOC)
    assert not server.verify(5, bytes((octet,)) + b"\x00\x00\x00\x05" + tag, STOC, CTOS)


def test_a_signature_of_the_other_curve_is_wrong():
    client, _ = parties(2)
    _, server = parties(1)
    assert not server.verify(7, client.response(7, STOC, CTOS), STOC, CTOS)


@pytest.mark.parametrize("suite", [1, 2])
def test_signatures_with_zeros_are_wrong(suite):
    client, server = parties(suite)
    response = client.response(7, STOC, CTOS)
    half = len(response) // 2
    for wrong in (bytes(half) + response[half:], response[:half] + bytes(half), bytes(2 * half)):
        assert not server.verify(7, wrong, STOC, CTOS)


def test_mechanism_2_is_a_plug_in():
    client, server = parties()
    assert client.response(2, STOC) == aes_ecb(SECRET, STOC)
    own = replace(client, vendor_function=lambda secret, challenge: challenge + secret)
    assert own.response(2, b"abc") == b"abc" + SECRET
    assert not server.verify(2, own.response(2, STOC), STOC)
    assert replace(server, vendor_function=own.vendor_function).verify(2, b"abc" + SECRET, b"abc")


def test_the_usual_function_is_aes_ecb_filled_with_zeros():
    # FIPS 197, appendix C.1.
    key = bytes.fromhex("000102030405060708090A0B0C0D0E0F")
    text = bytes.fromhex("00112233445566778899AABBCCDDEEFF")
    assert aes_ecb(key, text).hex() == "69c4e0d86a7b0430d8cdb78070b4c55a"
    assert aes_ecb(key + b"more", text) == aes_ecb(key, text)
    assert aes_ecb(b"short", b"1") == aes_ecb(b"short".ljust(16, b"\x00"), b"1".ljust(16, b"\x00"))
    assert [len(aes_ecb(b"", bytes(n))) for n in (0, 8, 16, 17, 64)] == [16, 16, 16, 32, 64]


@pytest.mark.parametrize("mechanism", [0, 1, 8, -1])
def test_other_mechanisms_have_no_response(mechanism):
    client, _ = parties()
    with pytest.raises(UsageError, match="HLS are 2 to 7"):
        client.response(mechanism, STOC)
    with pytest.raises(UsageError, match="HLS are 2 to 7"):
        client.verify(mechanism, b"", STOC)


def test_missing_keys_are_usage_errors_that_show_no_secret():
    party = HlsParty(CLIENT_TITLE, SERVER_TITLE, SECRET, private_key=b"private!")
    with pytest.raises(UsageError, match="mechanism 5 needs"):
        party.response(5, STOC)
    with pytest.raises(UsageError, match="suite 0 has no curve"):
        party.response(7, STOC)
    with pytest.raises(UsageError, match="private key of 8 octets") as caught:
        replace(party, suite=1).response(7, STOC)
    assert "private!" not in str(caught.value)


def test_secrets_are_not_shown():
    client, _ = parties(1)
    shown = repr(client)
    assert "secret__" not in shown
    assert repr(client.private_key)[2:-1] not in shown
    assert repr(KEYS.encryption)[2:-1] not in shown


def test_counters_and_lengths():
    for length in (0, 4, 5, 16, 18):
        assert response_counter(bytes(length)) is None
    assert challenge_octets(5) == challenge_octets(3) == range(8, 65)
    assert challenge_octets(7) == range(32, 65)
