"""When the first contact fails, the setting to change is told."""

import pytest

from adapters.simulated import SimulatedLink
from bench.core.clock import SECOND
from bench.core.line import LineSettings
from bench.core.verdict import Reason
from bench.engine.preparation import load_declaration, parse_declaration, prepare
from bench.engine.session import Session
from bench.protocols.hdlc.address import client, server
from bench.protocols.hdlc.control import Kind, unnumbered
from bench.protocols.hdlc.encode import encode_frame
from bench.simulator.faults.fault import Alteration
from bench.simulator.faults.wan_edit import secondary
from bench.simulator.ports.wan import wan_port
from bench.simulator.ports.wan_stages import Stage
from suites.wan_dlms.first_contact import first_contact, last_contact
from suites.wan_dlms.meter import Meter


def frame(control, unit=b"", destination=None):
    return encode_frame(destination or client(16), server(1, 17), control, unit)


def session_over(link):
    return Session(prepare(load_declaration(None)), clock=link.clock, opener=lambda *_: link)


def test_nothing_is_said_of_a_meter_that_answers(session_of):
    session = session_of()
    assert first_contact(session) is None
    assert last_contact(session) is None


@pytest.mark.parametrize(
    ("answer", "reason", "words"),
    [
        ([], Reason.SILENT, "nothing answers SNRM to server 1/17 in 1, 2 or 4 octets"),
        ([frame(unnumbered(Kind.DM))], Reason.PRECONDITION, "another client holds the line"),
        (
            [frame(unnumbered(Kind.FRMR), b"\x93\x00\x01")],
            Reason.PRECONDITION,
            "answers every SNRM with FRMR",
        ),
        ([bytes.fromhex("0001000100100003D80101")], Reason.PRECONDITION, '"wrapper"'),
        ([b"/MBX5\\2meter\r\n"], Reason.PRECONDITION, "start=mode-e"),
        ([bytes.fromhex("80F0007FE0")], Reason.LINE, "check speed and parity"),
        ([b"\x7e\xa0\x08\x21\x03\x73\x00\x00\x00\x7e"], Reason.LINE, "frames come damaged"),
        ([b""], Reason.SILENT, "closed"),
    ],
)
def test_what_comes_instead_of_an_answer_tells_the_setting(scripted, answer, reason, words):
    unwell = first_contact(session_over(scripted(lambda _: answer).link))
    assert unwell.reason is reason
    assert words in unwell.message


def test_another_address_size_that_answers_is_told(session_of):
    session = session_of(alterations=[secondary(sizes=frozenset({4}))])
    unwell = first_contact(session)
    assert "hdlc_address_octets = 4" in unwell.message


def test_a_client_that_the_meter_does_not_know_is_told(session_of):
    unwell = first_contact(session_of(ixit={"public_client": 77}))
    assert "change public_client or server_sap" in unwell.message


def test_a_client_that_must_authenticate_is_told(session_of):
    unwell = first_contact(session_of(ixit={"public_client": 32}))
    assert unwell.reason is Reason.PRECONDITION
    assert "client 32 has to authenticate" in unwell.message


def test_hdlc_behind_a_declared_wrapper_is_told():
    text = load_declaration(None).text.replace(
        "[wan.ixit]\n", '[wan.ixit]\nlink_layer = "wrapper"\n'
    )
    device = wan_port("hdlc", line=None)

    def opener(_, clock):
        return SimulatedLink(device.accept(0), clock, device=device)

    unwell = first_contact(Session(prepare(parse_declaration(text, "test")), opener=opener))
    assert 'link_layer = "hdlc"' in unwell.message


def test_the_wrapper_behind_declared_hdlc_is_told():
    device = wan_port("wrapper")

    def opener(_, clock):
        return SimulatedLink(device.accept(0), clock, device=device)

    unwell = first_contact(Session(prepare(load_declaration(None)), opener=opener))
    assert 'link_layer = "wrapper"' in unwell.message


def test_another_speed_is_told_by_the_errors_of_the_line():
    device = wan_port("hdlc", line=LineSettings(4800))

    def opener(_, clock):
        return SimulatedLink(device.accept(0), clock, LineSettings(9600), device=device)

    unwell = first_contact(Session(prepare(load_declaration(None)), opener=opener))
    assert unwell.reason in (Reason.LINE, Reason.SILENT)


def test_the_trouble_is_looked_for_once(scripted):
    link = scripted(lambda _: []).link
    session = session_over(link)
    first_contact(session)
    sent, at = len(link.sent), link.clock.now()
    again = first_contact(session)
    assert len(link.sent) - sent < sent / 2
    assert link.clock.now() - at < 10 * SECOND
    assert "nothing answers SNRM" in again.message


def test_a_meter_that_falls_over_in_a_group_is_told(session_of):
    silent = Alteration(Stage.RESPONSE, lambda octets, index: octets if index < 3 else b"")
    session = session_of("wrapper", alterations=[silent])
    assert first_contact(session) is None
    unwell = last_contact(session)
    assert unwell.reason is Reason.SURVIVAL


def test_a_port_without_a_declared_association_is_a_matter_of_the_declaration(session_of):
    session = session_of()
    meter = Meter.of(session, session.known_good("wan"))
    object.__setattr__(meter.declared, "associations", {})
    assert "no association is declared" in meter.why_not_alive()


def test_something_else_than_a_meter_on_a_wrapper_is_told(scripted):
    declaration = load_declaration(None)
    text = declaration.text.replace("[wan.ixit]\n", '[wan.ixit]\nlink_layer = "wrapper"\n')
    link = scripted(lambda _: [b"HTTP/1.1 400 Bad Request\r\n\r\n"]).link
    preparation = prepare(parse_declaration(text, "device.toml"))
    unwell = first_contact(Session(preparation, clock=link.clock, opener=lambda *_: link))
    assert unwell.reason is Reason.LINE
    assert "is it a meter that listens there" in unwell.message
