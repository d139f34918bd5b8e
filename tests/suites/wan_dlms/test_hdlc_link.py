"""A data link that a case leads: its numbers, its answers, and the sign of life at its end."""

import pytest

from adapters.registry import open_link
from adapters.simulated import SimulatedLink
from bench.core.case import Case, Kind
from bench.core.check import Outcome
from bench.core.clock import VirtualClock
from bench.core.line import LineSettings
from bench.core.verdict import Reason
from bench.engine.context import CaseContext, Inconclusive
from bench.protocols.hdlc.address import client, server
from bench.protocols.hdlc.control import Kind as Frame
from bench.protocols.hdlc.parameters import LinkParameters
from bench.simulator.ports.wan import wan_port
from suites.wan_dlms.hdlc_link import OBJECT_LIST, SNRM, HdlcLink
from suites.wan_dlms.wrapper_wire import accepts, get_request, plain_aarq, reads

CASE = Case(
    id="DLMS-HDLC-00",
    version=1,
    interface="wan",
    title="t",
    purpose="p",
    stimulus="s",
    criterion="c",
    kind=Kind.VALID,
    clauses=("IEC-62056-46:6.4.4",),
)


@pytest.fixture
def link_to():
    links = []

    def make(deviation="", to=None, limit_s=1.0, **options):
        fault = f"?fault=wan.{deviation}" if deviation else ""
        clock = VirtualClock()
        link = open_link(f"simulated:wan{fault}", line=LineSettings(9600), clock=clock)
        links.append(link)
        context = CaseContext(CASE, 1, lambda: link, {}, {}, clock.now)
        return HdlcLink(
            context,
            context.connection,
            client=client(16),
            server=to or server(1, 0x11),
            limit_s=limit_s,
            **options,
        )

    yield make
    for link in links:
        link.close()


def alive(hdlc):
    """Return the outcome of the sign of life, None if none was asked for."""
    made = [check for check in hdlc._context.checks.made if check.id == "alive"]
    return made[0].outcome if made else None


def test_an_association_is_opened_and_read(link_to):
    hdlc = link_to()
    hdlc.associate()
    assert reads(hdlc.ask(get_request()).apdu)
    assert (hdlc.vs, hdlc.vr) == (2, 2)


def test_a_long_answer_is_polled_to_its_end(link_to):
    hdlc = link_to()
    hdlc.associate()
    unit = hdlc.ask(get_request(2, OBJECT_LIST))
    assert len(unit.segments) > 1
    assert unit.octets == b"".join(part.frame.information for part in unit.segments)
    assert unit.apdu.startswith(b"\xc4")


def test_a_long_request_is_cut(link_to):
    hdlc = link_to("max-info-32")
    hdlc.connect()
    unit = hdlc.ask(plain_aarq())
    assert hdlc.parameters.info_transmit == 32
    assert hdlc.vs == 2
    assert accepts(unit.apdu)


def test_windows_are_heard_to_their_end(link_to):
    hdlc = link_to()
    hdlc.associate(LinkParameters(64, 64, 3, 3))
    unit = hdlc.ask(get_request(2, OBJECT_LIST))
    assert unit.octets is not None
    assert any(not part.frame.control.final for part in unit.segments)


def test_what_cannot_be_set_up_leaves_the_case_open(link_to):
    hdlc = link_to(to=server(9, 0x11))
    with pytest.raises(Inconclusive) as raised:
        hdlc.connect()
    assert raised.value.reason is Reason.PRECONDITION
    assert "SNRM got silence" in str(raised.value)


def test_a_device_that_is_not_there_is_no_silent_one(link_to):
    hdlc = link_to(to=server(9, 0x11))
    with pytest.raises(Inconclusive) as raised:
        hdlc.begin()
    assert raised.value.reason is Reason.SILENT


@pytest.mark.parametrize("deviation", ["", "dm-missing", "disc-ignored", "disc-unanswered"])
def test_a_case_begins_without_a_link_whatever_is_answered(link_to, deviation):
    hdlc = link_to(deviation)
    hdlc.begin()
    hdlc.connect()
    hdlc.begin()


def test_an_end_without_a_link_asks_for_no_sign_of_life(link_to):
    hdlc = link_to()
    hdlc.finish()
    assert alive(hdlc) is None


def test_a_device_that_serves_is_alive(link_to):
    hdlc = link_to()
    hdlc.connect()
    hdlc.finish()
    assert alive(hdlc) is Outcome.MET
    assert hdlc.disconnect().find(Frame.DM)


def test_a_device_that_fell_over_is_dead_and_waited_for(link_to):
    hdlc = link_to("crash-unknown-control")
    hdlc.connect()
    assert hdlc.say(hdlc.frame(0xFF)).silent
    hdlc.finish()
    assert alive(hdlc) is Outcome.MISSED
    assert hdlc.snrm().find(Frame.UA)


def test_an_answer_too_many_is_no_lack_of_life(link_to):
    hdlc = link_to()
    hdlc.connect()
    hdlc.connection.send(2 * hdlc.frame(SNRM))
    hdlc.finish()
    assert alive(hdlc) is Outcome.MET


def test_a_device_that_only_hung_up_is_alive():
    clock = VirtualClock()
    device = wan_port("hdlc", line=None)
    link = SimulatedLink(device.accept(0), clock, device=device)
    context = CaseContext(CASE, 1, lambda: link, {}, {}, clock.now)
    ends = {"client": client(16), "server": server(1, 0x11), "limit_s": 1.0}
    hdlc = HdlcLink(context, context.connection, **ends)
    hdlc.connect()
    device.connections[0].hang_up(clock.now())
    assert hdlc.poll().closed
    hdlc.finish()
    assert alive(hdlc) is Outcome.MET
    link.close()


def test_without_an_association_a_link_is_a_sign_of_life(link_to):
    hdlc = link_to(reads_name=False)
    hdlc.connect()
    hdlc.finish()
    assert alive(hdlc) is Outcome.MET
    assert not any(heard.kind is Frame.I for heard in hdlc.heard)


def test_a_slow_device_is_alive(link_to):
    hdlc = link_to("answers-after-700-ms", limit_s=0.4)
    hdlc.was_up = True
    hdlc.finish()
    assert alive(hdlc) is Outcome.MET


def test_what_takes_a_wrong_command_up_is_disconnected_again(link_to):
    hdlc = link_to("type-unchecked")
    assert hdlc.trial(format_type=0x9).find(Frame.UA)
    assert hdlc.disconnect().find(Frame.DM)


def test_a_repeated_number_does_not_hold_the_bench_up(link_to):
    hdlc = link_to("segment-number-repeated")
    hdlc.associate()
    unit = hdlc.ask(get_request(2, OBJECT_LIST))
    assert unit.octets is None
    assert len(unit.frames) < 10


def test_two_clients_share_a_connection(link_to):
    first = link_to()
    second = first.sibling(client(32))
    first.associate()
    second.connect()
    assert reads(first.ask(get_request()).apdu)
    assert second.poll().find(Frame.RR)
