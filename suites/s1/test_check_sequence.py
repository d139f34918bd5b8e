"""Area FRM, check sequences: their value, order and span, and flags inside them."""

import numpy as np

from bench.core.case import Case, Kind, case
from bench.core.check import Deviation, Level, Place
from bench.core.measurement import Limits, Measurement
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.protocols.s1.encode import ESCAPE, FLAG
from suites.s1.capture import Capture
from suites.s1.framed import Framed, Other, stated_length

_S1 = "e-MUCS-H-1.3:S1"
_HDLC = "ISO-13239:4"
_LEAST_PERCENT = 99.99
_RIGHT = "CRC-16/X-25 of all between the opening flag and the check sequence, low octet first"


def _made_wrong(framed: Framed) -> tuple[Other, ...]:
    """Return the frames whose check sequence the device itself makes wrong."""
    return tuple(one for one in framed.wrong if one.sealed and framed.way is not None)


def _damaged(framed: Framed) -> tuple[Other, ...]:
    """Return the whole frames whose check sequence no way of making it explains."""
    return tuple(
        one
        for one in framed.wrong
        if not (one.sealed and framed.way is not None) and stated_length(one.body) == len(one.body)
    )


def _judge_way(
    framed: Framed, verify: Checks, check_id: str, mistake: str, expected: str, words: str
) -> None:
    """Judge one aspect of how check sequences are made; `mistake` is what is wrong with it."""
    made = _made_wrong(framed)
    right = len(framed.capture) + len(framed.others) - len(framed.wrong)
    if not right and not made:
        verify.undecided(
            check_id,
            Reason.PRECONDITION,
            expected=expected,
            observed=f"no way of making them explains the check sequences: {words} is not known",
        )
        return
    deviations = [Deviation(framed.place(one), expected, str(framed.way)) for one in made]
    verify.none_of(
        check_id,
        deviations if mistake else (),
        examined=right + len(made),
        expected=expected,
        things="frames",
    )


@case(
    Case(
        id="S1-FRM-07",
        version=1,
        interface="s1",
        title="Value of the check sequence",
        purpose="Ensure that consumers can tell good frames from damaged ones.",
        stimulus="Listen.",
        criterion="Check sequences are CRC-16/X-25: begun with FFFF, inverted at the end. Those of "
        "at least 99.99 % of all whole frames are right (ours); that all are is asked for as an "
        "observation.",
        kind=Kind.VALID,
        clauses=(_HDLC, "OUR:stream"),
        ics="S1/PRESENT",
        detects=("s1.bit-flips", "s1.bit-flips-rare", "s1.fcs-no-xor", "s1.fcs-init-0"),
    )
)
def test_value(framed: Framed, verify: Checks) -> None:
    """A check sequence that is computed differently makes every frame worthless."""
    made, damaged = _made_wrong(framed), _damaged(framed)
    way = framed.way
    explained = bool(made) and way is not None
    right = len(framed.capture) + len(framed.others) - len(framed.wrong)
    verify.none_of(
        "value",
        [Deviation(framed.place(one), _RIGHT, str(way)) for one in made if way and way.value],
        examined=right + len(made) + (0 if right or explained else len(damaged)),
        expected="CRC-16/X-25: begun with FFFF, inverted at the end",
        things="frames",
    )
    total = right + len(made) + len(damaged)
    if not total:
        return
    first = framed.place(damaged[0]) if damaged else None
    # counted, not sampled: the share of the frames that were seen is known exactly
    verify.within(
        "rate",
        Measurement(100 * (total - len(damaged)) / total, 0.0, "%"),
        Limits(low=_LEAST_PERCENT),
        clause="OUR:stream",
        place=first,
    )
    expected = "a right check sequence"
    verify.none_of(
        "every",
        [
            Deviation(framed.place(one), expected, f"{one.body[-2:].hex(' ')} is wrong")
            for one in damaged
        ],
        examined=total,
        expected=expected,
        things="frames",
        clause="OUR:stream",
        level=Level.SHOULD,
    )


@case(
    Case(
        id="S1-FRM-08",
        version=1,
        interface="s1",
        title="Order of the check sequence",
        purpose="Ensure that the two octets of a check sequence come in the order of HDLC.",
        stimulus="Listen.",
        criterion="The low octet is sent first. Frames with other mistakes in their check sequence "
        "are looked at for this one alone.",
        kind=Kind.VALID,
        clauses=(_S1, _HDLC),
        ics="S1/PRESENT",
        detects=("s1.fcs-high-first",),
    )
)
def test_order(framed: Framed, verify: Checks) -> None:
    """All else in a telegram goes high octet first."""
    mistake = framed.way.order if framed.way else ""
    _judge_way(framed, verify, "order", mistake, "the low octet first", "the order")


@case(
    Case(
        id="S1-FRM-09",
        version=1,
        interface="s1",
        title="Span of the check sequence",
        purpose="Ensure that a check sequence protects the header, and nothing outside the frame.",
        stimulus="Listen.",
        criterion="It is taken over all octets from the format field to the end of the "
        "information, without the flags. Frames with other mistakes in their check sequence are "
        "looked at for this one alone.",
        kind=Kind.VALID,
        clauses=(_S1, _HDLC),
        ics="S1/PRESENT",
        detects=("s1.fcs-with-flag", "s1.fcs-from-address"),
    )
)
def test_span(framed: Framed, verify: Checks) -> None:
    """The format field is covered too."""
    mistake = framed.way.span if framed.way else ""
    expected = "taken from the format field to the end of the information"
    _judge_way(framed, verify, "span", mistake, expected, "the span")


@case(
    Case(
        id="S1-FRM-12",
        version=1,
        interface="s1",
        title="Flags and escapes in the check sequence",
        purpose="Ensure that frames whose check sequence holds 7E or 7D come whole.",
        stimulus="Listen; about one frame in 64 has such an octet in its check sequence.",
        criterion="Every frame in whose check sequence an octet 7E or 7D belongs has it. A frame "
        "that lacks one is told by its length field, and by its check sequence being right once "
        "7E is put back.",
        kind=Kind.VALID,
        clauses=(_HDLC,),
        ics="S1/PRESENT",
        detects=("s1.fcs-without-7e",),
    )
)
def test_flags_in_check(framed: Framed, octets: Capture, verify: Checks) -> None:
    """What looks like a flag right before the closing flag is none."""
    holding = 0
    for block in octets.blocks:
        check = block.rows[:, -2:]
        holding += int(np.count_nonzero(((check == FLAG) | (check == ESCAPE)).any(axis=1)))
    lacking = [one for one in framed.others if one.lacks]
    expected = "a check sequence of two octets"
    verify.none_of(
        "whole",
        [
            Deviation(
                _check_place(framed.place(one)), expected, f"{2 - one.lacks} octets: 7E is missing"
            )
            for one in lacking
        ],
        examined=holding + len(lacking),
        expected=expected,
        things="frames with 7E or 7D in their check sequence",
    )


def _check_place(place: Place) -> Place:
    """Return where in a frame its check sequence is."""
    return Place(place.frame, max(place.length - 3, 0), 2)
