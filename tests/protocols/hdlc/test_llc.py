import pytest

from bench.protocols.hdlc.frame import decode_frame
from bench.protocols.hdlc.llc import COMMAND, RESPONSE, split_llc


def test_known_requests_and_answers(known_frames):
    request = decode_frame(known_frames["spodes-6"][1:-1]).information
    assert split_llc(request, COMMAND) == (COMMAND, request[3:], ())
    answer = decode_frame(known_frames["spodes-7"][1:-1]).information
    assert split_llc(answer, RESPONSE) == (RESPONSE, answer[3:], ())


@pytest.mark.parametrize(
    ("octets", "offsets"),
    [("e6e700c0", [1]), ("e6e601c0", [2]), ("000000", [0, 1]), ("e6e6", [1]), ("", [0])],
)
def test_a_wrong_header_is_named_where_it_is_wrong(octets: str, offsets: list[int]):
    unit = split_llc(bytes.fromhex(octets), COMMAND)
    assert [problem.offset for problem in unit.problems] == offsets
    assert unit.header + unit.apdu == bytes.fromhex(octets)
