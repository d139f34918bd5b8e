"""Octets that others published, decoded as a recording of them."""

import json

import pytest

from bench.protocols.dlms.apdu import APDU_NAMES
from bench.protocols.wan.deciphering import Keys, NamedKey
from bench.protocols.wan.layer import Form, Tag

# the worked example of IEC 62056-5-3: GET of the clock under both keys
EK = bytes.fromhex("000102030405060708090A0B0C0D0E0F")
AK = bytes.fromhex("D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF")
TITLE = bytes.fromhex("4D4D4D0000BC614E")
GLO_GET = bytes.fromhex("C81E3001234567411312FF935A47566827C467BC7D825C3BE4A77C3FCC056B6B")
GET = bytes.fromhex("C0010000080000010000FF0200")
KEYS = Keys((NamedKey("EK", EK),), (NamedKey("AK", AK),), titles=(TITLE,))


def read(real_data, name):
    file = real_data / "wan-dlms" / name
    if not file.is_file():
        pytest.skip(f"no known answers at {file}")
    return json.loads(file.read_text(encoding="utf-8"))["vectors"]


def test_the_example_of_the_standard_opens(decode):
    (unit,) = decode(GLO_GET, KEYS)
    assert [layer.octets for layer in unit.layers] == [GLO_GET, GET]
    assert unit.layers[1].tag is Tag.GOOD
    assert unit.problems == ()


def test_published_frames_are_read(real_data, decode, uncovered):
    vectors = read(real_data, "hdlc_frames.json")
    for vector in vectors:
        octets = bytes.fromhex(vector["frame"])
        units = decode(octets)
        assert units, vector["id"]
        assert units[0].form is Form.HDLC
        assert not any(uncovered(unit) for unit in units)
        assert [p for unit in units for p in unit.problems if p.code in ("hcs", "fcs")] == []


def test_published_apdus_are_read_bare_and_in_the_wrapper(real_data, decode, uncovered):
    count = 0
    for name in ("acse_xdlms.json", "apdus_u9n_mit.json"):
        for vector in read(real_data, name):
            octets = bytes.fromhex(vector.get("apdu") or vector.get("bytes") or "")
            if octets[:1] == b"\x01" or not octets or octets[0] not in APDU_NAMES:
                continue  # data alone; 01 is the tag of an array there
            count += 1
            (bare,) = decode([octets])
            header = b"\x00\x01\x00\x10\x00\x01" + len(octets).to_bytes(2, "big")
            (unit,) = decode(header + octets)
            assert bare.layers[0].name == unit.layers[1].name == APDU_NAMES[octets[0]]
            assert [p.shifted(8) for p in bare.problems] == list(unit.problems), vector["id"]
            assert not uncovered(bare)
            assert not uncovered(unit)
    assert count > 60


def test_published_ciphered_apdus_open(real_data, decode):
    opened = 0
    for vector in read(real_data, "security_suite0.json"):
        if "apdu" not in vector or not vector.get("plaintext"):
            continue
        keys = Keys(
            (NamedKey("EK", bytes.fromhex(vector["ek"])),),
            (NamedKey("AK", bytes.fromhex(vector["ak"])),),
            titles=(bytes.fromhex(vector["system_title"]),),
        )
        (unit,) = decode(bytes.fromhex(vector["apdu"]), keys)
        assert unit.layers[-1].octets == bytes.fromhex(vector["plaintext"]), vector["id"]
        assert unit.layers[-1].tag is (Tag.ABSENT if vector["sc"] == "20" else Tag.GOOD)
        opened += 1
    assert opened
