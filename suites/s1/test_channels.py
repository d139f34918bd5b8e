"""Channels: each shows its own quantity, and nothing of the others."""

from collections.abc import Sequence

import numpy as np

from bench.core.case import Case, Effects, Kind, case
from bench.core.check import Level
from bench.core.link import Capability
from bench.core.measurement import Limits, Measurement
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import CaseContext
from bench.signals.quantities import rms
from suites.s1.capture import Capture
from suites.s1.listening import Listener
from suites.s1.phases import Stretch, longest
from suites.s1.sourced import (
    LIVE_V,
    NOMINAL_V,
    OPEN,
    Fed,
    channels,
    effective,
    rounding,
    shown,
    wired,
)

_BROCHURE = "Fluvius-P1-S1:5.2"
_PHYSICS = "OUR:physics"
_SINGLE = "S1/PRESENT and not S1/POLYPHASE"
_POLYPHASE = "S1/PRESENT and S1/POLYPHASE"
_FOUR_WIRE = "S1/PRESENT and S1/POLYPHASE and not S1/DELTA"
_SHARE = 0.02
_LOADED_A = 0.05  # from there on a current is there: well above the noise of a converter
_RESISTIVE: Fed = (NOMINAL_V, 10.0, 0.0)
_THIRD = ((3, 0.05, 0.0),)
_LEAK_A = 0.5
_CROSSTALK = 0.005
_MISSING = tuple(f"s1.{kind}{phase}-missing" for phase in "123" for kind in "vi")


def _present(stream: Capture, listener: Listener, context: CaseContext, verify: Checks) -> None:
    """Record that voltages and currents are those of a source; without one, that there are any."""
    names = channels(context)
    if listener.has(Capability.SOURCE):
        volts, amperes = NOMINAL_V, 5.0
        stretch = shown(listener, wired(context, (volts, amperes, 0.0)))
        for name in names:
            effective(verify, name, stretch, name, volts if name[0] == "V" else amperes, _SHARE)
        return
    stretch = longest(stream)
    for name in names:
        found = stretch.rms(name)
        least, unit = (LIVE_V, "V") if name[0] == "V" else (_LOADED_A, "A")
        if found >= least:
            verify.note(name, f"{found:.3g} {unit}", expected=f">= {least:g} {unit}")
            continue
        verify.undecided(
            name,
            Reason.PRECONDITION,
            expected=f">= {least:g} {unit}",
            observed=f"{found:.3g} {unit}; connect the phase, put a load on it, or use a source",
        )


@case(
    Case(
        id="S1-CH-01",
        version=1,
        interface="s1",
        title="A single-phase meter shows V1 and I1, and no other phase",
        purpose="Ensure that the samples are those of the phase that there is.",
        stimulus="Feed 230 V and 5 A, resistive; without a source, listen.",
        criterion="V1 and I1 are within 2 % of the source (ours), or are there at all where the "
        "meter hangs on a grid (115 V, 50 mA). L2 and L3 show less than 0.5 % of that.",
        kind=Kind.VALID,
        clauses=(_BROCHURE, _PHYSICS),
        ics=_SINGLE,
        effects=Effects.REVERSIBLE,
        detects=("s1.v1-zero", "s1.i1-zero", "s1.phase-2-ghost"),
        bound_s=400,
    )
)
def test_single_phase(
    stream: Capture, listener: Listener, context: CaseContext, verify: Checks
) -> None:
    """The meter is fed by the phase that it measures."""
    stretch = longest(stream)
    volts = [stretch.rms(name) for name in ("V2", "V3")]
    amperes = [stretch.rms(name) for name in ("I2", "I3")]
    verify.that(
        "others",
        max(volts) < _CROSSTALK * NOMINAL_V and max(amperes) < _CROSSTALK * 10,
        expected="nothing on L2 and L3",
        observed=", ".join(f"{one:.3g} V" for one in volts)
        + "; "
        + ", ".join(f"{one:.3g} A" for one in amperes),
    )
    _present(stream, listener, context, verify)


@case(
    Case(
        id="S1-CH-02",
        version=1,
        interface="s1",
        title="A polyphase meter shows all its phases",
        purpose="Ensure that no channel is missing.",
        stimulus="Feed 230 V and 5 A, resistive, on all phases; without a source, listen.",
        criterion="Each voltage and each current is within 2 % of the source (ours), or is there "
        "at all where the meter hangs on a grid (115 V, 50 mA). In a delta grid L2 is left out.",
        kind=Kind.VALID,
        clauses=(_BROCHURE, _PHYSICS),
        ics=_POLYPHASE,
        effects=Effects.REVERSIBLE,
        detects=_MISSING,
        bound_s=400,
    )
)
def test_polyphase(
    stream: Capture, listener: Listener, context: CaseContext, verify: Checks
) -> None:
    """Six channels live."""
    _present(stream, listener, context, verify)


@case(
    Case(
        id="S1-CH-03",
        version=1,
        interface="s1",
        title="Each channel shows its own quantity",
        purpose="Ensure that no two channels are exchanged.",
        stimulus="Feed 220 V, 230 V and 240 V with 5 A, 7 A and 11 A, resistive.",
        criterion="Each channel is within 2 % of its own value (ours). In a delta grid L2 is left "
        "out.",
        kind=Kind.VALID,
        clauses=(_BROCHURE, _PHYSICS),
        ics=_POLYPHASE,
        needs=(Capability.SOURCE,),
        effects=Effects.REVERSIBLE,
        detects=("s1.swaps-v2-v3", "s1.swaps-i1-i2", "s1.interleaved", *_MISSING),
    )
)
def test_channel_order(listener: Listener, context: CaseContext, verify: Checks) -> None:
    """V1 I1 V2 I2 V3 I3 N."""
    values = ((220.0, 5.0, 0.0), (230.0, 7.0, 0.0), (240.0, 11.0, 0.0))
    stretch = shown(listener, wired(context, *values))
    for name in channels(context):
        wanted = values[int(name[1]) - 1]["VI".index(name[0])]
        effective(verify, name, stretch, name, wanted, _SHARE)


def _residual(stretch: Stretch, currents: Sequence[str]) -> tuple[float, float, float]:
    """Return what the neutral and the phases leave over, with the better sign, and that sign.

    The second is the greatest effective value of the phases.
    """
    total = np.sum([stretch.samples(name) for name in currents], axis=0)
    neutral = stretch.samples("IN")
    left = {sign: rms(neutral - sign * total) for sign in (1.0, -1.0)}
    sign = min(left, key=lambda one: left[one])
    return left[sign], max(stretch.rms(name) for name in currents), sign


@case(
    Case(
        id="S1-CH-09",
        version=1,
        interface="s1",
        title="The neutral carries the sum of the phases",
        purpose="Ensure that the neutral's current is what Kirchhoff's law makes it.",
        stimulus="Feed 3 x 230 V with 5 % of third harmonic; 10 A, 5 A and 0 A, then 0 A, 5 A and "
        "10 A, resistive.",
        criterion="The neutral and the sum of the phases, sample by sample, differ by at most 1 % "
        "of the greatest phase and 20 mA (ours). The neutral may count either way, but both times "
        "the same.",
        kind=Kind.VALID,
        clauses=(_PHYSICS,),
        ics=f"{_FOUR_WIRE} and S1/NEUTRAL",
        needs=(Capability.SOURCE,),
        effects=Effects.REVERSIBLE,
        detects=("s1.neutral-zero", "s1.neutral-plain-sum", "s1.neutral-turns"),
    )
)
def test_neutral(listener: Listener, verify: Checks) -> None:
    """Its sign is learnt from the first load."""
    loads = [(NOMINAL_V, amperes, 0.0) for amperes in (10.0, 5.0, 0.0)]
    signs = []
    for check_id, phases in (("first", loads), ("second", loads[::-1])):
        stretch = shown(listener, phases, harmonics=_THIRD)
        left, greatest, sign = _residual(stretch, ("I1", "I2", "I3"))
        signs.append(sign)
        verify.within(
            check_id,
            Measurement(left, 2 * rounding(stretch, "IN"), "A"),
            Limits(high=0.01 * greatest + 0.020),
        )
    counted = {1.0: "as the phases do", -1.0: "against the phases"}
    verify.that(
        "sign",
        signs[0] == signs[1],
        expected=f"counts {counted[signs[0]]}, as with the first load",
        observed=f"counts {counted[signs[1]]}",
    )


@case(
    Case(
        id="S1-CH-10",
        version=1,
        interface="s1",
        title="What flows to earth is missing in the neutral",
        purpose="Ensure that a leakage can be seen: that the neutral is measured, not computed.",
        stimulus="Feed 230 V with 5 A on all phases, 0.5 A of them to earth past the neutral.",
        criterion="The neutral and the sum of the phases differ by 0.5 A +- 10 %. A deviation is "
        "an observation.",
        kind=Kind.VALID,
        clauses=(_PHYSICS,),
        level=Level.SHOULD,
        ics="S1/PRESENT and S1/NEUTRAL and not S1/DELTA",
        needs=(Capability.SOURCE,),
        effects=Effects.REVERSIBLE,
        detects=("s1.neutral-computed",),
    )
)
def test_leakage(listener: Listener, context: CaseContext, verify: Checks) -> None:
    """A consumer can warn of a leakage only if it is there to be seen."""
    stretch = shown(listener, wired(context, (NOMINAL_V, 5.0, 0.0)), leak_a=_LEAK_A)
    currents = [name for name in channels(context) if name[0] == "I"]
    left, _, _ = _residual(stretch, currents)
    verify.within(
        "residual",
        Measurement(left, 2 * rounding(stretch, "IN"), "A"),
        Limits(0.9 * _LEAK_A, 1.1 * _LEAK_A),
    )


@case(
    Case(
        id="S1-CH-11",
        version=1,
        interface="s1",
        title="No channel shows what another one measures",
        purpose="Ensure that a phase without voltage and current is shown as such.",
        stimulus="Feed 230 V and 10 A, resistive, on L1; leave L2 and L3 open.",
        criterion="V2, V3, I2 and I3 are at most 0.5 % of what L1 is fed with (ours).",
        kind=Kind.VALID,
        clauses=(_PHYSICS,),
        ics=_FOUR_WIRE,
        needs=(Capability.SOURCE,),
        effects=Effects.REVERSIBLE,
        detects=("s1.crosstalk", "s1.crosstalk-v3"),
    )
)
def test_crosstalk(listener: Listener, verify: Checks) -> None:
    """Half a percent: below the class of any such meter."""
    stretch = shown(listener, [_RESISTIVE, OPEN, OPEN])
    for name in ("V2", "V3", "I2", "I3"):
        driven = _RESISTIVE["VI".index(name[0])]
        verify.within(
            name,
            Measurement(stretch.rms(name), rounding(stretch, name), "V" if name[0] == "V" else "A"),
            Limits(high=_CROSSTALK * driven),
        )
