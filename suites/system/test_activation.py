"""Activation: consent opens and closes the user ports, and touches nothing else."""

from bench.core.case import Case, Effects, Kind, case
from bench.core.clock import SECOND, seconds
from bench.core.measurement import Limits, Measurement
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import CaseContext, Inconclusive
from bench.engine.session import Session
from suites.s1.outlets import Outlets
from suites.s1.user_ports import Switch
from suites.system.ports import Ports
from suites.system.utility import ITEMS, Look, look, other_kinds, other_values

_CONSENT = "Fluvius-P1-S1:6.1"
_OURS = "OUR:one-system"
_HELD_W = 2000.0
_APART_S = 60.0  # between two looks at closed ports: some thirty Wh
_LEAST = 0.5  # of the energy that is due
_CLOCK_S = 2.0


@case(
    Case(
        id="SYS-ACT-01",
        version=1,
        interface="system",
        title="User ports switch together",
        purpose="Ensure that P1 and S1 are one consent, closed or open, and nothing between.",
        stimulus="Close the user ports through the operator's object, or an adapter; open them.",
        criterion="Each time both follow within 60 s (activation_s of S1; ours). The operator's "
        "object says what is so (ours).",
        kind=Kind.VALID,
        clauses=(_CONSENT, _OURS),
        ics="S1/ACTIVATION",
        effects=Effects.REVERSIBLE,
        detects=(
            "system.s1-stays-open",
            "system.p1-stays-open",
            "system.s1-stays-closed",
            "system.p1-stays-closed",
            "system.wan-shows-open",
            "system.wan-shows-closed",
        ),
        beside=("p1", "s1"),
        spans=("p1", "s1", "wan"),
        bound_s=900,
    )
)
def test_switched_together(bench_session: Session, context: CaseContext, verify: Checks) -> None:
    """There is no third state."""
    outlets = Outlets(bench_session, context, ("p1", "s1"))
    outlets.require_open()
    outlets.close()
    outlets.hear(outlets.now + seconds(outlets.patience_s))
    _judge_state(outlets, verify, opened=False)
    outlets.begin()
    command = outlets.switch.open()
    limit_s = outlets.switch.limit_s + outlets.patience_s
    outlets.hear(command.done_ns + seconds(limit_s), outlets.all_spoke)
    _judge_state(outlets, verify, opened=True)


def _judge_state(outlets: Outlets, verify: Checks, *, opened: bool) -> None:
    word = "open" if opened else "closed"
    states = {one.name.upper(): one.spoke for one in outlets.ports.values()}
    verify.that(
        f"both-{word}",
        all(sends is opened for sends in states.values()),
        expected=f"P1 and S1 {word} within {outlets.switch.limit_s:g} s (activation_s)",
        observed=", ".join(
            f"{n} {'sends' if sends else 'is silent'}" for n, sends in states.items()
        ),
    )
    shown = outlets.switch.shown()
    if shown is not None:
        verify.that(
            f"object-{word}",
            shown is opened,
            expected=f"the operator's object is {opened} after it was set so",
            observed=str(shown),
            clause=_OURS,
        )


@case(
    Case(
        id="SYS-ACT-02",
        version=1,
        interface="system",
        title="Consent does not touch the utility",
        purpose="Ensure that the utility's reading goes on whether or not the customer consents.",
        stimulus="Read the same objects over WAN before the user ports are closed, twice while "
        "they are, 60 s apart, and when they are open again; hold 2 kW where the link can.",
        criterion="Answers are of the same kind, what is fixed has the same value, energy goes on "
        "to be counted (half of what is due at least where 2 kW are held, else it does not fall) "
        "and the clock goes on within 2 s (both ours).",
        kind=Kind.VALID,
        clauses=(_CONSENT, _OURS),
        ics="S1/ACTIVATION",
        effects=Effects.REVERSIBLE,
        detects=(
            "system.wan-registers-closed",
            "system.wan-breaker-by-consent",
            "system.wan-counting-closed",
            "system.wan-clock-closed",
        ),
        beside=("s1", "wan"),
        spans=("p1", "s1", "wan"),
        bound_s=900,
    )
)
def test_utility_untouched(
    bench_session: Session, context: CaseContext, ports: Ports, verify: Checks
) -> None:
    """Consent is about the user ports."""
    switch = Switch(bench_session, context)
    for name in ("p1", "s1"):
        if ports.has(name):
            bench_session.link(name).rest()  # nobody reads it here
    held = ports.can("load")
    if held:
        ports.load(_HELD_W)
    before = look(ports)
    if before.failed:
        raise Inconclusive(Reason.PRECONDITION, before.failed)
    if before.energy is None and held:
        held = False
    command = switch.close()
    ports.hear_until(command.done_ns + seconds(switch.limit_s))
    first = look(ports)
    ports.hear(_APART_S)
    second = look(ports)
    switch.open()
    after = look(ports)
    _judge_answers(ports, before, (first, second, after), verify)
    _judge_counting(first, second, held, verify)
    _judge_clock(before, second, verify)


def _judge_answers(ports: Ports, before: Look, others: tuple[Look, ...], verify: Checks) -> None:
    examined = sum(len(one.answers) for one in others)
    things = "answers"
    expected = "the answer that came before: data of the same type, or the same refusal"
    if failed := "; ".join(one.failed for one in others if one.failed):
        verify.that("kind", False, expected=expected, observed=failed)
        return
    found = other_kinds(ports, before, others)
    verify.none_of("kind", found, examined=examined, expected=expected, things=things)
    expected = "the value that it had before"
    found = other_values(ports, before, others)
    examined = sum(item.fixed for item in ITEMS) * len(others)
    verify.none_of("value", found, examined=examined, expected=expected, things=things)


def _judge_counting(first: Look, second: Look, held: bool, verify: Checks) -> None:
    if first.energy is None or second.energy is None:
        return  # judged as a kind of answer
    grown = second.energy.value - first.energy.value
    apart_s = (second.energy.from_ns - first.energy.until_ns) / SECOND
    due = _HELD_W * apart_s / 3600 if held else 0.0
    verify.within(
        "counting",
        # two readings of a register that falls only if it counts backwards
        Measurement(grown, second.energy.resolution if held else 0.0, "Wh"),
        Limits(low=_LEAST * due),
        clause=_OURS,
    )


def _judge_clock(before: Look, during: Look, verify: Checks) -> None:
    earlier, later = before.clock, during.clock
    if earlier is None or later is None:
        return  # judged as a kind of answer
    passed_s = (later.at_ns - earlier.at_ns) / SECOND
    resolution = max(earlier.resolution_s(), later.resolution_s())
    asked_s = earlier.answer.last.elapsed_s + later.answer.last.elapsed_s
    verify.within(
        "clock",
        Measurement(later.after_s(earlier.utc) - passed_s, resolution + asked_s, "s"),
        Limits(-_CLOCK_S, _CLOCK_S),
        clause=_OURS,
    )
