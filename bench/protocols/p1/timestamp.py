"""The time stamp of a P1 telegram: YYMMDDhhmmss and the flag S (daylight saving) or W."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple


@lru_cache(maxsize=4096)
def date_exists(yymmdd: str) -> bool:
    """Whether six digits name a day of the years 2000 to 2099."""
    try:
        datetime(2000 + int(yymmdd[:2]), int(yymmdd[2:4]), int(yymmdd[4:6]))
    except ValueError:
        return False
    return True


def stamp_exists(text: str) -> bool:
    """Whether `text`, which starts with twelve digits, names a second of the calendar."""
    return date_exists(text[:6]) and text[6:8] < "24" and text[8:10] < "60" and text[10:12] < "60"


class Timestamp(NamedTuple):
    """A time stamp as it was sent; one that the calendar lacks is kept, with `exists` false."""

    text: str

    def __str__(self) -> str:
        return self.text

    @property
    def flag(self) -> str:
        """The letter after the digits: "S", "W", or "" for TST12 and anything else."""
        return self.text[12:] if self.text[12:] in {"S", "W"} else ""

    @property
    def daylight(self) -> bool | None:
        """Whether daylight saving is active; None if the stamp does not say."""
        return {"S": True, "W": False}.get(self.flag)

    @property
    def exists(self) -> bool:
        """Whether the stamp has twelve digits that name a second of the calendar."""
        digits = self.text[:12]
        return len(digits) == 12 and digits.isascii() and digits.isdigit() and stamp_exists(digits)

    def local(self) -> datetime | None:
        """Return the meter's local time without zone, or None if the calendar lacks it."""
        if not self.exists:
            return None
        year, month, day, hour, minute, second = (
            int(self.text[i : i + 2]) for i in range(0, 12, 2)
        )
        return datetime(2000 + year, month, day, hour, minute, second)

    def utc(self, standard_offset_min: int = 60) -> datetime | None:
        """Return the instant in UTC where standard time is `standard_offset_min` ahead.

        A stamp without flag is taken as standard time.
        """
        local = self.local()
        if local is None:
            return None
        offset = standard_offset_min + (60 if self.daylight else 0)
        return (local - timedelta(minutes=offset)).replace(tzinfo=UTC)
