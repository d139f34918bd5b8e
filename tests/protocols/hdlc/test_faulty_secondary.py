"""A server with one fault each: what a bench needs to show that its cases can fail."""

import pytest

from bench.protocols.hdlc.address import client, server
from bench.protocols.hdlc.control import CONTROLS, POLL, Kind, information
from bench.protocols.hdlc.encode import build_frame, encode_frame, flipped
from bench.protocols.hdlc.events import Received
from bench.protocols.hdlc.frame import decode_frame
from bench.protocols.hdlc.options import SecondaryOptions
from bench.protocols.hdlc.secondary import SecondaryStation
from bench.protocols.hdlc.secondary_link import SecondaryLink
from bench.protocols.hdlc.sequence import Sequence

SERVER, CLIENT = server(1, 17), client(16)
SNRM = encode_frame(SERVER, CLIENT, 0x93)
REQUEST = b"\xe6\xe6\x00request"
GAP = 1_000_000_000


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (build_frame(SERVER, CLIENT, 0x93, fcs=flipped(2)), "fcs"),
        (build_frame(SERVER, CLIENT, 0x93, b"\x81\x80\x00", hcs=flipped(2)), "hcs"),
        (build_frame(SERVER, CLIENT, 0x93, format_type=0x9), "format-type"),
        (build_frame(SERVER, CLIENT, 0x93, length=lambda n: n + 1), "length"),
        (build_frame(SERVER, b"\x02\x21", 0x93), "address"),
    ],
)
def test_a_server_may_overlook_what_makes_a_frame_invalid(octets: bytes, code: str):
    for overlooks in (frozenset(), frozenset({code})):
        station = SecondaryStation(SecondaryOptions(overlooks=overlooks))
        station.receive(octets, 0)
        station.receive(b"", GAP)
        assert bool(station.outgoing()) == bool(overlooks)


class WithoutFinal(SecondaryStation):
    def transmit(self, destination, source, control, information=b"", segmented=False):
        if CONTROLS[control].kind is Kind.UA:
            control &= ~POLL
        super().transmit(destination, source, control, information, segmented)


class AlwaysWithHcs(SecondaryStation):
    def transmit(self, destination, source, control, information=b"", segmented=False):
        self.emit(build_frame(destination, source, control, information, with_hcs=True))


class AnyNumber(Sequence):
    def expects(self, ns: int) -> bool:
        return True


class NumbersUnchecked(SecondaryLink):
    sequence_type = AnyNumber


class ExecutesTwice(SecondaryStation):
    link_type = NumbersUnchecked


def test_each_step_can_be_another_one():
    station = WithoutFinal()
    station.receive(SNRM, 0)
    assert str(decode_frame(station.outgoing()[1:-1]).control) == "UA"
    always = AlwaysWithHcs()
    always.receive(SNRM, 0)
    [problem] = decode_frame(always.outgoing()[1:-1]).problems
    assert problem.code == "hcs-without-information"


def test_a_server_that_executes_a_repeated_request_again():
    request = encode_frame(SERVER, CLIENT, information(0, 0), REQUEST)
    for kind, executed in ((SecondaryStation, 1), (ExecutesTwice, 2)):
        station = kind()
        station.receive(SNRM, 0)
        events = [*station.receive(request, GAP), *station.receive(request, 2 * GAP)]
        assert len([event for event in events if isinstance(event, Received)]) == executed
