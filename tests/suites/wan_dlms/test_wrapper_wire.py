"""Wrapper units as a case sends and hears them: nothing hidden, and everything bounded."""

import pytest

from bench.core.case import Case, Kind
from bench.core.clock import SECOND
from bench.engine.context import CaseContext
from bench.protocols.dlms.wrapper import build_wpdu, encode_wpdu
from suites.wan_dlms.wrapper_wire import (
    WrapperWire,
    accepts,
    get_request,
    header_faults,
    plain_aarq,
    reads,
    wpdu_fields,
)

NAME = bytes.fromhex("C401C100090D4D425830303030303030303031") + b"00"
PUSH = bytes.fromhex("0F00000001000203")


@pytest.fixture
def wire(scripted):
    """A wire to a device that answers by a script."""

    def made(script):
        link = scripted(script).link
        case = Case(
            id="DLMS-WR-00",
            version=1,
            interface="wan",
            title="t",
            purpose="p",
            stimulus="s",
            criterion="c",
            kind=Kind.VALID,
            clauses=("IEC-62056-47:4",),
            bound_s=600,
        )
        context = CaseContext(case, 1, lambda: link, {}, {}, link.clock.now)
        return WrapperWire(context, context.connection, client=16, server=1, limit_s=1.0)

    return made


def test_silence_lasts_for_the_limit(wire):
    one = wire(lambda _: [])
    heard = one.exchange(plain_aarq())
    assert (heard.units, heard.closed, str(heard)) == ((), False, "silence")
    assert one.connection.now() == SECOND


def test_a_closed_connection_is_heard_and_nothing_is_sent_on_it(wire):
    one = wire(lambda _: [b""])
    heard = one.exchange(plain_aarq())
    assert (heard.units, heard.closed) == ((), True)
    assert str(heard) == "the connection was closed"
    sent = len(one.connection.link.sent)
    assert one.exchange(plain_aarq()).closed
    assert len(one.connection.link.sent) == sent


def test_units_are_put_together_and_told_apart(wire):
    both = encode_wpdu(1, 16, NAME) + encode_wpdu(1, 16, NAME)
    one = wire(lambda _: [both[:3], both[3:30], both[30:]])
    one.send(one.unit(get_request()))
    heard = one.hear(2)
    assert [unit.wpdu.apdu for unit in heard.units] == [NAME, NAME]
    assert [unit.frame for unit in heard.units] == [1, 2]


def test_what_is_sent_unasked_is_no_answer(wire):
    one = wire(lambda _: [encode_wpdu(1, 16, PUSH)])
    assert one.exchange(get_request()).units == ()


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (build_wpdu(1, 16, NAME, version=2), "wrapper-version"),
        (build_wpdu(1, 16, NAME, length=len(NAME) + 1), "wrapper-length"),
        (build_wpdu(1, 16, NAME, length=len(NAME) - 1), "wrapper-header"),
    ],
)
def test_a_wrong_header_is_heard_as_what_it_is(wire, octets, code):
    one = wire(lambda _: [octets])
    one.send(one.unit(get_request()))
    heard = one.hear()
    assert all(unit.place is not None for unit in heard.units)
    assert len(list(header_faults(heard.units, code))) == 1


def test_a_device_that_never_stops_is_left_after_a_while(wire):
    one = wire(lambda _: [(500, b"\x00")] * 100)
    one.send(one.unit(get_request()))
    one.hear()
    assert one.connection.now() == 8 * SECOND


def test_a_flood_is_left_after_so_many_octets(wire):
    one = wire(lambda _: [encode_wpdu(1, 16, bytes(60_000))] * 100)
    one.send(one.unit(get_request()))
    heard = one.hear()
    assert len(heard.units) == 5


def test_answers_are_told_by_what_they_say():
    assert not accepts(NAME)
    assert reads(NAME, 1)
    assert not reads(NAME, 2)
    assert not reads(bytes.fromhex("C401C10103"), 1)
    assert not reads(b"", 1)


def test_the_fields_of_a_unit_go_on_into_its_apdu():
    fields = wpdu_fields(encode_wpdu(1, 16, NAME))
    assert [field.path for field in fields][:4] == [
        "version",
        "source wPort",
        "destination wPort",
        "length",
    ]
    assert max(field.offset + field.length for field in fields) == 8 + len(NAME)
    assert wpdu_fields(b"\x00\x01") != ()
