"""Local time by the tz database: what clocks show, and when they change over."""

from datetime import UTC, datetime, timedelta

import pytest

from bench.protocols.p1.profile import load_profile
from bench.protocols.p1.timestamp import Timestamp
from suites.p1.readings import standard_offset_min
from suites.p1.zone import changeover_between, flag_fault, next_changeover

NL, SE, LT = load_profile("nl50"), load_profile("se"), load_profile("lt")


@pytest.mark.parametrize(
    "text",
    [
        "260115100000W",
        "260715100000S",
        "260329015959W",
        "260329030000S",
        "261025025959S",
        "261025020000W",
        "261025020000S",  # the hour comes twice
        "261025025959W",
        "000101000000W",
        "280229120000W",
    ],
)
def test_a_time_that_clocks_show(text):
    assert flag_fault(Timestamp(text), NL) == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("260115100000S", "flag S, but Europe/Amsterdam has W"),
        ("260715100000W", "flag W, but Europe/Amsterdam has S"),
        ("260329020000S", "left out"),
        ("260329023000W", "left out"),
        ("260329030000W", "flag W"),
        ("261025030000S", "flag S"),
        ("261025015959W", "flag W"),
    ],
)
def test_a_time_that_clocks_never_show(text, said):
    assert said in flag_fault(Timestamp(text), NL)


def test_sweden_keeps_standard_time():
    assert flag_fault(Timestamp("260715100000W"), SE) == ""
    assert "all year" in flag_fault(Timestamp("260115100000S"), SE)


def test_the_zone_of_the_edition_counts():
    assert standard_offset_min(NL) == 60
    assert standard_offset_min(LT) == 120


@pytest.mark.parametrize(
    ("spring", "expected"),
    [(True, datetime(2026, 3, 29, 1, tzinfo=UTC)), (False, datetime(2026, 10, 25, 1, tzinfo=UTC))],
)
def test_the_next_changeover(spring, expected):
    after = datetime(2026, 1, 15, 9, 17, 33, tzinfo=UTC)
    found = next_changeover("Europe/Amsterdam", after, spring=spring)
    assert found is not None
    assert found.utc == expected
    just_after = next_changeover("Europe/Amsterdam", expected, spring=spring)
    assert just_after is not None
    assert just_after.utc > expected


def test_a_zone_without_changeover():
    assert next_changeover("Etc/UTC", datetime(2026, 1, 1, tzinfo=UTC), spring=True) is None


def test_the_changeover_within_an_observation():
    zone, at = "Europe/Amsterdam", datetime(2026, 3, 29, 1, tzinfo=UTC)
    minute = timedelta(minutes=1)
    within = changeover_between(zone, at - minute, at + minute, spring=True)
    assert within is not None
    assert within.utc == at
    assert changeover_between(zone, at - minute, at + minute, spring=False) is None
    assert changeover_between(zone, at, at + minute, spring=True) is None
    last = changeover_between(zone, at - minute, at, spring=True)
    assert last is not None
