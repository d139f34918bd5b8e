"""Whatever is written or invoked with, no object raises, and all can be read afterwards."""

import random

import pytest

from bench.protocols.dlms.cosem_types import CLOCK_COLUMN, SelectiveAccess
from bench.protocols.dlms.data import encode_data
from bench.protocols.dlms.data_types import (
    Data,
    DataType,
    array,
    boolean,
    double_long,
    enum,
    integer,
    long,
    long_unsigned,
    null,
    octet_string,
    structure,
    unsigned,
    visible_string,
)
from bench.protocols.dlms.results import ActionResult, DataAccessResult
from bench.simulator.cosem.profile import column

EXTREMES = {
    DataType.INTEGER: (-128, -1, 0, 127),
    DataType.LONG: (-32768, -900, 0, 901, 32767),
    DataType.UNSIGNED: (0, 255),
    DataType.LONG_UNSIGNED: (0, 1, 65535),
    DataType.DOUBLE_LONG_UNSIGNED: (0, 1, 4294967295),
    DataType.ENUM: (0, 6, 255),
}
ODD = (
    null(),
    boolean(True),
    integer(-1),
    long(-32768),
    double_long(0),
    unsigned(255),
    long_unsigned(65535),
    enum(255),
    visible_string("\udcff"),
    Data(DataType.BIT_STRING, "1"),
    Data(DataType.FLOAT64, float("nan")),
    structure(),
    array(),
    array(structure(octet_string(b""), octet_string(b""))),
    structure(octet_string(bytes(6)), long_unsigned(1)),
    array(structure(octet_string(b"\xff" * 4), octet_string(b"\xff" * 5))),
    octet_string(bytes(12)),
    octet_string(b"\xff" * 12),
)


def altered(data: Data, draw: random.Random) -> Data:
    """Return data of the same type with another value."""
    kind, value = data
    if kind in EXTREMES:
        return Data(kind, draw.choice(EXTREMES[DataType(kind)]))
    if kind == DataType.OCTET_STRING:
        return octet_string(draw.randbytes(len(value)))
    if kind == DataType.BOOLEAN:
        return boolean(draw.random() < 0.5)
    if kind == DataType.STRUCTURE:
        return structure(*[altered(item, draw) for item in value])
    if kind == DataType.ARRAY:
        return array(*[altered(item, draw) for item in list(value) * draw.choice((0, 1, 2))])
    return data


@pytest.mark.parametrize("rule", ["", "settype-unchecked", "overflow", "rights-lie"])
def test_no_object_raises(make, rule):
    meter = make(*([rule] if rule else []))
    draw = random.Random(7)
    for one in meter.device:
        name = one.logical_name
        for number in range(-2, 17):
            value = meter.device.get(meter.asker, one.class_id, name, number)
            tried = [*ODD]
            if isinstance(value, Data):
                tried += [altered(value, draw) for _ in range(6)]
            for data in tried:
                result = meter.device.set(meter.asker, one.class_id, name, number, None, data)
                assert result in list(DataAccessResult)
        for number in range(-1, 12):
            for data in (*ODD, None):
                result, _ = meter.device.action(meter.asker, one.class_id, name, number, data)
                assert result in list(ActionResult)
    for one in meter.device:
        for number in one.attributes:
            data = meter.device.get(meter.asker, one.class_id, one.logical_name, number)
            assert not isinstance(data, Data) or encode_data(data)


def test_no_selection_raises(meter):
    profile = meter.name(7, "1-0:99.1.0")
    for selector in (0, 1, 2, 3, 4, 255):
        for data in ODD:
            meter.raw(7, "1-0:99.1.0", 2, SelectiveAccess(selector, data))
            fields = structure(data, data, data, data)
            meter.raw(7, "1-0:99.1.0", 2, SelectiveAccess(selector, fields))
            by_clock = structure(CLOCK_COLUMN.data(), data, data, array(data))
            meter.raw(7, "1-0:99.1.0", 2, SelectiveAccess(selector, by_clock))
            by_energy = structure(column(3, "1-0:1.8.0").data(), data, data, array())
            got = meter.device.get(meter.asker, 7, profile, 2, SelectiveAccess(selector, by_energy))
            assert isinstance(got, Data | DataAccessResult)
    for selector in (0, 1, 2, 3, 4, 255):
        for data in ODD:
            meter.device.object_list(meter.asker, SelectiveAccess(selector, data))
