import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.core.errors import UsageError
from bench.protocols.hdlc.address import Address, client, server
from bench.protocols.hdlc.control import CONTROLS, WITHOUT_INFORMATION, Kind
from bench.protocols.hdlc.encode import build_frame, encode_frame, flipped
from bench.protocols.hdlc.frame import TYPE_1, FrameLayout, decode_frame

CLIENTS = st.integers(0, 0x7F).map(client)
SERVERS = st.one_of(
    st.integers(0, 0x7F).map(server),
    st.builds(server, st.integers(0, 0x7F), st.integers(0, 0x7F)),
    st.builds(server, st.integers(0, 0x3FFF), st.integers(0, 0x3FFF), st.just(4)),
)
ENDS = st.tuples(SERVERS, CLIENTS) | st.tuples(CLIENTS, SERVERS)
DEFINED = st.sampled_from([control.octet for control in CONTROLS if control.defined])
SERVER, CLIENT = server(1, 17), client(16)


def codes(octets: bytes) -> list[str]:
    return [problem.code for problem in decode_frame(octets[1:-1]).problems]


def test_known_frames(known_frames):
    assert len(known_frames) >= 15
    for name, octets in known_frames.items():
        frame = decode_frame(octets[1:-1])
        assert [p.code for p in frame.problems] == (["control"] if name == "rej" else [])
        assert frame.valid
        again = encode_frame(
            frame.destination,
            frame.source,
            frame.control.octet,
            frame.information,
            frame.segmented,
        )
        assert again == octets
        assert build_frame(*frame[4:6], frame.control.octet, frame.information) == octets


def test_what_known_frames_mean(known_frames):
    snrm = decode_frame(known_frames["dlms-web-snrm"][1:-1])
    assert (snrm.control.kind, snrm.control.final) == (Kind.SNRM, True)
    assert (snrm.destination, snrm.source) == (server(1, 17, 4), client(16))
    request = decode_frame(known_frames["spodes-6"][1:-1])
    assert (request.control.ns, request.control.nr) == (2, 1)
    assert request.information[:3].hex() == "e6e600"
    push = decode_frame(known_frames["gb-ui-push"][1:-1])
    assert push.control.kind is Kind.UI
    assert push.destination.broadcast


@settings(deadline=None)
@given(ENDS, DEFINED, st.binary(max_size=200), st.booleans())
def test_round_trip(ends, octet: int, information: bytes, segmented: bool):
    if CONTROLS[octet].kind in WITHOUT_INFORMATION:
        information = b""
    octets = encode_frame(*ends, octet, information, segmented)
    assert octets == build_frame(*ends, octet, information, segmented=segmented)
    frame = decode_frame(octets[1:-1])
    assert frame.problems == ()
    assert (frame.destination, frame.source) == ends
    assert frame.control == CONTROLS[octet]
    assert (frame.information, frame.segmented) == (information, segmented)
    assert frame.length == len(octets) - 2
    assert frame.octets[frame.at : frame.at + len(information)] == information
    fields = frame.fields()
    assert [f.offset for f in fields][1:] == [f.offset + f.length for f in fields][:-1]
    assert sum(f.length for f in fields) == frame.length


@settings(deadline=None)
@given(ENDS, DEFINED, st.binary(max_size=40), st.data())
def test_every_single_bit_of_damage_is_found(ends, octet: int, information: bytes, data):
    body = encode_frame(*ends, octet, information)[1:-1]
    for bit in range(len(body) * 8):
        damaged = bytearray(body)
        damaged[bit // 8] ^= 1 << bit % 8
        assert not decode_frame(bytes(damaged)).valid


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (build_frame(SERVER, CLIENT, 0x93, fcs=flipped(0)), "fcs"),
        (build_frame(SERVER, CLIENT, 0x93, fcs=b"\x00\x00"), "fcs"),
        (build_frame(SERVER, CLIENT, 0x10, b"abc", hcs=flipped(7, 9)), "hcs"),
        (build_frame(SERVER, CLIENT, 0x93, format_type=0x9), "format-type"),
        (build_frame(SERVER, CLIENT, 0x93, format_type=0xB), "format-type"),
        (build_frame(SERVER, CLIENT, 0x93, length=lambda right: right + 1), "length"),
        (build_frame(SERVER, CLIENT, 0x93, length=0), "length"),
        (build_frame(SERVER, CLIENT, 0x93, length=2047), "length"),
        (build_frame(b"\x02\x02\x23", CLIENT, 0x93), "address"),
        (build_frame(SERVER, b"\x02\x21", 0x93), "address"),
        (build_frame(b"\x02\x02\x02\x02\x23", CLIENT, 0x93), "address"),
        (build_frame(SERVER, CLIENT, 0xFF), "control"),
        (build_frame(SERVER, CLIENT, 0x19), "control"),
        (build_frame(SERVER, CLIENT, 0x11, with_hcs=True), "hcs-without-information"),
        (build_frame(SERVER, CLIENT, 0x11, b"x"), "information-not-permitted"),
        (build_frame(b"", CLIENT, b""), "too-short"),
        (b"\x7e\x7e", "too-short"),
    ],
)
def test_a_wrong_frame_is_named(octets: bytes, code: str):
    assert code in codes(octets)


@pytest.mark.parametrize("code", ["control", "hcs-without-information"])
def test_some_problems_are_answered_and_do_not_make_the_frame_invalid(code: str):
    octets = {
        "control": build_frame(SERVER, CLIENT, 0xFF),
        "hcs-without-information": build_frame(SERVER, CLIENT, 0x11, with_hcs=True),
    }[code]
    frame = decode_frame(octets[1:-1])
    assert [p.code for p in frame.problems] == [code]
    assert frame.valid


def test_one_deviation_stays_one():
    for bit in range(16):
        assert codes(build_frame(SERVER, CLIENT, 0x93, fcs=flipped(bit))) == ["fcs"]
        wrong_hcs = build_frame(SERVER, CLIENT, 0x10, b"abc", hcs=flipped(bit))
        assert codes(wrong_hcs) == ["hcs"]
    assert codes(build_frame(SERVER, CLIENT, 0x93, length=lambda n: n - 1)) == ["length"]


def test_a_missing_header_check_is_found():
    assert "hcs" in codes(build_frame(SERVER, CLIENT, 0x10, b"abcdef", with_hcs=False))


def test_problems_say_where():
    octets = build_frame(SERVER, CLIENT, 0x10, b"abc", hcs=flipped(0), fcs=flipped(0))
    frame = decode_frame(octets[1:-1])
    assert [(p.code, p.offset) for p in frame.problems] == [("hcs", 6), ("fcs", 11)]
    noted = {f.path: f.problem for f in frame.fields() if f.problem}
    assert set(noted) == {"HCS", "FCS"}
    assert frame.to_json()["frame"] == "I"
    assert frame.information == b"abc"


def test_missing_flags_can_be_sent():
    whole = build_frame(SERVER, CLIENT, 0x93)
    assert build_frame(SERVER, CLIENT, 0x93, opening=b"", closing=b"") == whole[1:-1]


def test_the_longest_frame():
    information = bytes(2047 - 2 - 2 - 1 - 1 - 2 - 2)
    octets = encode_frame(SERVER, CLIENT, 0x10, information)
    assert decode_frame(octets[1:-1]).problems == ()
    with pytest.raises(UsageError):
        encode_frame(SERVER, CLIENT, 0x10, information + b"x")


def test_frames_of_type_1_have_one_address_and_no_header_check():
    octets = build_frame(b"\xff", b"", 0x03, bytes(37), layout=TYPE_1)
    assert len(octets) == 45
    assert octets[:5].hex() == "7e802bff03"
    frame = decode_frame(octets[1:-1], TYPE_1)
    assert frame.problems == ()
    assert (frame.destination, frame.source) == (Address(b"\xff"), Address(b""))
    assert frame.information == bytes(37)
    assert [f.path for f in frame.fields()] == [
        "format",
        "address",
        "control",
        "information",
        "FCS",
    ]


def test_a_published_frame_of_type_1():
    information = bytes(14) + bytes.fromhex("0a34c3bb0f0b150005fa") + bytes(13)
    octets = build_frame(b"\xff", b"", 0x03, information, layout=TYPE_1)
    assert octets.hex().endswith("c5b27e")


@given(st.binary(max_size=60), st.sampled_from([FrameLayout(0xA, 2, True, 7), TYPE_1]))
def test_the_short_way_agrees_with_the_diagnosis(octets: bytes, layout: FrameLayout):
    frame = decode_frame(octets, layout)
    assert frame.octets == octets
    assert frame.to_json()
    assert sum(f.length for f in frame.fields()) == len(octets)


@given(ENDS | st.tuples(SERVERS, SERVERS), st.integers(0, 255), st.binary(max_size=12))
def test_both_ways_give_the_same_frame(ends, octet: int, information: bytes):
    body = build_frame(*ends, octet, information)[1:-1]
    slow = decode_frame(body, FrameLayout(0xA, 2, True, 7))  # equal, not the same object
    assert decode_frame(body) == slow
