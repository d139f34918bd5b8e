import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.protocols.hdlc.frame_reject import Reason, decode_frame_reject, encode_frame_reject


def test_known_fields(known_fields):
    rows = [row for row in known_fields.values() if row["id"].startswith("frmr")]
    assert len(rows) >= 4
    for row in rows:
        want, octets = row["decoded"], bytes.fromhex(row["information_field"])
        found = decode_frame_reject(octets)
        assert (found.control, found.vs, found.vr) == (want["control"], want["vs"], want["vr"])
        assert (found.response, found.reason.letters) == (bool(want["cr"]), want["reason"])
        assert found.problems == ()
        assert encode_frame_reject(*found[:3], found.reason, found.response) == octets


@given(st.integers(0, 255), st.integers(0, 7), st.integers(0, 7), st.integers(1, 15), st.booleans())
def test_round_trip(control: int, vs: int, vr: int, reason: int, response: bool):
    found = decode_frame_reject(encode_frame_reject(control, vs, vr, reason, response))
    assert found == (control, vs, vr, response, Reason(reason), ())


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        ("", "frmr-length"),
        ("10", "frmr-length"),
        ("10000100", "frmr-length"),
        ("100101", "frmr-reserved"),
        ("100011", "frmr-reserved"),
        ("100000", "frmr-no-reason"),
    ],
)
def test_wrong_fields_are_named(octets: str, code: str):
    assert code in [p.code for p in decode_frame_reject(bytes.fromhex(octets)).problems]


@given(st.binary(max_size=6))
def test_arbitrary_octets(octets: bytes):
    assert 0 <= decode_frame_reject(octets).control <= 255
