from datetime import UTC, datetime

import pytest

from bench.protocols.dlms.data import decode_data, encode_data
from bench.simulator.cosem import additions
from bench.simulator.cosem.access import Asker
from bench.simulator.cosem.device import LogicalDevice
from bench.simulator.cosem.reference import reference_objects
from bench.simulator.cosem.truth import Truth
from bench.simulator.metering_system import MeteringSystem

READER = Asker("lls", 0)


def listed(change=None):
    system = MeteringSystem(1, datetime(2026, 1, 15, 9, tzinfo=UTC))
    objects = reference_objects(Truth(system))
    device = LogicalDevice(system, change(objects) if change else objects)
    octets = encode_data(device.object_list(READER))
    return device, decode_data(octets).value.to_python(), len(octets)


@pytest.mark.parametrize(
    ("change", "more"),
    [
        (additions.with_added_object, 1),
        (additions.with_unknown_class, 1),
        (additions.with_unknown_attributes, 0),
        (additions.with_newer_versions, 0),
        (additions.with_many_objects, 400),
    ],
)
def test_all_that_was_there_is_there_still(change, more):
    _, before, _ = listed()
    _, after, _ = listed(change)
    assert len(after) == len(before) + more
    known = {(row[0], row[2]): row for row in after}
    for class_id, _version, name, (attributes, methods) in before:
        row = known[class_id, name]
        assert set(row[3][0]) >= set(attributes)
        assert row[3][1] == methods


def test_many_objects_make_a_list_of_17_kb():
    assert listed(additions.with_many_objects)[2] > 17_000


def test_what_is_added_can_be_read():
    device, rows, _ = listed(additions.with_unknown_class)
    assert rows[-1][0] == additions.UNKNOWN_CLASS
    assert device.get(READER, 9999, rows[-1][2], 2).to_python() == (1, b"?")
    device, _, _ = listed(additions.with_unknown_attributes)
    name = bytes((1, 0, 1, 8, 0, 255))
    assert device.get(READER, 3, name, 4).to_python() == "added"
    assert device.get(READER, 3, name, -1).to_python() == 7
