"""Area MEAS, the converters: flat tops, signs, bits, repetitions, and their filter."""

import math
from collections.abc import Sequence

import numpy as np

from bench.core.case import Case, Effects, Kind, case
from bench.core.check import Deviation, Level, Place
from bench.core.link import Capability
from bench.core.measurement import Limits, Measurement
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import CaseContext, Inconclusive
from bench.signals.quantities import bit_shares, clipping, repeated
from suites.s1.capture import Capture, Numbers
from suites.s1.listening import Listener
from suites.s1.measuring import (
    NOMINAL_V,
    evenly,
    live_phases,
    measured_phases,
    spectrum_of,
)
from suites.s1.phases import Stretch, longest, stretches

_OUR = "OUR:measurement"
_DATA = "e-MUCS-H-1.3:S1"
_CAPTURE_S = 10.0
_LOAD_A = 10.0
_JUMP_V, _JUMP_A = 600.0, 2000.0
_FLAT = 3  # equal samples at the extreme
_CHANCE = 2  # flat tops in ten seconds that may be chance: broad crests at 25 mV a step
_NEAR_LIMIT = 0.005  # of the range of the codes: what gets there is about to run over
_LOUD = 1000  # codes: below that a flat top of a current means nothing
_BITS = 4
_SHOWN = 5  # places of a stretch that are told
_BIT_SHARES = Limits(0.40, 0.60)
_STEEP = 0.25  # of the steepest slope of a period
_REPEATED = 0.001
_IMAGE_DB = -50.0
_TOP = 1.1 * NOMINAL_V
_PEAK_SHARE = 0.02
_ALIAS_V, _ALIAS_LIMIT_V = 10.0, 1.0
_ALIAS_BELOW = 3  # orders below the sampling rate: 150 Hz


def _channels(context: CaseContext, kinds: str = "VI") -> list[str]:
    return [f"{kind}{phase}" for phase in measured_phases(context.answers) for kind in kinds]


def _named(check: str, channel: str) -> str:
    return f"{check}-{channel.lower()}"


def _live(stream: Capture, context: CaseContext) -> list[str]:
    return [f"V{phase}" for phase in live_phases(stream, context.answers)]


def _valid(stream: Capture) -> Sequence[Stretch]:
    """Return the stretches that are judged: without gaps, nothing that is called invalid."""
    return stretches(stream) or (longest(stream),)


def _codes(stretch: Stretch, channel: str) -> Numbers:
    found: Numbers = np.rint(stretch.samples(channel) / stretch.step(channel)).astype(np.int64)
    return found


def _range(stream: Capture, channel: str) -> int:
    """Return the greatest code that a channel can have."""
    one = next(c for c in stream.profile.channels if c.id == channel)
    return (1 << (8 * one.length - 1)) - 1


def _places(stretch: Stretch, rows: Numbers, channel: str) -> list[Place]:
    stream = stretch.capture
    at = next(c for c in stream.profile.channels if c.id == channel)
    offset = 5 + stream.profile.samples_at + at.at  # behind the flag, format, address, control
    numbers = rows[:_SHOWN] + stretch.first
    return [Place(stream.number_of(int(row)), offset, at.length) for row in numbers]


def _deviations(
    stretch: Stretch, rows: Numbers, channel: str, expected: str, observed: Sequence[str]
) -> list[Deviation]:
    """Return a deviation for each row, the first ones with their places; the rest only count."""
    found = [
        Deviation(place, expected, f"{channel}: {text}")
        for place, text in zip(_places(stretch, rows, channel), observed, strict=True)
    ]
    return found + found[-1:] * (len(rows) - len(found))


@case(
    Case(
        id="S1-MEAS-11",
        version=1,
        interface="s1",
        title="No clipping",
        purpose="Ensure that no sample is cut off or runs over.",
        stimulus="Listen; where the link has a source, feed 253 V and the highest current of the "
        "meter, as far as it is declared (i_max_a).",
        criterion="No code within 0.5 % of the ends of its range, no step over more than half of "
        "it. In ten seconds at most two runs of three or more equal samples at the extreme of a "
        "voltage, or of a current above 1 A: more is a flat top (ours). With the source, peaks as "
        "high as those of a sine, to 2 % (ours).",
        kind=Kind.VALID,
        clauses=(_OUR, _DATA),
        ics="S1/PRESENT",
        effects=Effects.REVERSIBLE,
        detects=("s1.clips-300-v", "s1.clips-60-a", "s1.wraps", "s1.saturates"),
        bound_s=200,
    )
)
def test_clipping(
    stream: Capture, listener: Listener, context: CaseContext, verify: Checks
) -> None:
    """A surge shows as it was, and not as the converter's limit."""
    _judge_ends(verify, stream, context)
    _judge_flat_tops(verify, stream, context)
    if not listener.has(Capability.SOURCE):
        return
    amperes = float(context.ixit.get("i_max_a", _LOAD_A))
    listener.source(evenly(context.answers, amperes, volts=_TOP))
    fed = listener.capture(_CAPTURE_S)
    for channel in _channels(context):
        peak = math.sqrt(2) * (_TOP if channel[0] == "V" else amperes)
        limits = Limits(peak * (1 - _PEAK_SHARE), peak * (1 + _PEAK_SHARE))
        stretch = longest(fed)
        found = float(np.ptp(stretch.samples(channel))) / 2
        # where samples stand still against the mains, the crest lies between two of them
        u = peak * (1 - math.cos(math.pi / stretch.period)) + stretch.step(channel)
        unit = "V" if channel[0] == "V" else "A"
        verify.within(_named("peak", channel), Measurement(found, u, unit), limits)
    context.frames_from(stream.frame)


def _judge_ends(verify: Checks, stream: Capture, context: CaseContext) -> None:
    deviations: list[Deviation] = []
    over: list[Deviation] = []
    examined = 0
    expected = "codes that keep 0.5 % away from the ends of their range"
    no_step = "no step from one end of the range to the other"
    for channel in _channels(context):
        most = _range(stream, channel)
        for stretch in _valid(stream):
            codes = _codes(stretch, channel)
            examined += len(codes)
            rows = np.flatnonzero(np.abs(codes) > most * (1 - _NEAR_LIMIT))
            shown = [f"code {codes[row]}" for row in rows[:_SHOWN]]
            deviations += _deviations(stretch, rows, channel, expected, shown)
            steps = np.flatnonzero(np.abs(np.diff(codes)) > most) + 1
            shown = [f"from code {codes[row - 1]} to {codes[row]}" for row in steps[:_SHOWN]]
            over += _deviations(stretch, steps, channel, no_step, shown)
    verify.none_of("runs-over", over, examined=examined, expected=no_step, things="samples")
    verify.none_of("ends", deviations, examined=examined, expected=expected, things="samples")


def _judge_flat_tops(verify: Checks, stream: Capture, context: CaseContext) -> None:
    deviations: list[Deviation] = []
    examined = 0
    expected = f"at most {_CHANCE} runs of {_FLAT} equal samples at the extreme in ten seconds"
    window = max(round((stream.announced_hz or 2600.0) * _CAPTURE_S), 1)
    for channel in _channels(context):
        for stretch in _valid(stream):
            codes = _codes(stretch, channel)
            for first in range(0, max(len(codes) - window // 2, 1), window):
                part = codes[first : first + window]
                if np.abs(part).max(initial=0) < _LOUD:
                    continue
                examined += 1
                found = clipping(part)
                if found.runs > _CHANCE:
                    rows = np.array([first + int(np.argmax(np.abs(part)))])
                    shown = [f"{found.runs} runs at the extreme, the longest of {found.longest}"]
                    deviations += _deviations(stretch, rows, channel, expected, shown)
    verify.none_of(
        "flat-tops", deviations, examined=examined, expected=expected, things="stretches"
    )


@case(
    Case(
        id="S1-MEAS-12",
        version=1,
        interface="s1",
        title="Two's complement",
        purpose="Ensure that negative half waves are sent as numbers in two's complement.",
        stimulus="Listen.",
        criterion="Samples that follow each other differ by at most 600 V and 2000 A. Voltages are "
        "negative in 40 % to 60 % of the samples.",
        kind=Kind.VALID,
        clauses=(_DATA,),
        ics="S1/PRESENT",
        detects=("s1.unsigned-24", "s1.sign-magnitude", "s1.wraps", "s1.rectified"),
        bound_s=200,
    )
)
def test_signs(stream: Capture, context: CaseContext, verify: Checks) -> None:
    """A voltage goes through zero, not through the end of the range."""
    for check, kind, most, unit in (
        ("voltage-steps", "V", _JUMP_V, "V"),
        ("current-steps", "I", _JUMP_A, "A"),
    ):
        expected = f"steps of at most {most:g} {unit}"
        deviations: list[Deviation] = []
        examined = 0
        for channel in _channels(context, kind):
            for part in _valid(stream):
                steps = np.abs(np.diff(part.samples(channel)))
                rows = np.flatnonzero(steps > most)
                examined += len(steps)
                shown = [f"a step of {steps[row]:.1f} {unit}" for row in rows[:_SHOWN]]
                deviations += _deviations(part, rows + 1, channel, expected, shown)
        verify.none_of(check, deviations, examined=examined, expected=expected, things="steps")
    stretch = longest(stream)
    for channel in _live(stream, context):
        share = float(np.mean(stretch.samples(channel) < 0))
        u = 1 / stretch.period  # a sample of each period
        verify.within(_named("negative", channel), Measurement(share, u, ""), _BIT_SHARES)


@case(
    Case(
        id="S1-MEAS-13",
        version=1,
        interface="s1",
        title="No stuck bits",
        purpose="Ensure that the low bits of voltages mean something.",
        stimulus="Listen.",
        criterion="Each of the lowest four bits of each voltage is 1 in 40 % to 60 % of the "
        "samples (ours).",
        kind=Kind.VALID,
        clauses=(_OUR,),
        ics="S1/PRESENT",
        detects=("s1.lowest-bit-0", "s1.stuck-bit-3"),
        bound_s=200,
    )
)
def test_bits(stream: Capture, context: CaseContext, verify: Checks) -> None:
    """The resolution is 25 mV, and not a multiple of it."""
    for channel in _live(stream, context):
        codes = np.concatenate([_codes(stretch, channel) for stretch in _valid(stream)])
        # samples in step with the mains are no more independent than the codes that they touch
        u = 1 / math.sqrt(len(np.unique(codes)))
        for bit, share in enumerate(bit_shares(codes, _BITS)):
            verify.within(_named(f"bit-{bit}", channel), Measurement(share, u, ""), _BIT_SHARES)


@case(
    Case(
        id="S1-MEAS-14",
        version=1,
        interface="s1",
        title="No sample twice",
        purpose="Ensure that every sample set was measured, and none is shown again.",
        stimulus="Listen; where the link has a source, feed a clean 230 V.",
        criterion="Where the voltage is steep, at most 0.1 % of the samples equal the one before. "
        "With the source, the image of the mains around half the sampling rate is below -50 dB "
        "(ours).",
        kind=Kind.VALID,
        clauses=(_OUR,),
        ics="S1/PRESENT",
        effects=Effects.REVERSIBLE,
        detects=("s1.holds-2",),
        bound_s=200,
    )
)
def test_repetition(
    stream: Capture, listener: Listener, context: CaseContext, verify: Checks
) -> None:
    """2600 Hz are 2600 measurements a second."""
    for channel in _live(stream, context):
        _judge_repetition(verify, stream, channel)
    if not listener.has(Capability.SOURCE):
        return
    listener.source(evenly(context.answers, 2.0))
    fed = listener.capture(_CAPTURE_S)
    for channel in _channels(context, "V"):
        verify.within(_named("image", channel), _image_db(fed, channel), Limits(high=_IMAGE_DB))
    context.frames_from(stream.frame)


def _judge_repetition(verify: Checks, stream: Capture, channel: str) -> None:
    stretch = longest(stream)
    codes, period = _codes(stretch, channel), stretch.period
    slope = float(np.ptp(codes)) / 2 * math.sin(2 * math.pi / period)
    three = 3 * slope * _STEEP  # over three samples
    share = 100 * repeated(codes, round(three))
    u = 100 / math.sqrt(max(len(codes), 1)) * _REPEATED
    verify.within(
        _named("repeated", channel), Measurement(share, u, "%"), Limits(high=100 * _REPEATED)
    )


def _image_db(fed: Capture, channel: str) -> Measurement:
    """Return what mirrors the fundamental at half the sampling rate, against it."""
    found = spectrum_of(fed, channel)
    if found is None or not found.groups[1]:
        raise Inconclusive(Reason.PRECONDITION, f"{channel} has no mains of the source")
    line = round(10 * (longest(fed).period / 2 - 1))
    image = math.sqrt(float(np.sum(np.square(found.lines[line - 2 : line + 3]))))
    decibel = 20 * math.log10(max(image / float(found.groups[1]), 1e-9))
    return Measurement(decibel, 1.0, "dB")


# -- what only a source can show


@case(
    Case(
        id="S1-MEAS-17",
        version=1,
        interface="s1",
        title="Filter before the converters",
        purpose="Ensure that what is faster than half the sampling rate does not look like "
        "something slow.",
        stimulus="Feed 230 V with 10 V at 150 Hz below the sampling rate.",
        criterion="At 150 Hz, where that would show without a filter, there is at most 1 V "
        "(-20 dB, ours); more is an observation.",
        kind=Kind.VALID,
        clauses=(_OUR,),
        level=Level.SHOULD,
        ics="S1/PRESENT",
        needs=(Capability.SOURCE,),
        effects=Effects.REVERSIBLE,
        detects=("s1.no-anti-alias",),
        bound_s=200,
    )
)
def test_filter(stream: Capture, listener: Listener, context: CaseContext, verify: Checks) -> None:
    """Noise of chargers does not become a third harmonic."""
    order = round(longest(stream).period) - _ALIAS_BELOW
    if order <= _ALIAS_BELOW:
        raise Inconclusive(
            Reason.PRECONDITION, f"{order + _ALIAS_BELOW} samples a period are too few"
        )
    share = _ALIAS_V / NOMINAL_V
    listener.source(evenly(context.answers, 2.0), harmonics=[(order, share, 0.0)])
    fed = listener.capture(_CAPTURE_S)
    for channel in _channels(context, "V"):
        found = spectrum_of(fed, channel)
        if found is None:
            raise Inconclusive(Reason.SHORT, f"{channel} has no ten periods without a gap")
        if found.groups[1] < NOMINAL_V / 2:
            raise Inconclusive(Reason.PRECONDITION, f"{channel} does not show the source")
        image = Measurement(float(found.subgroups[_ALIAS_BELOW]), 0.025, "V")
        verify.within(_named("image", channel), image, Limits(high=_ALIAS_LIMIT_V))
