"""One comparison inside a case, and how checks become a verdict.

The engine and the verifier of a signed report use the same `judge`, so that a verdict can be
recomputed from the recorded checks.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bench.core.verdict import Reason, Verdict


class Level(StrEnum):
    """How binding the clause is (RFC 2119 words)."""

    MUST = "must"
    SHOULD = "should"
    MAY = "may"


class Outcome(StrEnum):
    """What a comparison found."""

    MET = "met"
    MISSED = "missed"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the evidence: a frame by number, an octet offset in it, a line if it has lines."""

    frame: int
    offset: int = 0
    length: int = 1
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Deviation:
    """One place where what was observed is not what the clause expects."""

    place: Place
    expected: str
    observed: str


@dataclass(frozen=True, slots=True)
class Check:
    """One comparison: its clause, how binding it is, what was expected and what was seen.

    A check that looks at many places (every line of 300 telegrams) is one record: `examined`
    places, `deviating` of them, and the first few in `deviations`. `reason` says why it is
    undecided. `unit` and `uncertainty` belong to measured values.
    """

    id: str
    clause: str
    level: Level
    outcome: Outcome
    expected: str
    observed: str
    unit: str = ""
    uncertainty: float | None = None
    reason: Reason | None = None
    examined: int = 1
    deviating: int = 0
    deviations: tuple[Deviation, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the record as plain JSON values."""
        return {
            "id": self.id,
            "clause": self.clause,
            "level": str(self.level),
            "outcome": str(self.outcome),
            "expected": self.expected,
            "observed": self.observed,
            "unit": self.unit,
            "uncertainty": self.uncertainty,
            "reason": None if self.reason is None else str(self.reason),
            "examined": self.examined,
            "deviating": self.deviating,
            "deviations": [
                {
                    "frame": d.place.frame,
                    "offset": d.place.offset,
                    "length": d.place.length,
                    "line": d.place.line,
                    "expected": d.expected,
                    "observed": d.observed,
                }
                for d in self.deviations
            ],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Check":
        """Return the check that `to_json` wrote; KeyError or ValueError if it did not."""
        return cls(
            id=data["id"],
            clause=data["clause"],
            level=Level(data["level"]),
            outcome=Outcome(data["outcome"]),
            expected=data["expected"],
            observed=data["observed"],
            unit=data["unit"],
            uncertainty=data["uncertainty"],
            reason=None if data["reason"] is None else Reason(data["reason"]),
            examined=data["examined"],
            deviating=data["deviating"],
            deviations=tuple(
                Deviation(
                    Place(d["frame"], d["offset"], d["length"], d["line"]),
                    d["expected"],
                    d["observed"],
                )
                for d in data["deviations"]
            ),
        )


@dataclass(frozen=True, slots=True)
class Incident:
    """What kept a case from deciding: a missing precondition, a lost adapter, a bench defect.

    `verdict` is inconclusive, or error when the engine itself recorded it; never pass or fail.
    """

    verdict: Verdict
    reason: Reason
    message: str

    def to_json(self) -> dict[str, str]:
        """Return the record as plain JSON values."""
        return {
            "verdict": str(self.verdict),
            "reason": str(self.reason),
            "message": self.message,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, str]) -> "Incident":
        """Return the incident that `to_json` wrote."""
        return cls(Verdict.parse(data["verdict"]), Reason(data["reason"]), data["message"])


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict and the reason of the first thing that raised it there ("" for a pass)."""

    verdict: Verdict
    reason: str
    message: str


_WEIGHT = {
    Outcome.MET: Verdict.PASS,
    Outcome.UNDECIDED: Verdict.INCONCLUSIVE,
    Outcome.MISSED: Verdict.FAIL,
}


def weigh(check: Check) -> Verdict:
    """Return what one check alone says: a missed `should` or `may` is an observation, a pass."""
    return _WEIGHT[check.outcome] if check.level is Level.MUST else Verdict.PASS


def judge(checks: Iterable[Check], incidents: Sequence[Incident] = ()) -> Judgement:
    """Return the verdict of an attempt from all that it recorded.

    A case that ran no check is inconclusive (`EMPTY`): the default is never pass.
    """
    judgement = Judgement(Verdict.NONE, "", "")
    for check in checks:
        verdict = weigh(check)
        if verdict > judgement.verdict:
            reason = check.reason if verdict is Verdict.INCONCLUSIVE and check.reason else ""
            message = (
                ""
                if verdict is Verdict.PASS
                else f"{check.id}: expected {check.expected}, observed {check.observed}"
            )
            judgement = Judgement(verdict, str(reason), message)
    for incident in incidents:
        if incident.verdict > judgement.verdict:
            judgement = Judgement(incident.verdict, str(incident.reason), incident.message)
    if judgement.verdict is Verdict.NONE:
        return Judgement(Verdict.INCONCLUSIVE, str(Reason.EMPTY), "the case ran no check")
    return judgement
