"""Area FRM, the stream over a long time: how much of it is of use."""

from math import ceil

from bench.core.case import Case, Kind, case
from bench.engine.checks import Checks
from bench.protocols.s1.stream import Discard
from suites.s1.long_run import Defect, LongRun

_OURS = "OUR:stream"
_SHARE = 1e-6
_SURE = 3.0  # events that would have been seen with 95 % probability, where none was


@case(
    Case(
        id="S1-FRM-17",
        version=1,
        interface="s1",
        title="Quality of the stream in the long run",
        purpose="Ensure that a consumer can rely on the stream for hours.",
        stimulus="Listen for long_run_s seconds (900 unless declared; a laboratory takes 3600).",
        criterion="Of the frames that came, no more than one in a million, rounded up, is damaged "
        "in any way (ours); of the octets, no more than one in a million, rounded up, stands "
        "outside of frames, flags not counted (ours). A frame that is given up by escape and flag, "
        "where octets are escaped, is not damaged.",
        kind=Kind.VALID,
        clauses=(_OURS,),
        ics="S1/PRESENT",
        ixit=("long_run_s",),
        detects=("s1.noise", "s1.bit-flips-rare"),
        lengthy=True,
        bound_s=600,
    )
)
def test_quality(long_run: LongRun, verify: Checks) -> None:
    """What is wrong once in a minute is not seen in seconds."""
    frames = long_run.frames + long_run.invalid
    for check_id, count, total, things, outside in (
        ("invalid", long_run.invalid, frames, "frames", False),
        ("outside", long_run.outside, long_run.octets, "octets", True),
    ):
        allowed = ceil(total * _SHARE)
        first = [one for one in long_run.defects if (one.kind is Discard.NOISE) is outside]
        verify.that(
            check_id,
            count <= allowed,
            expected=f"at most {allowed} of {total} {things}",
            observed=_observed(count, total, first),
            place=first[0].place if first else None,
        )
    verify.note("watched", f"{frames} frames in {long_run.seconds:.0f} s")


def _observed(count: int, total: int, first: list[Defect]) -> str:
    if not count:
        return f"none: fewer than {_SURE / total:.1e} of them in the long run (95 %)"
    where = f"; first {first[0].kind} at octet {first[0].offset}" if first else ""
    return f"{count}, {count / total:.1e} of them{where}"
