"""Every case with its applicability, fixed before the first octet is exchanged.

Applicability follows from the declaration, the link's abilities and the selectors; never from how
the device behaves.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.core.case import Case, Effects
from bench.core.check import Level
from bench.core.ics import holds
from bench.core.verdict import Applicability

#: how the reason begins for a case that applies to the device but not to the link
NOT_MEASURABLE = "not measurable with this link"

OBSERVED_TELEGRAMS = 300
_COMPARED = 2  # interfaces at least
QUICK_TELEGRAMS = 30


@dataclass(frozen=True, slots=True)
class Subject:
    """What the plan needs to know of one declared interface.

    `answers` are all ICS answers, `values` the known IXIT values, `capabilities` what the link
    can do (None while it is not known: nothing is then ruled out by `needs`).
    """

    profile: str
    answers: Mapping[str, bool]
    values: Mapping[str, Any] = field(default_factory=dict)
    capabilities: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class PlannedCase:
    """One line of the plan."""

    id: str
    version: int
    interface: str
    level: Level
    applicability: Applicability
    reason: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the row of plan.json."""
        return {
            "id": self.id,
            "version": self.version,
            "interface": self.interface,
            "level": str(self.level),
            "applicability": str(self.applicability),
            "reason": self.reason,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "PlannedCase":
        """Return the row that `to_json` wrote."""
        return cls(
            data["id"],
            data["version"],
            data["interface"],
            Level(data["level"]),
            Applicability(data["applicability"]),
            data["reason"],
        )


def plan_cases(
    cases: Iterable[Case],
    subjects: Mapping[str, Subject],
    chosen: Collection[str] | None = None,
    *,
    allow_destructive: bool = False,
) -> tuple[PlannedCase, ...]:
    """Return the plan: each case with whether it runs and, if not, why.

    `subjects` maps interface to what is declared for it; `chosen` are the ids that the selectors
    left (None = all).
    """
    rows = []
    for case in cases:
        applicability, reason = _applicability(case, subjects, chosen, allow_destructive)
        rows.append(
            PlannedCase(case.id, case.version, case.interface, case.level, applicability, reason)
        )
    return tuple(rows)


def _applicability(
    case: Case,
    subjects: Mapping[str, Subject],
    chosen: Collection[str] | None,
    allow_destructive: bool,
) -> tuple[Applicability, str]:
    subject = subjects.get(case.interface)
    alone = _alone(case, subjects)
    if subject is None and not (case.spans and alone):  # what spans ports is not declared itself
        return Applicability.NOT_APPLICABLE, f"interface {case.interface} is not declared"
    if subject is None or alone:
        return Applicability.NOT_APPLICABLE, alone
    if not holds(case.ics, subject.answers):
        return Applicability.NOT_APPLICABLE, f"declared otherwise: needs {case.ics}"
    if subject.capabilities is not None:
        lacking = [need for need in case.needs if need not in subject.capabilities]
        if lacking:
            return (
                Applicability.NOT_APPLICABLE,
                f"{NOT_MEASURABLE}: it lacks {', '.join(lacking)}",
            )
    if chosen is not None and case.id not in chosen:
        return Applicability.DESELECTED, "not among the selected cases"
    if case.effects is Effects.DESTRUCTIVE and not allow_destructive:
        return (
            Applicability.DESELECTED,
            "destructive: needs --allow destructive and [limits] allow_destructive = true",
        )
    missing = [name for name in case.ixit if name not in subject.values]
    if missing:
        lines = "; ".join(_line_to_write(case.interface, name) for name in missing)
        return Applicability.BLOCKED, f"the declaration lacks {lines}"
    return Applicability.SELECTED, ""


def _alone(case: Case, subjects: Mapping[str, Subject]) -> str:
    """Return which other interface is missing for a case that compares some; "" if none is."""
    for other in case.beside:
        if other not in subjects:
            return f"it needs interface {other} too, which is not declared"
    if case.spans and sum(one in subjects for one in case.spans) < _COMPARED:
        return f"it needs two of the interfaces {', '.join(case.spans)} to be declared"
    return ""


def _line_to_write(interface: str, name: str) -> str:
    """Return where a value stands in a declaration; `keys.NAME` are references to keys.

    A case that spans ports calls values by their port: `p1.baseline`.
    """
    if name.startswith("keys."):
        return f'[{interface}.keys] {name.removeprefix("keys.")} = "env:NAME"'
    port, dot, own = name.partition(".")
    return f"[{port}.ixit] {own} = ..." if dot else f"[{interface}.ixit] {name} = ..."
