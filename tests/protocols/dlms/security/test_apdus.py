"""Whole APDUs: tags, keys and titles."""

import pytest

from bench.core.errors import UsageError
from bench.protocols.dlms.apdu import APDU_NAMES, decode_apdu
from bench.protocols.dlms.ciphered import CipheredApdu, Protected, SecurityControl
from bench.protocols.dlms.security.apdus import (
    Ciphering,
    ded_tag,
    encode_protected,
    glo_tag,
    how_of,
    key_for,
    plain_tag,
    protect_apdu,
    unprotect_apdu,
    unprotect_record,
)
from bench.protocols.dlms.security.keys import SymmetricKeys

KEYS = SymmetricKeys(
    bytes.fromhex("000102030405060708090A0B0C0D0E0F"),
    bytes.fromhex("D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF"),
    broadcast=bytes.fromhex("0F0E0D0C0B0A09080706050403020100"),
    dedicated=bytes.fromhex("00112233445566778899AABBCCDDEEFF"),
)
TITLE = bytes.fromhex("4D4D4D0000BC614E")
GET = bytes.fromhex("C0010000080000010000FF0200")
BOTH = SecurityControl.of(0x30)

# Green Book: glo-get-request, and glo-initiateRequest with a dedicated key.
GLO_GET = "C81E3001234567411312FF935A47566827C467BC7D825C3BE4A77C3FCC056B6B"
INITIATE = "01011000112233445566778899AABBCCDDEEFF0000065F1F0400007E1F04B0"
GLO_INITIATE = (
    "21303001234567801302FF8A7874133D414CED25B42534D28DB0047720606B175BD52211BE6841DB204D39EE6F"
    "DB8E356855"
)


def protected(octets=GET, how=Ciphering.GLO, control=BOTH, keys=KEYS):
    return protect_apdu(octets, how, control=control, title=TITLE, counter=0x01234567, keys=keys)


@pytest.mark.parametrize(("plain", "ciphered"), [(GET.hex(), GLO_GET), (INITIATE, GLO_INITIATE)])
def test_the_examples_of_the_green_book(plain, ciphered):
    assert protected(bytes.fromhex(plain)) == bytes.fromhex(ciphered)
    opened = unprotect_apdu(bytes.fromhex(ciphered), TITLE, KEYS)
    assert opened is not None
    assert opened.apdu == bytes.fromhex(plain)
    assert (opened.how, opened.control, opened.invocation_counter) == (
        Ciphering.GLO,
        BOTH,
        0x01234567,
    )
    assert opened.title == TITLE
    assert opened.agrees


@pytest.mark.parametrize(
    ("plain", "glo", "ded"),
    [
        (0x01, 0x21, 0x41),
        (0x05, 0x25, 0x45),
        (0x06, 0x26, 0x46),
        (0x08, 0x28, 0x48),
        (0x0C, 0x2C, 0x4C),
        (0x0D, 0x2D, 0x4D),
        (0x0E, 0x2E, 0x4E),
        (0x16, 0x36, 0x56),
        (0x18, 0x38, 0x58),
        (0xC0, 0xC8, 0xD0),
        (0xC1, 0xC9, 0xD1),
        (0xC2, 0xCA, 0xD2),
        (0xC3, 0xCB, 0xD3),
        (0xC4, 0xCC, 0xD4),
        (0xC5, 0xCD, 0xD5),
        (0xC7, 0xCF, 0xD7),
    ],
)
def test_which_tag_protects_which(plain, glo, ded):
    assert glo_tag(plain) == glo
    assert ded_tag(plain) == ded
    assert plain_tag(glo) == plain_tag(ded) == plain
    assert how_of(glo) is Ciphering.GLO
    assert how_of(ded) is Ciphering.DED
    assert APDU_NAMES[glo].startswith("glo-")
    assert APDU_NAMES[ded].startswith("ded-")


@pytest.mark.parametrize("tag", [0x0F, 0x60, 0xD8, 0xD9, 0xDA, 0xDB, 0xE0, 0xC6, 0x00, 0xFF])
def test_tags_that_no_service_specific_apdu_protects(tag):
    assert glo_tag(tag) is None
    assert ded_tag(tag) is None
    assert plain_tag(tag) is None
    with pytest.raises(UsageError, match="general-glo"):
        protected(bytes((tag, 0, 0)))


def test_the_keys():
    unicast, broadcast = SecurityControl.of(0x30), SecurityControl.of(0x70)
    assert key_for(Ciphering.GLO, unicast, KEYS) == KEYS.encryption
    assert key_for(Ciphering.GENERAL_GLO, broadcast, KEYS) == KEYS.broadcast
    # The key set bit has no meaning under the dedicated key.
    for how in (Ciphering.DED, Ciphering.GENERAL_DED):
        assert key_for(how, unicast, KEYS) == key_for(how, broadcast, KEYS) == KEYS.dedicated


@pytest.mark.parametrize("how", Ciphering)
@pytest.mark.parametrize("octet", [0x10, 0x20, 0x30, 0x70])
def test_every_way_there_and_back(how, octet):
    control = SecurityControl.of(octet)
    octets = protected(how=how, control=control)
    assert decode_apdu(octets).problems == ()
    opened = unprotect_apdu(octets, TITLE, KEYS)
    assert opened is not None
    assert opened.apdu == GET
    assert (opened.how, opened.control, opened.title) == (how, control, TITLE)
    assert opened.agrees
    assert how_of(octets[0]) is how
    assert how_of(GET[0]) is None


def test_the_general_apdus_take_any_apdu_and_carry_their_title():
    access = bytes.fromhex("D9400000000000000000")
    octets = protected(access, Ciphering.GENERAL_GLO)
    assert octets[:10] == b"\xdb\x08" + TITLE
    opened = unprotect_apdu(octets, b"another", KEYS)
    assert opened is not None
    assert opened.apdu == access
    assert opened.title == TITLE
    assert opened.agrees


def test_a_service_that_the_tag_does_not_announce_is_told():
    octets = bytearray(protected())
    octets[0] = 0xC9
    opened = unprotect_apdu(bytes(octets), TITLE, KEYS)
    assert opened is not None
    assert not opened.agrees


def test_long_apdus_have_long_lengths():
    for size in (100, 127 - 17, 128 - 17, 255, 256, 70_000):
        octets = protected(b"\xc4" + bytes(size))
        assert decode_apdu(octets).problems == ()
        opened = unprotect_apdu(octets, TITLE, KEYS)
        assert opened is not None
        assert opened.apdu == b"\xc4" + bytes(size)


def test_what_is_not_ciphered_or_cut_or_longer_is_not_opened():
    octets = protected()
    for wrong in (b"", GET, octets[:-1], octets + b"\x00", octets[:1], octets[:6]):
        assert unprotect_apdu(wrong, TITLE, KEYS) is None


def test_a_dedicated_key_that_is_not_there_opens_nothing():
    octets = protected(how=Ciphering.DED)
    keys = SymmetricKeys(KEYS.encryption, KEYS.authentication)
    assert unprotect_apdu(octets, TITLE, keys) is None
    with pytest.raises(UsageError, match="a key of 0 octets"):
        protected(how=Ciphering.DED, keys=keys)


def test_the_ways_of_the_dedicated_key():
    assert [how for how in Ciphering if how.dedicated] == [Ciphering.DED, Ciphering.GENERAL_DED]


def test_a_record_with_a_tag_that_protects_nothing_is_not_opened():
    protected_text = decode_apdu(protected()).value.protected
    assert unprotect_record(CipheredApdu(0xC8, protected_text), TITLE, KEYS) is not None
    assert unprotect_record(CipheredApdu(0xC0, protected_text), TITLE, KEYS) is None


def test_headers_that_cannot_be_written_are_misuse():
    for counter in (-1, 1 << 32):
        with pytest.raises(UsageError, match="32 bits"):
            encode_protected(Protected(BOTH, counter, b""))
    assert encode_protected(Protected(BOTH, 1, b"ab")).hex() == "0730000000016162"


def test_the_content_is_not_shown():
    opened = unprotect_apdu(bytes.fromhex(GLO_INITIATE), TITLE, KEYS)
    assert r"\x11\x22" not in repr(opened)
    assert '"3DU' not in repr(opened)
    assert "apdu" not in repr(opened)


def test_nothing_cannot_be_protected_by_service():
    with pytest.raises(UsageError, match="no octets"):
        protected(b"")
