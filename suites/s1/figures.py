"""What the report shows of an S1 stream: its waves, phasors, harmonics, voltages, frame intervals.

Kept once per run, when the first group of cases closes, from the shared observation.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress

import numpy as np

from bench.core.clock import SECOND
from bench.core.errors import AdapterError
from bench.core.figure import (
    Axis,
    Bars,
    BarSeries,
    Figure,
    Histogram,
    LimitLine,
    Lines,
    Phasor,
    Phasors,
)
from bench.core.link import Capability, LinkEnded
from bench.core.trace import Chunk
from bench.engine.context import Inconclusive
from bench.engine.session import Session
from bench.signals.decimation import drawn
from suites.s1.agreement import row_times
from suites.s1.capture import Capture, Numbers
from suites.s1.measuring import HARMONIC_LIMITS, measured_phases, spectrum_of
from suites.s1.phases import PERIODS, Stretch, longest
from suites.s1.watch import observe, profile_of

_PERIODS_SHOWN = 2
_ORDERS = range(2, 26)
_HEARD_NS = SECOND  # how long frames are listened to for their intervals
_BINS = 60
_DEAD_V = 10.0  # what has less is not connected
_LIMITS_V = (("- 15 %", 195.5), ("- 10 %", 207.0), ("+ 10 %", 253.0))
_NAMES = {"V": ("voltage", "V"), "I": ("current", "A")}


def keep_figures(session: Session) -> tuple[str, ...]:
    """Keep the figures of this run, unless it has them; return their names.

    None are made where nothing keeps them. What cannot be drawn, since nothing or too little was
    observed, is left out.
    """
    if not session.keeps_evidence:
        return ()
    return session.shared("s1", "figures", lambda: _kept(session))


def _kept(session: Session) -> tuple[str, ...]:
    kept: list[str] = []
    with suppress(Inconclusive, AdapterError, LinkEnded):
        capture = observe(session).capture
        if not len(capture.sequence):
            return ()
        answers = session.preparation.target("s1").answers
        figures = {**figures_of(capture, answers), "60-intervals": _intervals(session, capture)}
        for name, figure in figures.items():
            if figure is not None:
                session.keep_figure("s1", name, figure)
                kept.append(name)
    return tuple(kept)


def figures_of(capture: Capture, answers: Mapping[str, bool]) -> Mapping[str, Figure | None]:
    """Return the figures of a capture's longest stretch, by name; Inconclusive without one."""
    stretch = longest(capture)
    where = _where(capture, stretch)
    voltages = [f"V{phase}" for phase in measured_phases(answers)]
    channels = [one.id for one in capture.profile.channels if stretch.measured(one.id)]
    currents = [name for name in channels if name[0] == "I"]
    return {
        "10-voltages": _waves("Voltages", voltages, stretch, where),
        "20-currents": _waves("Currents", currents, stretch, where),
        "30-phasors": _phasors([*voltages, *currents], stretch, where),
        "40-harmonics": _harmonics(capture, voltages, where),
        "50-voltages-over-time": _over_time(voltages, stretch, where),
    }


def _where(capture: Capture, stretch: Stretch) -> str:
    """Say of which stretch of the observation a figure is."""
    times = (row_times(capture) - capture.started_ns) / SECOND
    begin, end = times[stretch.first], times[stretch.end - 1]
    return (
        f"From the longest stretch of the shared observation without a gap: {len(stretch)} sample "
        f"sets, {begin:.3f} s to {end:.3f} s after its first octet."
    )


def _waves(title: str, channels: Sequence[str], stretch: Stretch, where: str) -> Figure | None:
    if not channels:
        return None
    kind, unit = _NAMES[channels[0][0]]
    rate = stretch.rate_hz or stretch.announced_hz or 1.0
    count = round(_PERIODS_SHOWN * stretch.period) + 1
    series = [drawn(name, stretch.samples(name)[:count], rate / 1000.0) for name in channels]
    return Lines(
        f"{title} of two periods",
        f"Every sample of the first two periods as it was sent, joined by lines. {where}",
        Axis("time", "ms"),
        Axis(kind, unit),
        series,
    )


def _phasors(channels: Sequence[str], stretch: Stretch, where: str) -> Figure:
    windows = len(stretch.phasors(channels[0]))
    shown = [Phasor(name, stretch.phasor(name), _NAMES[name[0]][1]) for name in channels]
    return Phasors(
        "Phasors of the fundamental",
        "Effective value of the fundamental of each channel and its mean angle to V1, over "
        f"{windows} windows of {PERIODS} periods. {where}",
        shown,
    )


def _harmonics(capture: Capture, voltages: Sequence[str], where: str) -> Figure | None:
    bars = []
    for name in voltages:
        found = spectrum_of(capture, name)
        if found is None or found.subgroups[1] < _DEAD_V:
            continue
        shares = [100 * found.share(order) if order <= found.highest else None for order in _ORDERS]
        bars.append(BarSeries(name, shares))
    if not bars:
        return None
    return Bars(
        "Harmonics of the voltages",
        "Harmonic subgroups of IEC 61000-4-7 over windows of ten periods, of ten seconds at most; "
        "orders that the sampling rate does not have are missing. The marks are the limits of "
        f"EN 50160, which hold for the supply and not for the meter. {where}",
        Axis("order"),
        Axis("share of the fundamental", "%"),
        list(_ORDERS),
        bars,
        [HARMONIC_LIMITS[order] for order in _ORDERS],
        "EN 50160",
    )


def _over_time(voltages: Sequence[str], stretch: Stretch, where: str) -> Figure:
    windows = [stretch.rms_windows(name) for name in voltages]
    rate = stretch.rate_hz or stretch.announced_hz or 1.0
    per_second = rate / (PERIODS * stretch.period)
    middle = 0.5 / per_second
    series = [
        drawn(name, found, per_second, from_s=middle)
        for name, found in zip(voltages, windows, strict=True)
    ]
    return Lines(
        "Effective voltages over time",
        f"Each value is that of {PERIODS} periods. The limits are those of the supply "
        f"(EN 50160: 230 V - 10 % / - 15 % / + 10 %). {where}",
        Axis("time", "s"),
        Axis("voltage", "V"),
        series,
        [LimitLine(f"230 V {name}", volts) for name, volts in _LIMITS_V],
    )


# -- intervals of frames


def _intervals(session: Session, capture: Capture) -> Figure | None:
    """Return how far frames are from one another, as near to the line as the link can see it."""
    if not session.can("s1", Capability.TIMESTAMPS):
        return None
    if session.can("s1", Capability.EDGES):
        found = _on_the_line(session)
        if found is not None and len(found) > 1:
            return _histogram(
                np.diff(found) / 1000.0,
                f"From the beginning of each of {len(found)} frames on the line to that of the "
                "next, by the edges that the link captured after the observation.",
                "intervals",
            )
    instants, counts = capture.chunk_counts
    frames, passed = np.diff(counts), np.diff(instants)
    known = (frames > 0) & (passed > 0)
    if not known.any():
        return None
    return _histogram(
        passed[known] / frames[known] / 1000.0,
        f"The link knows only when chunks arrived: of each of {int(known.sum())} chunks of the "
        "shared observation the time since the chunk before, over the frames that it completed. "
        "How the host hands octets over shows here, not the line.",
        "chunks",
    )


def _on_the_line(session: Session) -> Numbers | None:
    """Return when frames began on the line during a second; None where they are not to be had."""
    link = session.link("s1")
    while link.read(link.clock.now()) is not None:
        pass
    heard: list[Chunk] = []
    until = link.clock.now() + _HEARD_NS
    while link.clock.now() < until and not session.stopping:
        chunk = link.read(until)
        if chunk is not None:
            heard.append(chunk)
    found = Capture(profile_of(session), heard)
    total = len(found.octets)
    if not total or not len(found):
        return None
    starts = link.line_times(total).starts_ns
    lost = total - len(starts)  # octets whose edges are not known any more
    offsets = found.offsets[found.offsets >= lost]
    begun: Numbers = starts[offsets - lost]
    return begun


def _histogram(intervals_us: np.ndarray, caption: str, counted: str) -> Figure:
    low, high = float(intervals_us.min()), float(intervals_us.max())
    room = max((high - low) * 0.02, 0.5)
    counts, edges = np.histogram(intervals_us, _BINS, (low - room, high + room))
    return Histogram(
        "Intervals of frames",
        f"{caption} Median {np.median(intervals_us):.3f} us, {low:.3f} us to {high:.3f} us.",
        Axis("interval", "us"),
        edges.tolist(),
        counts.tolist(),
        counted=counted,
    )
