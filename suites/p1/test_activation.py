"""Area A6, activation: the operator opens and closes the port by the customer's consent."""

from bench.core.case import Case, Effects, Kind, case
from bench.core.check import Deviation, Level, Place
from bench.core.clock import SECOND, seconds
from bench.core.link import Capability
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import CaseContext, Inconclusive
from suites.p1.listening import Listener
from suites.p1.readings import Reading
from suites.p1.watch import Seen

_ACTIVATION = "Fluvius-P1-S1:6.1"
_SILENT_S = 60.0
_AFTER_S = 10.0  # of telegrams once the port is open again


def _deactivate(listener: Listener, context: CaseContext) -> int:
    """Close the port and let it settle; return the instant from which on it has to be silent.

    A port that falls silent has settled; one that goes on has the time that is declared.
    """
    context.link.control("deactivate")
    settled = listener.now + seconds(float(context.ixit["activation_s"]))
    while listener.now < settled:
        quiet = min(listener.now + listener.patience_ns(), settled)
        if listener.next_chunk(quiet) is None:
            break
    listener.cut()
    return listener.now


def _activate(listener: Listener, context: CaseContext) -> None:
    """Open the port again and wait for a telegram, so that the next case finds one."""
    start = listener.now
    context.link.control("activate")
    limit = start + seconds(float(context.ixit["activation_s"])) + listener.patience_ns()
    listener.telegram(start, limit)


@case(
    Case(
        id="P1-A-080",
        version=1,
        interface="p1",
        title="A deactivated port says nothing",
        purpose="Ensure that no data leave the port without the customer's consent.",
        stimulus="Deactivate the port with the data request raised; listen for 60 s.",
        criterion="No data object. A telegram without any object is an observation.",
        kind=Kind.VALID,
        clauses=(_ACTIVATION,),
        ics="P1/BE or P1/ACTIVATION",
        needs=(Capability.DEVICE_CONTROL,),
        effects=Effects.REVERSIBLE,
        detects=(
            "p1.deactivated-power",
            "p1.deactivated-electricity",
            "p1.deactivated-free-running",
            "p1.deactivated-header",
        ),
        bound_s=400,
    )
)
def test_deactivated(
    telegrams: tuple[Seen, ...], listener: Listener, context: CaseContext, verify: Checks
) -> None:
    """Consent that was withdrawn is withdrawn for all data."""
    del telegrams  # the port was open before
    try:
        since = _deactivate(listener, context)
        listener.listen(since + seconds(_SILENT_S))
        listener.cut()
    finally:
        _activate(listener, context)
    closed = [
        seen
        for seen in listener.telegrams()
        if since <= seen.frame.at_ns < since + seconds(_SILENT_S)
    ]
    expected = "no data object while the port is deactivated"
    objects = [
        Deviation(
            Place(seen.number, line.offset, line.length, line.line),
            expected,
            f"{line.obis or 'a line'} is sent",
        )
        for seen in closed
        for line in seen.telegram.lines[:1]
    ]
    watched = round(_SILENT_S)
    verify.none_of(
        "no-object", objects, examined=watched, expected=expected, things="seconds of silence"
    )
    empty = [
        Deviation(Place(seen.number), "no telegram at all", "a telegram without any object")
        for seen in closed
        if not seen.telegram.lines
    ]
    verify.none_of(
        "silent",
        empty,
        examined=watched,
        expected="no telegram at all",
        things="seconds of silence",
        level=Level.SHOULD,
    )


@case(
    Case(
        id="P1-A-081",
        version=1,
        interface="p1",
        title="An activated port says everything",
        purpose="Ensure that activation brings all objects back.",
        stimulus="Deactivate the port and activate it again; listen for 10 s.",
        criterion="Every object that was in all telegrams before is in the telegrams afterwards.",
        kind=Kind.VALID,
        clauses=(_ACTIVATION,),
        ics="P1/BE or P1/ACTIVATION",
        needs=(Capability.DEVICE_CONTROL,),
        effects=Effects.REVERSIBLE,
        detects=("p1.reactivated-subset", "p1.reactivated-without-gas"),
        bound_s=400,
    )
)
def test_reactivated(
    readings: tuple[Reading, ...], listener: Listener, context: CaseContext, verify: Checks
) -> None:
    """Consent opens the whole port."""
    before = set.intersection(*({*reading.objects} for reading in readings))
    try:
        _deactivate(listener, context)
    finally:
        _activate(listener, context)
    interval = listener.profile.interval_s
    listener.listen(listener.now + seconds(_AFTER_S + interval))
    listener.cut()
    after = [
        seen
        for seen in listener.telegrams()
        if seen.frame.complete and seen.telegram.crc.ok is not False
    ]
    expected = "every object that was sent before"
    if not verify.that(
        "returns",
        bool(after),
        expected="telegrams within the time that is declared (activation_s)",
        observed=f"{len(after)} whole telegrams",
    ):
        return
    # the first telegrams may come before the sub-meters were read again
    last = after[-1]
    present = {line.obis for line in last.telegram.lines if line.well_formed}
    missing = [
        Deviation(Place(last.number), expected, f"{obis} is missing")
        for obis in sorted(before - present)
    ]
    verify.none_of("all-back", missing, examined=len(before), expected=expected, things="objects")


@case(
    Case(
        id="P1-A-082",
        version=1,
        interface="p1",
        title="P1 and S1 go together",
        purpose="Ensure that P1 and S1 are closed and opened by the same consent.",
        stimulus="Deactivate and activate the ports while both are watched.",
        criterion="Both fall silent, and both send again, within the time that is declared for "
        "the change (activation_s, 60 s unless declared).",
        kind=Kind.VALID,
        clauses=(_ACTIVATION,),
        ics="P1/BE or P1/ACTIVATION",
        needs=(Capability.DEVICE_CONTROL, Capability.S1_ACTIVITY),
        effects=Effects.REVERSIBLE,
        detects=("p1.deactivated-s1-goes-on", "p1.deactivated-free-running"),
        bound_s=600,
    )
)
def test_together(
    telegrams: tuple[Seen, ...], listener: Listener, context: CaseContext, verify: Checks
) -> None:
    """No port stays open when the other is closed."""
    del telegrams  # P1 was open before
    if not context.link.s1_active():
        raise Inconclusive(Reason.PRECONDITION, "S1 sends nothing although the ports are open")
    try:
        context.link.control("deactivate")
        stopped = _observed_state(listener, context, active=False)
    finally:
        context.link.control("activate")
        started = _observed_state(listener, context, active=True)
    limit = f"within {float(context.ixit['activation_s']):g} s (declared, activation_s)"
    for check_id, state, word in (
        ("stop-together", stopped, "silent"),
        ("start-together", started, "sending"),
    ):
        verify.that(
            check_id,
            None not in state.values(),
            expected=f"P1 and S1 both {word} {limit}",
            observed=", ".join(
                f"{port} not {word}" if after is None else f"{port} {word} after {after:.3g} s"
                for port, after in state.items()
            ),
        )


def _observed_state(
    listener: Listener, context: CaseContext, *, active: bool
) -> dict[str, float | None]:
    """Return after how many seconds each port was as it should be; None if it never was.

    P1 is silent when nothing came for as long as a telegram may take to come.
    """
    start = listener.now
    limit = start + seconds(float(context.ixit["activation_s"])) + listener.patience_ns()
    last_octet = start
    found: dict[str, float | None] = {"P1": None, "S1": None}
    while listener.now < limit and None in found.values():
        chunk = listener.next_chunk(min(listener.now + SECOND, limit))
        if chunk is not None:
            last_octet = chunk.at_ns
        heard = chunk is not None
        silent = listener.now - last_octet >= listener.patience_ns()
        if found["P1"] is None and (heard if active else silent):
            found["P1"] = (last_octet - start) / SECOND
        if found["S1"] is None and context.link.s1_active() is active:
            found["S1"] = (listener.now - start) / SECOND
    return found
