"""Any octets give frames and problems, never an exception; no octet is left out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.protocols.dlms.acse import Aare, Aarq
from bench.protocols.dlms.apdu import encode_apdu
from bench.protocols.dlms.block import ResultBlock, split
from bench.protocols.dlms.ciphered import GeneralGloCiphering, SecurityControl
from bench.protocols.dlms.cosem_types import AttributeDescriptor, LogicalName
from bench.protocols.dlms.data import encode_data
from bench.protocols.dlms.data_types import octet_string
from bench.protocols.dlms.general_block_transfer import BlockControl, GeneralBlockTransfer
from bench.protocols.dlms.get import (
    GetRequestNormal,
    GetResponseNormal,
    GetResponseWithDataBlock,
)
from bench.protocols.dlms.results import Invocation
from bench.protocols.dlms.security.gcm import protect
from bench.protocols.hdlc.address import client, server
from bench.protocols.hdlc.encode import encode_frame
from bench.protocols.wan.captured import is_capture, read_capture
from bench.protocols.wan.deciphering import Keys, NamedKey
from bench.protocols.wan.layer import Form
from bench.protocols.wan.recording import Stretch, lines

KEY, CHECK, TITLE = bytes(range(16)), bytes(range(16, 32)), b"MBX\x00\x00\x00\x00\x01"
KEYS = Keys((NamedKey("key", KEY),), (NamedKey("check", CHECK),), (NamedKey("key", KEY),))
BOTH = SecurityControl(0, authenticated=True, encrypted=True)
REQUEST = encode_apdu(
    GetRequestNormal(Invocation(), AttributeDescriptor(8, LogicalName(0, 0, 1, 0, 0), 2))
)
RESPONSE = encode_apdu(GetResponseNormal(Invocation(), octet_string(b"answer")))
APDUS = [
    encode_apdu(Aarq(calling_ap_title=TITLE)),
    encode_apdu(Aare(responding_ap_title=TITLE)),
    REQUEST,
    RESPONSE,
    encode_apdu(GeneralGloCiphering(TITLE, protect(BOTH, TITLE, 1, KEY, CHECK, REQUEST))),
    *(
        encode_apdu(GetResponseWithDataBlock(Invocation(), ResultBlock(b.last, b.number, b.octets)))
        for b in split(encode_data(octet_string(bytes(40))), 20)
    ),
    *(
        encode_apdu(GeneralBlockTransfer(BlockControl(b.last, False, 1), b.number, 0, b.octets))
        for b in split(RESPONSE, 4)
    ),
]


def framed(apdu, number, segmented):
    return encode_frame(
        server(1, 17), client(16), 0x10 | (number & 7) << 1, b"\xe6\xe6\x00" + apdu, segmented
    )


APDU = st.sampled_from(APDUS)
FRAME = st.builds(framed, APDU, st.integers(0, 7), st.booleans())
UNIT = APDU.map(lambda apdu: b"\x00\x01\x00\x10\x00\x01" + len(apdu).to_bytes(2, "big") + apdu)
NOISE = st.binary(max_size=12) | st.sampled_from([b"~", b"~~", b"\x00\x01", b"\xa0", b"/?!\r\n"])


def mixtures(part):
    """Return streams of parts with noise between them, some of their octets changed."""

    def change(octets, places):
        changed = bytearray(octets)
        for place, octet in places:
            if changed:
                changed[place % len(changed)] = octet
        return bytes(changed)

    stream = st.lists(part | part | NOISE, max_size=8).map(b"".join)
    places = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=3)
    return st.builds(change, stream, places)


STREAM = mixtures(FRAME) | mixtures(UNIT) | mixtures(APDU) | st.binary(max_size=300)


def check(units, uncovered):
    for unit in units:
        assert not uncovered(unit)
        assert unit.to_json()["length"] == len(unit.octets)
        for layer in unit.layers:
            size = len(unit.octets) if layer.at is not None else len(layer.octets)
            assert all(0 <= problem.offset <= size for problem in layer.problems)


@given(STREAM, st.sampled_from([None, *Form]))
def test_every_octet_of_a_stream_is_in_a_frame_or_between_two(decode, uncovered, octets, form):
    units = decode(octets, KEYS, form)
    check(units, uncovered)
    if units or form:
        assert b"".join(unit.octets for unit in units) == octets
    ends = [0, *(unit.offset + len(unit.octets) for unit in units)]
    assert [unit.offset for unit in units] == ends[: len(units)]


@given(st.lists(mixtures(FRAME) | mixtures(UNIT) | APDU | NOISE, max_size=5))
def test_lines_are_frames_or_one_stream(decode, uncovered, rows):
    units = decode(lines(rows), KEYS)
    check(units, uncovered)
    octets = b"".join(unit.octets for unit in units)
    assert not units or len(octets) <= sum(map(len, rows))


@given(st.lists(st.tuples(STREAM, st.booleans(), st.sampled_from("ab")), max_size=4))
def test_streams_that_are_recorded_together_are_cut_apart(decode, uncovered, parts):
    stretches = [Stretch(octets, way=way, loss=loss, at_ns=5) for octets, loss, way in parts]
    units = decode(stretches, KEYS)
    check(units, uncovered)
    for way in "ab":
        octets = b"".join(unit.octets for unit in units if unit.way == way)
        assert not units or octets == b"".join(o for o, _, w in parts if w == way)


@given(st.sampled_from([b"\x0a\x0d\x0d\x0a", b"\xd4\xc3\xb2\xa1", b""]), st.binary(max_size=300))
def test_no_octets_are_an_error_of_a_capture(magic, octets):
    assert is_capture(magic + octets) >= bool(magic)
    assert isinstance(read_capture(magic + octets), list)


@given(mixtures(FRAME), st.integers(1, 40))
def test_how_reads_have_cut_the_stream_changes_nothing(decode, octets, size):
    parts = [Stretch(octets[n : n + size]) for n in range(0, len(octets), size)]
    together = [(u.octets, u.title) for u in decode(octets, form=Form.HDLC)]
    assert [(u.octets, u.title) for u in decode(parts, form=Form.HDLC)] == together


@pytest.mark.parametrize(
    "octets", [b"", b"no frame", b"\n", b"\xff" * 9000, b"/ISK5\r\n\r\n0-0:1.0.0(1)\r\n!\r\n"]
)
def test_what_is_no_frame_is_not_recognised(decode, octets):
    assert decode(octets) == []
