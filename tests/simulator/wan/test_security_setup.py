"""Keys and policy as the security setup changes them, and the counters that go with them."""

from dataclasses import replace
from typing import Any

import pytest

from bench.protocols.dlms.data_types import array, enum, octet_string, structure
from bench.protocols.dlms.security import agreement, ecdsa
from bench.protocols.dlms.security.key_wrap import wrap_key
from bench.protocols.dlms.security.suite import SUITES
from bench.simulator.wan.keys import wan_secret

SEED = 1
NEW = b"a new key of 16!"


def entry(key_id: int, data: bytes) -> Any:
    return structure(enum(key_id), octet_string(data))


def transfer(client: Any, *entries: Any) -> int:
    setup = f"0-0:43.0.{client.suite}"
    return int(client.act(64, setup, 2, array(*entries)).result)


def test_keys_come_into_force_when_the_association_ends(meter: Any) -> None:
    client = meter.client("suite0").open_association()
    master = client.keys.master
    assert transfer(client, entry(0, wrap_key(master, NEW))) == 0
    assert client.get(1, "0-0:42.0.0", 2).value
    client.release()
    assert client.associate().result == 1
    client.keys = replace(client.keys, encryption=NEW)
    client.counter = 0
    client.open_association()
    assert meter.application.ring_of(0).unicast.expected == client.counter


@pytest.mark.parametrize(
    "make",
    [
        lambda master: entry(0, wrap_key(b"another master k", NEW)),
        lambda master: entry(0, wrap_key(master, NEW + NEW[:8])),
        lambda master: entry(0, b""),
        lambda master: entry(4, wrap_key(master, NEW)),
        lambda master: entry(2, wrap_key(master, NEW)),
    ],
)
def test_one_bad_key_leaves_all_as_they_are(meter: Any, make: Any) -> None:
    client = meter.client("suite0").open_association()
    master = client.keys.master
    good = entry(2, wrap_key(master, NEW))
    assert transfer(client, good, make(master)) == 250
    assert transfer(client) == 250
    client.release()
    client.open_association()


def test_the_policy_only_rises(make_meter: Any) -> None:
    client = make_meter(policies={0: 0x24}).client("suite0").open_association()
    setup = "0-0:43.0.0"
    assert client.get(64, setup, 2) == enum(0x24)
    for refused in (0x00, 0x04, 0x27, 0xFC, 0x20):
        assert client.act(64, setup, 1, enum(refused)).result == 250
    assert client.act(64, setup, 1, enum(0x6C)).result == 0
    assert client.get(64, setup, 2) == enum(0x6C)
    assert client.get(64, setup, 5).value == client.meter_title
    assert client.get(64, setup, 4).value == client.title
    assert client.get(64, setup, 3) == enum(0)


def test_the_setup_of_a_suite_is_for_its_client(meter: Any) -> None:
    client = meter.client("suite1").open_association()
    assert client.act(64, "0-0:43.0.0", 1, enum(0x6C)).result == 3
    assert meter.client("lls").open_association().act(64, "0-0:43.0.0", 1, enum(0)).result == 3


@pytest.mark.parametrize("suite", [1, 2])
def test_a_key_is_agreed_on(meter: Any, suite: int) -> None:
    client = meter.client(f"suite{suite}").open_association()
    end = "_p384" if suite == 2 else ""
    curve = SUITES[suite].curve
    assert curve is not None
    private = wan_secret(8, f"client_signing{end}")
    signing = wan_secret(SEED, f"client_signing{end}")
    data = agreement.key_agreement_data(SUITES[suite], 0, private, signing)
    setup = f"0-0:43.0.{suite}"
    forged = agreement.key_agreement_data(SUITES[suite], 0, private, private)
    for wrong in (forged, b"", data[:-1]):
        assert client.act(64, setup, 3, array(entry(0, wrong))).result == 250
    assert client.act(64, setup, 3, array(entry(2, data))).result == 250
    outcome = client.act(64, setup, 3, array(entry(0, data)))
    assert outcome.result == 0
    answer = outcome.returned.value[0].value[1].value
    public = ecdsa.public_key_of(curve, wan_secret(SEED, f"meter_signing{end}"))
    point = agreement.key_agreement_point(SUITES[suite], 0, answer, public)
    assert point is not None
    titles = client.title, client.meter_title
    key = agreement.ephemeral_unified(SUITES[suite], private, point, *titles)
    client.release()
    client.keys = replace(client.keys, encryption=key)
    client.counter = 0
    client.open_association()


def test_current_association_and_sap_assignment_tell_the_truth(meter: Any) -> None:
    for name in ("public", "lls", "suite2"):
        client = meter.client(name).open_association()
        known = client.client
        current = "0-0:40.0.0"
        assert client.get(15, current, 3).to_python() == (known.sap, 1)
        assert client.get(15, current, 4).to_python()[-1] == known.context
        assert client.get(15, current, 6).to_python()[-1] == known.mechanism
        assert client.get(15, current, 8) == enum(2)
        context = client.get(15, current, 5).to_python()
        assert int(context[0], 2) == client.channel.association.conformance
        saps = client.get(17, "0-0:41.0.0", 2).to_python()
        assert saps == ((1, client.get(1, "0-0:42.0.0", 2).value),)
    own = client.get(15, "0-0:40.0.2", 8)
    assert own == enum(2)
    listed = client.get(15, current, 2).value
    assert {(15, 3), (17, 0), (64, 1)} <= {
        (one.value[0].value, one.value[1].value) for one in listed
    }
