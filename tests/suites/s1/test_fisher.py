"""Fisher's exact test gives the published p of small tables, and does not fail on large ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suites.s1.fisher import fisher_exact

COUNTS = st.integers(0, 40)


@pytest.mark.parametrize(
    ("first", "second", "p"),
    [
        ((3, 1), (1, 3), 0.485714),  # the lady tasting tea, two-sided
        ((1, 9), (11, 3), 0.002759),
        ((8, 2), (1, 5), 0.034965),
        ((5, 0), (1, 4), 0.047619),
        ((0, 0), (1, 4), 1.0),
        ((0, 3), (0, 9), 1.0),
    ],
)
def test_known_tables(first, second, p):
    assert fisher_exact(first, second) == pytest.approx(p, abs=1e-6)


def test_large_tables_do_not_overflow():
    assert fisher_exact((0, 101), (25_000, 780)) < 1e-100
    assert fisher_exact((600, 12), (155_000, 3_100)) > 0.5


@given(COUNTS, COUNTS, COUNTS, COUNTS)
def test_exchanging_rows_or_columns_changes_nothing(a, b, c, d):
    p = fisher_exact((a, b), (c, d))
    assert 0 < p <= 1
    assert fisher_exact((c, d), (a, b)) == pytest.approx(p, rel=1e-6)
    assert fisher_exact((b, a), (d, c)) == pytest.approx(p, rel=1e-6)
