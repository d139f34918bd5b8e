"""Area FRM, the header of frames: format, address and control."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from bench.core.case import Case, Kind, case
from bench.engine.checks import Checks
from suites.s1.framed import Framed

_S1 = "e-MUCS-H-1.3:S1"
_HDLC = "ISO-13239:4"
_EA, _POLL, _UI = 0x01, 0x10, 0x03


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
