from datetime import UTC, datetime

import pytest

from bench.protocols.dlms.cosem_types import SelectiveAccess
from bench.protocols.dlms.data import decode_data, encode_data
from bench.protocols.dlms.data_types import (
    Data,
    array,
    double_long_unsigned,
    long_unsigned,
    null,
    octet_string,
    structure,
    unsigned,
    visible_string,
)
from bench.protocols.dlms.results import ActionResult, DataAccessResult
from bench.simulator.cosem.access import Access, Asker, Role, attribute_mode, method_mode
from bench.simulator.cosem.data import DataObject
from bench.simulator.cosem.device import LogicalDevice
from bench.simulator.cosem.register import Register
from bench.simulator.metering_system import MeteringSystem

START = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)
LDN, COUNT, ENERGY = (0, 0, 42, 0, 0, 255), (0, 0, 96, 15, 0, 255), (1, 0, 1, 8, 0, 255)
MANAGEMENT = Asker("suite0", 0, authenticated=True, encrypted=True)
READER = Asker("lls", 0)
PUBLIC = Asker("public", 0)


def made(breaks: frozenset[str] = frozenset(), version: int = 3) -> LogicalDevice:
    system = MeteringSystem(1, START)
    name = octet_string(b"MBX0000000000001")
    energy = Register("1-0:1.8.0", lambda m: double_long_unsigned(m.reading.tariff), 0, 30)
    count = DataObject("0-0:96.15.0", long_unsigned(7), writable=True, limit=8)
    note = DataObject("0-0:96.13.9", octet_string(b""), writable=True, limit=8)
    identity = DataObject("0-0:42.0.0", name, public=True)
    return LogicalDevice(system, (identity, count, energy, note), breaks, version)


def get(device: LogicalDevice, asker: Asker, class_id: int, name, attribute: int, selection=None):
    return device.get(asker, class_id, bytes(name), attribute, selection)


def test_what_may_be_read_is_read():
    device = made()
    assert get(device, PUBLIC, 1, LDN, 2) == octet_string(b"MBX0000000000001")
    assert get(device, PUBLIC, 1, LDN, 1) == octet_string(bytes(LDN))
    assert get(device, READER, 3, ENERGY, 2) == double_long_unsigned(2)
    everything = get(device, READER, 1, LDN, 0)
    assert everything == structure(octet_string(bytes(LDN)), octet_string(b"MBX0000000000001"))


@pytest.mark.parametrize(
    ("asker", "class_id", "name", "attribute", "result"),
    [
        (PUBLIC, 3, ENERGY, 2, DataAccessResult.OBJECT_UNDEFINED),
        (READER, 1, (0, 0, 99, 99, 99, 255), 2, DataAccessResult.OBJECT_UNDEFINED),
        (READER, 1, ENERGY, 2, DataAccessResult.OBJECT_CLASS_INCONSISTENT),
        (READER, 3, ENERGY, 4, DataAccessResult.READ_WRITE_DENIED),
        (READER, 3, ENERGY, -1, DataAccessResult.READ_WRITE_DENIED),
    ],
)
def test_what_may_not_be_read_is_refused(asker, class_id, name, attribute, result):
    assert get(made(), asker, class_id, name, attribute) is result
    broken = made(frozenset({"dar-always-250"}))
    assert get(broken, asker, class_id, name, attribute) is DataAccessResult.OTHER_REASON


def test_selective_access_to_what_has_no_parts_is_refused():
    selection = SelectiveAccess(1, null())
    refused = get(made(), READER, 3, ENERGY, 2, selection)
    assert refused is DataAccessResult.SCOPE_OF_ACCESS_VIOLATED


def test_a_value_is_written_by_who_may_and_of_its_type():
    device = made()

    def put(asker: Asker, data: Data) -> DataAccessResult:
        return device.set(asker, 1, bytes(COUNT), 2, None, data)

    assert put(READER, long_unsigned(8)) is DataAccessResult.READ_WRITE_DENIED
    assert put(MANAGEMENT, unsigned(8)) is DataAccessResult.TYPE_UNMATCHED
    assert get(device, READER, 1, COUNT, 2) == long_unsigned(7)
    assert put(MANAGEMENT, long_unsigned(8)) is DataAccessResult.SUCCESS
    assert get(device, READER, 1, COUNT, 2) == long_unsigned(8)


def test_what_is_too_long_leaves_the_value():
    device, name = made(), bytes((0, 0, 96, 13, 9, 255))
    long = octet_string(bytes(100_000))
    assert device.set(MANAGEMENT, 1, name, 2, None, long) is DataAccessResult.OTHER_REASON
    assert device.get(MANAGEMENT, 1, name, 2) == octet_string(b"")
    broken = made(frozenset({"overflow"}))
    assert broken.set(MANAGEMENT, 1, name, 2, None, long) is DataAccessResult.SUCCESS
    cutting = made(frozenset({"overflow-cut"}))
    assert cutting.set(MANAGEMENT, 1, name, 2, None, long) is DataAccessResult.OTHER_REASON
    assert len(cutting.get(MANAGEMENT, 1, name, 2).value) not in (0, 100_000)


def test_rules_that_are_broken_are_not_kept():
    lying = made(frozenset({"rights-lie"}))
    name = bytes(COUNT)
    assert lying.set(READER, 1, name, 2, None, long_unsigned(1)) is DataAccessResult.SUCCESS
    careless = made(frozenset({"settype-unchecked"}))
    assert careless.set(MANAGEMENT, 1, name, 2, None, unsigned(1)) is DataAccessResult.SUCCESS
    assert get(careless, READER, 1, COUNT, 2) == unsigned(1)
    classless = made(frozenset({"class-unchecked"}))
    assert get(classless, READER, 7, COUNT, 2) == long_unsigned(7)


def test_methods_that_are_not_there_are_denied():
    denied = (ActionResult.READ_WRITE_DENIED, None)
    assert made().action(MANAGEMENT, 3, bytes(ENERGY), 1, null()) == denied
    undefined = (ActionResult.OBJECT_UNDEFINED, None)
    assert made().action(MANAGEMENT, 3, bytes((9, 9, 9, 9, 9, 9)), 1) == undefined


@pytest.mark.parametrize(
    ("rights", "version", "mode"),
    [
        (Access.READ, 0, 1),
        (Access.READ | Access.WRITE, 2, 3),
        (Access.READ | Access.WRITE | Access.AUTHENTICATED_REQUEST, 0, 3),
        (Access.READ | Access.WRITE | Access.AUTHENTICATED_REQUEST, 1, 6),
        (Access.WRITE | Access.AUTHENTICATED_REQUEST, 2, 5),
        (Access.READ | Access.AUTHENTICATED_REQUEST, 3, 0x05),
        (Access.NONE, 1, 0),
    ],
)
def test_rights_to_attributes_follow_the_class_version(rights, version, mode):
    assert attribute_mode(rights, version).value == mode


def test_rights_to_methods_follow_the_class_version():
    guarded = Access.USE | Access.AUTHENTICATED_REQUEST
    assert [method_mode(guarded, version).value for version in range(4)] == [True, 2, 2, 5]
    assert [method_mode(Access.NONE, version).value for version in range(4)] == [False, 0, 0, 0]


def listed(device: LogicalDevice, asker: Asker, selection=None):
    data = device.object_list(asker, selection)
    assert isinstance(data, Data)
    return decode_data(encode_data(data)).value.to_python()


def test_an_association_sees_the_objects_that_it_has_rights_to():
    device = made()
    assert [row[2] for row in listed(device, PUBLIC)] == [bytes(LDN)]
    rows = listed(device, MANAGEMENT)
    assert [row[0] for row in rows] == [1, 1, 3, 1]
    assert rows[1][3] == (((1, 1, None), (2, 3, None)), ())


def test_the_object_list_can_be_selected_from():
    device = made()
    whole = listed(device, MANAGEMENT)
    name = structure(long_unsigned(3), octet_string(bytes(ENERGY)))

    def select(selector: int, data: Data):
        return listed(device, MANAGEMENT, SelectiveAccess(selector, data))

    assert select(1, null()) == tuple(row[:3] for row in whole)
    assert select(2, array(long_unsigned(1))) == tuple(row[:3] for row in whole if row[0] == 1)
    assert select(3, array(name)) == (whole[2],)
    assert select(4, name) == whole[2]
    wrong = device.object_list(MANAGEMENT, SelectiveAccess(2, visible_string("1")))
    assert wrong is DataAccessResult.TYPE_UNMATCHED


def test_a_list_by_class_may_have_rights():
    plain = made()
    device = LogicalDevice(plain.system, plain.objects, class_list_has_rights=True)
    whole = listed(device, MANAGEMENT)
    selection = SelectiveAccess(2, array(long_unsigned(3)))
    assert listed(device, MANAGEMENT, selection) == (whole[2],)
    assert listed(device, MANAGEMENT, SelectiveAccess(1, null()))[0] == whole[0][:3]


def test_a_broken_object_list_differs():
    plain = listed(made(), MANAGEMENT)
    assert listed(made(frozenset({"list-duplicate"})), MANAGEMENT) == (*plain, plain[-1])
    assert len(listed(made(frozenset({"ln-5-octets"})), MANAGEMENT)[-1][2]) == 5
    assert len(listed(made(frozenset({"phantom-object"})), MANAGEMENT)) == len(plain) + 1
    broken = made(frozenset({"filter-wrong"}))
    selection = SelectiveAccess(2, array(long_unsigned(3)))
    assert len(listed(broken, MANAGEMENT, selection)) == len(plain)


def test_the_list_knows_objects_that_are_added_and_removed():
    device = made()
    before = len(listed(device, READER))
    device.add(DataObject("0-0:96.1.1", octet_string(b"x")))
    assert len(listed(device, READER)) == before + 1
    device.remove(1, bytes((0, 0, 96, 1, 1, 255)))
    assert len(listed(device, READER)) == before


def test_protection_that_a_right_demands_is_demanded():
    device = made()
    count = device.find(1, bytes(COUNT))
    assert count is not None
    count.attributes[2].grants = {Role.READER: Access.READ | Access.AUTHENTICATED_REQUEST}
    assert get(device, READER, 1, COUNT, 2) is DataAccessResult.READ_WRITE_DENIED
    proven = Asker("lls", 0, authenticated=True)
    assert get(device, proven, 1, COUNT, 2) == long_unsigned(7)
