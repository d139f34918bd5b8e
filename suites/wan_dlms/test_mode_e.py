"""Area C9, the optical start: from 300 Bd to HDLC (IEC 62056-21 mode E)."""

import pytest

from bench.core.case import Case, Kind, case
from bench.core.check import Place
from bench.core.clock import MILLISECOND, SECOND
from bench.core.link import Capability
from bench.core.measurement import Limits
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import CaseContext, Inconclusive
from bench.engine.session import Session
from bench.protocols.hdlc.control import Kind as FrameKind
from bench.protocols.iec62056_21 import ACK, START_LINE, encode_option
from bench.protocols.iec62056_21_sign_on import (
    FAST_REACTION_NS,
    REACTION_MAX_NS,
    REACTION_NS,
)
from suites.wan_dlms.declared import Declared
from suites.wan_dlms.mode_e import ModeE, Outcome

_START = "IEC-62056-21:6.3"
_MODE_E = "IEC-62056-21:E"
_ICS = "WAN/MODE-E"
_NEEDS = (Capability.WRITE, Capability.TIMESTAMPS, Capability.LINE_SPEED)
_BIT_NS = 1e9 / START_LINE.baud_bd  # by which the end of a stop bit is a matter of opinion
_STRANGER = "METERBENCH0STRANGER"
#: what no mode E meter takes: an unknown speed, an unknown protocol, no mode E
_WRONG_OPTIONS = (("9", "2", "2"), ("5", "7", "2"))
_READOUT_S = 240.0  # a meter may answer a wrong option by its data at 300 Bd
_SILENCE_S = 2.0


@pytest.fixture
def mode_e(bench_session: Session, context: CaseContext, declared: Declared) -> ModeE:
    """The line at 300 Bd, the meter waiting for a request."""
    line = ModeE(context, declared, bench_session.preparation.target("wan").line)
    context.at_end(line.restore)
    line.begin()
    return line


def _reaction_limits(outcome: Outcome) -> Limits:
    """Return within which time a meter reacts: the case of its third letter says from when."""
    fast = outcome.identified is not None and outcome.identified.identification.fast
    least_ns = (FAST_REACTION_NS if fast else REACTION_NS) - _BIT_NS
    return Limits(least_ns / SECOND, REACTION_MAX_NS / SECOND)


def _place(frame: int) -> Place | None:
    return Place(frame) if frame else None


@case(
    Case(
        id="DLMS-TIM-03",
        version=1,
        interface="wan",
        title="Start in mode E",
        purpose="Ensure that a reader at the optical port reaches HDLC in time.",
        stimulus="The request /?! at 300 Bd, the option select for HDLC at the speed that the "
        "meter proposes, and SNRM at that speed.",
        criterion="The identification offers mode E; it and the repeated option select begin 200 "
        "ms (20 ms if the third letter is lower case) to 1.5 s after the message before; then the "
        "meter answers SNRM at the new speed.",
        kind=Kind.TIMING,
        clauses=(_START, _MODE_E),
        ics=_ICS,
        needs=_NEEDS,
        detects=(
            "wan.mode-e-slow",
            "wan.mode-e-hasty",
            "wan.mode-e-hasty-lower-case",
            "wan.mode-e-not-offered",
            "wan.mode-e-confirms-another-speed",
            "wan.mode-e-keeps-300-bd",
            "wan.mode-e-silent",
        ),
        bound_s=400,
    )
)
def test_start(mode_e: ModeE, verify: Checks) -> None:
    """Every reading head starts like this."""
    outcome = mode_e.sign_on()
    identified = outcome.identified
    if identified is None:
        verify.that(
            "identification",
            False,
            expected="an identification that offers mode E",
            observed=str(outcome),
            place=_place(outcome.identification_frame),
        )
        return
    said = identified.identification
    verify.that(
        "identification",
        said.hdlc and bool(said.baud_bd) and not said.problems,
        expected="an identification that offers mode E",
        observed=said.problems[0].message if said.problems else repr(said.octets),
        clause=_MODE_E,
        place=_place(outcome.identification_frame),
    )
    verify.within(
        "identification-reaction",
        mode_e.reaction(identified.reaction_ns),
        _reaction_limits(outcome),
        place=_place(outcome.identification_frame),
    )
    if not said.hdlc or said.problems:
        return
    _judge_confirmation(verify, mode_e, outcome)
    if outcome.signed_on is None:
        return
    answer = mode_e.connect()
    kind = None if answer is None else answer.control.kind
    verify.that(
        "changes-over",
        kind is FrameKind.UA,
        expected=f"UA to SNRM at {outcome.signed_on.line}",
        observed="no frame" if answer is None else str(answer.control),
        clause=_MODE_E,
    )


def _judge_confirmation(verify: Checks, mode_e: ModeE, outcome: Outcome) -> None:
    """Record how the meter took the option select."""
    if not mode_e.confirms:
        verify.note("confirmation", "declared: this meter changes over without one")
        return
    verify.that(
        "confirmation",
        outcome.signed_on is not None,
        expected="the option select repeated",
        observed=str(outcome),
        clause=_MODE_E,
        place=_place(outcome.confirmation_frame),
    )
    if outcome.signed_on is not None:
        verify.within(
            "confirmation-reaction",
            mode_e.reaction(outcome.signed_on.reaction_ns),
            _reaction_limits(outcome),
            place=_place(outcome.confirmation_frame),
        )


@case(
    Case(
        id="DLMS-TIM-04",
        version=1,
        interface="wan",
        title="Wrong messages at the optical start",
        purpose="Ensure that a meter does not answer for another one, and waits at 300 Bd.",
        stimulus="A request with the address of another meter; option selects of an unknown speed "
        "and of an unknown protocol; an identification without option select.",
        criterion="Silence to the foreign address. After everything else the meter is reached at "
        "300 Bd again, as soon as it is silent; it may have sent its data at 300 Bd.",
        kind=Kind.INVALID,
        clauses=(_START, _MODE_E),
        ics=_ICS,
        needs=_NEEDS,
        detects=(
            "wan.mode-e-any-address",
            "wan.mode-e-wrong-option-taken",
            "wan.mode-e-wrong-option-hang",
            "wan.mode-e-no-option-hang",
        ),
        bound_s=1200,
    )
)
def test_wrong_messages(mode_e: ModeE, verify: Checks) -> None:
    """At a line with several meters only the one that is meant may answer."""
    heard = mode_e.ask(_STRANGER)
    verify.that(
        "foreign-address-silent",
        not heard,
        expected=f"silence to /?{_STRANGER}!",
        observed=repr(heard) if heard else "silence",
    )
    if not mode_e.ask(mode_e.address):
        raise Inconclusive(Reason.PRECONDITION, "the meter does not answer a request at 300 Bd")
    for option in _WRONG_OPTIONS:
        octets = encode_option(*option)
        mode_e.connection.wait(REACTION_NS / SECOND + MILLISECOND / SECOND)
        heard = mode_e.say(octets, ACK)
        verify.that(
            "wrong-option-unconfirmed",
            not heard,
            expected=f"the option {octets!r} is not confirmed",
            observed=repr(heard) if heard else "it is not",
            clause=_MODE_E,
        )
        if heard:
            return
        mode_e.quiet(_SILENCE_S, _READOUT_S)
        _judge_reached(verify, mode_e, "wrong-option-falls-back", f"the option {octets!r}")
    mode_e.quiet(_SILENCE_S, _READOUT_S)
    _judge_reached(verify, mode_e, "no-option-falls-back", "no option select")


def _judge_reached(verify: Checks, mode_e: ModeE, check_id: str, after: str) -> None:
    heard = mode_e.ask(mode_e.address)
    verify.that(
        check_id,
        heard.startswith(b"/"),
        expected=f"an identification at 300 Bd after {after}",
        observed=repr(heard) if heard else "silence",
    )
