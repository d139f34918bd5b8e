"""From case verdicts to what is said about a profile, and to the exit code."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bench.core.check import Judgement, Level
from bench.core.plan import NOT_MEASURABLE, PlannedCase
from bench.core.verdict import Applicability, Verdict


class Conclusion(StrEnum):
    """What a run says about one profile of the device."""

    CONFORMS = "CONFORMS"
    DOES_NOT_CONFORM = "DOES NOT CONFORM"
    NOT_DETERMINED = "NOT DETERMINED"


@dataclass(frozen=True, slots=True)
class ProfileResult:
    """The conclusion for one profile, such as `p1/nl50`, with the counts it rests on.

    `because` says what stands against conformity; where nothing does, what of it could not be
    measured.
    """

    profile: str
    conclusion: Conclusion
    counts: Mapping[str, int]
    because: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "profile": self.profile,
            "conclusion": str(self.conclusion),
            "counts": dict(self.counts),
            "because": list(self.because),
        }


COUNTED = (
    "pass",
    "inconclusive",
    "fail",
    "error",
    "not-applicable",
    "deselected",
    "blocked",
    "not-run",
)


def conclude(
    profile: str,
    plan: Iterable[PlannedCase],
    judgements: Mapping[str, Judgement],
    findings: Sequence[str] = (),
) -> ProfileResult:
    """Return the conclusion for one profile.

    `plan` holds the cases of its interface; `judgements` the verdict of each case that ran;
    `findings` what else stands against it (static review, a failed sanity bracket). It conforms
    only if there is no finding and every applicable must-case passed with none left out.
    """
    counts: Counter[str] = Counter()
    undecided: dict[str, list[str]] = {}
    left_out: list[str] = []
    failed: list[str] = []
    unmeasured: list[str] = []
    for row in plan:
        if row.applicability is not Applicability.SELECTED:
            counts[str(row.applicability)] += 1
            if row.reason.startswith(NOT_MEASURABLE):
                unmeasured.append(f"{row.id} {row.reason}")
            elif row.applicability is not Applicability.NOT_APPLICABLE:
                left_out.append(f"{row.id} {row.applicability}: {row.reason}")
            continue
        judgement = judgements.get(row.id)
        if judgement is None:
            counts[str(Applicability.NOT_RUN)] += 1
            left_out.append(f"{row.id} {Applicability.NOT_RUN}")
            continue
        counts[str(judgement.verdict)] += 1
        if judgement.verdict is Verdict.FAIL:
            failed.append(f"{row.id} fail: {judgement.message}")
        elif judgement.verdict is not Verdict.PASS and row.level is Level.MUST:
            why = f"{judgement.verdict} {judgement.reason}".rstrip()
            undecided.setdefault(f"{why}: {judgement.message}", []).append(row.id)
    open_points = [*findings, *(_together(ids, why) for why, ids in undecided.items())]
    if not counts[str(Verdict.PASS)] and not failed:
        open_points.append("no case passed")
    open_points += left_out
    table = {name: counts[name] for name in COUNTED}
    if failed:
        return ProfileResult(profile, Conclusion.DOES_NOT_CONFORM, table, tuple(failed))
    if open_points:
        return ProfileResult(profile, Conclusion.NOT_DETERMINED, table, tuple(open_points))
    return ProfileResult(profile, Conclusion.CONFORMS, table, tuple(unmeasured))


def _together(ids: Sequence[str], why: str) -> str:
    """Say once what holds for several cases, such as a link that could not be opened."""
    others = f" and {len(ids) - 1} more" if len(ids) > 1 else ""
    return f"{ids[0]}{others} {why}"


def exit_code(profiles: Sequence[ProfileResult]) -> int:
    """Return 0 all conform, 1 a fail, 4 an error of the bench, 3 anything else.

    A fail outweighs an error: what was established about the device stays established.
    """
    if any(p.conclusion is Conclusion.DOES_NOT_CONFORM for p in profiles):
        return 1
    if any(p.counts[str(Verdict.ERROR)] for p in profiles):
        return 4
    if profiles and all(p.conclusion is Conclusion.CONFORMS for p in profiles):
        return 0
    return 3
