"""When values of two ports agree that were not read at the same instant."""

import pytest

from suites.system.samples import NOTHING, Allowed, Sample, agreement

SECOND = 1_000_000_000


def sample(value, at_s=0.0, resolution=0.0, lasts_s=0.0):
    begin = round(at_s * SECOND)
    return Sample("P1", value, resolution, begin, begin + round(lasts_s * SECOND))


EXACTLY = Allowed()


def compared(reference, other, allowed=EXACTLY, lag_s=1.5):
    return agreement(reference, [other], allowed, "W", lag_s)


RISING = [sample(1000.0 + 10 * at_s, at_s) for at_s in range(10)]


@pytest.mark.parametrize(
    ("value", "agrees"), [(1029, False), (1030, True), (1060, True), (1071, False)]
)
def test_a_value_lies_between_what_was_shown_around_it(value, agrees):
    found = compared(RISING, sample(value, 4.5), lag_s=1.6)
    assert (found.examined, not found.deviations) == (1, agrees)


@pytest.mark.parametrize(
    ("allowed", "agrees"),
    [(Allowed(fixed=5), True), (Allowed(fixed=4.9), False), (Allowed(share=0.005), True)],
)
def test_an_amount_or_a_share_may_be_missing(allowed, agrees):
    assert (not compared([sample(1000.0)], sample(1005.0), allowed).deviations) is agrees


def test_the_coarser_resolution_counts():
    assert not compared([sample(230.0, resolution=1.0)], sample(230.9, resolution=0.1)).deviations
    assert compared([sample(230.0, resolution=0.1)], sample(230.9, resolution=0.1)).deviations


def test_what_has_nothing_around_it_is_not_compared():
    assert compared(RISING, sample(0.0, 20.0)) == NOTHING
    assert compared([], sample(0.0)) == NOTHING


def test_a_mean_over_a_time_that_was_seen_in_part_is_not_compared():
    assert compared(RISING, sample(0.0, 8.5, lasts_s=1.0)) == NOTHING
    assert compared(RISING, sample(0.0, 7.5, lasts_s=1.0)).examined == 1


def test_a_deviation_tells_both_sides():
    (one,) = compared([sample(1000.0)], sample(1100.0)).deviations
    assert one.expected.startswith("P1 1000 W")
    assert one.observed == "P1 1100 W"


def test_comparisons_add_up():
    one = compared([sample(1.0)], sample(2.0))
    both = one.and_also(one)
    assert (both.examined, len(both.deviations)) == (2, 2)


def test_a_counter_that_began_again_agrees_with_one_that_has_more_digits():
    rolled = [sample(5.0)]
    assert not agreement(rolled, [sample(1_000_005.0)], EXACTLY, "Wh", 1.0, modulus=1e6).deviations
    assert agreement(rolled, [sample(1_000_009.0)], EXACTLY, "Wh", 1.0, modulus=1e6).deviations
    assert agreement(rolled, [sample(1_000_005.0)], EXACTLY, "Wh", 1.0).deviations


def test_a_sparse_reference_counts_where_it_is_steady():
    steady = [sample(100.0, 0.0), sample(101.0, 2.0)]
    for reference, examined in ((steady, 1), (steady[:1], 0), ([*steady, sample(200.0, 2.0)], 0)):
        found = agreement(reference, [sample(100.5, 1.0)], Allowed(2.0), "W", 1.5, sparse=True)
        assert found.examined == examined
