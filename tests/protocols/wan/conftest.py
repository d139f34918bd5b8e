"""Frames and recordings that the tests of WAN conversations share."""

import pytest

from bench.protocols.dlms.apdu import encode_apdu
from bench.protocols.dlms.wrapper import encode_wpdu
from bench.protocols.hdlc.address import client, server
from bench.protocols.hdlc.encode import encode_frame
from bench.protocols.wan.conversation import decode_recording
from bench.protocols.wan.recording import Stretch

METER, READER = server(1, 17), client(16)


def ask(information, ns=0, *, llc=b"\xe6\xe6\x00", segmented=False):
    """Return an I frame of the client."""
    return encode_frame(METER, READER, 0x10 | ns << 1, llc + information, segmented)


def answer(information, ns=0, *, llc=b"\xe6\xe7\x00", segmented=False):
    """Return an I frame of the meter."""
    return encode_frame(READER, METER, 0x10 | ns << 1, llc + information, segmented)


class Wire:
    """Builds what stands on a WAN port."""

    ask = staticmethod(ask)
    answer = staticmethod(answer)

    @staticmethod
    def wrapped(apdu, source=16, destination=1):
        octets = apdu if isinstance(apdu, bytes) else encode_apdu(apdu)
        return encode_wpdu(source, destination, octets)


@pytest.fixture(scope="session")
def wire():
    return Wire


@pytest.fixture(scope="session")
def decode():
    """Decode octets, or lists of them as stretches that are whole; return the units."""

    def run(octets, keys=None, form=None):
        if isinstance(octets, bytes):
            stretches = [Stretch(octets)]
        else:
            stretches = [o if isinstance(o, Stretch) else Stretch(o, whole=True) for o in octets]
        return list(decode_recording(stretches, keys, form))

    return run


@pytest.fixture(scope="session")
def uncovered():
    """Return the offsets of the octets of a unit that no field of its layers accounts for."""

    def find(unit):
        left = set(range(len(unit.octets)))
        for layer in unit.layers:
            for field in layer.fields():
                end = len(unit.octets) if layer.at is not None else len(layer.octets)
                assert 0 <= field.offset <= field.offset + field.length <= end, field
                if layer.at is not None:
                    left -= set(range(field.offset, field.offset + field.length))
        return left

    return find
