"""Requests that no client should make: how they are cut, built, sent and waited for."""

import pytest

from bench.protocols.dlms.apdu import decode_apdu
from bench.protocols.dlms.data_types import octet_string
from bench.protocols.dlms.decoded import Malformed
from bench.simulator.faults.wan_edit import options
from bench.simulator.wan.options import Refusal
from suites.wan_dlms.meter import LOGICAL_DEVICE_NAME
from suites.wan_dlms.provoking import (
    action_octets,
    bombs,
    get_name,
    provoke,
    set_octets,
    truncations,
)


@pytest.mark.parametrize(
    "octets",
    [get_name(), set_octets(None, octet_string(b"AB")), action_octets(None, octet_string(b"A"))],
)
def test_every_truncation_is_malformed(octets) -> None:
    assert not isinstance(decode_apdu(octets).value, Malformed)
    cut = truncations("it", octets)
    assert [len(one) for _, one in cut] == list(range(1, len(octets)))
    assert all(isinstance(decode_apdu(one).value, Malformed) for _, one in cut)


@pytest.mark.parametrize("limit", [0, 64, 128, 1024])
def test_bombs_are_as_long_as_allowed_and_malformed(limit) -> None:
    for name, octets in bombs(None, None, limit, 200):
        assert not limit or len(octets) <= limit, name
        if "nested" not in name:
            assert isinstance(decode_apdu(octets).value, Malformed), name


@pytest.mark.parametrize("malformed", [Refusal.EXCEPTION, Refusal.SILENCE])
def test_each_request_is_told_what_it_got(meter_of, malformed) -> None:
    meter = meter_of(alterations=(options(malformed=malformed),))
    requests = truncations("GET", get_name())
    with meter.associate("public") as aa:
        start = meter.context.connection.now()
        replies = provoke(aa, requests, aa.request)
        took_s = (meter.context.connection.now() - start) / 1e9
        assert aa.get(*LOGICAL_DEVICE_NAME).ok
    assert [name for name, _ in replies] == [name for name, _ in requests]
    silent = malformed is Refusal.SILENCE
    assert all(reply.silent if silent else reply.exception for _, reply in replies)
    assert took_s < 3 * meter.declared.response_limit_s
