"""Area PHY: the line, its speed, its levels, and that nobody has to ask."""

import random

import numpy as np
from numpy.typing import NDArray

from bench.core.case import Case, Kind, case
from bench.core.check import Level, Place
from bench.core.clock import MILLISECOND, SECOND, seconds
from bench.core.link import Capability
from bench.core.measurement import Limits, Measurement
from bench.core.trace import Chunk
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import CaseContext, Inconclusive
from bench.protocols.crc import crc16_x25
from bench.protocols.s1.profile import MARGIN, load_profile
from suites.s1.capture import Capture
from suites.s1.listening import Listener
from suites.s1.on_line import BITS, EDGE_S, OnLine
from suites.s1.rate import Pace
from suites.s1.rows import deviating
from suites.s1.sequence import EXPECTED, Steps

_S1 = "e-MUCS-H-1.3:S1"
_BROCHURE = "Fluvius-P1-S1:5.4.2"
_ONE_WAY = "Fluvius-P1-S1:6.2"
_LEVELS = "TIA-422-B:4.1"
_OURS = "OUR:stream"
_EDITIONS = (("e-mucs-h", "emucs-h-1.3"), ("brochure", "fluvius-brochure"))
_RATE_S, _RATE_SHARE = 0.5, 0.01
_REST_CHARACTERS = 1.5
_SENT_OCTETS, _SENT_AT_ONCE, _SENT_EVERY_S = 65_536, 1024, 0.05
_QUIET_S, _ASKED_S, _ABSENT_S = 2.0, 2.0, 10.0
_DRIVER_V, _RECEIVER_V, _LEVEL_U = 2.0, 0.2, 0.03
_KNOWN = 8  # identifications that are told apart
_QUESTION = b"\x7e\x7e/?!\r\n"


@case(
    Case(
        id="S1-PHY-01",
        version=1,
        interface="s1",
        title="Line rate",
        purpose="Ensure that a receiver that is set to the edition's line rate hears the port.",
        stimulus="Capture the edges on the line for half a second.",
        criterion="The measured rate is that of the edition to 1 % (ours). What it is in e-MUCS-H "
        "(2 Mbit/s) and in the brochure (1.5 Mbit/s) is reported beside it.",
        kind=Kind.TIMING,
        clauses=(_S1, _BROCHURE),
        ics="S1/PRESENT",
        needs=(Capability.EDGES,),
        detects=("s1.rate-2-percent", "s1.rate-1m5"),
        bound_s=90,
    )
)
def test_line_rate(listener: Listener, context: CaseContext, verify: Checks) -> None:
    """The sources name two rates: only one of them can be right."""
    capture = listener.capture(_RATE_S)
    if not capture.octets:
        raise Inconclusive(Reason.SILENT, f"no octet arrived within {_RATE_S:g} s")
    declared = listener.profile.line_rate_bps
    measured = SECOND / context.link.line_times(len(capture.octets)).bit_ns
    for name, edition in _EDITIONS:
        rate = load_profile(edition).line_rate_bps
        verify.note(name, f"{rate} bit/s; measured {measured:.0f} bit/s")
    verify.note("declared", f"{declared} bit/s, {listener.profile.title}")
    # a width is measured from the first edge of a frame to its last one
    frame_s = listener.profile.frame_octets * BITS / declared
    share = (2 * context.link.timing_uncertainty_s + EDGE_S) / frame_s
    verify.within(
        "rate",
        Measurement(measured, measured * share, "bit/s"),
        Limits(declared * (1 - _RATE_SHARE), declared * (1 + _RATE_SHARE)),
    )


@case(
    Case(
        id="S1-PHY-02",
        version=1,
        interface="s1",
        title="Character format",
        purpose="Ensure that characters have eight data bits, no parity and one stop bit.",
        stimulus="Listen; count the errors of the UART.",
        criterion="No framing error and no break. Where the bench measures the format: 8N1.",
        kind=Kind.VALID,
        clauses=(_S1,),
        ics="S1/PRESENT",
        needs=(Capability.UART_ERRORS,),
        detects=("s1.line-8e1", "s1.line-7n1"),
        bound_s=400,
    )
)
def test_format(octets: Capture, context: CaseContext, verify: Checks) -> None:
    """Any UART can be used."""
    errors = context.line_errors()
    verify.that(
        "framing",
        not errors.framing,
        expected="no framing error, no break",
        observed=f"{errors.framing} in {len(octets.octets)} octets",
    )
    if Capability.LINE_FORMAT in context.link.capabilities:
        found = context.link.line_format()
        text = f"{found.data_bits}{found.parity}{found.stop_bits}"
        verify.that("format", text == "8N1", expected="8N1", observed=text)


@case(
    Case(
        id="S1-PHY-03",
        version=1,
        interface="s1",
        title="Load of the line",
        purpose="Ensure that the line can carry what the meter samples.",
        stimulus="Listen.",
        criterion="Length of a frame times the announced rate fits the line rate. More than 95 % "
        "of it is an observation: e-MUCS-H leaves a margin of 5 %.",
        kind=Kind.TIMING,
        clauses=(_S1,),
        ics="S1/PRESENT",
        needs=(Capability.TIMESTAMPS,),
        detects=("s1.long-frames",),
        bound_s=400,
    )
)
def test_load(stream: Capture, context: CaseContext, verify: Checks) -> None:
    """A line that is full delays what comes later, more and more."""
    pace = Pace.of(stream, context)
    share = (float(np.mean(stream.lengths)) + 2) * BITS / stream.profile.line_rate_bps
    verify.within(
        "announced",
        # a rate that is announced is exact, but for the digits of the frequency
        Measurement(pace.announced_hz * share * 100, 0.001, "% of the line"),
        Limits(high=100.0),
    )
    measured = pace.measured()
    verify.within(
        "margin",
        Measurement(
            measured.value * share * 100, measured.uncertainty * share * 100, "% of the line"
        ),
        Limits(high=MARGIN * 100),
        level=Level.SHOULD,
    )


@case(
    Case(
        id="S1-PHY-04",
        version=1,
        interface="s1",
        title="Octets of a frame follow one another",
        purpose="Ensure that a receiver can take a rest of the line for the end of a frame.",
        stimulus="Capture the edges on the line for two seconds.",
        criterion="Within a frame the line rests for at most 1.5 characters (ours, observed).",
        kind=Kind.TIMING,
        clauses=(_OURS, "ISO-13239:4"),
        level=Level.SHOULD,
        ics="S1/PRESENT",
        needs=(Capability.EDGES,),
        detects=("s1.gap-in-frame",),
        bound_s=90,
    )
)
def test_no_rest_within(listener: Listener, context: CaseContext, verify: Checks) -> None:
    """The line is idle between frames, and nowhere else."""
    line = OnLine.of(listener, 2.0)
    line.require_frames(1)
    places, rests = line.gaps_within()
    worst = int(rests.argmax())
    uncertain_ns = EDGE_S * SECOND + 2 * context.link.timing_uncertainty_s * SECOND
    verify.within(
        "within",
        Measurement(
            float(rests[worst]) / line.character_ns,
            uncertain_ns / line.character_ns,
            "characters",
        ),
        Limits(high=_REST_CHARACTERS),
        place=Place(line.capture.number_of(worst), int(places[worst])),
    )
    verify.note("between", f"the line rests {line.idle_ns / 1000:.1f} us between frames")


@case(
    Case(
        id="S1-PHY-05",
        version=1,
        interface="s1",
        title="What a consumer sends does not matter",
        purpose="Ensure that the port is unidirectional.",
        stimulus="Listen for 2 s; then send 64 kB, half of it random octets, half HDLC frames, "
        "while listening. Whether they reach the meter is a matter of the cable.",
        criterion="Meanwhile no number is left out, no frame is damaged, and identification, "
        "information octet and rate stay what they were.",
        kind=Kind.INOPPORTUNE,
        clauses=(_ONE_WAY,),
        ics="S1/PRESENT",
        needs=(Capability.WRITE,),
        detects=("s1.reset-by-consumer", "s1.garbled-by-consumer"),
        bound_s=120,
    )
)
def test_one_way(listener: Listener, context: CaseContext, verify: Checks) -> None:
    """There is no way into the meter."""
    before = listener.capture(_QUIET_S)
    if not len(before.sequence):
        raise Inconclusive(Reason.PRECONDITION, f"no good frame came within {_QUIET_S:g} s")
    heard: list[Chunk] = []
    for octets in _noise_and_frames(before):
        context.connection.send(octets)
        heard += listener.chunks(listener.now + seconds(_SENT_EVERY_S))
    during = Capture(listener.profile, [*heard, *listener.chunks(listener.now + SECOND)])
    context.frames_from(during.frame)
    earlier, steps = Steps.of(before), Steps.of(during)
    if earlier.broken().any():
        observed = "numbers are left out anyway"
        verify.undecided("no-gap", Reason.PRECONDITION, expected=EXPECTED, observed=observed)
    else:
        verify.none_of(
            "no-gap",
            steps.deviations(steps.broken()),
            examined=len(steps),
            expected=EXPECTED,
            things="pairs of frames",
        )
    expected = "no more damaged frames than before"
    observed = f"{len(during.damaged)} damaged of {len(during)}"
    if before.damaged:
        verify.undecided("no-damage", Reason.LINE, expected=expected, observed=observed)
    else:
        verify.that("no-damage", not during.damaged, expected=expected, observed=observed)
    expected = "the same identification, information and rate as before"
    verify.none_of(
        "same-content",
        deviating(during, _other(before, during), expected, lambda _row: "other ones"),
        examined=len(during.sequence),
        expected=expected,
        things="frames",
    )


def _noise_and_frames(before: Capture) -> list[bytes]:
    """Return random octets and HDLC frames in turn: SNRM, and UI frames as the meter sends them."""
    drawn = random.Random("octets that nobody should hear")
    body = bytes.fromhex("a007032193")  # the server 1 is asked for a connection by the client 16
    snrm = b"\x7e" + body + crc16_x25(body).to_bytes(2, "little") + b"\x7e"
    own = before.octets[int(before.offsets[0]) : int(before.ends[0])]
    frames = (snrm + own) * (_SENT_AT_ONCE // len(snrm + own) + 1)
    pairs = _SENT_OCTETS // (2 * _SENT_AT_ONCE)
    return [
        octets[:_SENT_AT_ONCE]
        for _ in range(pairs)
        for octets in (drawn.randbytes(_SENT_AT_ONCE), frames)
    ]


def _other(before: Capture, during: Capture) -> NDArray[np.bool_]:
    """Return which frames have an identification, information or rate that none had before.

    Whether samples are valid may change at any time.
    """
    validity = 1 << before.profile.fields["info"].bits["samples_ok"]
    found = ~np.isin(during.info | validity, before.info | validity)
    rate = during.profile.rate_field
    found |= ~np.isin(during.number(rate), before.number(rate))
    known = np.unique(before.field("meter_id"), axis=0)[:_KNOWN]
    alike = (during.field("meter_id")[:, None, :] == known[None, :, :]).all(axis=2).any(axis=1)
    marks: NDArray[np.bool_] = found | ~alike
    return marks


@case(
    Case(
        id="S1-PHY-06",
        version=1,
        interface="s1",
        title="Nobody has to ask",
        purpose="Ensure that the port sends from when it is connected.",
        stimulus="Connect ground and both wires of the line, send nothing; after 2 s of silence "
        "send some octets, where the bench can.",
        criterion="Octets come within 2 s (ours). Octets that only come after the bench sent some "
        "prove that the meter waits to be asked; silence throughout proves nothing.",
        kind=Kind.VALID,
        clauses=(_S1,),
        ics="S1/PRESENT",
        detects=("s1.waits-to-be-asked",),
        bound_s=90,
    )
)
def test_unasked(listener: Listener, context: CaseContext, verify: Checks) -> None:
    """There is no line for requests."""
    listener.forget()
    since = listener.now
    expected = f"octets within {_ASKED_S:g} s, nothing being sent"
    if first := _first(listener, context):
        verify.within(
            "unasked",
            Measurement((first.at_ns - since) / SECOND, context.link.timing_uncertainty_s, "s"),
            Limits(high=_ASKED_S),
        )
        return
    if listener.has(Capability.WRITE):
        context.connection.send(_QUESTION)
        if _first(listener, context):
            observed = f"octets came only after {_QUESTION!r} was sent"
            verify.that("unasked", False, expected=expected, observed=observed)
            return
    raise Inconclusive(Reason.SILENT, "no octet came, asked or not")


def _first(listener: Listener, context: CaseContext) -> Chunk | None:
    """Return the first chunk within two seconds, None if there is none."""
    until = listener.now + seconds(_ASKED_S)
    found = None
    while found is None and listener.now < until:
        found = context.connection.receive(min(until, listener.now + 500 * MILLISECOND))
    return found


@case(
    Case(
        id="S1-PHY-07",
        version=1,
        interface="s1",
        title="Levels of the line",
        purpose="Ensure that receivers at the end of a long cable hear the port.",
        stimulus="Terminate the line with 100 ohm and measure between its wires.",
        criterion="The driver makes at least 2.0 V, and never less than the 0.2 V that a receiver "
        "needs (observed: the standard is quoted from memory). The voltage is taken to be measured "
        "to 3 %.",
        kind=Kind.VALID,
        clauses=(_LEVELS,),
        level=Level.SHOULD,
        ics="S1/PRESENT",
        needs=(Capability.LEVELS,),
        detects=("s1.weak-driver", "s1.dead-driver"),
    )
)
def test_levels(context: CaseContext, verify: Checks) -> None:
    """Noise does not change a bit."""
    volts = abs(context.link.differential_v())
    measured = Measurement(volts, volts * _LEVEL_U, "V")
    verify.within("driver", measured, Limits(low=_DRIVER_V))
    verify.within("receiver", measured, Limits(low=_RECEIVER_V))


@case(
    Case(
        id="S1-PHY-08",
        version=1,
        interface="s1",
        title="A port that is not there is silent",
        purpose="Ensure that a meter without S1 port is declared as such rightly.",
        stimulus="Listen for 10 s at the place of the port.",
        criterion="No octet arrives: meters of later makes have no S1 port.",
        kind=Kind.CAPABILITY,
        clauses=(_S1,),
        ics="not S1/PRESENT",
        detects=("s1.undeclared",),
        bound_s=90,
    )
)
def test_absent(listener: Listener, verify: Checks) -> None:
    """Who declares no port has none."""
    capture = listener.capture(_ABSENT_S)
    verify.that(
        "silent",
        not capture.octets,
        expected="no octet: the declaration says that there is no S1 port (S1/PRESENT)",
        observed=f"{len(capture.octets)} octets, {len(capture)} good frames",
    )
