"""How a case records its comparisons."""

from collections.abc import Iterable
from itertools import islice

from bench.core.case import Case
from bench.core.check import Check, Deviation, Level, Outcome, Place
from bench.core.measurement import Limits, Measurement, judge_measurement
from bench.core.verdict import Reason

SHOWN_DEVIATIONS = 5


class Checks:
    """The comparisons of one attempt, in the order in which they were made.

    Every method takes the check's id, which faults name as their killer; clause and level default
    to those of the case.
    """

    def __init__(self, case: Case) -> None:
        self._case = case
        self._made: list[Check] = []

    @property
    def made(self) -> tuple[Check, ...]:
        """All checks so far."""
        return tuple(self._made)

    def that(
        self,
        check_id: str,
        met: bool,
        *,
        expected: str,
        observed: str,
        clause: str = "",
        level: Level | None = None,
        place: Place | None = None,
    ) -> bool:
        """Record one comparison whose outcome the case knows; return it."""
        deviations = () if met or place is None else (Deviation(place, expected, observed),)
        self._add(
            check_id,
            Outcome.MET if met else Outcome.MISSED,
            expected,
            observed,
            clause,
            level,
            deviating=int(not met),
            deviations=deviations,
        )
        return met

    def none_of(
        self,
        check_id: str,
        deviations: Iterable[Deviation],
        *,
        examined: int,
        expected: str,
        things: str = "telegrams",
        clause: str = "",
        level: Level | None = None,
    ) -> bool:
        """Record that `examined` places were looked at and these deviated; return whether none.

        Nothing examined is undecided, never met: a comparison that did not happen proves nothing.
        """
        found = iter(deviations)
        shown = tuple(islice(found, SHOWN_DEVIATIONS))
        count = len(shown) + sum(1 for _ in found)
        if not examined and not count:
            self._add(
                check_id,
                Outcome.UNDECIDED,
                expected,
                f"no {things} to look at",
                clause,
                level,
                reason=Reason.EMPTY,
                examined=0,
            )
            return False
        observed = f"0 deviations in {examined} {things}"
        if shown:
            plural = "s" if count != 1 else ""
            observed = f"{shown[0].observed} ({count} deviation{plural} in {examined} {things})"
        self._add(
            check_id,
            Outcome.MISSED if shown else Outcome.MET,
            expected,
            observed,
            clause,
            level,
            examined=examined,
            deviating=count,
            deviations=shown,
        )
        return not shown

    def within(
        self,
        check_id: str,
        measured: Measurement,
        limits: Limits,
        *,
        clause: str = "",
        level: Level | None = None,
        place: Place | None = None,
    ) -> Outcome:
        """Record a measured value against limits by the guard-band rule; return the outcome."""
        outcome = judge_measurement(measured, limits)
        missed = outcome is Outcome.MISSED
        expected, observed = str(limits), f"{measured.value:.6g}"
        shown = (Deviation(place, expected, observed),) if missed and place is not None else ()
        self._add(
            check_id,
            outcome,
            expected,
            observed,
            clause,
            level,
            unit=measured.unit,
            uncertainty=measured.uncertainty,
            reason=Reason.GUARD if outcome is Outcome.UNDECIDED else None,
            deviating=int(missed),
            deviations=shown,
        )
        return outcome

    def undecided(
        self, check_id: str, reason: Reason, *, expected: str, observed: str, clause: str = ""
    ) -> None:
        """Record a comparison that could not be made, and why."""
        self._add(check_id, Outcome.UNDECIDED, expected, observed, clause, None, reason=reason)

    def note(
        self, check_id: str, observed: str, *, expected: str = "any", clause: str = ""
    ) -> None:
        """Record something worth telling that no clause forbids."""
        self._add(check_id, Outcome.MET, expected, observed, clause, Level.MAY)

    def _add(
        self,
        check_id: str,
        outcome: Outcome,
        expected: str,
        observed: str,
        clause: str,
        level: Level | None,
        *,
        unit: str = "",
        uncertainty: float | None = None,
        reason: Reason | None = None,
        examined: int = 1,
        deviating: int = 0,
        deviations: tuple[Deviation, ...] = (),
    ) -> None:
        self._made.append(
            Check(
                id=check_id,
                clause=clause or self._case.clauses[0],
                level=level or self._case.level,
                outcome=outcome,
                expected=expected,
                observed=observed,
                unit=unit,
                uncertainty=uncertainty,
                reason=reason,
                examined=examined,
                deviating=deviating,
                deviations=deviations,
            )
        )
