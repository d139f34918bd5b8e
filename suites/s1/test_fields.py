"""Fields before the samples: information octet, version, rate, frequency, and what follows."""

import numpy as np

from bench.core.case import Case, Kind, case
from bench.core.check import Level
from bench.core.measurement import Limits, Measurement
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import CaseContext
from bench.engine.session import Session
from suites.s1.capture import Capture, Numbers
from suites.s1.fundamentals import WANTED_HZ, Compared, frequencies
from suites.s1.phases import Stretch, longest, stretches
from suites.s1.rows import deviating
from suites.s1.watch import is_timed

_DATA = "e-MUCS-H-1.3:S1"
_BROCHURE = "Fluvius-P1-S1:5.2"
_FLAGS = ("polyphase", "per_period", "four_wire", "neutral")
_VALID_SHARE = 0.9999
_NOMINAL_HZ = 50.0
_USUAL_HZ = (2000.0, 4000.0)  # of the brochure; the companion specification allows 5 % more
_AGREES_HZ, _AGREES_SHARE = 0.050, 0.99
_RANGE_HZ = (47.0, 52.0)


def _named(stream: Capture, info: int) -> str:
    """Return an information octet with the names of the bits that are set."""
    bits = stream.profile.fields["info"].bits
    names = [name for name, bit in bits.items() if info >> bit & 1]
    return f"{info:02X} ({', '.join(names) or 'none'})"


@case(
    Case(
        id="S1-PAY-04",
        version=1,
        interface="s1",
        title="The information octet stays the same",
        purpose="Ensure that a consumer can rely on what the first frame says of the meter.",
        stimulus="Listen.",
        criterion="Meter type, sampling, wiring, neutral and version are the same in all frames; "
        "the meter type is the declared one (S1/POLYPHASE).",
        kind=Kind.VALID,
        clauses=(_DATA,),
        ics="S1/PRESENT",
        detects=("s1.info-flickers", "s1.type-bit"),
    )
)
def test_same_information(stream: Capture, context: CaseContext, verify: Checks) -> None:
    """Only whether samples are valid may change."""
    bits = stream.profile.fields["info"].bits
    kept = stream.info & ~(1 << bits["samples_ok"])
    expected = f"{_named(stream, int(kept[0]))} in all frames, whether samples are valid aside"
    verify.none_of(
        "constant",
        deviating(
            stream,
            kept != kept[0],
            expected,
            lambda row: _named(stream, int(stream.info[row])),
            "info",
        ),
        examined=len(kept),
        expected=expected,
        things="frames",
    )
    polyphase = context.answers["S1/POLYPHASE"]
    says = stream.flag("polyphase")
    expected = f"{'polyphase' if polyphase else 'single phase'}, as declared"
    verify.none_of(
        "type",
        deviating(
            stream,
            says != polyphase,
            expected,
            lambda row: "polyphase" if says[row] else "single phase",
            "info",
        ),
        examined=len(says),
        expected=expected,
        things="frames",
    )


@case(
    Case(
        id="S1-PAY-07",
        version=1,
        interface="s1",
        title="Samples are called valid",
        purpose="Ensure that a meter in normal operation has valid samples to give.",
        stimulus="Listen while the supply is normal.",
        criterion="At least 99.99 % of the frames say that their samples are valid (ours).",
        kind=Kind.VALID,
        clauses=(_DATA, "OUR:stream"),
        ics="S1/PRESENT",
        detects=("s1.never-valid", "s1.often-invalid"),
    )
)
def test_samples_valid(stream: Capture, verify: Checks) -> None:
    """What is called invalid is used by no case that measures."""
    invalid = ~stream.flag("samples_ok")
    count, total = int(np.count_nonzero(invalid)), len(invalid)
    places = deviating(stream, invalid, "valid samples", lambda _row: "called invalid", "info")
    first = next(places, None)
    verify.that(
        "share",
        total - count >= _VALID_SHARE * total,
        expected=f">= {_VALID_SHARE:.2%} of the frames (ours)",
        observed=f"{total - count} of {total}, {1 - count / total:.4%}",
        place=None if first is None else first.place,
    )


@case(
    Case(
        id="S1-PAY-09",
        version=1,
        interface="s1",
        title="Version of the data format is known",
        purpose="Ensure that samples are not taken for something that they are not.",
        stimulus="Listen.",
        criterion="The version is one that the edition knows. Another one is an observation, and "
        "the case is inconclusive: what the frames give in the layout of the edition is told.",
        kind=Kind.VALID,
        clauses=(_DATA,),
        ics="S1/PRESENT",
        detects=("s1.version-7", "s1.next-version"),
    )
)
def test_known_version(stream: Capture, verify: Checks) -> None:
    """An unknown version is never read in silence."""
    known = stream.profile.versions
    unknown = ~np.isin(stream.version, known)
    expected = f"version {', '.join(str(one) for one in known)}"
    met = verify.none_of(
        "known",
        deviating(stream, unknown, expected, lambda row: f"version {stream.version[row]}", "info"),
        examined=len(unknown),
        expected=expected,
        things="frames",
        level=Level.SHOULD,
    )
    if not met:
        verify.undecided(
            "layout",
            Reason.PRECONDITION,
            expected="a layout that the edition describes",
            observed=_attempt(stream),
        )


def _attempt(stream: Capture) -> str:
    """Say what the frames give where they are read as if their version was known."""
    found = max(stretches(stream), key=len, default=None)
    if found is None:
        return "read as the known version: no stretch without gaps has valid samples"
    volts = ", ".join(f"V{one} {found.rms(f'V{one}'):.1f} V" for one in found.phases)
    field = float(np.mean(stream.number("mains_frequency"))) / 1000
    tail = int(stream.lengths.max()) - stream.profile.frame_octets + 2
    return (
        f"read as the known version: {volts}, frequency field {field:.3f} Hz, "
        f"{tail} octets after the samples"
    )


@case(
    Case(
        id="S1-PAY-10",
        version=1,
        interface="s1",
        title="The announced rate is a legal one",
        purpose="Ensure that a consumer that is built for all legal rates can follow.",
        stimulus="Listen.",
        criterion="At least 2000 Hz and not above 4200 Hz, samples per period counted at 50 Hz. "
        "More than 4000 Hz (40 times 100 Hz, 80 per period) is an observation.",
        kind=Kind.VALID,
        clauses=(_BROCHURE, _DATA),
        ics="S1/PRESENT",
        detects=("s1.rate-19", "s1.rate-81"),
    )
)
def test_legal_rate(stream: Capture, verify: Checks) -> None:
    """2000 Hz to 4000 Hz, and the 5 % that the companion specification leaves."""
    number = stream.number(stream.profile.rate_field)
    per_period = stream.flag("per_period")
    hertz = np.where(per_period, number * _NOMINAL_HZ, number * 100.0)

    def shown(row: int) -> str:
        unit = "per period" if per_period[row] else "times 100 Hz"
        return f"{number[row]} {unit}: {hertz[row]:g} Hz"

    bounds = (stream.profile.lowest_hz, stream.profile.highest_hz)
    for check_id, (low, high), level, clause in (
        ("bounds", bounds, Level.MUST, _DATA),
        ("usual", _USUAL_HZ, Level.SHOULD, _BROCHURE),
    ):
        expected = f"{low:g} Hz to {high:g} Hz"
        verify.none_of(
            check_id,
            deviating(
                stream,
                (hertz < low) | (hertz > high),
                expected,
                shown,
                stream.profile.rate_field,
            ),
            examined=len(hertz),
            expected=expected,
            things="frames",
            clause=clause,
            level=level,
        )


@case(
    Case(
        id="S1-PAY-11",
        version=1,
        interface="s1",
        title="The frequency field tells the frequency of the samples",
        purpose="Ensure that the frequency is right: in step with the mains, the rate hangs on it.",
        stimulus="Listen for at least 10 s.",
        criterion="In windows of 1 s, or as long as the clock of the link needs for 10 mHz, the "
        "mean of the field is within 50 mHz of the frequency of the samples in 99 % of the windows "
        "(ours). The rate of samples is taken as announced where it is fixed, and counted by the "
        "clock where it follows the mains. Outside 47 Hz to 52 Hz is an observation.",
        kind=Kind.VALID,
        clauses=(_DATA, "EN-50160:4.2"),
        ics="S1/PRESENT",
        detects=("s1.frequency-little-endian", "s1.frequency-10-mhz", "s1.frequency-stuck"),
    )
)
def test_frequency_field(
    stream: Capture, bench_session: Session, context: CaseContext, verify: Checks
) -> None:
    """It is in mHz, high octet first, and follows the mains."""
    field = stream.number("mains_frequency")
    low, high = (round(one * 1000) for one in _RANGE_HZ)
    expected = f"{_RANGE_HZ[0]:g} Hz to {_RANGE_HZ[1]:g} Hz"
    verify.none_of(
        "range",
        deviating(
            stream,
            (field < low) | (field > high),
            expected,
            lambda row: f"{field[row] / 1000:.3f} Hz",
            "mains_frequency",
        ),
        examined=len(field),
        expected=expected,
        things="frames",
        clause="EN-50160:4.2",
        level=Level.SHOULD,
    )
    stretch = longest(stream)
    timed = is_timed(bench_session)
    if stretch.is_per_period and not timed:
        verify.undecided(
            "agrees",
            Reason.PRECONDITION,
            expected=f"<= {_AGREES_HZ:g} Hz",
            observed="samples are taken in step with the mains, and this link has no clock",
        )
        return
    found = frequencies(stretch, context.link.timing_uncertainty_s)
    if not len(found.difference_hz):
        verify.undecided(
            "agrees",
            Reason.SHORT,
            expected=f"<= {_AGREES_HZ:g} Hz",
            observed="no window in which the samples have a mains frequency",
        )
        return
    _agrees(found, stretch, verify)


def _agrees(found: Compared, stretch: Stretch, verify: Checks) -> None:
    """Record the difference that 99 % of the windows keep."""
    if found.uncertainty_hz >= _AGREES_HZ:
        needed_s = found.window_s * found.uncertainty_hz / WANTED_HZ
        verify.undecided(
            "agrees",
            Reason.SHORT,
            expected=f"<= {_AGREES_HZ:g} Hz",
            observed=f"in {found.window_s:.0f} s the clock of this link tells the frequency to "
            f"{found.uncertainty_hz:.2g} Hz; observe for {needed_s:.0f} s",
        )
        return
    off = np.abs(found.difference_hz)
    kept = float(np.quantile(off, _AGREES_SHARE, method="higher"))
    verify.within(
        "agrees",
        Measurement(kept, found.uncertainty_hz, "Hz"),
        Limits(high=_AGREES_HZ),
    )
    verify.note(
        "windows",
        f"{len(off)} windows of {found.window_s:.1f} s; the samples have "
        f"{stretch.frequency_hz or 0:.3f} Hz, greatest difference {off.max() * 1000:.1f} mHz",
    )


@case(
    Case(
        id="S1-PAY-12",
        version=1,
        interface="s1",
        title="What a single-phase meter does not measure is zero",
        purpose="Ensure that a consumer sees no phase that there is not.",
        stimulus="Listen.",
        criterion="V2, I2, V3 and I3 are zero in all frames.",
        kind=Kind.VALID,
        clauses=(_DATA,),
        ics="S1/PRESENT and not S1/POLYPHASE",
        detects=("s1.dummy-05",),
    )
)
def test_unused_phases(stream: Capture, verify: Checks) -> None:
    """Octets 30 to 39 of a frame."""
    channels = ("V2", "I2", "V3", "I3")
    codes = {name: stream.codes(name) for name in channels}
    unequal: Numbers = sum((np.abs(one) for one in codes.values()), np.zeros_like(codes["V2"]))
    verify.none_of(
        "zero",
        deviating(
            stream,
            unequal > 0,
            "0 on L2 and L3",
            lambda row: ", ".join(f"{name} {one[row]}" for name, one in codes.items()),
            "V2",
        ),
        examined=len(unequal),
        expected="0 on L2 and L3",
        things="frames",
    )


@case(
    Case(
        id="S1-PAY-13",
        version=1,
        interface="s1",
        title="No more octets than the version has",
        purpose="Ensure that further data come with a further version, as the format foresees.",
        stimulus="Listen.",
        criterion="Frames of a version that the edition knows have 43 octets between their flags. "
        "All frames of any other version have the same number of octets (ours).",
        kind=Kind.VALID,
        clauses=(_DATA, "OUR:stream"),
        ics="S1/PRESENT",
        detects=("s1.tail-in-version-0", "s1.tail-varies"),
    )
)
def test_tail(stream: Capture, verify: Checks) -> None:
    """What a consumer does not know, it can leave out."""
    whole = stream.profile.frame_octets - 2
    lengths = stream.lengths[stream.complete]
    known = np.isin(stream.version, stream.profile.versions)

    def shown(row: int) -> str:
        return f"{lengths[row]} octets in version {stream.version[row]}"

    verify.none_of(
        "known",
        deviating(stream, known & (lengths != whole), f"{whole} octets", shown),
        examined=len(lengths),
        expected=f"{whole} octets in version {', '.join(map(str, stream.profile.versions))}",
        things="frames",
    )
    usual = np.zeros_like(lengths)
    for version in np.unique(stream.version):
        mine = stream.version == version
        usual[mine] = np.bincount(lengths[mine]).argmax()
    verify.none_of(
        "constant",
        deviating(stream, ~known & (lengths != usual), "the same length per version", shown),
        examined=len(lengths),
        expected="as many octets in all frames of a version",
        things="frames",
        clause="OUR:stream",
    )
