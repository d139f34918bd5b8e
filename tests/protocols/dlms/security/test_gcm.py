"""AES-GCM: the worked example of the Green Book for suite 0, and what damage does."""

import json

import pytest

from bench.core.errors import UsageError
from bench.protocols.dlms.apdu import decode_apdu
from bench.protocols.dlms.ciphered import Protected, SecurityControl
from bench.protocols.dlms.security.gcm import gmac, is_gcm_key, protect, unprotect
from bench.protocols.dlms.security.keys import SymmetricKeys
from bench.protocols.dlms.security.suite import SUITES, Curve, Hash

# Green Book, example of the AES-GCM protection of a GET request (IEC 62056-5-3).
EK = bytes.fromhex("000102030405060708090A0B0C0D0E0F")
AK = bytes.fromhex("D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF")
TITLE = bytes.fromhex("4D4D4D0000BC614E")
COUNTER = 0x01234567
TEXT = bytes.fromhex("C0010000080000010000FF0200")
CIPHERTEXT = bytes.fromhex("411312FF935A47566827C467BC")
BOTH = bytes.fromhex("7D825C3BE4A77C3FCC056B6B")
ALONE = bytes.fromhex("06725D910F9221D263877516")


@pytest.mark.parametrize(
    ("octet", "expected"), [(0x30, CIPHERTEXT + BOTH), (0x20, CIPHERTEXT), (0x10, TEXT + ALONE)]
)
def test_the_example_of_the_green_book(octet, expected):
    control = SecurityControl.of(octet)
    protected = protect(control, TITLE, COUNTER, EK, AK, TEXT)
    assert protected == Protected(control, COUNTER, expected)
    assert unprotect(protected, TITLE, EK, AK) == TEXT


def test_authentication_alone_is_the_gmac():
    assert gmac(SecurityControl.of(0x10), TITLE, COUNTER, EK, AK, TEXT) == ALONE


def test_no_protection_returns_the_text_as_it_comes():
    control = SecurityControl.of(0x00)
    protected = protect(control, TITLE, COUNTER, EK, AK, TEXT)
    assert protected.octets == TEXT
    assert unprotect(protected, TITLE, EK, AK) == TEXT


def test_aes_256_as_nist_gives_it():
    # GCM specification of McGrew and Viega, test case 14: a zero key of 256 bits, a zero nonce
    # and one zero block, here without the tag, as that covers no associated data.
    control = SecurityControl.of(0x22)
    protected = protect(control, bytes(8), 0, bytes(32), b"", bytes(16))
    assert protected.octets.hex() == "cea7403d4d606b6e074ec5d3baf39d18"


def test_every_octet_of_the_header_of_general_ciphering_is_authenticated():
    for octet in (0x10, 0x30):
        control = SecurityControl.of(octet)
        protected = protect(control, TITLE, COUNTER, EK, AK, TEXT, b"header")
        assert unprotect(protected, TITLE, EK, AK, b"header") == TEXT
        assert unprotect(protected, TITLE, EK, AK, b"Header") is None
        assert unprotect(protected, TITLE, EK, AK) is None


def test_other_keys_titles_and_authentication_keys_are_noticed():
    for octet in (0x10, 0x30):
        protected = protect(SecurityControl.of(octet), TITLE, COUNTER, EK, AK, TEXT)
        assert unprotect(protected, TITLE, EK[::-1], AK) is None
        assert unprotect(protected, TITLE, EK, AK[::-1]) is None
        assert unprotect(protected, TITLE[::-1], EK, AK) is None
        assert unprotect(protected, TITLE, EK + EK, AK) is None


@pytest.mark.parametrize("left", range(12))
def test_a_tag_that_has_no_place_is_missing(left):
    for octet in (0x10, 0x30):
        protected = Protected(SecurityControl.of(octet), COUNTER, BOTH[:left])
        assert unprotect(protected, TITLE, EK, AK) is None


def test_a_shortened_tag_is_wrong():
    octets = (CIPHERTEXT + BOTH)[:-1]
    assert unprotect(Protected(SecurityControl.of(0x30), COUNTER, octets), TITLE, EK, AK) is None


def test_keys_and_titles_that_cannot_be_are_no_match():
    protected = protect(SecurityControl.of(0x30), TITLE, COUNTER, EK, AK, TEXT)
    for length in (0, 1, 15, 17, 24, 31, 33, 64):
        assert unprotect(protected, TITLE, bytes(length), AK) is None
        assert not is_gcm_key(bytes(length))
    for length in (0, 7, 9, 16):
        assert unprotect(protected, bytes(length), EK, AK) is None


@pytest.mark.parametrize(
    ("title", "counter", "key", "message"),
    [
        (TITLE, COUNTER, b"secret", "a key of 6 octets"),
        (TITLE, COUNTER, bytes(24), "a key of 24 octets"),
        (TITLE[1:], COUNTER, EK, "a system title has 8 octets, not 7"),
        (TITLE, -1, EK, "counter -1"),
        (TITLE, 1 << 32, EK, "counter 4294967296"),
    ],
)
def test_what_cannot_be_protected_is_a_usage_error(title, counter, key, message):
    for octet in (0x00, 0x10, 0x20, 0x30):
        control = SecurityControl.of(octet)
        with pytest.raises(UsageError, match=message) as caught:
            protect(control, title, counter, key, AK, TEXT)
        assert "secret" not in str(caught.value)
        with pytest.raises(UsageError, match=message):
            gmac(control, title, counter, key, AK, TEXT)


def test_known_answers_of_suite_0(real_data):
    file = real_data / "wan-dlms" / "security_suite0.json"
    if not file.is_file():
        pytest.skip(f"no known answers at {file}")
    vectors = json.loads(file.read_text(encoding="utf-8"))["vectors"]
    assert len(vectors) >= 4
    for vector in vectors:
        ek, ak, title, text = (
            bytes.fromhex(vector[name]) for name in ("ek", "ak", "system_title", "plaintext")
        )
        known = decode_apdu(bytes.fromhex(vector["apdu"])).value.protected
        counter = vector["invocation_counter"]
        assert protect(known.control, title, counter, ek, ak, text) == known, vector["id"]
        assert unprotect(known, title, ek, ak) == text, vector["id"]


def test_keys_are_not_shown():
    keys = SymmetricKeys(b"A" * 16, b"B" * 16, dedicated=b"C" * 16)
    for shown in (repr(keys), str(keys), f"{keys}"):
        assert "AAA" not in shown
        assert "BBB" not in shown
        assert "CCC" not in shown
    assert "encryption: 16 octets" in repr(keys)
    assert "master: 0 octets" in repr(keys)


def test_the_suites():
    assert [suite.number for suite in SUITES.values()] == list(SUITES) == [0, 1, 2]
    assert [suite.key_octets for suite in SUITES.values()] == [16, 16, 32]
    assert [suite.curve for suite in SUITES.values()] == [None, Curve.P_256, Curve.P_384]
    assert [suite.hash for suite in SUITES.values()] == [None, Hash.SHA_256, Hash.SHA_384]
    assert [curve.octets for curve in Curve] == [32, 48]
