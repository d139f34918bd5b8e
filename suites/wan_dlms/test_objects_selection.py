"""Area C8: selective access to the buffer of a profile generic (IEC 62056-6-2 §4.3.6)."""

from bench.core.case import Case, Kind, case
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import Inconclusive
from bench.protocols.dlms.cosem_types import (
    BY_ENTRY,
    BY_RANGE,
    entry_access,
    range_access,
)
from bench.protocols.dlms.data_types import Data
from suites.wan_dlms.answer import Answer
from suites.wan_dlms.judging import judge
from suites.wan_dlms.meter import Meter
from suites.wan_dlms.profiles import (
    Profile,
    Row,
    later,
    rows_in,
    short_profile,
    whole_buffer,
)
from suites.wan_dlms.survey import Survey

_PROFILE = "IEC-62056-6-2:4.3.6"
_SELECTIVE = "IEC-62056-5-3:6.5"
_ROWS = 5  # how many rows a profile needs to be cut
_FIRST, _LAST = 1, 3  # places of the rows that are asked for, from 0


def _times(profile: Profile, rows: list[Row]) -> list[Data]:
    """Return the time of each row; Inconclusive where one says none or they do not rise."""
    assert profile.clock is not None
    found = [row[profile.clock] for row in rows]
    if any(later(one, 0) is None for one in found[: _LAST + 2]):
        text = f"rows of {profile.name} have no full time; declare another short_profile"
        raise Inconclusive(Reason.PRECONDITION, text)
    return found


def _judge_rows(
    verify: Checks, check_id: str, answer: Answer, wanted: list[Row], text: str
) -> bool:
    rows = rows_in(answer)
    observed = str(answer) if rows is None else f"{len(rows)} rows"
    if rows is not None and rows != wanted and rows:
        observed += f", the first one {', '.join(map(str, rows[0]))}"
    return judge(verify, check_id, rows == wanted, answer, expected=text, observed=observed)


def _judge_none(verify: Checks, check_id: str, answer: Answer, text: str) -> bool:
    """Record that nothing was selected: an empty array, or a refusal."""
    rows = rows_in(answer)
    met = rows == [] or bool(answer.result) or answer.exception is not None
    observed = str(answer) if rows is None else f"{len(rows)} rows"
    return judge(verify, check_id, met, answer, expected=f"no rows: {text}", observed=observed)


@case(
    Case(
        id="DLMS-OBJ-18",
        version=1,
        interface="wan",
        title="Rows by range",
        purpose="Ensure that a client gets the rows of a span of time, all of them and no others.",
        stimulus="The whole buffer; then by selector 1 from the time of its second row to that of "
        "its fourth, between two rows, and from the fourth back to the second.",
        criterion="The rows from the first to the last time, both included, as in the whole "
        "buffer; no rows (an empty array or a refusal) between two rows and in a range reversed.",
        kind=Kind.VALID,
        clauses=(_PROFILE, _SELECTIVE),
        ics="WAN/SELECTIVE-ACCESS",
        detects=("wan.range-exclusive", "wan.range-ignored", "wan.range-reversed-served"),
    )
)
def test_rows_by_range(meter: Meter, survey: Survey, verify: Checks) -> None:
    """The bounds belong to the range."""
    profile = short_profile(meter, survey, BY_RANGE, _ROWS)
    with meter.associate("main") as aa:
        _, rows = whole_buffer(profile, aa)
        times = _times(profile, rows)
        first, last = times[_FIRST], times[_LAST]
        answer = profile.read(aa, range_access(first, last))
        text = f"the {_LAST - _FIRST + 1} rows from {first} to {last}"
        _judge_rows(verify, "inside", answer, rows[_FIRST : _LAST + 1], text)
        after, end = later(first, 1), later(first, 2)
        assert after is not None
        assert end is not None
        answer = profile.read(aa, range_access(after, end))
        _judge_none(verify, "between", answer, "none lies between two rows")
        answer = profile.read(aa, range_access(last, first))
        _judge_none(verify, "reversed", answer, "the range ends before it begins")


@case(
    Case(
        id="DLMS-OBJ-19",
        version=1,
        interface="wan",
        title="Rows by number",
        purpose="Ensure that rows and columns are counted from 1, and 0 means the last.",
        stimulus="The whole buffer; then by selector 2 the entries 1 to 2, 4 to 0, 0 to 2, from "
        "beyond the end, and of columns 2 to 3 and from 2 to 0.",
        criterion="The same rows and columns as in the whole buffer; entry 0 as the first one is "
        "refused or empty; beyond the end there is nothing.",
        kind=Kind.VALID,
        clauses=(_PROFILE, _SELECTIVE),
        ics="WAN/SELECTIVE-ACCESS",
        detects=("wan.entry-0-based", "wan.entry-to-0-empty", "wan.entry-columns-ignored"),
    )
)
def test_rows_by_number(meter: Meter, survey: Survey, verify: Checks) -> None:
    """Entries and columns begin with 1."""
    profile = short_profile(meter, survey, BY_ENTRY, _ROWS)
    with meter.associate("main") as aa:
        _, rows = whole_buffer(profile, aa)
        answer = profile.read(aa, entry_access(1, 2))
        _judge_rows(verify, "first", answer, rows[:2], "the first two rows")
        answer = profile.read(aa, entry_access(len(rows) - 1, 0))
        _judge_rows(verify, "to-the-end", answer, rows[-2:], "the last two rows")
        answer = profile.read(aa, entry_access(0, 2))
        _judge_none(verify, "from-0", answer, "there is no entry 0")
        answer = profile.read(aa, entry_access(len(rows) + 1, len(rows) + 2))
        _judge_none(verify, "beyond", answer, f"there are {len(rows)} entries")
        answer = profile.read(aa, entry_access(1, 2, 2, 3))
        wanted = [row[1:3] for row in rows[:2]]
        _judge_rows(verify, "columns", answer, wanted, "columns 2 and 3 of the first two rows")
        answer = profile.read(aa, entry_access(1, 1, 2, 0))
        wanted = [row[1:] for row in rows[:1]]
        _judge_rows(verify, "columns-to-the-end", answer, wanted, "the first row from column 2")


@case(
    Case(
        id="DLMS-OBJ-20",
        version=1,
        interface="wan",
        title="Selected columns of a range",
        purpose="Ensure that a client gets the columns that it names, and no others.",
        stimulus="By selector 1 two rows with selected_values: two columns that do not stand "
        "together, then one alone.",
        criterion="Only these columns, in their order, with the values of the whole buffer.",
        kind=Kind.VALID,
        clauses=(_PROFILE, _SELECTIVE),
        ics="WAN/SELECTIVE-ACCESS",
        detects=("wan.selvalues-ignored", "wan.selvalues-order", "wan.selvalues-first"),
    )
)
def test_selected_columns(meter: Meter, survey: Survey, verify: Checks) -> None:
    """What is named comes, and nothing else."""
    profile = short_profile(meter, survey, BY_RANGE, _ROWS)
    last = len(profile.columns) - 1
    with meter.associate("main") as aa:
        _, rows = whole_buffer(profile, aa)
        times = _times(profile, rows)
        for check_id, places in (("two", (0, last)), ("one", (last,))):
            columns = tuple(profile.columns[place] for place in places)
            answer = profile.read(aa, range_access(times[0], times[1], columns))
            wanted = [tuple(row[place] for place in places) for row in rows[:2]]
            names = " and ".join(str(place + 1) for place in places)
            _judge_rows(verify, check_id, answer, wanted, f"column {names} of two rows")
