"""What a self-test found: what became of each fault and of each legal oddity, and the score."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bench.simulator.faults import Fault, Variation


class FaultOutcome(StrEnum):
    """What became of a fault."""

    KILLED = "killed"
    WRONG_REASON = "wrong-reason"
    SURVIVED = "survived"
    BROKEN = "broken"


class BenignOutcome(StrEnum):
    """What became of a legal oddity."""

    PASS = "pass"
    FALSE_ALARM = "false-alarm"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class FaultResult:
    """A fault with its outcome; `by` lists the checks that missed, `why` what is not right."""

    fault: Fault
    outcome: FaultOutcome
    by: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class BenignResult:
    """A legal oddity with its outcome; `by` lists the cases that did not pass."""

    variation: Variation
    outcome: BenignOutcome
    by: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """An exception to the gate, with its reason and the day on which it was accepted."""

    subject: str
    reason: str
    date: str


@dataclass(slots=True)
class SelfTest:
    """The outcome of a self-test."""

    faults: list[FaultResult] = field(default_factory=list)
    benign: list[BenignResult] = field(default_factory=list)
    cases: tuple[str, ...] = ()
    accepted: tuple[Accepted, ...] = ()

    @property
    def cases_without_killer(self) -> list[str]:
        """The cases that no fault made red by a check that it claims."""
        killed = {
            killer.partition(":")[0]
            for result in self.faults
            if result.outcome is FaultOutcome.KILLED
            for killer in result.fault.killers
        }
        return [case for case in self.cases if case not in killed]

    @property
    def clean(self) -> bool:
        """Whether nothing is open beyond the accepted exceptions."""
        excused = {entry.subject for entry in self.accepted}
        bad = [r.fault.id for r in self.faults if r.outcome is not FaultOutcome.KILLED]
        bad += [r.variation.id for r in self.benign if r.outcome is not BenignOutcome.PASS]
        return not set(bad + self.cases_without_killer) - excused

    def score(self) -> dict[str, Any]:
        """Return the counts that a report prints."""
        killed = sum(1 for r in self.faults if r.outcome is FaultOutcome.KILLED)
        alarms = sum(1 for r in self.benign if r.outcome is not BenignOutcome.PASS)
        return {
            "faults": len(self.faults),
            "killed": killed,
            "benign": len(self.benign),
            "false_alarms": alarms,
            "cases": len(self.cases),
            "cases_without_killer": len(self.cases_without_killer),
        }

    def to_json(self) -> dict[str, Any]:
        """Return the output of `meterbench selftest --json`."""
        return {
            "faults": [
                {
                    "id": r.fault.id,
                    "interface": r.fault.interface,
                    "outcome": str(r.outcome),
                    "by": list(r.by),
                    "why": r.why,
                }
                for r in self.faults
            ],
            "benign": [
                {
                    "id": r.variation.id,
                    "interface": r.variation.interface,
                    "outcome": str(r.outcome),
                    "by": list(r.by),
                    "why": r.why,
                }
                for r in self.benign
            ],
            "cases_without_killer": self.cases_without_killer,
            "accepted": [
                {"subject": a.subject, "reason": a.reason, "date": a.date} for a in self.accepted
            ],
        }
