"""Area FRM, frames: their flags, their header, and what is between them."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

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
_EA, _POLL, _UI = 0x01, 0x10, 0x03
_MOST_GOOD = 0.9  # frames that must be good where joining is to be judged
_LONGEST_LOOK_S = 10.0  # at flags that two frames share


def _judge(
    framed: Framed,
    verify: Checks,
    check_id: str,
    wrong: NDArray[np.bool_],
    field: tuple[int, int],
    expected: str,
    observed: Callable[[int], str],
    *,
    examined: int | None = None,
) -> None:
    """Judge a header field; `field` is its place after the opening flag and its length."""
    at, length = field
    verify.none_of(
        check_id,
        framed.deviations(wrong, at, length, expected, observed),
        examined=len(framed) if examined is None else examined,
        expected=expected,
        things="frames",
    )


def _tell_left_out(framed: Framed, verify: Checks) -> None:
    if framed.doubtful:
        verify.note("damaged", f"{framed.doubtful} frames were damaged: their headers say nothing")


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
        id="S1-FRM-02",
        version=1,
        interface="s1",
        title="Type of the frame format",
        purpose="Ensure that frames have the format that consumers are made for.",
        stimulus="Listen.",
        criterion="The upper four bits of the format field are 1000: type 1. Judged where the "
        "check sequence vouches for the header.",
        kind=Kind.VALID,
        clauses=(_S1, _HDLC),
        ics="S1/PRESENT",
        detects=("s1.type-3",),
    )
)
def test_format_type(framed: Framed, verify: Checks) -> None:
    """Type 3 is that of DLMS, with a check sequence of its own for the header."""
    found = framed.format_type
    wanted = framed.capture.profile.layout.format_type
    _judge(
        framed,
        verify,
        "type",
        found != wanted,
        (0, 1),
        f"{wanted:04b} (type {wanted - 7})",
        lambda row: f"{found[row]:04b}" + (f" (type {found[row] - 7})" if found[row] > 7 else ""),
    )
    _tell_left_out(framed, verify)


@case(
    Case(
        id="S1-FRM-03",
        version=1,
        interface="s1",
        title="Segmentation bit",
        purpose="Ensure that each frame holds a whole telegram.",
        stimulus="Listen.",
        criterion="Bit 11 of the format field is 0. Judged where the check sequence vouches for "
        "the header.",
        kind=Kind.VALID,
        clauses=(_S1, _HDLC),
        ics="S1/PRESENT",
        detects=("s1.segmented",),
    )
)
def test_segmentation(framed: Framed, verify: Checks) -> None:
    """No consumer waits for a second part."""
    wrong = framed.segmented > 0
    _judge(framed, verify, "segmentation", wrong, (0, 1), "0", lambda _row: "1")
    _tell_left_out(framed, verify)


@case(
    Case(
        id="S1-FRM-04",
        version=1,
        interface="s1",
        title="Length field",
        purpose="Ensure that the length field tells where a frame ends: nothing else does.",
        stimulus="Listen.",
        criterion="It is the number of octets between the flags, within the limits of the edition "
        "(43 to 2047), and the same in all frames of one version of the data format. Judged where "
        "the check sequence vouches for the header.",
        kind=Kind.VALID,
        clauses=(_S1, _HDLC),
        ics="S1/PRESENT",
        detects=("s1.length-42", "s1.length-flags", "s1.short-frames", "s1.length-changes"),
    )
)
def test_length(framed: Framed, verify: Checks) -> None:
    """Flags are legal inside a frame."""
    stated, actual = framed.stated, framed.actual
    layout = framed.capture.profile.layout
    wrong = stated != actual
    if framed.capture.profile.transparency == "octet":
        # whether it counts escapes is open; a good frame has proved that it is one of the two
        wrong[: len(framed.capture)] = False
    _judge(
        framed,
        verify,
        "equals",
        wrong,
        (0, 2),
        "the octets between the flags",
        lambda row: f"{stated[row]} for {actual[row]} octets",
    )
    _judge(
        framed,
        verify,
        "range",
        (actual < layout.shortest) | (actual > layout.longest),
        (0, 2),
        f"{layout.shortest} to {layout.longest}",
        lambda row: f"{actual[row]}",
    )
    wanted = np.zeros_like(actual)
    for version in np.unique(framed.version).tolist():
        same = framed.version == version
        lengths, counts = np.unique(actual[same], return_counts=True)
        wanted[same] = lengths[np.argmax(counts)]
    _judge(
        framed,
        verify,
        "constant",
        actual != wanted,
        (0, 2),
        "one length for all frames of a version",
        lambda row: f"{actual[row]}, most have {wanted[row]}",
    )
    _tell_left_out(framed, verify)


@case(
    Case(
        id="S1-FRM-05",
        version=1,
        interface="s1",
        title="Address field",
        purpose="Ensure that frames are sent to all stations, by an address of one octet.",
        stimulus="Listen.",
        criterion="It is FF, whose lowest bit ends the field. Judged where the check sequence "
        "vouches for the header.",
        kind=Kind.VALID,
        clauses=(_S1, _HDLC),
        ics="S1/PRESENT",
        detects=("s1.address-03", "s1.address-fe"),
    )
)
def test_address(framed: Framed, verify: Checks) -> None:
    """A consumer has no address of its own."""
    found, wanted = framed.address, framed.capture.profile.address
    _judge(
        framed,
        verify,
        "address",
        found != wanted,
        (2, 1),
        f"{wanted:02X}",
        lambda row: f"{found[row]:02X}",
    )
    _judge(
        framed,
        verify,
        "extension",
        found & _EA == 0,
        (2, 1),
        "its lowest bit set: the field has one octet",
        lambda row: f"{found[row]:02X}: the next octet belongs to it",
    )
    _tell_left_out(framed, verify)


@case(
    Case(
        id="S1-FRM-06",
        version=1,
        interface="s1",
        title="Control field",
        purpose="Ensure that frames are unnumbered information that asks for no answer.",
        stimulus="Listen.",
        criterion="It is 03: UI, with the P/F bit 0. Judged where the check sequence vouches for "
        "the header.",
        kind=Kind.VALID,
        clauses=(_S1, _HDLC),
        ics="S1/PRESENT",
        detects=("s1.poll-bit", "s1.i-frames"),
    )
)
def test_control(framed: Framed, verify: Checks) -> None:
    """There is nobody who could answer."""
    found = framed.control
    unnumbered = found & ~_POLL == _UI
    _judge(
        framed,
        verify,
        "ui",
        ~unnumbered,
        (3, 1),
        "03: UI",
        lambda row: f"{found[row]:02X}" + (": an I frame" if found[row] & 1 == 0 else ""),
    )
    _judge(
        framed,
        verify,
        "poll",
        unnumbered & (found & _POLL > 0),
        (3, 1),
        "P/F bit 0",
        lambda row: f"{found[row]:02X}: P/F bit 1",
        examined=int(np.count_nonzero(unnumbered)),
    )
    _tell_left_out(framed, verify)


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
