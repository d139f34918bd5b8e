"""Which cases a person asks for.

A selector is an interface (`p1`), a case id or a prefix of one (`P1-A-02`), a clause or a prefix
of one (`DSMR-5.0.2:6.2`), or a tag (`kind:BV`, `level:must`, `effects:none`, `needs:request-line`).
`!` in front takes cases away again. Without a positive selector, everything is meant.
"""

from collections.abc import Iterable, Sequence

from bench.core.case import Case
from bench.core.errors import UsageError


def select(cases: Iterable[Case], selectors: Sequence[str]) -> set[str]:
    """Return the ids of the cases that `selectors` mean.

    Raises UsageError for a selector that matches nothing, and when nothing is left.
    """
    cases = list(cases)
    wanted = [s for s in selectors if not s.startswith("!")]
    unwanted = [s[1:] for s in selectors if s.startswith("!")]
    for selector in (*wanted, *unwanted):
        if not any(_means(selector, case) for case in cases):
            raise UsageError(
                f"no case matches {selector!r}; a selector is an interface (p1), a case id or its "
                "beginning (P1-A-02), a clause (DSMR-5.0.2:6.2) or a tag (kind:BV, level:must); "
                "`meterbench list` shows all cases"
            )
    chosen = {
        case.id
        for case in cases
        if (not wanted or any(_means(s, case) for s in wanted))
        and not any(_means(s, case) for s in unwanted)
    }
    if not chosen:
        raise UsageError(f"the selectors {' '.join(selectors)} leave no case")
    return chosen


def _means(selector: str, case: Case) -> bool:
    if not selector:
        return False
    if selector == case.interface:
        return True
    tag, _, value = selector.partition(":")
    tags = {
        "kind": (str(case.kind),),
        "level": (str(case.level),),
        "effects": (str(case.effects),),
        "needs": case.needs,
        "detects": case.detects,
    }
    if tag in tags:
        return value in tags[tag]
    if case.id.startswith(selector.upper()):
        return True
    return any(_is_clause(selector, clause) for clause in case.clauses)


def _is_clause(selector: str, clause: str) -> bool:
    """`STD:6.2` means 6.2 and 6.2.1 but not 6.20; the standard alone means all its clauses."""
    return clause == selector or (
        clause.startswith(selector) and clause[len(selector)] in ".:" and ":" in clause
    )
