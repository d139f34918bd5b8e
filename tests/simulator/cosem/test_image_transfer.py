import pytest

from bench.core.errors import UsageError
from bench.protocols.dlms.data_types import (
    boolean,
    double_long_unsigned,
    integer,
    octet_string,
    structure,
)
from bench.simulator.cosem.image import make_image, read_image
from bench.simulator.cosem.image_transfer import ImageLimits

IMAGE = (18, "0-0:44.0.0")
FIRMWARE = (1, "1-0:0.2.0")
OTHER_REASON, TEMPORARY, TYPE_UNMATCHED = 250, 2, 12
SIZE = 128
NEW = make_image(b"MBX-02.00", bytes(range(200)) * 3)
GO = integer(0)


def initiate(meter, octets: bytes = NEW) -> int:
    size = double_long_unsigned(len(octets))
    return meter.action(*IMAGE, 1, structure(octet_string(b"MBX-02.00"), size))


def send(meter, number: int, octets: bytes = NEW) -> int:
    block = octet_string(octets[number * SIZE : (number + 1) * SIZE])
    return meter.action(*IMAGE, 2, structure(double_long_unsigned(number), block))


def status(meter) -> int:
    return int(meter.get(*IMAGE, 6))


def blocks(octets: bytes = NEW) -> int:
    return -(-len(octets) // SIZE)


def transfer(meter, octets: bytes = NEW) -> None:
    assert initiate(meter, octets) == 0
    for number in range(blocks(octets)):
        assert send(meter, number, octets) == 0


def test_an_image_becomes_the_firmware(meter):
    assert status(meter) == 0
    transfer(meter)
    assert status(meter) == 1
    assert meter.get(*IMAGE, 3) == "1" * blocks()
    assert meter.action(*IMAGE, 3, GO) == 0
    assert status(meter) == 3
    assert meter.get(*IMAGE, 7) == ((len(NEW), b"MBX-02.00", NEW[-4:]),)
    assert meter.get(*FIRMWARE) == b"MBX-01.00"
    assert meter.action(*IMAGE, 4, GO) == TEMPORARY
    assert status(meter) == 5
    assert meter.device.next_event(meter.now) == 2_000_000_000
    meter.now = 2_000_000_000
    meter.device.advance(meter.now)
    assert meter.get(*FIRMWARE) == b"MBX-02.00"
    assert status(meter) == 6
    assert meter.device.next_event(meter.now) is None
    assert meter.get(7, "0-0:99.98.0")[-1][1] == 17


def test_blocks_may_come_in_any_order_and_more_than_once(meter):
    assert initiate(meter) == 0
    assert meter.get(*IMAGE, 4) == 0
    for number in (2, 0, 0, 4):
        assert send(meter, number) == 0
    assert meter.get(*IMAGE, 3) == "10101"
    assert meter.get(*IMAGE, 4) == 1
    assert meter.action(*IMAGE, 3, GO) == OTHER_REASON
    assert status(meter) == 1
    for number in (3, 1):
        assert send(meter, number) == 0
    assert meter.get(*IMAGE, 4) == blocks() == 5
    assert meter.action(*IMAGE, 3, GO) == 0


def test_a_damaged_image_is_found_and_the_firmware_stays(meter):
    damaged = NEW[:100] + bytes((NEW[100] ^ 1,)) + NEW[101:]
    transfer(meter, damaged)
    assert meter.action(*IMAGE, 3, GO) == OTHER_REASON
    assert status(meter) == 4
    assert meter.get(*IMAGE, 7) == ()
    assert meter.action(*IMAGE, 4, GO) == OTHER_REASON
    meter.now = 10**11
    assert meter.get(*FIRMWARE) == b"MBX-01.00"
    transfer(meter)
    assert meter.action(*IMAGE, 3, GO) == 0


def test_blocks_that_do_not_belong_are_refused(meter):
    assert send(meter, 0) == OTHER_REASON
    assert initiate(meter) == 0
    assert send(meter, 5) == OTHER_REASON
    large = structure(double_long_unsigned(0), octet_string(bytes(SIZE + 1)))
    assert meter.action(*IMAGE, 2, large) == OTHER_REASON
    short = structure(double_long_unsigned(0), octet_string(bytes(SIZE - 1)))
    assert meter.action(*IMAGE, 2, short) == OTHER_REASON
    assert meter.action(*IMAGE, 2, structure(GO, GO)) == TYPE_UNMATCHED
    assert meter.get(*IMAGE, 3) == "00000"


def test_nothing_is_done_while_it_is_not_enabled(meter):
    assert meter.set(*IMAGE, 5, boolean(False)) == 0
    assert initiate(meter) == OTHER_REASON
    assert status(meter) == 0
    assert meter.set(*IMAGE, 5, boolean(True)) == 0
    assert initiate(meter) == 0


@pytest.mark.parametrize("size", [0, (1 << 20) + 1])
def test_a_size_that_cannot_be_is_refused(meter, size):
    parameter = structure(octet_string(b"x"), double_long_unsigned(size))
    assert meter.action(*IMAGE, 1, parameter) == OTHER_REASON


def test_initiating_again_begins_anew(meter):
    transfer(meter)
    assert initiate(meter) == 0
    assert meter.get(*IMAGE, 3) == "0" * blocks()
    assert status(meter) == 1


def test_verification_may_take_time(make):
    meter = make(limits=ImageLimits(verify_s=5.0, activate_s=0.0))
    transfer(meter)
    assert meter.action(*IMAGE, 3, GO) == TEMPORARY
    assert status(meter) == 2
    meter.now = 5 * 10**9
    assert status(meter) == 3
    assert meter.action(*IMAGE, 4, GO) == 0
    assert status(meter) == 6


def test_a_broken_transfer_differs(make):
    bitmap = make("image-bitmap")
    assert initiate(bitmap) == 0
    assert bitmap.get(*IMAGE, 3) == "11111"
    careless = make("verify-always-ok")
    assert initiate(careless) == 0
    assert send(careless, 0) == 0
    assert careless.action(*IMAGE, 3, GO) == 0
    assert status(careless) == 3
    wide = make("image-accepts-bad")
    assert initiate(wide) == 0
    assert send(wide, 0, bytes(SIZE)) == 0
    assert wide.action(*IMAGE, 2, structure(double_long_unsigned(99), octet_string(b"x"))) == 0


def test_images_are_read_as_they_were_made():
    found = read_image(NEW)
    assert found is not None
    assert (found.size, found.identifier) == (len(NEW), b"MBX-02.00")
    for damaged in (b"", NEW[:-1], NEW[1:], b"X" + NEW[1:], NEW + b"\x00"):
        assert read_image(damaged) is None
    with pytest.raises(UsageError, match="1 to 64 octets"):
        make_image(b"", b"")
