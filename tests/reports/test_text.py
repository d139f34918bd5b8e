from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.core.verdict import Reason
from reports.text import REASONS, at, printable, readable_times, visible, visible_lines


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain m³ text", "plain m³ text"),
        ("a\r\nb", "a␍␊b"),
        ("\x00\x1b[31m\x7f", "␀␛[31m␡"),
        ("pay\u202eoot", "pay⟨U+202E⟩oot"),
        ("zero\u200bwidth", "zero⟨U+200B⟩width"),
        ("c1 \x9b31m", "c1 ⟨U+009B⟩31m"),
        ("lone \ud800", "lone ⟨U+D800⟩"),
        ("\ufeffmark", "⟨U+FEFF⟩mark"),
    ],
)
def test_shows_what_has_no_picture(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text(st.characters(exclude_categories=())))
def test_what_comes_out_prints_and_fits_xml(text: str) -> None:
    shown = visible(text)
    assert shown.isprintable()
    element = ET.Element("a", {"b": shown})
    element.text = shown
    again = ET.fromstring(ET.tostring(element, "utf-8"))
    assert again.text == (shown or None)
    assert again.attrib["b"] == shown


def test_lines_keep_their_indentation() -> None:
    assert visible_lines("[p1]\n\tlink = 'x\x07'\n") == ["[p1]", "    link = 'x␇'"]


def test_ascii_column_has_one_character_for_each_octet() -> None:
    column = "".join(printable(octet) for octet in range(256))
    assert len(column) == 256
    assert column.isprintable()


def test_instants_are_utc_and_an_impossible_one_is_empty() -> None:
    assert at(1_795_255_331_000_000_000, 1_500_000_000) == "2026-11-21T10:02:12.500Z"
    assert at(1 << 90, 0) == ""


def test_times_are_readable_and_run_ids_stay() -> None:
    text = "2026-11-21T10:00:57.123+00:00 (end), 2026-11-21T10:00:57Z, 2026-11-21T10-02-11Z_am5"
    assert readable_times(text) == (
        "2026-11-21 10:00:57 UTC (end), 2026-11-21 10:00:57 UTC, 2026-11-21T10-02-11Z_am5"
    )


def test_every_reason_has_words() -> None:
    assert set(REASONS) == {str(reason) for reason in Reason}
