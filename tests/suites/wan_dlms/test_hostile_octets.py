"""The wrong octets that cases send: each is wrong in what it says, and the same in every run."""

from random import Random

import pytest

from bench.protocols.dlms.acse import Aarq
from bench.protocols.dlms.apdu import decode_apdu
from bench.protocols.dlms.initiate import InitiateRequest
from bench.protocols.hdlc.address import client, server
from bench.protocols.hdlc.control import Kind, unnumbered
from bench.protocols.hdlc.encode import encode_frame
from bench.protocols.hdlc.frame import decode_frame
from suites.wan_dlms.hostile_octets import flipped_bit, random_apdu, wrong_aarqs
from suites.wan_dlms.wrapper_wire import plain_aarq

WRONG = dict(wrong_aarqs())


def test_the_aarq_that_they_are_made_of_is_right():
    decoded = decode_apdu(plain_aarq())
    assert decoded.problems == ()
    assert isinstance(decoded.value, Aarq)
    assert isinstance(decoded.value.user_information, InitiateRequest)


@pytest.mark.parametrize("what", WRONG)
def test_every_wrong_aarq_has_a_problem_of_form(what):
    octets = WRONG[what]
    assert octets[0] == 0x60
    assert decode_apdu(octets).problems


def test_the_wrong_aarqs_differ():
    assert len(set(WRONG.values())) == len(WRONG) >= 20


def test_a_flipped_bit_is_one_bit_between_the_flags():
    frame = encode_frame(server(1, 17), client(16), unnumbered(Kind.SNRM))
    random = Random(1)
    bits = set()
    for _ in range(600):
        damaged, bit = flipped_bit(random, frame)
        assert (damaged[0], damaged[-1], len(damaged)) == (0x7E, 0x7E, len(frame))
        difference = int.from_bytes(damaged, "big") ^ int.from_bytes(frame, "big")
        assert difference.bit_count() == 1
        assert not decode_frame(damaged[1:-1]).valid
        bits.add(bit)
    assert bits == set(range(8 * (len(frame) - 2)))


def test_random_apdus_are_the_same_in_every_run():
    first, second = ([random_apdu(Random(seed)) for seed in range(50)] for _ in range(2))
    assert first == second
    assert {len(apdu) for apdu in first} <= set(range(1, 401))
