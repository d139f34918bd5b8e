"""Frames that are built together are those that are built one by one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.core.errors import UsageError
from bench.protocols.crc import X25, crc16_table
from bench.protocols.s1.bulk_encode import (
    body_rows,
    check_rows,
    codes_of,
    frame_rows,
    limited,
    telegram_rows,
)
from bench.protocols.s1.encode import encode_frame, encode_telegram
from bench.protocols.s1.profile import load_profile

PROFILE = load_profile("emucs-h-1.3")
CHANNELS = {one.id: one for one in PROFILE.channels}
values = st.lists(st.floats(-9000, 9000), min_size=7, max_size=7)
fields = st.fixed_dictionaries(
    {
        "meter_id": st.binary(min_size=14, max_size=14),
        "info": st.integers(0, 255),
        "rate": st.integers(-128, 127),
        "mains_frequency": st.integers(0, 65535),
        "sequence": st.integers(0, 255),
    }
)


@settings(max_examples=60)
@given(st.lists(st.tuples(fields, values), min_size=1, max_size=5))
def test_each_row_is_what_the_clear_way_builds(telegrams):
    count = len(telegrams)
    table = {name: np.array([one[name] for one, _ in telegrams]) for name in telegrams[0][0]}
    ids = b"".join(one["meter_id"] for one, _ in telegrams)
    table["meter_id"] = np.frombuffer(ids, np.uint8).reshape(count, 14)
    volts = np.array([row for _, row in telegrams])
    codes = {
        name: limited(codes_of(volts[:, column], CHANNELS[name]), CHANNELS[name])
        for column, name in enumerate(CHANNELS)
    }
    bodies = body_rows(PROFILE, telegram_rows(PROFILE, table, codes, count))
    frames = frame_rows(bodies, check_rows(bodies))
    for row, (one, samples) in enumerate(telegrams):
        exact = {
            name: float(codes[name][row] * CHANNELS[name].scale)
            for name, _ in zip(CHANNELS, samples, strict=True)
        }
        known = one | {"mains_frequency": one["mains_frequency"] / 1000}
        assert frames[row].tobytes() == encode_frame(
            PROFILE, encode_telegram(PROFILE, known, exact)
        )


def test_one_value_serves_all_rows():
    rows = telegram_rows(PROFILE, {"meter_id": b"1SAG1100000001", "rate": 52}, {}, 3)
    assert rows.shape == (3, 37)
    assert {row.tobytes()[:16] for row in rows} == {b"1SAG1100000001\x00\x34"}


def test_numbers_run_over():
    rows = telegram_rows(PROFILE, {"sequence": np.array([255, 256, 257])}, {}, 3)
    assert rows[:, 18].tolist() == [255, 0, 1]


def test_wrong_check_sequences_follow_their_model():
    bodies = np.frombuffer(bytes(range(82)), np.uint8).reshape(2, 41)
    for init, xorout in ((0, 0xFFFF), (0xFFFF, 0), (0xFFFF, 0x1234)):
        for row, check in zip(bodies, check_rows(bodies, init=init, xorout=xorout), strict=True):
            right = crc16_table(row.tobytes(), X25, init=init, xorout=xorout)
            assert check.tobytes() == right.to_bytes(2, "little")


@pytest.mark.parametrize("given_names", [({"nothing": 1}, {}), ({}, {"V4": np.zeros(1)})])
def test_unknown_names_are_refused(given_names):
    with pytest.raises(UsageError, match="has no"):
        telegram_rows(PROFILE, *given_names, 1)
