"""Whatever has the format that a profile states is taken, in each object of each profile."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.protocols.p1.formats import PlainText, Stamp
from bench.protocols.p1.objects import ObjectFormat
from bench.protocols.p1.profile import Profile, load_profile, profile_names
from bench.protocols.p1.telegram import decode_telegram


def text_of(form, draw) -> str:
    if isinstance(form, Stamp):
        return "250714093012" + (draw(st.sampled_from("SW")) if form.flag else "")
    text = draw(st.from_regex(form.pattern, fullmatch=True))
    return text.replace("!", "x") if isinstance(form, PlainText) else text


def line_of(profile: Profile, found: ObjectFormat, draw) -> str:
    shape = draw(st.sampled_from(found.shapes))
    forms = shape.groups + shape.repeat * draw(st.integers(0, 2))
    groups = "".join(f"({text_of(form, draw)})" for form in forms)
    obis = found.obis.replace("-n:", f"-{draw(st.integers(1, profile.channels))}:")
    return obis + ("*255" if profile.value_group_f else "") + groups


@pytest.mark.parametrize("name", profile_names())
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_formats_of_the_profile_are_taken(name: str, data):
    profile = load_profile(name)
    # A device type narrows the formats of its reading, so it is left out here.
    choices = [p for p in profile.patterns if not p.obis.endswith(":24.1.0")]
    chosen = data.draw(st.lists(st.sampled_from(choices), unique=True, max_size=6))
    lines = [line_of(profile, found, data.draw) for found in chosen]
    body = "".join(f"{line}\r\n" for line in lines)
    telegram = decode_telegram(f"/MBX5\\A\r\n\r\n{body}!\r\n".encode(), profile)
    assert [p for p in telegram.problems if p.code != "crc-missing"] == []
    assert len(telegram.objects()) == len(lines)
    for line in telegram.lines:
        assert line.shape is not None
        assert len(line.values()) == len(line.groups)


def test_text_does_not_run_over_the_end_of_its_group():
    octets = b"/AUX5\\A\r\n\r\n0-0:42.0.0(a)(b)\r\n!\r\n"
    telegram = decode_telegram(octets, load_profile("hu"))
    assert [p.code for p in telegram.problems if p.code != "crc-missing"] == ["format"]
