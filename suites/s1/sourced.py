"""What a meter shows of a source that feeds it."""

import math
from collections.abc import Sequence

from bench.core.measurement import Limits, Measurement
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import CaseContext
from suites.s1.beside import P1Beside
from suites.s1.listening import Listener
from suites.s1.phases import Stretch, longest

Fed = tuple[float, float, float]
"""V, A, and the degrees by which A lag."""

NOMINAL_V = 230.0
LIVE_V = 115.0
"""From there on a channel is taken to have a voltage: half of the nominal one."""
OPEN: Fed = (0.0, 0.0, 0.0)
_WATCHED_S = 1.0


def wired(context: CaseContext, *phases: Fed) -> list[Fed]:
    """Return what the phases of the declared meter get: L2 of a delta grid is its reference.

    A single-phase meter gets the first; where there are fewer than three, all get the first.
    """
    first, second, third = phases if len(phases) == 3 else phases[:1] * 3
    if not context.answers["S1/POLYPHASE"]:
        return [first]
    return [first, OPEN if context.answers["S1/DELTA"] else second, third]


def channels(context: CaseContext) -> tuple[str, ...]:
    """Return the voltages and currents that the declared meter shows, without what L2 lacks."""
    phases: tuple[int, ...] = (1,)
    if context.answers["S1/POLYPHASE"]:
        phases = (1, 3) if context.answers["S1/DELTA"] else (1, 2, 3)
    return tuple(f"{kind}{phase}" for phase in phases for kind in "VI")


def shown(
    listener: Listener,
    phases: Sequence[Fed],
    *,
    harmonics: Sequence[tuple[int, float, float]] = (),
    leak_a: float = 0.0,
    watched_s: float = _WATCHED_S,
    beside: P1Beside | None = None,
) -> Stretch:
    """Feed the meter and return what it then shows; Inconclusive if that is not readable."""
    listener.source(phases, harmonics=harmonics, leak_a=leak_a)
    return longest(listener.capture(watched_s, beside))


def effective(
    verify: Checks, check_id: str, stretch: Stretch, channel: str, wanted: float, share: float
) -> None:
    """Record the effective value of a channel against that of the source, +- a share of it."""
    verify.within(
        check_id,
        Measurement(
            stretch.rms(channel), rounding(stretch, channel), "V" if channel[0] == "V" else "A"
        ),
        Limits(wanted * (1 - share), wanted * (1 + share)),
    )


def angle(
    verify: Checks, check_id: str, stretch: Stretch, of: str, against: str, limits: Limits
) -> None:
    """Record by how many degrees a channel is ahead of another; undecided without a fundamental."""
    found = stretch.angle_deg(of, against)
    if not stretch.fundamental(of) > 10 * stretch.step(of) or math.isnan(found):
        verify.undecided(
            check_id,
            Reason.PRECONDITION,
            expected=f"{limits} degrees",
            observed=f"{of} has {stretch.fundamental(of):.3g} of the fundamental",
        )
        return
    measured = Measurement(found, angle_uncertainty_deg(stretch, of, against), "degrees")
    verify.within(check_id, measured, limits)


def rounding(stretch: Stretch, channel: str) -> float:
    """Return how wrong an effective value may be at most by the rounding of its codes."""
    return stretch.step(channel) / 2


def angle_uncertainty_deg(stretch: Stretch, of: str, against: str) -> float:
    """Return how wrong an angle may be at most by the rounding of the codes of both channels."""
    amplitudes = [
        (rounding(stretch, one), math.sqrt(2) * max(stretch.fundamental(one), 1e-9))
        for one in (of, against)
    ]
    return math.degrees(sum(math.atan2(*one) for one in amplitudes))
