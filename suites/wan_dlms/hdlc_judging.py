"""Comparisons that many HDLC cases make: silence, the right answer, and whether SNRM helps."""

from collections.abc import Collection, Iterable, Sequence

from bench.core.check import Deviation
from bench.engine.checks import Checks
from bench.protocols.hdlc.control import Kind
from suites.wan_dlms.hdlc_link import HdlcLink
from suites.wan_dlms.hdlc_wire import Heard, Said

#: a frame that was sent on purpose as it was, in words, and what came of it
Tried = tuple[str, Said]


def judge_silence(
    verify: Checks, tried: Sequence[Tried], *, expected: str, check: str = "silent"
) -> None:
    """Check that nothing came in answer to any of what was sent."""
    verify.none_of(
        check,
        [
            Deviation(said.place, expected, f"{what}: {said}")
            for what, said in tried
            if not said.silent
        ],
        examined=len(tried),
        expected=expected,
        things="frames sent",
    )


def judge_answer(
    verify: Checks,
    check: str,
    said: Said,
    kinds: Collection[Kind],
    *,
    silence: bool = False,
    expected: str = "",
) -> Heard | None:
    """Check that a valid frame of one of these kinds came, or nothing where that is legal too."""
    found = said.find(*kinds)
    words = " or ".join([*kinds, *(["silence"] if silence else [])])
    verify.that(
        check,
        found is not None or (silence and said.silent),
        expected=expected or words,
        observed=str(said),
        place=said.place,
    )
    return found


def judge_recovery(verify: Checks, hdlc: HdlcLink, check: str = "recovers") -> bool:
    """Check that a right SNRM is answered by UA after all that was wrong."""
    said = hdlc.snrm()
    ua = said.find(Kind.UA)
    if ua is not None:
        hdlc.connected(ua)
    return verify.that(
        check,
        ua is not None,
        expected="UA to a right SNRM",
        observed=str(said),
        place=said.place,
    )


def judge_final(verify: Checks, heard: Heard | None) -> None:
    """Check the F bit of an answer, if one came."""
    if heard is not None:
        verify.that(
            "final",
            heard.frame.control.final,
            expected=f"{heard.kind} with F = 1",
            observed=str(heard),
            place=heard.place,
        )


def judge_frames(
    verify: Checks,
    check: str,
    frames: Iterable[Heard],
    codes: Collection[str],
    *,
    expected: str,
    clause: str = "",
) -> None:
    """Check that no frame has a problem of these codes."""
    looked = list(frames)
    verify.none_of(
        check,
        [
            Deviation(heard.at(problem.offset), expected, problem.message)
            for heard in looked
            for problem in heard.frame.problems
            if problem.code in codes
        ],
        examined=len(looked),
        expected=expected,
        things="frames",
        clause=clause,
    )
