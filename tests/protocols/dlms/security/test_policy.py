"""Security policy and access rights: what they demand, and what fulfils it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.core.errors import UsageError
from bench.protocols.dlms.ciphered import SecurityControl
from bench.protocols.dlms.security.policy import NOTHING, Policy, Protection

AUTHENTICATED = Protection(authenticated=True)
ENCRYPTED = Protection(encrypted=True)
SIGNED = Protection(signed=True)
BOTH = Protection(True, True)

protections = st.integers(0, 7).map(Protection.of_bits)
policies = st.builds(Policy, protections, protections)


@pytest.mark.parametrize(
    ("value", "protection"), [(0, NOTHING), (1, AUTHENTICATED), (2, ENCRYPTED), (3, BOTH)]
)
def test_version_0_has_four_policies_for_both_directions(value, protection):
    policy = Policy.of(0, value)
    assert policy == Policy(protection, protection)
    assert policy.defined
    assert policy.value(0) == value


@pytest.mark.parametrize("value", [-1, 4, 8, 12, 255])
def test_other_values_of_version_0_have_no_meaning(value):
    policy = Policy.of(0, value)
    assert not policy.defined
    assert policy.request == policy.response == NOTHING


@pytest.mark.parametrize(
    ("value", "request_", "response"),
    [
        (0x00, NOTHING, NOTHING),
        (0x04, AUTHENTICATED, NOTHING),
        (0x08, ENCRYPTED, NOTHING),
        (0x10, SIGNED, NOTHING),
        (0x20, NOTHING, AUTHENTICATED),
        (0x40, NOTHING, ENCRYPTED),
        (0x80, NOTHING, SIGNED),
        (0x6C, BOTH, BOTH),
        (0xFC, BOTH | SIGNED, BOTH | SIGNED),
    ],
)
def test_version_1_has_a_bit_for_each(value, request_, response):
    policy = Policy.of(1, value)
    assert policy == Policy(request_, response)
    assert policy.defined
    assert policy.value(1) == value


@pytest.mark.parametrize("value", [1, 2, 3, 0x6D, 0x100, -1, -4])
def test_reserved_bits_have_no_meaning(value):
    assert not Policy.of(1, value).defined


def test_the_same_number_is_another_policy_in_another_version():
    assert Policy.of(0, 3).request == BOTH
    assert Policy.of(1, 3).request == NOTHING


def test_version_0_cannot_say_everything():
    with pytest.raises(UsageError, match="use version 1"):
        Policy(AUTHENTICATED, NOTHING).value(0)
    with pytest.raises(UsageError, match="use version 1"):
        Policy(SIGNED, SIGNED).value(0)


@pytest.mark.parametrize(
    ("version", "mode", "method", "expected"),
    [
        (0, 3, False, NOTHING),
        (1, 4, False, AUTHENTICATED),
        (2, 5, False, AUTHENTICATED),
        (2, 6, False, AUTHENTICATED),
        (2, 1, True, NOTHING),
        (2, 2, True, AUTHENTICATED),
        (2, 2, False, NOTHING),
        (3, 0b0000_0111, False, AUTHENTICATED),
        (3, 0b0000_1101, False, BOTH),
    ],
)
def test_access_rights_demand_protection(version, mode, method, expected):
    policy = Policy.of_access_mode(version, mode, method=method)
    assert policy.request == expected
    assert policy.defined


def test_access_modes_of_version_3_tell_the_response_apart():
    policy = Policy.of_access_mode(3, 0b0110_0101)
    assert policy == Policy(AUTHENTICATED, BOTH)


def test_access_modes_without_meaning():
    assert not Policy.of_access_mode(2, 7).defined
    assert not Policy.of_access_mode(2, 3, method=True).defined
    assert not Policy.of_access_mode(3, 256).defined
    assert not Policy.of_access_mode(0, -1).defined


def test_more_than_needed_is_accepted_and_less_is_not():
    policy = Policy.of(0, 1)
    assert policy.accepts(AUTHENTICATED)
    assert policy.accepts(BOTH)
    assert not policy.accepts(NOTHING)
    assert not policy.accepts(ENCRYPTED)
    assert not Policy.of(0, 3).accepts(AUTHENTICATED)
    assert not Policy.of(1, 0x10).accepts(BOTH)


def test_responses_mirror_requests_and_keep_the_policy():
    assert Policy.of(0, 0).answer(BOTH) == BOTH
    assert Policy.of(0, 0).answer(NOTHING) == NOTHING
    assert Policy.of(1, 0x24).answer(Protection(True, True)) == BOTH
    assert Policy.of(1, 0xE0).answer(NOTHING) == BOTH | SIGNED
    assert Policy.of(1, 0x00).answer(SIGNED) == NOTHING


def test_policies_only_become_stronger():
    assert Policy.of(0, 1).may_become(Policy.of(0, 3))
    assert Policy.of(0, 3).may_become(Policy.of(0, 3))
    for weaker in (0, 1, 2):
        assert not Policy.of(0, 3).may_become(Policy.of(0, weaker))
    assert not Policy.of(0, 1).may_become(Policy.of(0, 2))
    assert not Policy.of(1, 0x24).may_become(Policy.of(1, 0x04))


def test_security_headers():
    assert Protection.of(SecurityControl.of(0x30)) == BOTH
    assert Protection.of(SecurityControl.of(0x11), signed=True) == AUTHENTICATED | SIGNED
    assert Protection.of(None) == NOTHING
    assert BOTH.control(1) == SecurityControl.of(0x31)
    assert ENCRYPTED.control(0, broadcast=True) == SecurityControl.of(0x60)
    assert BOTH.ciphered
    assert not SIGNED.ciphered
    assert str(BOTH) == "authenticated and encrypted"
    assert str(NOTHING) == "not protected"


@given(policies, policies, protections)
def test_both_rules_hold_where_both_apply(one, other, request_):
    both = one | other
    assert both.accepts(request_) == (one.accepts(request_) and other.accepts(request_))
    assert one.may_become(both)
    assert other.may_become(both)
    assert both.answer(request_).covers(both.response)
    assert Policy.of(1, one.value(1)) == one
