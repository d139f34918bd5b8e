"""Every right that the object list declares is one that the reference meter grants, and no more."""

import pytest

from bench.protocols.dlms.data_types import (
    Data,
    DataType,
    boolean,
    octet_string,
    visible_string,
)
from bench.simulator.cosem.access import ROLES, Access, Asker, granted

TYPE_UNMATCHED, DENIED = 12, 3


def rights(meter, association: str):
    for one in meter.device:
        for number, attribute in one.attributes.items():
            yield one, number, granted(attribute.grants, association)


@pytest.mark.parametrize("preset", ["nl", "be", "nl-one-phase"])
def test_what_may_be_written_takes_what_was_read(make, preset):
    meter = make(preset=preset)
    written = 0
    for one, number, mode in rights(meter, "suite0"):
        if not (mode & Access.READ and mode & Access.WRITE):
            continue
        name = one.logical_name
        value = meter.device.get(meter.asker, one.class_id, name, number)
        result = meter.device.set(meter.asker, one.class_id, name, number, None, value)
        assert result == 0, (one, number, value)
        again = meter.device.get(meter.asker, one.class_id, name, number)
        assert again == value, (one, number)
        written += 1
    assert written > 40


def other_type(data: Data) -> Data:
    return visible_string("?") if data.type == DataType.BOOLEAN else boolean(True)


def test_what_is_of_another_type_is_refused_and_changes_nothing(meter):
    for one, number, mode in rights(meter, "suite0"):
        if not (mode & Access.READ and mode & Access.WRITE):
            continue
        name = one.logical_name
        value = meter.device.get(meter.asker, one.class_id, name, number)
        wrong = other_type(value)
        result = meter.device.set(meter.asker, one.class_id, name, number, None, wrong)
        assert result == TYPE_UNMATCHED, (one, number)
        assert meter.device.get(meter.asker, one.class_id, name, number) == value


def test_a_meter_that_does_not_check_types_holds_what_it_was_given(make):
    meter = make("settype-unchecked")
    for one, number, mode in rights(meter, "suite0"):
        if not (mode & Access.READ and mode & Access.WRITE):
            continue
        name = one.logical_name
        value = meter.device.get(meter.asker, one.class_id, name, number)
        wrong = other_type(value)
        assert meter.device.set(meter.asker, one.class_id, name, number, None, wrong) == 0
        assert meter.device.get(meter.asker, one.class_id, name, number) == wrong
        assert meter.device.set(meter.asker, one.class_id, name, number, None, value) == 0
        assert meter.device.get(meter.asker, one.class_id, name, number) == value
    assert meter.device.system.at(0).text == b""


@pytest.mark.parametrize("association", ROLES)
def test_what_may_not_be_written_is_denied(meter, association):
    asker = Asker(association, 0, authenticated=True, encrypted=True)
    for one, number, mode in rights(meter, association):
        if mode & Access.WRITE or not one.visible(association):
            continue
        value = one.value(number, meter.device.moment(0))
        name = one.logical_name
        assert meter.device.set(asker, one.class_id, name, number, None, value) == DENIED


def test_readers_write_nothing_and_invoke_nothing(meter):
    for association in ("public", "lls", "hls2", "hls3", "hls4", "hls6"):
        assert not any(mode & Access.WRITE for _, _, mode in rights(meter, association))
        for one in meter.device:
            assert not any(granted(m.grants, association) for m in one.methods.values())


def test_a_method_that_wants_proof_wants_it(meter):
    bare = Asker("suite0", 0)
    breaker = meter.name(70, "0-0:96.3.10")
    zero = Data(DataType.INTEGER, 0)
    assert meter.device.action(bare, 70, breaker, 1, zero)[0] == DENIED
    assert meter.device.action(meter.asker, 70, breaker, 1, zero)[0] == 0


def test_rights_that_lie_let_everything_pass(make):
    meter = make("rights-lie")
    reader = Asker("lls", 0)
    name = meter.name(1, "0-0:42.0.0")
    assert meter.device.set(reader, 1, name, 2, None, octet_string(b"X")) == 0
    clock = meter.name(8, "0-0:1.0.0")
    time = meter.device.get(reader, 8, clock, 2)
    assert meter.device.set(reader, 8, clock, 2, None, time) == 0
    port = meter.name(19, "0-0:20.0.0")
    assert isinstance(meter.device.get(reader, 19, port, 7), Data)


def test_all_versions_of_the_rights_can_be_told(meter):
    for one in meter.device:
        for version in range(4):
            attributes, methods = one.rights_data("suite0", version).value
            kinds = {DataType.BOOLEAN} if version == 0 else {DataType.ENUM}
            assert {method.value[1].type for method in methods.value} <= kinds
            modes = {item.value[1].value for item in attributes.value}
            assert modes <= set(range(7 if version else 4)) or version == 3
