"""Area A7: the frame counter of encrypted frames (Luxmetering E-Meter P1 1.1.3, §3.2.5)."""

from itertools import pairwise

from bench.core.case import Case, Effects, Kind, case
from bench.core.check import Deviation, Level, Place
from bench.core.clock import seconds
from bench.core.link import Capability, LinkEnded
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import CaseContext, Inconclusive
from bench.protocols.p1.ciphering import COUNTER_END
from bench.protocols.p1.splitter import Noise
from suites.p1.ciphered import CipheredStream, PortKeys, SeenFrame
from suites.p1.watch import TelegramWatch

_CLAUSE = "Luxmetering-1.1.3:3.2.5"
_ENCRYPTED = "P1/CIPHERING and P1/ENCRYPTED"
_ENOUGH_FRAMES = 30
_SILENT_INTERVALS = 3


@case(
    Case(
        id="P1-A-113",
        version=1,
        interface="p1",
        title="Frame counter",
        purpose="Ensure that the frame counter goes up by one and never comes twice under a key: "
        "a counter that comes again gives the encryption away.",
        stimulus="Listen to 30 frames or more.",
        criterion="Each counter is one more than that of the frame right before; none is repeated.",
        kind=Kind.VALID,
        clauses=(_CLAUSE,),
        ics=_ENCRYPTED,
        detects=("p1.enc-counter-constant", "p1.enc-counter-by-two", "p1.enc-counter-wraps"),
    )
)
def test_counter(ciphered: CipheredStream, watch: TelegramWatch, verify: Checks) -> None:
    """The initialisation vector is used once."""
    expected = "one more than in the frame before"
    frames = {seen.number: seen for seen in ciphered.frames if seen.frame.counter is not None}
    steps, jumps = 0, []
    for before, after in pairwise(frames.values()):
        pause_ns = after.piece.at_ns - before.piece.until_ns
        if after.number != before.number + 1 or pause_ns > 2 * seconds(watch.profile.interval_s):
            continue  # what lay between may have been a frame
        steps += 1
        first, second = before.frame.counter or 0, after.frame.counter or 0
        if second != first + 1:
            observed = f"{second:08X} after {first:08X}"
            jumps.append(Deviation(_counter_place(after), expected, observed))
    if jumps or steps >= _ENOUGH_FRAMES - 1:
        verify.none_of("step", jumps, examined=steps, expected=expected, things="steps")
    else:
        verify.undecided(
            "step",
            Reason.SHORT,
            expected=f"{expected}, in {_ENOUGH_FRAMES} frames",
            observed=f"{steps} steps between frames that follow each other",
        )
    known: dict[tuple[bytes, int | None], int] = {}
    again = []
    for seen in frames.values():
        number = known.setdefault((seen.frame.title, seen.frame.counter), seen.number)
        if number != seen.number:
            observed = f"{seen.frame.counter:08X}, as in frame {number}"
            again.append(Deviation(_counter_place(seen), "a counter of its own", observed))
    verify.none_of(
        "unique", again, examined=len(frames), expected="a counter of its own", things="frames"
    )


def _counter_place(seen: SeenFrame) -> Place:
    return Place(seen.number, seen.frame.body_offset - 4, 4)


@case(
    Case(
        id="P1-A-115",
        version=1,
        interface="p1",
        title="Exhaustion of the frame counter",
        purpose="Ensure that a meter whose counters are used up stops sending, rather than to "
        "start again under the same key.",
        stimulus="Set the frame counter to FFFFFFFE; listen until three intervals have passed in "
        "silence or something else has come.",
        criterion="Frames FFFFFFFE and FFFFFFFF, then nothing. That the last counter is used at "
        "all is an observation. A real meter needs a new key afterwards.",
        kind=Kind.INOPPORTUNE,
        clauses=(_CLAUSE,),
        ics=_ENCRYPTED,
        needs=(Capability.DEVICE_CONTROL,),
        effects=Effects.DESTRUCTIVE,
        detects=("p1.enc-counter-restarts", "p1.enc-counter-ends-early"),
        bound_s=150.0,
    )
)
def test_exhaustion(watch: TelegramWatch, context: CaseContext, verify: Checks) -> None:
    """No initialisation vector is used again, whatever it costs."""
    profile, link = watch.profile, context.link
    interval_ns = seconds(profile.interval_s)
    # counters are in clear: no key is needed to follow them
    heard = CipheredStream(profile, PortKeys(), profile.line.character_ns)
    _listen(context, heard, link.clock.now() + 2 * interval_ns, 1)
    if not heard.frames:
        raise Inconclusive(Reason.PRECONDITION, "no frame came before the counter was set")
    usual = heard.frames[-1].frame.counter or 0
    stream = CipheredStream(profile, PortKeys(), profile.line.character_ns)
    context.frames_from(stream.frame)
    link.control("counter", value=COUNTER_END - 1)
    try:
        _listen(context, stream, link.clock.now() + (3 + _SILENT_INTERVALS) * interval_ns)
        stream.flush()
    finally:
        # a counter that has not been used, so that nothing is encrypted twice alike
        link.control("counter", value=min(usual + 16, COUNTER_END))
    _judge_exhaustion(stream, verify)


def _listen(
    context: CaseContext, stream: CipheredStream, until_ns: int, enough: int | None = None
) -> None:
    while enough is None or len(stream.frames) < enough:
        try:
            chunk = context.receive(until_ns)
        except LinkEnded:
            return
        if chunk is None:
            return
        stream.feed(chunk)


def _judge_exhaustion(stream: CipheredStream, verify: Checks) -> None:
    counters = [seen.frame.counter for seen in stream.frames]
    if COUNTER_END - 1 not in counters:
        raise Inconclusive(
            Reason.PRECONDITION, "no frame came with the counter FFFFFFFE that was set"
        )
    after = stream.frames[counters.index(COUNTER_END - 1)].number
    following = [piece for piece in stream.pieces if piece.number > after]
    last = [seen.number for seen in stream.frames if seen.frame.counter == COUNTER_END]
    if last or not (stream.unfinished or any(isinstance(piece, Noise) for piece in following)):
        verify.that(
            "last-frame",
            bool(last),
            expected="a frame with the counter FFFFFFFF",
            observed="a frame with FFFFFFFF" if last else "no frame with FFFFFFFF",
            level=Level.SHOULD,
        )
    expected = "silence after the last counter"
    verify.none_of(
        "silence",
        [
            Deviation(Place(piece.number), expected, _what_came(stream, piece.number))
            for piece in following
            if piece.number not in last[:1] and not isinstance(piece, Noise)
        ],
        examined=1,
        expected=expected,
        things="exhausted counters",
    )


def _what_came(stream: CipheredStream, number: int) -> str:
    seen = next((seen for seen in stream.frames if seen.number == number), None)
    if seen is None or seen.frame.counter is None:
        return "a telegram in clear" if seen is None else "a frame without counter"
    return f"a frame with the counter {seen.frame.counter:08X}"
