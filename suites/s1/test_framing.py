"""Area FRM, frames: their flags, and what is between them."""

from dataclasses import replace

from bench.core.case import Case, Kind, case
from bench.core.check import Deviation, Level, Place
from bench.core.link import Capability
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import Inconclusive
from bench.protocols.s1.damaged import Piece
from bench.protocols.s1.stream import Discard
from suites.s1.capture import Capture
from suites.s1.delimiters import Delimiters, shared_flags
from suites.s1.framed import Framed, stated_length
from suites.s1.joining import JOINS, join
from suites.s1.listening import Listener

_S1 = "e-MUCS-H-1.3:S1"
_HDLC = "ISO-13239:4"
_SHARED = "RFC-1662:3.1"
_INVALID = "RFC-1662:4.3"
_FLAG = b"\x7e"
_MOST_GOOD = 0.9  # frames that must be good where joining is to be judged
_LONGEST_LOOK_S = 10.0  # at flags that two frames share


@case(
    Case(
        id="S1-FRM-01",
        version=1,
        interface="s1",
        title="Flags around frames",
        purpose="Ensure that each frame begins and ends with a flag, with nothing between frames.",
        stimulus="Listen. Where two frames share a flag and the link captures edges, listen for "
        "10 s more with them.",
        criterion="Every frame has its opening and its closing flag and comes whole; no octet "
        "stands outside of frames but flags. A flag that two frames share is legal where it is "
        "behind the first and before the second without a pause; with a pause before it the first "
        "frame lacks its closing flag, with one behind it the second its opening flag. Without "
        "edges this cannot be told, and shared flags are an observation.",
        kind=Kind.VALID,
        clauses=(_HDLC, _S1),
        ics="S1/PRESENT",
        detects=("s1.no-closing-flag", "s1.no-opening-flag", "s1.noise", "s1.broken-off"),
        bound_s=60,
    )
)
def test_flags(octets: Capture, framed: Framed, listener: Listener, verify: Checks) -> None:
    """Whoever waits for a closing flag gets every frame when it is complete."""
    outside = [piece for piece in octets.pieces if piece.kind is Discard.NOISE]
    total = len(octets) + len(octets.damaged)
    verify.none_of(
        "outside",
        [
            _deviation(octets, one, "no octet between frames but flags", _shown(one))
            for one in outside
        ],
        examined=total,
        expected="no octet between frames but flags",
        things="frames",
    )
    whole = "as many octets between flags as it states"
    broken = [
        one
        for one in framed.wrong
        if not one.sealed and stated_length(one.body) != len(one.body) and one.piece.octets
    ]
    verify.none_of(
        "whole",
        [
            Deviation(framed.place(one), whole, f"{len(one.body)} of {stated_length(one.body)}")
            for one in broken
        ],
        examined=total,
        expected=whole,
        things="frames",
    )
    _judge_flags(octets, listener, verify)


def _judge_flags(octets: Capture, listener: Listener, verify: Checks) -> None:
    shared, total = len(shared_flags(octets)), len(octets)
    bare = [one for one in octets.damaged if not (one.opening or one.closing)]
    expected = {"opening": "an opening flag", "closing": "a closing flag"}
    if shared and listener.has(Capability.EDGES):
        seen, octets = octets, listener.capture(_LONGEST_LOOK_S)
        _show_both(listener, seen, octets)
        times = listener.context.link.line_times(len(octets.octets))
        found = Delimiters(octets, times, seen.number_at(len(seen.octets)))
        if not found.examined:
            for name in expected:
                verify.undecided(
                    name,
                    Reason.SHORT,
                    expected=expected[name],
                    observed=f"{shared} flags were shared before, none while edges were captured",
                )
            return
        lacking = {"opening": found.without_opening, "closing": found.without_closing}
        total += len(octets)
        octets = seen
    else:
        lacking = {"opening": [], "closing": []}
    for name, places in lacking.items():
        verify.none_of(
            name,
            [
                *(Deviation(place, expected[name], "none of its own") for place in places),
                *(_deviation(octets, one, expected[name], "none") for one in bare),
            ],
            examined=total,
            expected=expected[name],
            things="frames",
        )
    if shared and not listener.has(Capability.EDGES):
        verify.that(
            "own",
            False,
            expected="two flags for each frame",
            observed=f"{shared} flags stand between two frames alone: they share it, or one of "
            "them lacks its own; which of the two, edges would tell",
            level=Level.SHOULD,
        )


def _show_both(listener: Listener, seen: Capture, own: Capture) -> None:
    """Let the frames of a case's own capture be numbered on from those of the observation."""
    last = seen.number_at(len(seen.octets))
    listener.context.frames_from(
        lambda number: (
            seen.frame(number)
            if number <= last
            else replace(own.frame(number - last), number=number)
        )
    )


def _deviation(octets: Capture, piece: Piece, expected: str, observed: str) -> Deviation:
    place = Place(octets.number_at(piece.offset), 0, max(len(piece.octets), 1))
    return Deviation(place, expected, observed)


def _shown(piece: Piece) -> str:
    more = " ..." if len(piece.octets) > 8 else ""
    return f"{len(piece.octets)} octets: {piece.octets[:8].hex(' ')}{more}"


@case(
    Case(
        id="S1-FRM-14",
        version=1,
        interface="s1",
        title="No runts",
        purpose="Ensure that nothing between two flags is too short to be a frame.",
        stimulus="Listen.",
        criterion="No one to three octets stand between two flags. Flags that follow one another "
        "are legal fill, and only told.",
        kind=Kind.VALID,
        clauses=(_INVALID, _HDLC),
        ics="S1/PRESENT",
        detects=("s1.runts",),
    )
)
def test_runts(octets: Capture, framed: Framed, verify: Checks) -> None:
    """A receiver has to drop them, and to count them as errors."""
    del framed  # there are frames
    expected = "at least four octets between two flags"
    verify.none_of(
        "runts",
        [
            _deviation(octets, piece, expected, f"{len(piece.body)} octets: {piece.body.hex(' ')}")
            for piece in octets.pieces
            if piece.kind is Discard.RUNT
        ],
        examined=len(octets) + len(octets.damaged),
        expected=expected,
        things="frames",
    )
    fill = sum(len(piece.octets) for piece in octets.pieces if piece.kind is Discard.FILL)
    if fill:
        verify.note("fill", f"{fill} flags fill pauses between frames")


@case(
    Case(
        id="S1-FRM-15",
        version=1,
        interface="s1",
        title="Frames around a shared flag",
        purpose="Ensure that a meter that lets two frames share a flag loses nothing by it.",
        stimulus="Listen.",
        criterion="Frames on both sides of a flag that stands alone between them are good: no "
        "octet of theirs is lost with the flag that was saved. Shared flags are legal, and told.",
        kind=Kind.VALID,
        clauses=(_SHARED,),
        ics="S1/PRESENT",
        detects=("s1.shares-too-much",),
    )
)
def test_shared_flags(octets: Capture, framed: Framed, verify: Checks) -> None:
    """Only flags may be shared."""
    del framed  # there are frames
    shared = shared_flags(octets)
    ends = set(octets.ends.tolist())
    beside = [
        one
        for one in octets.pieces
        if one.kind is not Discard.FILL and one.octets[:1] != _FLAG and one.offset in ends
        # fewer octets are noise between frames
        if 2 * len(one.octets) > octets.profile.frame_octets
    ]
    expected = "a whole frame behind a flag that it shares"
    verify.none_of(
        "neighbours",
        [
            _deviation(octets, one, expected, f"{_shown(one)}: no frame, and no flag before it")
            for one in beside
        ],
        examined=len(octets) + len(beside),
        expected=expected,
        things="frames",
    )
    verify.note("shared", f"{len(shared)} flags close a frame and open the next")


@case(
    Case(
        id="S1-FRM-16",
        version=1,
        interface="s1",
        title="Joining amid the stream",
        purpose="Ensure that a consumer who begins to listen at any moment finds the next frame, "
        "and takes nothing else for one.",
        stimulus=f"Begin to listen {JOINS} times, at moments that have nothing to do with the "
        "frames; where the link cannot be left, forget what came before and some octets more.",
        criterion="The first good frame ends within twice the octets of a frame, flags between "
        "frames not counted (ours). No frame is found where there is none: octets behind a frame "
        "that are none are as many as the missing numbers ask for (ours).",
        kind=Kind.VALID,
        clauses=("OUR:stream", _HDLC),
        ics="S1/PRESENT",
        detects=("s1.damaged-runs", "s1.frame-in-frame"),
        bound_s=180,
        lengthy=True,
    )
)
def test_joining(stream: Capture, framed: Framed, listener: Listener, verify: Checks) -> None:
    """Nobody is there when a meter begins to send."""
    if len(stream) < _MOST_GOOD * (len(stream) + len(framed.others)):
        raise Inconclusive(
            Reason.PRECONDITION,
            f"{len(framed.others)} of {len(stream) + len(framed.others)} frames are damaged",
        )
    listener.context.frames_from(listener.context.frame)
    joined = [join(listener, number) for number in range(JOINS)]
    heard = [one for one in joined if one.octets]
    within = "a good frame within two frames' octets"
    verify.none_of(
        "first",
        [
            Deviation(
                Place(one.number, 0, len(one.octets)),
                within,
                "none" if one.first_end is None else f"after {one.first_end} octets",
            )
            for one in heard
            if one.first_end is None or one.first_end > one.limit
        ],
        examined=len(heard),
        expected=within,
        things="joins",
    )
    alone = "frames one behind the other, or as many octets between as their numbers ask for"
    verify.none_of(
        "no-false-frame",
        [
            Deviation(
                Place(one.number, one.false_at, 1),
                alone,
                "too few octets follow for the next number",
            )
            for one in heard
            if one.false_at is not None
        ],
        examined=len(heard),
        expected=alone,
        things="joins",
    )
