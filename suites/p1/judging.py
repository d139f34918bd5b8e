"""From the codec's problems to the checks of a case."""

from collections.abc import Callable, Sequence

from bench.core.check import Deviation, Level, Place
from bench.core.trace import Problem
from bench.engine.checks import Checks
from bench.protocols.p1.telegram import Telegram
from suites.p1.watch import Seen


def judge_problems(
    verify: Checks,
    check_id: str,
    telegrams: Sequence[Seen],
    *codes: str,
    expected: str,
    examined: int | None = None,
    things: str = "telegrams",
) -> None:
    """Record that no telegram has a problem with one of `codes`.

    The edition says how binding the rule is; deviations of an object that is less binding than
    its edition's rule become a check of their own, so that none is judged harder than it may be.
    `examined` is how many `things` could have deviated, by default the telegrams.
    """
    profile = telegrams[0].telegram.profile
    assert profile is not None
    clause, usual = profile.clause(codes[0]), profile.level(codes[0])
    found: dict[Level, list[Deviation]] = {usual: []}
    clauses: dict[Level, str] = {}
    for seen in telegrams:
        for problem in seen.telegram.problems:
            if problem.code in codes:
                level = _level(seen.telegram, problem)
                found.setdefault(level, []).append(deviation(seen, problem, expected))
                clauses.setdefault(level, problem.clause)
    count = len(telegrams) if examined is None else examined
    for level, deviations in found.items():
        verify.none_of(
            check_id,
            deviations,
            examined=count,
            expected=expected,
            things=things,
            clause=clauses.get(level) or clause,
            level=level,
        )


def deviation(seen: Seen, problem: Problem, expected: str) -> Deviation:
    """Return a codec's problem as a deviation at its place in the observation."""
    place = Place(seen.number, problem.offset, problem.length, problem.line)
    return Deviation(place, expected, problem.message)


def count_lines(telegrams: Sequence[Seen], fits: Callable[[Telegram, int], bool]) -> int:
    """Return how many data lines of all telegrams `fits` accepts, by telegram and index."""
    return sum(
        1
        for seen in telegrams
        for index in range(len(seen.telegram.lines))
        if fits(seen.telegram, index)
    )


def _level(telegram: Telegram, problem: Problem) -> Level:
    assert telegram.profile is not None
    known = next((line.format for line in telegram.lines if line.line == problem.line), None)
    return telegram.profile.level(problem.code, known)
