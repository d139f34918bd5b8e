from bench.protocols.dlms.cosem_types import LogicalName
from bench.protocols.dlms.data_types import (
    array,
    double_long_unsigned,
    enum,
    integer,
    long_unsigned,
    null,
    octet_string,
    structure,
    unsigned,
)
from suites.wan_dlms.survey import AttributeRight, read_object_list

NAME = bytes((0, 0, 42, 0, 0, 255))


def rights(*modes, methods=()):
    attributes = [
        structure(integer(n), enum(mode), array(integer(1), integer(2)) if n == 2 else null())
        for n, mode in enumerate(modes, 1)
    ]
    invoked = [structure(integer(n), enum(mode)) for n, mode in enumerate(methods, 1)]
    return structure(array(*attributes), array(*invoked))


def element(class_id=1, version=0, name=NAME, access=None):
    access = access or rights(1, 3)
    return structure(long_unsigned(class_id), unsigned(version), octet_string(name), access)


def test_an_object_list_is_read_with_its_rights():
    (one,) = read_object_list(array(element(access=rights(1, 3, 0, methods=(1, 0)))))
    assert (one.class_id, one.version, one.problem) == (1, 0, "")
    assert one.name == LogicalName(0, 0, 42, 0, 0)
    assert [right.readable for right in one.attributes] == [True, True, False]
    assert [right.writable for right in one.attributes] == [False, True, False]
    assert one.right(2).selectors == (1, 2)
    assert one.right(9) is None
    assert one.methods == {1: 1, 2: 0}
    assert str(one) == "class 1 version 0 0-0:42.0.0*255"


def test_from_version_3_on_access_modes_are_bits():
    listed = array(element(15, 3), element(access=rights(0x01, 0x0F)))
    _, one = read_object_list(listed)
    assert [right.version for right in one.attributes] == [3, 3]
    assert (one.attributes[1].readable, one.attributes[1].writable) == (True, True)
    assert one.attributes[1].authenticated
    assert not one.attributes[0].authenticated
    assert AttributeRight(1, 4, version=1).authenticated
    assert AttributeRight(1, 5, version=1).writable


def test_whatever_an_element_is_it_is_told_and_does_not_raise():
    odd = (
        null(),
        structure(),
        structure(unsigned(1), unsigned(0), octet_string(NAME), rights(1)),
        element(name=b"\x00\x00\x2a"),
        element(access=null()),
        element(access=structure(null(), array())),
        element(access=structure(array(null()), array())),
        element(access=structure(array(), array(structure(null(), null())))),
    )
    found = list(read_object_list(array(*odd)))
    assert [one.index for one in found] == list(range(len(odd)))
    assert all(one.problem for one in found)
    assert "3 octets" in found[3].problem
    assert list(read_object_list(double_long_unsigned(5))) == []
