"""Frames that are changed on their way, and those that are left as they are."""

import pytest

from bench.protocols.hdlc.address import client, server
from bench.protocols.hdlc.control import Kind, receive_ready, unnumbered
from bench.protocols.hdlc.encode import build_frame, encode_frame, flipped
from bench.protocols.hdlc.frame import decode_frame
from bench.simulator.faults.wan_hdlc_edit import into, out, rebuilt

CLIENT, SERVER = client(16), server(1, 0x11)
SNRM = encode_frame(SERVER, CLIENT, unnumbered(Kind.SNRM))
POLL = encode_frame(SERVER, CLIENT, receive_ready(0))
UA = encode_frame(CLIENT, SERVER, unnumbered(Kind.UA), b"\x81\x80\x00")


def never_final(frame):
    return rebuilt(frame, control=frame.control.octet & ~0x10)


@pytest.mark.parametrize("octets", [SNRM, POLL, UA, SNRM.replace(b"\x93", b"\xff")])
def test_a_frame_rebuilt_without_change_is_the_same_with_right_check_sequences(octets):
    frame = decode_frame(octets[1:-1])
    assert decode_frame(rebuilt(frame)[1:-1]).control == frame.control
    if not frame.problems:
        assert rebuilt(frame) == octets


def test_a_frame_without_control_field_can_be_rebuilt():
    assert rebuilt(decode_frame(b"\xa0\x07\x03"))


def test_only_the_named_kinds_change_on_their_way_out():
    change = out(never_final, Kind.UA).change
    assert not decode_frame(change(UA, 0)[1:-1]).control.final
    assert change(POLL, 0) == POLL


def test_none_leaves_a_frame_as_it_is_and_nothing_drops_it():
    assert out(lambda _: None).change(UA, 0) == UA
    assert out(lambda _: b"").change(UA, 0) == b""
    assert into(lambda _: None).change(SNRM + POLL, 0) == SNRM + POLL
    assert into(lambda _: b"", Kind.SNRM).change(SNRM + POLL, 0) == POLL


def test_octets_that_are_no_frame_pass():
    octets = b"\xff\x00" + SNRM[:-3]
    assert into(never_final).change(octets, 0) == octets


def test_a_frame_with_a_shared_flag_gets_its_own_when_it_changes():
    changed = into(never_final, Kind.RR).change(SNRM + POLL[1:], 0)
    assert changed == SNRM + encode_frame(SERVER, CLIENT, receive_ready(0, final=False))


def test_damaged_frames_are_shown_to_the_change_too():
    damaged = build_frame(SERVER, CLIENT, 0x93, fcs=flipped(1))
    seen = []
    into(lambda frame: seen.append(frame.valid)).change(damaged, 0)
    assert seen == [False]
