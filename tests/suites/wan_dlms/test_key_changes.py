"""Keys that a case changes: whatever becomes of the case, the declared one is in force again."""

import pytest

from bench.core.verdict import Reason
from bench.engine.context import Inconclusive
from bench.protocols.dlms.data import encode_data
from bench.simulator.faults.wan_edit import breaks
from suites.wan_dlms.key_changes import KeyKeeper, key_data, need

LDN = (1, "0.0.42.0.0.255", 2)


def opened(keeper, key, **options):
    aa = keeper.association(key, **options)
    assert aa.open().established, str(aa.opened)
    return aa


def reads(meter, name):
    with meter.associate(name) as aa:
        return aa.get(*LDN).ok


def keeper_of(meter, name):
    return KeyKeeper(meter, meter.declared.association(name))


def test_keys_are_sent_by_their_ids():
    data = key_data({0: b"\x01", 2: b"\x02"})
    assert encode_data(data) == bytes.fromhex("0102 0202 1600 090101 0202 1602 090102")


@pytest.mark.parametrize("link", ["hdlc", "wrapper", "udp"])
@pytest.mark.parametrize("name", ["suite0", "suite1", "suite2"])
def test_a_key_is_changed_and_set_back(meter_of, link, name):
    meter = meter_of(link)
    with keeper_of(meter, name) as keeper:
        aa = opened(keeper, keeper.original)
        key = keeper.new_key()
        assert keeper.transfer(aa, key).ok
        aa.close()
        with opened(keeper, key, first_counter=0) as aa:
            assert aa.get(*LDN).ok
        assert not keeper.association(keeper.original).open().accepted
    assert reads(meter, name)


def test_a_change_that_is_pending_when_a_case_fails_is_taken_back(meter_of):
    meter = meter_of()

    def case():
        with keeper_of(meter, "suite0") as keeper:
            aa = opened(keeper, keeper.original)
            keeper.transfer(aa, keeper.new_key())
            need(False, "something", "nothing")

    with pytest.raises(Inconclusive):
        case()
    assert reads(meter, "suite0")
    assert reads(meter, "suite0")


def test_a_meter_that_changes_keys_at_once_gets_the_declared_one_back(meter_of):
    meter = meter_of(alterations=[breaks("key-change-early")])
    with keeper_of(meter, "suite2") as keeper:
        aa = opened(keeper, keeper.original)
        assert not keeper.transfer(aa, keeper.new_key()).ok
    assert reads(meter, "suite2")


def test_a_meter_that_keeps_its_counters_gets_the_declared_key_back(meter_of):
    meter = meter_of(alterations=[breaks("key-change-keeps-counter")])
    with keeper_of(meter, "suite0") as keeper:
        aa = opened(keeper, keeper.original)
        keeper.transfer(aa, key := keeper.new_key())
        aa.close()
        assert not keeper.association(key, first_counter=0).open().established
    assert reads(meter, "suite0")


def test_an_association_is_left_without_a_release(meter_of):
    meter = meter_of("wrapper")
    with keeper_of(meter, "suite0") as keeper:
        aa = opened(keeper, keeper.original)
        keeper.transfer(aa, key := keeper.new_key())
        keeper.abandon(aa)
        assert keeper.association(key, first_counter=0).open().established
    assert reads(meter, "suite0")


def test_what_was_heard_before_a_change_is_no_repetition(meter_of):
    meter = meter_of()
    assert reads(meter, "suite0")
    before = set(meter.heard_nonces)
    with keeper_of(meter, "suite0") as keeper:
        keeper.transfer(opened(keeper, keeper.original), keeper.new_key())
    assert not before & set(meter.heard_nonces)


def test_a_key_that_is_lost_is_told(meter_of):
    meter = meter_of(alterations=[breaks("keywrap-unchecked")])
    with keeper_of(meter, "suite0") as keeper:
        aa = opened(keeper, keeper.original)
        assert keeper.transfer_wrapped(aa, {0: bytes(24)}).ok
        aa.close()
    record = meter.context.record(0)
    assert Reason.SURVIVAL in str(record) or "the key of suite 0 is not what it was" in str(record)


def test_without_a_change_nothing_is_sent(meter_of):
    meter = meter_of()
    with keeper_of(meter, "suite0"):
        pass
    assert not meter.heard_nonces
