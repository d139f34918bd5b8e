"""Profile generics as cases read them: their columns, their rows, parts of their buffers."""

from dataclasses import dataclass
from datetime import timedelta

from bench.core.errors import UsageError
from bench.core.verdict import Reason
from bench.engine.context import Inconclusive
from bench.protocols.dlms.compact_array import CompactArray
from bench.protocols.dlms.cosem_types import (
    CLOCK_COLUMN,
    CaptureObject,
    LogicalName,
    SelectiveAccess,
)
from bench.protocols.dlms.data_types import Data, DataType, Elements
from suites.wan_dlms.answer import Answer
from suites.wan_dlms.association import Association
from suites.wan_dlms.meter import Meter
from suites.wan_dlms.model import PROFILE
from suites.wan_dlms.stamps import as_data, stamp_of, written
from suites.wan_dlms.survey import ListedObject, Survey

BUFFER, COLUMNS, PERIOD, IN_USE, CAPACITY = 2, 3, 4, 7, 8
RESET, CAPTURE = 1, 2
MOST_ROWS = 300
"""The longest buffer that is read whole: at a tenth of a second a frame, half a minute."""

Row = tuple[Data, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile generic as the survey saw it; `selectors` are those of its buffer."""

    listed: ListedObject
    columns: tuple[CaptureObject, ...]
    in_use: int
    capacity: int
    period_s: int
    selectors: tuple[int, ...]

    @property
    def name(self) -> LogicalName:
        """The logical name."""
        return self.listed.name

    @property
    def clock(self) -> int | None:
        """The place of the time in a row, None where rows have none."""
        return self.columns.index(CLOCK_COLUMN) if CLOCK_COLUMN in self.columns else None

    def read(self, aa: Association, selection: SelectiveAccess | None = None) -> Answer:
        """Read the buffer, or the selected part of it."""
        return aa.get(PROFILE, self.name, BUFFER, selection)


def profile_of(survey: Survey, one: ListedObject) -> Profile | None:
    """Return a listed profile, None if its columns or its size cannot be read."""
    columns = columns_of(survey.data(PROFILE, one.name, COLUMNS))
    right = one.right(BUFFER)
    numbers = [_number(survey.data(PROFILE, one.name, n)) for n in (IN_USE, CAPACITY, PERIOD)]
    if columns is None or right is None or not right.readable or None in numbers:
        return None
    in_use, capacity, period_s = (number or 0 for number in numbers)
    return Profile(one, columns, in_use, capacity, period_s, right.selectors)


def declared_profile(meter: Meter, survey: Survey, key: str) -> Profile:
    """Return the profile that the value `key` names.

    Inconclusive: IXIT for a name that is none, PRECONDITION where the meter shows no such profile.
    """
    text = str(meter.declared.values.get(key, ""))
    try:
        listed = survey.find(PROFILE, text)
    except UsageError as error:
        raise Inconclusive(Reason.IXIT, f"{key}: {error}") from None
    found = profile_of(survey, listed[0]) if listed else None
    if found is None:
        why = "cannot be read" if listed else "is not on the object list"
        raise Inconclusive(Reason.PRECONDITION, f"{key} {text} (class 7) {why}")
    return found


def short_profile(meter: Meter, survey: Survey, selector: int, rows: int) -> Profile:
    """Return the profile for selective access; it has so many rows, a clock and a selector.

    Inconclusive (PRECONDITION) where it has not: another one is to be declared.
    """
    found = declared_profile(meter, survey, "short_profile")
    lacks = ""
    if selector not in found.selectors:
        lacks = f"offers no selective access {selector} in the object list"
    elif not rows <= found.in_use <= MOST_ROWS:
        lacks = f"has {found.in_use} rows, not {rows} to {MOST_ROWS}"
    elif found.clock is None:
        lacks = "has no column of the clock"
    elif len(found.columns) < 3:
        lacks = "has fewer than 3 columns"
    if lacks:
        text = f"profile {found.name} {lacks}; declare another short_profile"
        raise Inconclusive(Reason.PRECONDITION, text)
    return found


def columns_of(found: Data | None) -> tuple[CaptureObject, ...] | None:
    """Return the capture objects in attribute 3, None if it holds none."""
    if found is None or found.type != DataType.ARRAY:
        return None
    columns = [CaptureObject.of(one) for one in found.value]
    return None if None in columns else tuple(one for one in columns if one is not None)


def rows_in(answer: Answer) -> list[Row] | None:
    """Return the rows that came, None if what came is no array of structures."""
    found = answer.data
    if found is None:
        return None
    if isinstance(found.value, CompactArray):
        rows = list(found.value.elements())
    elif found.type == DataType.ARRAY and isinstance(found.value, Elements):
        rows = list(found.value)
    else:
        return None
    if any(row.type != DataType.STRUCTURE for row in rows):
        return None
    return [tuple(row.value) for row in rows]


def whole_buffer(profile: Profile, aa: Association) -> tuple[Answer, list[Row]]:
    """Return all rows; Inconclusive (PRECONDITION) if they cannot be read."""
    answer = profile.read(aa)
    rows = rows_in(answer)
    if rows is None or any(len(row) != len(profile.columns) for row in rows):
        text = f"the buffer of {profile.name} cannot be read in rows: {answer}"
        raise Inconclusive(Reason.PRECONDITION, text)
    return answer, rows


def later(stamp: Data, seconds: int) -> Data | None:
    """Return a time so many seconds after that of a row, None if it cannot be told."""
    found = stamp_of(stamp)
    utc = None if found is None else found.utc()
    if found is None or utc is None or found.deviation_min is None:
        return None
    return as_data(written(utc + timedelta(seconds=seconds), found.deviation_min))


def _number(found: Data | None) -> int | None:
    return found.value if found is not None and isinstance(found.value, int) else None
