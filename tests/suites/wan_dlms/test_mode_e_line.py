"""Signing on in mode E over a line: timed, told, and the line left as it was."""

import pytest

from adapters.base import LinkUrl
from adapters.registry import open_link
from bench.core.case import Case, Kind
from bench.core.clock import MILLISECOND, VirtualClock
from bench.core.line import LineSettings
from bench.engine.context import CaseContext
from bench.protocols.hdlc.control import Kind as FrameKind
from bench.protocols.iec62056_21 import encode_option
from bench.protocols.iec62056_21_sign_on import Failure
from suites.wan_dlms.declared import Declared
from suites.wan_dlms.mode_e import ModeE, message_fields

USUAL = LineSettings(9600)
CASE = Case(
    id="DLMS-TIM-00",
    version=1,
    interface="wan",
    title="t",
    purpose="p",
    stimulus="s",
    criterion="c",
    kind=Kind.TIMING,
    clauses=("IEC-62056-21:6.3",),
    bound_s=600,
)


@pytest.fixture
def line():
    """The line of the simulated meter, altered as a fault or legal oddity says."""

    def made(fault="", link=None, **values):
        url = LinkUrl.parse(f"simulated:wan?fault={fault}" if fault else "simulated:wan")
        link = link or open_link(url, line=USUAL, clock=VirtualClock())
        values = {"public_client": 16, **values}
        context = CaseContext(CASE, 1, lambda: link, values, {"WAN/PUBLIC": True}, link.clock.now)
        return ModeE(context, Declared.of(context), USUAL)

    return made


def test_the_reference_meter_signs_on_and_answers_at_its_speed(line):
    one = line()
    one.begin()
    outcome = one.sign_on()
    assert str(outcome) == "signed on at 9600 8N1"
    assert 200 * MILLISECOND <= outcome.identified.reaction_ns <= 300 * MILLISECOND
    assert 200 * MILLISECOND <= outcome.signed_on.reaction_ns <= 300 * MILLISECOND
    assert (outcome.identification_frame, outcome.confirmation_frame) != (0, 0)
    assert one.connect().control.kind is FrameKind.UA
    one.restore()
    assert one.connect().control.kind is FrameKind.UA  # as other cases find it


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("wan.mode-e-silent", Failure.NO_IDENTIFICATION),
        ("wan.mode-e-not-offered", Failure.NO_MODE_E),
        ("wan.mode-e-confirms-another-speed", Failure.WRONG_CONFIRMATION),
    ],
)
def test_what_failed_is_told(line, fault, why):
    outcome = line(fault).sign_on()
    assert (outcome.failed.why, outcome.signed_on) == (why, None)
    assert why in str(outcome)


def test_a_slow_meter_is_measured_and_not_only_missed(line):
    outcome = line("wan.mode-e-slow").sign_on()
    assert outcome.identified.reaction_ns == pytest.approx(2000 * MILLISECOND, abs=MILLISECOND)


def test_a_meter_that_changes_over_unasked_needs_a_declaration(line):
    silent = line("wan.mode-e-unconfirmed").sign_on()
    assert silent.failed.why is Failure.NO_CONFIRMATION
    declared = line("wan.mode-e-unconfirmed", mode_e_confirms=False).sign_on()
    assert declared.signed_on is not None


def test_nobody_answers_for_another_meter(line):
    one = line()
    assert one.ask("9" * 20) == b""
    assert one.ask("").startswith(b"/MBX5")


def test_octets_without_end_end(line, scripted):
    link = scripted(lambda _: [(1, b"\xff" * 4096)] * 500).link
    link.set_line = lambda _: link.clock.now()
    one = line(link=link)
    assert one.sign_on().identified is None
    assert one.ask("") == b""
    assert one.connect() is None
    one.quiet(1.0, 5.0)


def test_the_fields_of_a_message_say_what_it_is():
    assert message_fields(encode_option("5"))[0].path == "option select"
    assert message_fields(b"/MBX5\\2BENCH\r\n")[0].text == "MBX 9600 Bd BENCH"
    assert message_fields(b"nonsense")[0].problem != ""
