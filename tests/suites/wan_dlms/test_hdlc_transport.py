import pytest

from bench.protocols.dlms.get import GetResponseNormal
from bench.protocols.hdlc.address import client, server
from bench.protocols.hdlc.control import Kind, information, receive_ready, unnumbered
from bench.protocols.hdlc.encode import encode_frame
from bench.protocols.hdlc.frame import decode_frame
from bench.protocols.hdlc.parameters import LinkParameters
from suites.wan_dlms.answer import Ending
from suites.wan_dlms.hdlc_transport import HdlcTransport

CLIENT, SERVER = client(16), server(1, 17)
LDN = bytes.fromhex("C001C1000100002A0000FF0200")
ANSWER = bytes.fromhex("C401C1000903414243")
LLC = b"\xe6\xe7\x00"


def frame(control, unit=b"", segmented=False):
    return encode_frame(CLIENT, SERVER, control, unit, segmented)


UA = frame(unnumbered(Kind.UA))
RR = frame(receive_ready(1))


class Server:
    """Answers SNRM by UA, DISC by UA, and I frames by what is on the list, one after the other."""

    def __init__(self, *answers, up=(UA,)):
        self.answers = list(answers)
        self.up = up

    def __call__(self, octets):
        kind = decode_frame(octets[1:-1]).control.kind
        if kind is Kind.SNRM:
            return self.up
        if kind is Kind.DISC:
            return [UA]
        return self.answers.pop(0) if self.answers else []


def over(scripted, *answers, up=(UA,), **options):
    wired = scripted(Server(*answers, up=up))
    return wired, HdlcTransport(wired.wire, CLIENT, SERVER, 1.0, **options)


def opened(scripted, *answers, **options):
    wired, transport = over(scripted, *answers, **options)
    assert transport.open().up
    return wired, transport


def test_an_answer_tells_where_its_octets_stand(scripted):
    wired, transport = opened(scripted, [frame(information(0, 1), LLC + ANSWER)])
    reply = transport.exchange(LDN)
    assert reply.ending is Ending.ANSWER
    assert isinstance(reply.record, GetResponseNormal)
    assert reply.octets == ANSWER
    assert wired.octets(reply.place(6, 3)) == ANSWER[6:9]
    assert reply.response_s == pytest.approx(0.01)
    assert str(reply) == "octet-string 41 42 43"


def test_segments_are_asked_for_and_each_octet_is_found_in_its_frame(scripted):
    first, second = (LLC + ANSWER)[:6], (LLC + ANSWER)[6:]
    wired, transport = opened(
        scripted,
        [frame(information(0, 1), first, segmented=True)],
        [(200, frame(information(1, 1), second))],
    )
    reply = transport.exchange(LDN)
    assert reply.octets == ANSWER
    assert [wired.octets(reply.place(at))[0] for at in range(len(ANSWER))] == list(ANSWER)
    assert len({part.frame for part in reply.parts}) == 2
    assert reply.response_s == pytest.approx(0.01)  # to the first octet, not past the poll


@pytest.mark.parametrize(
    ("up", "ending", "words"),
    [
        ((), Ending.SILENCE, "not answered within 1 s"),
        ((frame(unnumbered(Kind.DM)),), Ending.DOWN, "DM"),
        ((frame(unnumbered(Kind.FRMR), b"\x93\x00\x01"),), Ending.REJECTED, "FRMR"),
        ((b"\x13\x37garbage\x7e" + UA[1:5] + b"\x7e",), Ending.GARBAGE, "no frame that is right"),
        ((b"",), Ending.CLOSED, "closed"),
    ],
)
def test_a_link_that_does_not_come_up_says_why(scripted, up, ending, words):
    _, transport = over(scripted, up=up)
    state = transport.open()
    assert (state.up, state.ending) == (False, ending)
    assert words in str(state)
    assert transport.exchange(LDN).ending is Ending.DOWN


def test_silence_of_the_application_keeps_the_link(scripted):
    polls = [[RR]] * 20
    wired, transport = opened(scripted, *polls)
    reply = transport.exchange(LDN)
    assert reply.silent
    assert reply.elapsed_s == pytest.approx(1.0, abs=0.2)
    assert transport.up
    wired.link.script.answers = [[frame(information(0, 2), LLC + ANSWER)]]
    assert transport.exchange(LDN).octets == ANSWER
    assert all(decode_frame(one[1:-1]).control.kind is not Kind.SNRM for one in wired.link.sent[1:])


def test_nothing_is_repeated_unless_it_is_wanted(scripted):
    wired, transport = opened(scripted)
    assert transport.exchange(LDN).silent
    assert len(wired.link.sent) == 2
    wired, transport = opened(scripted, [], [frame(information(0, 1), LLC + ANSWER)], retries=1)
    assert transport.exchange(LDN).octets == ANSWER
    assert wired.link.sent[1] == wired.link.sent[2]


@pytest.mark.parametrize(
    ("answer", "ending"),
    [
        ([b""], Ending.CLOSED),
        ([frame(unnumbered(Kind.DM))], Ending.DOWN),
        ([frame(unnumbered(Kind.FRMR), b"\x10\x00\x01")], Ending.REJECTED),
        ([b"\x00\x01\x02\x7e"], Ending.GARBAGE),
        ([(1, b"\x55" * 4096)] * 100, Ending.ENDLESS),
        ([(400, b"\x7e\xa0")] + [(400, b"\x20")] * 60, Ending.SILENCE),
    ],
)
def test_whatever_comes_instead_of_an_answer_is_a_value(scripted, answer, ending):
    wired, transport = opened(scripted, answer)
    reply = transport.exchange(LDN)
    assert reply.ending is ending
    assert reply.record is None
    assert str(reply)
    assert wired.link.clock.now() < 15 * 10**9


def test_segments_without_end_are_given_up(scripted):
    class Endless(Server):
        def __call__(self, octets):
            control = decode_frame(octets[1:-1]).control
            if control.kind in (Kind.SNRM, Kind.DISC):
                return [UA]
            number = control.nr if control.nr >= 0 else 0
            return [frame(information(number, 1), b"\xaa" * 128, segmented=True)]

    wired = scripted(Endless())
    transport = HdlcTransport(wired.wire, CLIENT, SERVER, 1.0)
    transport.open()
    reply = transport.exchange(LDN)
    assert reply.ending is Ending.ENDLESS


def test_a_long_request_goes_in_segments(scripted):
    acknowledgements = [[frame(receive_ready(n))] for n in (1, 2)]
    wired, transport = opened(scripted, *acknowledgements, [frame(information(0, 3), LLC + ANSWER)])
    assert transport.exchange(LDN + bytes(300)).octets == ANSWER
    assert len(wired.link.sent) == 4


def test_what_comes_in_ui_frames_is_unasked(scripted):
    push = bytes.fromhex("0F000000010000")
    ui = frame(unnumbered(Kind.UI, False), LLC + push)
    wired, transport = opened(scripted, [ui, frame(information(0, 1), LLC + ANSWER)])
    assert transport.exchange(LDN).octets == ANSWER
    (pushed,) = transport.listen(1.0)
    assert pushed.octets == push
    assert wired.octets(pushed.place(0, len(push))) == push


def test_the_proposal_and_what_came_of_it_are_told(scripted):
    agreed = bytes.fromhex("818014050200800602008007040000000108040000000 1".replace(" ", ""))
    ua = frame(unnumbered(Kind.UA), agreed)
    _, transport = over(scripted, up=(ua,), parameters=LinkParameters(512, 512, 3, 3))
    state = transport.open()
    assert state.parameters == LinkParameters(128, 128, 1, 1)
    assert transport.close().ending is Ending.ANSWER
    assert not transport.up


def test_a_late_answer_is_no_answer_to_the_next_command(scripted):
    wired, transport = over(scripted, up=((1200, UA),))
    assert transport.open().ending is Ending.SILENCE
    wired.link.clock.wait_until(wired.link.clock.now() + 10**9)
    wired.link.script = lambda _: []
    assert transport.open().ending is Ending.SILENCE


def test_one_more_answer_is_polled_for(scripted):
    second = frame(information(1, 1), LLC + ANSWER[:4] + b"\x00")
    _, transport = opened(scripted, [frame(information(0, 1), LLC + ANSWER)], [second])
    assert transport.exchange(LDN).octets == ANSWER
    assert transport.further().octets == ANSWER[:4] + b"\x00"
