"""Helpers of the object cases: units, date-times, identifiers, images, rows."""

from datetime import UTC, datetime

import pytest

from bench.core.clock import SECOND
from bench.engine.context import Inconclusive
from bench.protocols.dlms.compact_array import CompactArray, TypeDescription
from bench.protocols.dlms.cosem_types import CLOCK_COLUMN, LogicalName
from bench.protocols.dlms.data_types import (
    Data,
    DataType,
    Elements,
    array,
    long_unsigned,
    null,
    octet_string,
    structure,
    unsigned,
)
from suites.wan_dlms.answer import Answer, Ending, Reply
from suites.wan_dlms.images import declared_image
from suites.wan_dlms.model import object_identifier
from suites.wan_dlms.profiles import columns_of, later, rows_in
from suites.wan_dlms.required import required_objects
from suites.wan_dlms.stamps import Shown, as_data, is_open, stamp_of, stamp_problem, written
from suites.wan_dlms.units import plausible, unit_name

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)


class Context:
    """What the helpers need of a running case."""

    def __init__(self, **ixit) -> None:
        self.ixit = ixit


def answered(data, sent_ns=0):
    return Answer((Reply(Ending.ANSWER, sent_ns=sent_ns),), result=0, data=data)


def test_units_of_the_table_have_names_and_bounds():
    assert unit_name(30) == "Wh"
    assert unit_name(0) == unit_name(200) == ""
    assert plausible(2322, -1, 35)
    assert not plausible(2322, 6, 35)
    assert plausible(10**30, 12, 255)
    assert not plausible(1, 127, 35)


def test_a_date_time_is_read_written_and_doubted():
    winter = written(NOON, -60)
    assert stamp_of(as_data(winter)) == winter
    assert winter.time.hour == 13
    assert winter.utc() == NOON
    assert stamp_problem(as_data(winter)) == ""
    assert "nothing" in stamp_problem(None)
    assert stamp_problem(octet_string(b"\x00" * 11))
    wrong = bytearray(winter.encode())
    wrong[2] = 13
    assert "month 13" in stamp_problem(octet_string(bytes(wrong)))
    assert written(NOON, -60, open_deviation=True).deviation_min is None
    assert is_open(stamp_of(octet_string(b"\xff" * 9 + b"\x80\x00\xff")))


def test_a_clock_that_was_read_tells_what_it_shows_later():
    shown = Shown.of(answered(as_data(written(NOON, 0)), sent_ns=5 * SECOND))
    assert (shown.later(15 * SECOND) - NOON).total_seconds() == 10.5
    assert shown.resolution_s() == 1.0
    assert Shown.of(answered(null())) is None


def test_object_identifiers_in_both_forms():
    arcs = [unsigned(2), unsigned(16), long_unsigned(756), unsigned(5), unsigned(8)]
    assert object_identifier(structure(*arcs, unsigned(2), unsigned(5))) == (2, 5)
    assert object_identifier(octet_string(bytes.fromhex("60857405080103"))) == (1, 3)
    for wrong in (None, octet_string(b"1234567"), structure(*arcs), array()):
        assert object_identifier(wrong) is None


def test_rows_of_arrays_and_compact_arrays():
    row = structure(unsigned(1), unsigned(2))
    assert rows_in(answered(array(row))) == [(unsigned(1), unsigned(2))]
    columns = (TypeDescription(DataType.UNSIGNED),) * 2
    compact = CompactArray.of(TypeDescription(DataType.STRUCTURE, columns), Elements.of([row]))
    found = rows_in(answered(Data(DataType.COMPACT_ARRAY, compact)))
    assert found == [(unsigned(1), unsigned(2))]
    for wrong in (None, row, array(unsigned(1)), unsigned(1)):
        assert rows_in(answered(wrong)) is None


def test_columns_and_the_time_after_a_row():
    assert columns_of(array(CLOCK_COLUMN.data())) == (CLOCK_COLUMN,)
    assert columns_of(array(structure())) is None
    assert columns_of(None) is None
    assert stamp_of(later(as_data(written(NOON, -60)), 61)).utc().second == 1
    assert later(null(), 1) is None


def test_required_objects_are_read_or_told():
    found = required_objects(Context(required_objects="3/1-0:1.8.0, 8/0-0:1.0.0"))
    assert found[0] == (3, LogicalName(1, 0, 1, 8, 0))
    assert required_objects(Context()) == []
    for wrong in ("1-0:1.8.0", "x/1-0:1.8.0", "3/1.8"):
        with pytest.raises(Inconclusive, match=r"CLASS|OBIS"):
            required_objects(Context(required_objects=wrong))


def test_images_are_files_of_hexadecimal_digits(tmp_path):
    path = tmp_path / "FW-2.hex"
    path.write_text("0011 2233\n44")
    image = declared_image(Context(image=str(path)), "image")
    assert image.identifier == b"FW-2"
    assert image.blocks(2) == [b"\x00\x11", b"\x22\x33", b"\x44"]
    damaged = image.damaged().octets
    assert sum((a ^ b).bit_count() for a, b in zip(damaged, image.octets, strict=True)) == 1
    named = declared_image(Context(image=str(path), image_identifier="X"), "image")
    assert named.identifier == b"X"
    assert declared_image(Context(), "image") is None
    assert declared_image(Context(image="shipped:reference"), "image").octets[:4] == b"MBXF"


@pytest.mark.parametrize("text", ["firmware", ""])
def test_images_that_are_none_are_told(tmp_path, text):
    path = tmp_path / "fw.hex"
    path.write_text(text)
    with pytest.raises(Inconclusive):
        declared_image(Context(image=str(path)), "image")
    with pytest.raises(Inconclusive, match="cannot read"):
        declared_image(Context(image=str(tmp_path / "none")), "image")
    with pytest.raises(Inconclusive, match="shipped"):
        declared_image(Context(image="shipped:none"), "image")
