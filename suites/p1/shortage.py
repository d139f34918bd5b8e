"""Long observations: a deviation counts at once, its absence only at the end."""

from collections.abc import Sequence

from bench.core.check import Deviation, Level
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import CaseContext


def judge_long(
    verify: Checks,
    context: CaseContext,
    check_id: str,
    deviations: Sequence[Deviation],
    *,
    examined: int,
    enough: int,
    expected: str,
    things: str = "telegrams",
    level: Level = Level.MUST,
) -> None:
    """Record deviations; without any, fewer than `enough` examined things are inconclusive."""
    if deviations or examined >= enough:
        verify.none_of(
            check_id,
            deviations,
            examined=examined,
            expected=expected,
            things=things,
            level=level,
        )
        return
    context.inconclusive(
        Reason.SHORT,
        f"{check_id}: {examined} {things} without deviation, but at least {enough} are needed to "
        f"say {expected!r}",
    )
