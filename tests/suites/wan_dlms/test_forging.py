"""Requests that are forged, and what counts as refusing them."""

import pytest

from bench.core.verdict import Reason
from bench.engine.context import Inconclusive
from bench.protocols.dlms.action import ActionOutcome, ActionResponseNormal
from bench.protocols.dlms.apdu import decode_apdu, encode_apdu
from bench.protocols.dlms.data_types import null
from bench.protocols.dlms.exception_response import ExceptionResponse, ServiceFault
from bench.protocols.dlms.get import GetResponseNormal
from bench.protocols.dlms.results import Invocation
from bench.simulator.faults.wan_edit import breaks, options
from bench.simulator.wan.options import Refusal
from suites.wan_dlms.answer import Ending, Reply
from suites.wan_dlms.forging import (
    TEXT_AT,
    ciphered,
    flipped,
    fresh_counter,
    is_refused,
    is_undeciphered,
    policy_of,
    reading,
    send_forged,
    with_tag,
)

UNDECIPHERED = ExceptionResponse(1, ServiceFault.DECIPHERING_ERROR)
TAGS = [(f"bit {bit}", flipped(-1 - bit // 8, bit % 8)) for bit in range(40)]


@pytest.mark.parametrize(
    ("record", "refused"),
    [
        (UNDECIPHERED, True),
        (GetResponseNormal(Invocation(), null()), False),
        (GetResponseNormal(Invocation(), 3), True),
        (ActionResponseNormal(Invocation(), ActionOutcome(0)), False),
        (ActionResponseNormal(Invocation(), ActionOutcome(250)), True),
    ],
)
def test_a_refusal_is_an_exception_or_a_result_other_than_success(record, refused):
    assert is_refused(Reply.of(encode_apdu(record))) is refused


def test_silence_refuses_and_octets_without_end_do_not():
    assert is_refused(Reply(Ending.SILENCE))
    assert is_refused(Reply(Ending.CLOSED))
    assert not is_refused(Reply(Ending.ENDLESS))


def test_octets_that_do_not_open_are_no_refusal():
    assert not is_refused(Reply.of(bytes.fromhex("CC0730000000010102")))


def test_only_deciphering_error_and_silence_call_a_request_undeciphered():
    assert is_undeciphered(Reply.of(encode_apdu(UNDECIPHERED)))
    assert is_undeciphered(Reply(Ending.SILENCE))
    other = ExceptionResponse(1, ServiceFault.OTHER_REASON)
    assert not is_undeciphered(Reply.of(encode_apdu(other)))


def test_a_bit_is_turned_over_from_either_end():
    assert flipped(0, 7)(bytes(2)) == b"\x80\x00"
    assert flipped(-1, 0)(bytes(2)) == b"\x00\x01"


@pytest.mark.parametrize("size", [11, 1, 0])
def test_a_tag_is_cut_and_the_length_fits(meter_of, size):
    with meter_of().associate("suite0") as aa:
        whole = aa.protect(reading(aa))
        cut = with_tag(size)(whole)
    assert cut[TEXT_AT:] == whole[TEXT_AT : len(whole) - 12 + size]
    assert cut[1] == len(cut) - 2


def test_forged_requests_are_answered_one_by_one(meter_of):
    with meter_of().associate("suite0") as aa:
        found = send_forged(aa, TAGS)
        assert aa.get(1, "0.0.42.0.0.255", 2).ok
    assert [name for name, _ in found] == [name for name, _ in TAGS]
    assert all(reply.exception == UNDECIPHERED for _, reply in found)


def test_a_silent_meter_is_waited_for_once_for_each_batch(meter_of):
    meter = meter_of(alterations=[options(deciphering_error=Refusal.SILENCE)])
    with meter.associate("suite0") as aa:
        began = aa.transport.wire.connection.now()
        found = send_forged(aa, TAGS)
        took_s = (aa.transport.wire.connection.now() - began) / 1e9
        assert aa.get(1, "0.0.42.0.0.255", 2).ok
    assert len(found) == len(TAGS)
    assert all(reply.silent for _, reply in found)
    assert took_s < 10 * meter.declared.response_limit_s


def test_a_careless_meter_is_seen_in_a_batch_too(meter_of):
    changes = [options(deciphering_error=Refusal.SILENCE), breaks("tag-truncated-compare")]
    whole_tag = [(f"octet {at}", flipped(at - 12, 0)) for at in range(12)]
    with meter_of(alterations=changes).associate("suite0") as aa:
        served = [name for name, reply in send_forged(aa, whole_tag) if not is_refused(reply)]
    assert len(served) == 8
    assert served[0] == "one of octet 1 ... octet 11"


def test_each_forged_request_has_a_counter_of_its_own(meter_of):
    with meter_of().associate("suite0") as aa:
        counters = []

        def forge(octets):
            counters.append(decode_apdu(octets).value.protected.invocation_counter)
            return flipped(-1, 0)(octets)

        before = fresh_counter(aa)
        send_forged(aa, [("", forge)] * 3)
    assert counters == [before + 1, before + 2, before + 3]


def test_the_policy_is_read_by_the_version_of_its_class(meter_of):
    meter = meter_of(alterations=[options(policies={0: 0x24})])
    policy = policy_of(meter, 0)
    assert policy.request.authenticated
    assert not policy.request.encrypted
    assert policy_of(meter, 1).request.encrypted


def test_suites_are_those_that_are_declared(meter_of):
    assert [one.name for one in ciphered(meter_of())] == ["suite0", "suite1", "suite2"]
    with pytest.raises(Inconclusive) as found:
        ciphered(meter_of(), "lls")
    assert found.value.reason is Reason.IXIT
