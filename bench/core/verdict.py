"""The verdict lattice, the reasons beside it, and applicability, which is another axis.

The numbers are TTCN-3's order (ES 201 873-1 §24): a verdict is only ever raised.
"""

from enum import IntEnum, StrEnum


class Verdict(IntEnum):
    """`none < pass < inconclusive < fail < error`; `max` combines two verdicts."""

    NONE = 0
    PASS = 1
    INCONCLUSIVE = 2
    FAIL = 3
    ERROR = 4

    def __str__(self) -> str:
        return self.name.lower()

    @classmethod
    def parse(cls, text: str) -> "Verdict":
        """Return the verdict that `str()` writes as `text`; ValueError for another word."""
        try:
            return cls[text.upper()]
        except KeyError:
            raise ValueError(f"{text!r} is not a verdict") from None


class Reason(StrEnum):
    """Why a verdict is neither pass nor fail."""

    EMPTY = "EMPTY"  # the case ran no check
    PRECONDITION = "PRE"  # the state that the case needs could not be reached
    SILENT = "SILENT"  # no answer, and no clause sets a limit
    SHORT = "SHORT"  # observed for less than the case needs
    GUARD = "GUARD"  # the limit lies inside the measurement uncertainty
    UNSTABLE = "UNSTABLE"  # attempts disagree
    IXIT = "IXIT"  # the declaration lacks a value that the case needs
    BUDGET = "BUDGET"  # the case's time bound ended first
    SURVIVAL = "SURVIVAL"  # the closing known-good exchange of the group failed
    OVERRUN = "OVERRUN"  # the host lost octets: it did not read fast enough
    LINE = "LINE"  # octets arrive, but nothing that the interface could be
    ADAPTER = "ADAPTER"  # the adapter failed
    BENCH = "BENCH"  # a defect of the bench
    INTERRUPTED = "INTERRUPTED"  # the bench was killed while the case ran


class Applicability(StrEnum):
    """Whether a case is run; computed from the declaration, never from behaviour."""

    SELECTED = "selected"
    NOT_APPLICABLE = "not-applicable"
    DESELECTED = "deselected"
    BLOCKED = "blocked"
    NOT_RUN = "not-run"
