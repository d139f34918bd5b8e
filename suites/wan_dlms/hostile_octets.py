"""Octets that no client should send: seeded, so that every device and every run get the same."""

from collections.abc import Iterator
from random import Random

from bench.protocols.dlms.acse import ApplicationContext
from suites.wan_dlms.wrapper_wire import plain_aarq

_REQUEST_TAGS = (0x60, 0x62, 0xC0, 0xC1, 0xC3, 0xC8, 0xD9, 0xDB, 0xDD, 0xE0)
_LONGEST_APDU = 400
_NESTED = 100
_HUGE = b"\x84\xff\xff\xff\xff"
_INDEFINITE = b"\x80"


def random_apdu(random: Random) -> bytes:
    """Return 1 to 400 random octets; every second time the first is the tag of a request."""
    octets = random.randbytes(random.randint(1, _LONGEST_APDU))
    if random.random() < 0.5:
        return bytes([random.choice(_REQUEST_TAGS)]) + octets[1:]
    return octets


def flipped_bit(random: Random, frame: bytes) -> tuple[bytes, int]:
    """Return an HDLC frame with one bit between its flags inverted, and which one.

    Bits are counted from the lowest of the first octet after the flag.
    """
    bit = random.randrange(8 * (len(frame) - 2))
    octets = bytearray(frame)
    octets[1 + bit // 8] ^= 1 << bit % 8
    return bytes(octets), bit


def wrong_aarqs() -> Iterator[tuple[str, bytes]]:
    """Yield AARQs with a wrong length somewhere, and what is wrong with each."""
    body = plain_aarq()[2:]
    name = _tlv(0xA1, _tlv(0x06, _oid()))
    user = body[len(name) :]
    initiate = user[4:]
    yield "the APDU ends after its tag", b"\x60"
    yield "the APDU is empty", b"\x60\x00"
    yield "the APDU has an indefinite length", b"\x60" + _INDEFINITE + body
    yield "the APDU has a length of 4294967295", b"\x60" + _HUGE + body
    yield "the length has 127 octets", b"\x60\xff" + body
    yield "the APDU is one octet longer than sent", _with_length(body, len(body) + 1)
    yield "the APDU ends one octet before its fields", _with_length(body, len(body) - 1)
    for what, length in (("indefinite", _INDEFINITE), ("4294967295", _HUGE), ("127", b"\x7f")):
        yield f"the length of the context name is {what}", _aarq(b"\xa1" + length + name[2:] + user)
        wrong = b"\xa1" + bytes([1 + len(length) + 7]) + b"\x06" + length + _oid()
        yield f"the length of the object identifier is {what}", _aarq(wrong + user)
        yield f"the length of the user information is {what}", _aarq(name + b"\xbe" + length)
        wrong = _tlv(0xBE, b"\x04" + length + initiate)
        yield f"the length of the initiate request is {what}", _aarq(name + wrong)
    yield "the object identifier is empty", _aarq(_tlv(0xA1, _tlv(0x06, b"")) + user)
    yield "the user information is empty", _aarq(name + _tlv(0xBE, b""))
    yield "the initiate request is cut", _aarq(name + _tlv(0xBE, _tlv(0x04, initiate[:5])))
    key = b"\x01\x01" + _HUGE + initiate[2:]
    yield "the dedicated key has 4294967295 octets", _aarq(name + _tlv(0xBE, _tlv(0x04, key)))
    nested = _oid()
    for _ in range(_NESTED):
        nested = _tlv(0xA1, nested)
    yield f"the context name is nested {_NESTED} deep", _aarq(nested + user)


def _oid() -> bytes:
    return bytes.fromhex("608574050801") + bytes([ApplicationContext.LN])


def _aarq(body: bytes) -> bytes:
    return _tlv(0x60, body)


def _with_length(body: bytes, length: int) -> bytes:
    return bytes([0x60, length]) + body


def _tlv(tag: int, content: bytes) -> bytes:
    count = len(content)
    length = bytes([count]) if count < 128 else b"\x82" + count.to_bytes(2, "big")
    return bytes([tag]) + length + content
