"""What an attempt at a case left behind, as it is written to the run folder and read again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.core.check import Check, Incident, Judgement, judge
from bench.core.verdict import Reason, Verdict


@dataclass(frozen=True, slots=True)
class Attempt:
    """One execution of a case; the verdict is never stored apart from what it follows from."""

    case: str
    version: int
    number: int
    checks: tuple[Check, ...]
    incidents: tuple[Incident, ...] = ()
    started_ns: int = 0
    finished_ns: int = 0

    @property
    def judgement(self) -> Judgement:
        """The verdict with its reason, computed from checks and incidents."""
        return judge(self.checks, self.incidents)

    def to_json(self) -> dict[str, Any]:
        """Return the content of result.json."""
        judgement = self.judgement
        return {
            "case": self.case,
            "version": self.version,
            "attempt": self.number,
            "verdict": str(judgement.verdict),
            "reason": judgement.reason,
            "message": judgement.message,
            "started_ns": self.started_ns,
            "finished_ns": self.finished_ns,
            "checks": [check.to_json() for check in self.checks],
            "incidents": [incident.to_json() for incident in self.incidents],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Attempt":
        """Return the attempt of a result.json; KeyError, TypeError or ValueError if it is none."""
        return cls(
            case=data["case"],
            version=data["version"],
            number=data["attempt"],
            checks=tuple(Check.from_json(check) for check in data["checks"]),
            incidents=tuple(Incident.from_json(incident) for incident in data["incidents"]),
            started_ns=data["started_ns"],
            finished_ns=data["finished_ns"],
        )


def combine(attempts: Sequence[Attempt]) -> Judgement:
    """Return the verdict of a case from all its attempts.

    There is no retry to green: attempts that disagree are inconclusive (`UNSTABLE`). An attempt
    that ended in `error` says nothing about the device, so it counts only when nothing else does.
    """
    judgements = [attempt.judgement for attempt in attempts]
    if not judgements:
        return Judgement(Verdict.NONE, "", "")
    said = [j for j in judgements if j.verdict is not Verdict.ERROR]
    if not said:
        return judgements[-1]
    if len({j.verdict for j in said}) > 1:
        verdicts = ", ".join(str(j.verdict) for j in said)
        return Judgement(
            Verdict.INCONCLUSIVE, str(Reason.UNSTABLE), f"the attempts disagree: {verdicts}"
        )
    return said[-1]
