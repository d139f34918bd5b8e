"""Area FRM, transparency: octets inside frames that look like flags and escapes."""

from bench.core.case import Case, Kind, case
from bench.core.check import Deviation, Place
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import Inconclusive
from bench.protocols.s1.encode import ESCAPE
from bench.protocols.s1.profile import Transparency
from bench.protocols.s1.stream import Discard
from suites.s1.capture import Capture
from suites.s1.framed import Framed
from suites.s1.interior import Interior, Mechanism, content, numbered

_S1 = "e-MUCS-H-1.3:S1"
_HDLC = "ISO-13239:4"
_INVALID = "RFC-1662:4.3"
_OURS = "OUR:stream"
_ENOUGH = 100  # frames with 7E or 7D inside
_P_LOST, _P_CONTENT = 1e-3, 1e-6


@case(
    Case(
        id="S1-FRM-10",
        version=1,
        interface="s1",
        title="Transparency",
        purpose="Ensure that octets 7E and 7D inside frames are sent as the edition has it.",
        stimulus="Listen; about one frame in thirty holds such an octet. At least 100 are needed.",
        criterion="All frames with 7E or 7D inside are good by the mechanism of the edition: as "
        "they are, told from flags by the length field (e-MUCS-H 1.3), or escaped where the "
        "declared profile says so. None is good by another mechanism alone.",
        kind=Kind.VALID,
        clauses=(_S1, _HDLC),
        ics="S1/PRESENT",
        detects=("s1.stuffed", "s1.half-stuffed", "s1.octet-unstuffed", "s1.octet-half-stuffed"),
    )
)
def test_mechanism(framed: Framed, octets: Capture, verify: Checks) -> None:
    """A consumer that expects the other mechanism loses one frame in thirty."""
    del framed  # there are frames
    found = octets.derived(Interior)
    by_length = octets.profile.transparency is Transparency.LENGTH
    expected = Mechanism.LENGTH if by_length else Mechanism.OCTET
    examined = found.good + len(found.otherwise)
    if examined < _ENOUGH:
        raise Inconclusive(
            Reason.SHORT,
            f"{examined} frames with 7E or 7D inside came in {octets.seconds:.0f} s; "
            f"{_ENOUGH} are needed",
        )
    verify.none_of(
        "mechanism",
        [Deviation(one.place, expected, one.mechanism) for one in found.otherwise],
        examined=examined,
        expected=expected,
        things="frames with 7E or 7D inside",
    )


@case(
    Case(
        id="S1-FRM-11",
        version=1,
        interface="s1",
        title="Frames with flags inside are not lost",
        purpose="Ensure that a meter sends a sample set whatever octets it makes.",
        stimulus="Listen.",
        criterion="Numbers that are missing in the sequence are 7E no more often than others "
        "(Fisher's exact test, p > 0.001, ours). Check sequences hold 7E as often as any other "
        "octet (p > 0.000001, ours).",
        kind=Kind.VALID,
        clauses=(_OURS, _HDLC),
        ics="S1/PRESENT",
        detects=("s1.drops-flags", "s1.drops-flags-in-check"),
    )
)
def test_not_lost(stream: Capture, framed: Framed, verify: Checks) -> None:
    """What is lost for its content is lost again and again."""
    fate = numbered(stream)
    verify.that(
        "numbers",
        fate.p > _P_LOST,
        expected="frames numbered 7E lost no more often than others (p > 0.001)",
        observed=str(fate),
    )
    found = content(framed)
    verify.that(
        "content",
        found.p > _P_CONTENT,
        expected="7E in check sequences as often as any other octet (p > 0.000001)",
        observed=str(found),
    )


@case(
    Case(
        id="S1-FRM-13",
        version=1,
        interface="s1",
        title="Aborted frames",
        purpose="Ensure that a frame that is given up can be told from a damaged one.",
        stimulus="Listen; only where the declared profile escapes octets.",
        criterion="A frame that is broken off ends with 7D 7E, and the next one is good. How many "
        "are broken off is told.",
        kind=Kind.VALID,
        clauses=(_INVALID, _HDLC),
        ics="S1/PRESENT and S1/OCTET-MODE",
        detects=("s1.abort-bare", "s1.abort-takes-next"),
    )
)
def test_aborts(framed: Framed, octets: Capture, verify: Checks) -> None:
    """Octets before a lone flag could be anything."""
    shortest = octets.profile.layout.shortest
    aborted = [one for one in octets.pieces if one.kind is Discard.ABORT]
    bare = [one for one in framed.wrong if len(one.body) < shortest]
    expected = "7D 7E at the end of a frame that is broken off"
    verify.none_of(
        "escape",
        [
            Deviation(framed.place(one), expected, f"{len(one.body)} octets, then a bare flag")
            for one in bare
        ],
        examined=len(octets) + len(aborted) + len(bare),
        expected=expected,
        things="frames",
    )
    good = set(octets.offsets.tolist())
    behind = "a good frame behind a frame that was broken off"
    lost = [
        one
        for one in aborted
        if not good & {one.offset + len(one.octets) + step for step in (-1, 0)}
    ]
    verify.none_of(
        "next",
        [
            Deviation(
                Place(octets.number_at(one.offset), 0, len(one.octets)),
                behind,
                "what follows is no good frame",
            )
            for one in lost
        ],
        examined=len(octets),
        expected=behind,
        things="frames",
    )
    verify.note("aborted", f"{len(aborted)} frames were given up with {ESCAPE:02X} 7E")
