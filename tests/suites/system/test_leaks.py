"""Secrets are found however they are written and wherever they stand, and nothing else is."""

from base64 import b64encode, urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suites.system import leaks
from suites.system.leaks import SHORTEST, Leak, Search

KEY = bytes(range(0xF0, 0x100))
PASSWORD = b"open sesame"


@given(before=st.binary(max_size=40), after=st.binary(max_size=40))
def test_a_secret_is_found_as_it_is(before, after):
    found = list(Search({"key": KEY}).leaks(before + KEY + after))
    assert Leak("key", "as it is", len(before)) in found


@pytest.mark.parametrize("write", [bytes.hex, lambda octets: octets.hex().upper()])
def test_a_secret_is_found_in_hexadecimal_digits(write):
    text = f"0-0:96.99.0({write(KEY)})".encode()
    assert list(Search({"key": KEY}).leaks(text)) == [Leak("key", "in hexadecimal digits", 12)]


@given(before=st.binary(max_size=7), after=st.binary(max_size=7))
@pytest.mark.parametrize("write", [b64encode, urlsafe_b64encode])
def test_a_secret_is_found_in_base64_whatever_stands_around_it(write, before, after):
    found = list(Search({"key": KEY}).leaks(b"text " + write(before + KEY + after)))
    assert {one.form for one in found} == {"in base64"}


def test_each_secret_has_its_name_and_short_ones_are_not_looked_for():
    search = Search({"key": KEY, "password": PASSWORD, "pin": b"1234"})
    names = [one.name for one in search.leaks(PASSWORD + b"1234" + KEY)]
    assert names == ["password", "key"]
    assert len(b"1234") < SHORTEST


@given(st.binary(max_size=300))
def test_other_octets_hold_none(octets):
    assert not list(Search({"key": KEY}).leaks(octets.replace(KEY, b"")))


@pytest.mark.parametrize("at", [0, 95, 96, 97, 99, 100, 101, 180])
def test_a_secret_across_the_pieces_is_found_once(monkeypatch, at):
    monkeypatch.setattr(leaks, "_PIECE", 100)
    octets = bytes(at) + KEY + bytes(300)
    assert list(Search({"key": KEY}).leaks(octets)) == [Leak("key", "as it is", at)]


def test_without_secrets_nothing_is_found():
    assert not list(Search({}).leaks(KEY))
    assert not list(Search({"key": KEY}).leaks(b"abc"))
