"""What a case says about itself: its identity, what it claims, and which fault it catches.

A case is a plain pytest function with this decorator; `list`, `plan` and `explain` read the
metadata without running anything.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from bench.core.check import Level
from bench.core.errors import UsageError

_ID = re.compile(r"[A-Z0-9]+(-[A-Z0-9]+)+")
_CLAUSE = re.compile(r"[A-Za-z0-9.+-]+:\S.*")


class Kind(StrEnum):
    """Test groups of ISO/IEC 9646: what sort of behaviour the case looks at."""

    CAPABILITY = "CA"
    VALID = "BV"
    INOPPORTUNE = "BO"
    INVALID = "BI"
    TIMING = "TI"


class Effects(StrEnum):
    """What the case may leave behind in the device."""

    NONE = "none"
    REVERSIBLE = "reversible"
    DESTRUCTIVE = "destructive"


@dataclass(frozen=True, slots=True)
class Case:
    """The metadata of one case.

    `clauses` are "standard:clause"; `ics` is a predicate over the declared features ("" = always);
    `ixit` names the values that it needs; `needs` the capabilities of the link; `detects` the
    faults that it kills; `bound_s` is the time that it may take on the link's clock. `version`
    goes up when the execution may change. `beside` are further interfaces of the device that it
    looks at: all must be declared. `spans` are interfaces of which it compares those that are
    declared: two at least. A `lengthy` case takes far longer than others, of virtual time too; the
    self-test tries a fault against it only where the fault names it.
    """

    id: str
    version: int
    interface: str
    title: str
    purpose: str
    stimulus: str
    criterion: str
    kind: Kind
    clauses: tuple[str, ...]
    level: Level = Level.MUST
    ics: str = ""
    ixit: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    effects: Effects = Effects.NONE
    detects: tuple[str, ...] = ()
    bound_s: float = 60.0
    beside: tuple[str, ...] = ()
    spans: tuple[str, ...] = ()
    lengthy: bool = False

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise UsageError(f"{self.id!r} is not a case id such as P1-A-020")
        if not self.clauses:
            raise UsageError(f"{self.id}: a case needs a clause that it judges by")
        for clause in self.clauses:
            if not _CLAUSE.fullmatch(clause):
                raise UsageError(f"{self.id}: {clause!r} is not STANDARD:CLAUSE")

    def to_json(self) -> dict[str, Any]:
        """Return the row of `meterbench list --json`."""
        return {
            "id": self.id,
            "version": self.version,
            "interface": self.interface,
            "title": self.title,
            "purpose": self.purpose,
            "stimulus": self.stimulus,
            "criterion": self.criterion,
            "kind": str(self.kind),
            "clauses": list(self.clauses),
            "level": str(self.level),
            "ics": self.ics,
            "ixit": list(self.ixit),
            "needs": list(self.needs),
            "effects": str(self.effects),
            "detects": list(self.detects),
            "bound_s": self.bound_s,
            "beside": list(self.beside),
            "spans": list(self.spans),
            "lengthy": self.lengthy,
        }


Function = TypeVar("Function", bound=Callable[..., None])
_ATTRIBUTE = "__meterbench_case__"


def case(metadata: Case) -> Callable[[Function], Function]:
    """Mark a test function as the case that `metadata` describes."""

    def mark(function: Function) -> Function:
        setattr(function, _ATTRIBUTE, metadata)
        return function

    return mark


def case_of(function: object) -> Case | None:
    """Return the metadata of a decorated function, None for any other object."""
    found = getattr(function, _ATTRIBUTE, None)
    return found if isinstance(found, Case) else None
