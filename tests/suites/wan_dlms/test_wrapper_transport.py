import pytest

from bench.protocols.dlms.wrapper import build_wpdu, encode_wpdu
from suites.wan_dlms.answer import Ending
from suites.wan_dlms.udp_transport import UdpTransport, datagram_line
from suites.wan_dlms.wrapper_transport import UnitLine, WrapperTransport

LDN = bytes.fromhex("C001C1000100002A0000FF0200")
ANSWER = bytes.fromhex("C401C1000903414243")
PUSH = bytes.fromhex("0F000000010000")
UNIT = encode_wpdu(1, 16, ANSWER)


def opened(scripted, *pieces):
    wired = scripted(lambda _: pieces)
    transport = WrapperTransport(UnitLine(wired.wire), 16, 1, 1.0)
    assert transport.open().up
    return wired, transport


@pytest.mark.parametrize(
    "pieces",
    [[UNIT], [UNIT[:3], UNIT[3:11], UNIT[11:]], [encode_wpdu(1, 16, PUSH) + UNIT]],
)
def test_an_answer_is_found_however_it_is_cut(scripted, pieces):
    wired, transport = opened(scripted, *pieces)
    reply = transport.exchange(LDN)
    assert reply.octets == ANSWER
    assert not reply.problems
    assert wired.octets(reply.place(6, 3)) == ANSWER[6:9]
    assert wired.link.sent == [encode_wpdu(16, 1, LDN)]


def test_ports_that_are_not_swapped_are_a_problem_of_the_link(scripted):
    _, transport = opened(scripted, encode_wpdu(16, 1, ANSWER))
    reply = transport.exchange(LDN)
    assert reply.octets == ANSWER
    assert [problem.code for problem in reply.link_problems] == ["wrapper-ports"]


@pytest.mark.parametrize(
    ("pieces", "ending"),
    [
        ([], Ending.SILENCE),
        ([b""], Ending.CLOSED),
        ([UNIT[:10], b""], Ending.GARBAGE),
        ([UNIT[:10]], Ending.GARBAGE),
        ([build_wpdu(1, 16, ANSWER, version=2)], Ending.GARBAGE),
        ([(1, encode_wpdu(1, 99, b"\xc4" * 60000))] * 9, Ending.ANSWER),
        (
            [(1, build_wpdu(1, 16, b"", length=65535) + bytes(5))] + [(700, b"\x00")] * 90,
            Ending.GARBAGE,
        ),
    ],
)
def test_whatever_comes_instead_of_an_answer_is_a_value(scripted, pieces, ending):
    wired, transport = opened(scripted, *pieces)
    reply = transport.exchange(LDN)
    assert reply.ending is ending
    assert str(reply)
    assert wired.link.clock.now() < 15 * 10**9


def test_a_notification_is_no_answer_and_is_heard_later(scripted):
    _, transport = opened(scripted, encode_wpdu(1, 16, PUSH), UNIT)
    assert transport.exchange(LDN).octets == ANSWER
    assert [one.octets for one in transport.listen(0.5)] == [PUSH]


def test_two_clients_share_a_connection(scripted):
    wired = scripted(lambda _: [encode_wpdu(1, 32, ANSWER), encode_wpdu(1, 16, PUSH[:1] + ANSWER)])
    line = UnitLine(wired.wire)
    first, second = WrapperTransport(line, 16, 1, 1.0), WrapperTransport(line, 32, 1, 1.0)
    first.open()
    second.open()
    assert first.exchange(LDN).silent
    wired.link.script = lambda _: [UNIT]
    assert first.exchange(LDN).octets == ANSWER


def test_a_closed_connection_is_made_anew_by_opening(scripted):
    wired, transport = opened(scripted, b"")
    assert transport.exchange(LDN).closed
    assert not transport.up
    assert transport.exchange(LDN).ending is Ending.CLOSED
    wired.link.script = lambda _: [UNIT]
    assert transport.open().up
    assert wired.link.connections == 2
    assert transport.exchange(LDN).octets == ANSWER


def test_a_datagram_is_a_unit(scripted):
    wired = scripted(lambda _: [UNIT[:10], UNIT])
    transport = UdpTransport(datagram_line(wired.wire), 16, 1, 1.0)
    transport.open()
    assert transport.exchange(LDN).ending is Ending.GARBAGE
    wired.link.script = lambda _: []
    assert [one.octets for one in transport.listen(1.0)] == [ANSWER]


def test_a_connection_that_is_out_of_step_is_made_anew(scripted):
    wired, transport = opened(scripted, UNIT[:10])
    assert transport.exchange(LDN).ending is Ending.GARBAGE
    wired.link.script = lambda _: [UNIT]
    assert transport.open().up
    assert wired.link.connections == 2
    assert transport.exchange(LDN).octets == ANSWER


def test_what_came_before_a_request_is_no_answer_to_it(scripted):
    wired, transport = opened(scripted, UNIT, (1, encode_wpdu(1, 16, PUSH[:1] + ANSWER)))
    assert transport.exchange(LDN).octets == ANSWER
    wired.link.clock.wait_until(wired.link.clock.now() + 10**9)
    wired.link.script = lambda _: []
    assert transport.open().up
    assert transport.exchange(LDN).silent
    assert len(transport.unasked) == 1
