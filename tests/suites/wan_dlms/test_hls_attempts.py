from dataclasses import replace

import pytest

from bench.core.verdict import Reason
from bench.engine.context import Inconclusive
from bench.protocols.dlms.acse import Mechanism
from bench.simulator.faults.wan_edit import options
from suites.wan_dlms.hls_attempts import Attempts, reply_to_hls

FAILURES = 12


@pytest.fixture
def attempts_at(meter_of):
    """Attempts at a meter that locks after so many failures, and declares so or not."""

    def made(after, lock_s=5.0, declared=True, **rest):
        told = {"hls_failures_until_lock": after, "hls_lock_s": lock_s} if declared else {}
        lock = options(hls_failures_until_lock=after, hls_lock_s=lock_s)
        return Attempts(meter_of(alterations=(lock,), ixit=told, **rest))

    return made


def fail(attempts, name):
    with attempts.pending(name) as aa:
        answer = attempts.fail(aa, bytes(len(aa.proof())))
    assert not answer.ok


@pytest.mark.parametrize("after", [0, 1, 2, 3, 10, 50])
@pytest.mark.parametrize("name", ["hls3", "suite1"])
def test_no_lock_that_is_declared_is_met(attempts_at, after, name):
    attempts = attempts_at(after)
    for _ in range(FAILURES):
        fail(attempts, name)
    attempts.make_room(name)
    assert attempts.meter.associate(name).opened.established


def test_a_lock_that_is_not_declared_is(attempts_at):
    attempts = attempts_at(3, declared=False)
    for _ in range(3):
        fail(attempts, "hls3")
    with pytest.raises(Inconclusive) as found:
        fail(attempts, "hls3")
    assert found.value.reason is Reason.PRECONDITION


def test_two_failures_at_once_have_room_for_both(attempts_at):
    attempts = attempts_at(3)
    for _ in range(FAILURES):
        with attempts.pending("hls4", failures=2) as aa:
            assert not attempts.fail(aa, b"").ok
        attempts.failed("hls4")  # the second one


def test_failures_are_counted_over_the_cases_of_a_run(attempts_at):
    first = attempts_at(3)
    for _ in range(2):
        fail(first, "hls3")
    second = Attempts(first.meter)
    for _ in range(2):
        fail(second, "hls3")
    assert second.meter.associate("hls3").opened.established


def test_the_right_proof_passes_and_ends_as_any_association(attempts_at):
    attempts = attempts_at(0)
    with attempts.pending("hls6") as aa:
        assert reply_to_hls(aa, aa.proof()).ok
    assert not aa.transport.up
    assert aa.opened is None


def test_names_are_those_with_the_mechanism(attempts_at):
    attempts = attempts_at(0)
    assert attempts.names(Mechanism.HLS_GMAC) == ["suite0", "suite2"]
    assert attempts.names(Mechanism.HLS) == ["hls2"]
    assert attempts.names() == ["hls2", "hls3", "hls4", "hls6", "suite0", "suite1", "suite2"]


def test_a_mechanism_that_nobody_has_is_told(meter_of):
    meter = meter_of()
    some = {name: one for name, one in meter.declared.associations.items() if name != "hls2"}
    meter.declared = replace(meter.declared, associations=some)
    attempts = Attempts(meter)
    with pytest.raises(Inconclusive, match="no association with mechanism 2 is declared"):
        attempts.names(Mechanism.HLS)
