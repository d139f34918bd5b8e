"""S1 profiles: what the shipped ones say, and what cannot be."""

from dataclasses import replace

import pytest

from bench.core.errors import UsageError
from bench.protocols.s1.bulk import BulkCutter
from bench.protocols.s1.encode import encode_frame, encode_telegram, unstuffed
from bench.protocols.s1.profile import load_profile, parse_profile, profile_names


def test_the_specification_and_the_brochure_differ_in_the_line_alone():
    emucs, brochure = load_profile("emucs-h-1.3"), load_profile("fluvius")
    assert profile_names() == ("emucs-h-1.3", "emucs-h-1.3-octet", "fluvius-brochure")
    assert (emucs.line_rate_bps, brochure.line_rate_bps) == (2_000_000, 1_500_000)
    assert emucs.frame_octets == brochure.frame_octets == 45
    assert emucs.channels == brochure.channels


def test_what_the_line_can_carry_follows_from_its_rate():
    emucs, brochure = load_profile("emucs-h-1.3"), load_profile("fluvius-brochure")
    assert emucs.utilisation(4000) == pytest.approx(0.9)
    emucs.check_feasible(4000)
    assert brochure.telegrams_per_s == pytest.approx(3333.33, abs=0.01)
    with pytest.raises(UsageError, match="4000 Hz needs 120% of a line of 1500000 bit/s"):
        brochure.check_feasible(4000)


def test_octet_mode_differs_in_what_is_escaped_alone():
    emucs, escaping = load_profile("emucs-h-1.3"), load_profile("emucs-h-1.3-octet")
    assert (emucs.transparency, escaping.transparency) == ("length", "octet")
    same = {"id": "", "title": "", "standard": "", "aliases": (), "transparency": ""}
    assert replace(emucs, **same) == replace(escaping, **same)
    assert load_profile("emucs-h") == emucs


def test_a_frame_in_octet_mode_has_no_flag_inside():
    emucs, escaping = load_profile("emucs-h-1.3"), load_profile("emucs-h-1.3-octet")
    telegram = encode_telegram(emucs, {"meter_id": "~}12345678901~"}, {})
    plain, escaped = encode_frame(emucs, telegram), encode_frame(escaping, telegram)
    assert b"\x7e" in plain[1:-1]
    assert b"\x7e" not in escaped[1:-1]
    assert unstuffed(escaped[1:-1]) == plain[1:-1]
    cutter = BulkCutter(escaping)
    blocks = cutter.feed(escaped * 3) + cutter.flush()
    assert [row.tobytes() for block in blocks for row in block.rows] == [plain[1:-1]] * 3
    assert not cutter.statistics.lost


def test_channels_are_measured_as_the_flags_say():
    profile = load_profile("emucs-h-1.3")
    delta = profile.flags({"info": 0b01011})
    measured = {c.id for c in profile.channels if c.measured(delta)}
    assert measured == {"V1", "I1", "I2", "V3", "I3"}
    single = profile.flags({"info": 0b01010})
    assert {c.id for c in profile.channels if c.measured(single)} == {"V1", "I1"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("[link]\nline_rate_bps = 500_000", "do not fit into 500000 bit/s"),
        ("[samples]\nstride = 17", "channel IN reaches beyond a sample set"),
        ('[sequence]\nfield = "counter"', "there is no field 'counter'"),
        ('[rate]\nlowest_hz = "slow"', "could not convert"),
        ('[link]\ntransparency = "bits"', "not a valid Transparency"),
        ("[link]\nshortest = 60", "fewer than shortest"),
        ("[link", "Expected"),
    ],
)
def test_a_layout_that_cannot_be_is_refused(change, words):
    with pytest.raises(UsageError, match=words) as caught:
        parse_profile(f'base = "emucs-h-1.3"\nid = "mine"\n{change}\n', "mine.toml")
    assert "mine.toml" in str(caught.value)


def test_an_unknown_profile_names_the_choices():
    with pytest.raises(UsageError, match=r"emucs-h-1\.3, emucs-h-1\.3-octet, fluvius-brochure"):
        load_profile("s2")
