from datetime import UTC, datetime

import pytest

from bench.protocols.p1.timestamp import Timestamp


def test_summer_and_winter_in_utc():
    assert Timestamp("250714093012S").utc() == datetime(2025, 7, 14, 7, 30, 12, tzinfo=UTC)
    assert Timestamp("250114093012W").utc() == datetime(2025, 1, 14, 8, 30, 12, tzinfo=UTC)
    assert Timestamp("250114093012W").utc(120) == datetime(2025, 1, 14, 7, 30, 12, tzinfo=UTC)


def test_the_hour_that_autumn_repeats_is_told_apart():
    first, second = Timestamp("251026023000S").utc(), Timestamp("251026023000W").utc()
    assert first is not None
    assert second is not None
    assert (second - first).total_seconds() == 3600


@pytest.mark.parametrize(
    "text", ["632525252525S", "250230000000W", "", "25071409301S", "2507140930xxS", "000000000000W"]
)
def test_what_the_calendar_lacks_is_kept_but_has_no_time(text: str):
    stamp = Timestamp(text)
    assert not stamp.exists
    assert stamp.local() is None
    assert stamp.utc() is None
    assert str(stamp) == text


@pytest.mark.parametrize(
    ("text", "flag", "daylight"),
    [("250714093012S", "S", True), ("250714093012W", "W", False), ("250714093012", "", None)],
)
def test_flag(text: str, flag: str, daylight: bool | None):
    assert Timestamp(text).exists
    assert (Timestamp(text).flag, Timestamp(text).daylight) == (flag, daylight)
