"""Fisher's exact test: do two kinds of things meet the same fate?"""

from math import exp, lgamma

_SAME = 1e-7  # relative: tables as probable as the one seen count too


def fisher_exact(first: tuple[int, int], second: tuple[int, int]) -> float:
    """Return the two-sided p of a table of two rows; 1 where a row or a column is empty.

    It is the probability of all tables with the same sums that are not more probable than this one.
    """
    a, b = first
    c, d = second
    row, other, column = a + b, c + d, a + c
    total = row + other
    if not (row and other and column and b + d):
        return 1.0
    fixed = _log_choose(total, column)

    def probability(count: int) -> float:
        return exp(_log_choose(row, count) + _log_choose(other, column - count) - fixed)

    limit = probability(a) * (1 + _SAME)
    counts = range(max(0, column - other), min(row, column) + 1)
    return min(1.0, sum(p for p in map(probability, counts) if p <= limit))


def _log_choose(total: int, count: int) -> float:
    return lgamma(total + 1) - lgamma(count + 1) - lgamma(total - count + 1)
