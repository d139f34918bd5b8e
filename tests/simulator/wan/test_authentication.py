"""High level security: only who proves itself in this very association gets in."""

from typing import Any

import pytest

from bench.protocols.dlms.acse_fields import AuthenticationValue
from bench.protocols.dlms.data_types import Data, octet_string
from bench.protocols.dlms.initiate import Conformance, InitiateRequest
from bench.simulator.wan.keys import wan_secret
from bench.simulator.wan.options import Refusal

NAME = (1, "0-0:42.0.0", 2)
HLS = ["hls2", "hls3", "hls4", "hls6", "suite0", "suite1", "suite2"]
LIMIT = InitiateRequest(Conformance(0xFFFFFF), 0xFFFF)


@pytest.mark.parametrize("name", HLS)
def test_a_pending_association_serves_nothing_else(make_meter: Any, name: str) -> None:
    client = make_meter().client(name)
    aare = client.associate()
    assert (aare.result, aare.diagnostic.code) == (0, 14)
    assert client.send(bytes.fromhex("C001C1000100002A0000FF0200")) == bytes.fromhex("D80101")
    other = make_meter(pending_association=Refusal.RESULT).client(name)
    other.associate()
    assert other.get(*NAME) == 3


@pytest.mark.parametrize("name", HLS)
@pytest.mark.parametrize("change", [lambda r: r[:-1] + bytes((r[-1] ^ 1,)), lambda r: b"", bytes])
def test_a_wrong_response_ends_the_association(meter: Any, name: str, change: Any) -> None:
    client = meter.client(name)
    client.associate()
    wrong = bytes(len(client.response())) if change is bytes else change(client.response())
    outcome = client.reply(wrong).outcome
    assert (outcome.result, outcome.returned) == (3, None)
    assert client.send(bytes.fromhex("C001C1000100002A0000FF0200")) == bytes.fromhex("D80101")
    client.open_association()
    assert isinstance(client.get(*NAME), Data)


@pytest.mark.parametrize("name", HLS)
def test_a_response_answers_one_challenge_alone(meter: Any, name: str) -> None:
    client = meter.client(name)
    client.associate()
    old = client.response()
    client.channel.close(0)
    before = client.stoc
    client.associate()
    assert client.stoc != before
    assert client.reply(old).outcome.result == 3


def test_challenges_are_fresh_and_long_enough(meter: Any) -> None:
    given = set()
    for _ in range(50):
        client = meter.client("suite1")
        client.associate()
        given.add(client.stoc)
        client.channel.close(0)
    assert len(given) == 50
    assert {len(one) for one in given} == {32}


def test_a_challenge_of_the_meter_does_not_come_back(meter: Any) -> None:
    first, second = meter.client("hls3"), meter.client("hls4")
    first.associate()
    mirrored = {"calling_authentication_value": AuthenticationValue(first.stoc)}
    aare = second.associate(**mirrored)
    assert (aare.result, aare.diagnostic.code) == (1, 13)


@pytest.mark.parametrize("change", ["title", "counter"])
def test_gmac_is_bound_to_title_and_counter(meter: Any, change: str) -> None:
    client = meter.client("suite0").open_association()
    client.release()
    client.associate()
    if change == "title":
        title, client.title = client.title, client.meter_title
        response = client.response()
        client.title = title
    else:
        counter, client.counter = client.counter, 3
        response = client.response()
        client.counter = counter
    assert client.reply(response).outcome.result == 3


def test_failures_lock_a_client_out_for_a_while(make_meter: Any) -> None:
    client = make_meter(hls_failures_until_lock=3, hls_lock_s=10.0).client("hls3")
    for _ in range(3):
        assert client.associate().result == 0
        client.reply(b"wrong")
    assert client.associate().result == 2
    client.now = 10_000_000_000
    client.open_association()


@pytest.mark.parametrize(
    ("how", "answer"), [(Refusal.EXCEPTION, bytes.fromhex("D80101")), (Refusal.SILENCE, None)]
)
def test_failures_are_told_otherwise(make_meter: Any, how: Refusal, answer: Any) -> None:
    client = make_meter(hls_failure=how).client("hls3")
    client.associate()
    request = bytes.fromhex("C301C1000F0000280000FF010109 08".replace(" ", "")) + bytes(8)
    assert client.raw(request) == answer


def test_a_secret_is_changed_for_the_next_association(meter: Any) -> None:
    client = meter.client("hls3").open_association()
    assert client.act(15, "0-0:40.0.0", 2, octet_string(b"short")).result == 250
    assert client.act(15, "0-0:40.0.0", 2, octet_string(b"another secret")).result == 0
    client.release()
    client.associate()
    assert client.reply(client.response()).outcome.result == 3
    assert wan_secret(1, "hls3_secret") != b"another secret"
    assert meter.application.secret("hls3_secret") == b"another secret"


def test_the_management_changes_the_password(meter: Any) -> None:
    client = meter.client("suite0").open_association()
    assert client.set(15, "0-0:40.0.2", 7, octet_string(b"new password")) == 0
    assert client.get(15, "0-0:40.0.2", 7) == 3
    reader = meter.client("lls")
    assert reader.associate().result == 1
    value = AuthenticationValue(b"new password")
    assert reader.associate(calling_authentication_value=value).result == 0


def test_an_unknown_client_is_ignored_or_rejected(make_meter: Any) -> None:
    assert make_meter().application.channel(99, 1) is None
    channel = make_meter(unknown_client=Refusal.EXCEPTION).application.channel(99, 1)
    aarq = bytes.fromhex("601da109060760857405080101be10040e01000000065f1f0400007e1f04b0")
    assert bytes.fromhex("A203020101A305A103020101") in channel.receive(aarq, 0)
    assert make_meter().application.channel(16, 2) is None
