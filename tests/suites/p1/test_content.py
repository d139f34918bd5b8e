"""What the content cases look at: telegrams that can be read, channels, editions, formats."""

import pytest

from bench.engine.context import Inconclusive
from bench.protocols.p1.encode import crc_digits, encode_body, seal
from bench.protocols.p1.profile import load_profile
from bench.protocols.p1.splitter import TelegramOctets
from bench.protocols.p1.telegram import decode_telegram
from suites.p1.content import (
    announced,
    channels,
    editions_like,
    foreign_formats,
    lines_of,
    readable,
    reading_lines,
    sound,
    type_of,
)
from suites.p1.watch import Seen

HEADER = "/FLU5\\253769484_A"


def seen(*lines, profile="nl50", octets=None):
    """Return a telegram with these data lines and the right CRC."""
    body = encode_body(HEADER, lines)
    octets = octets or seal(body, crc_digits(body))
    frame = TelegramOctets(number=0, at_ns=0, until_ns=0, octets=octets)
    return Seen(frame, decode_telegram(octets, load_profile(profile)))


def test_a_telegram_with_a_wrong_value_is_sound():
    assert sound([seen("1-0:1.8.1(1*kWh)")])


@pytest.mark.parametrize(
    "lines", [("1,0:2.7.0(00.000*kW)",), ("1-0:32.7.0(230.1*V",), ("1-0:1.8.1(1)", "text")]
)
def test_a_telegram_without_grammar_is_not_sound(lines):
    assert not sound([seen(*lines)])


def test_a_telegram_with_a_wrong_crc_is_not_sound():
    body = encode_body(HEADER, ["1-0:1.8.1(000001.000*kWh)"])
    one = seen(octets=seal(body, b"0000"))
    assert not sound([one])
    with pytest.raises(Inconclusive, match="CRC"):
        readable([one])


def test_relays_and_messages_have_a_channel_and_are_no_device():
    one = seen("0-1:96.3.10(0)", "0-0:96.1.1(4530)", "0-0:24.1.0(003)", "7-1:24.2.1(1)")
    assert channels(one) == {}


def test_objects_of_a_channel_keep_their_order():
    one = seen("0-2:24.2.1(1)", "0-1:24.1.0(003)", "0-2:24.1.0(007)", "0-2:96.1.0()")
    found = channels(one)
    assert [line.obis for line in found[2]] == ["0-2:24.2.1", "0-2:24.1.0", "0-2:96.1.0"]
    assert set(found) == {1, 2}
    assert [line.obis for line in reading_lines(found[2])] == ["0-2:24.2.1"]


def test_a_channel_beyond_the_last_is_seen():
    assert set(channels(seen("0-5:24.1.0(003)"))) == {5}


@pytest.mark.parametrize(("text", "kind"), [("003", 3), ("3", 3), ("", None), ("x", None)])
def test_the_type_of_a_channel(text, kind):
    assert type_of(channels(seen(f"0-1:24.1.0({text})"))[1]) == kind


def test_all_lines_of_an_object_are_found():
    assert len(lines_of(seen("0-0:96.1.1(4530)", "0-0:96.1.1(4531)"), "0-0:96.1.1")) == 2


def test_editions_of_a_country_announce_themselves_alike():
    dutch = {edition.key for edition in editions_like(load_profile("nl50"))}
    assert dutch == {"nl50", "nl42", "nl40"}
    assert len(editions_like(load_profile("be17"))) == 6


@pytest.mark.parametrize(
    ("said", "edition"),
    [("50213", "be13"), ("50210", "be13"), ("50217", "be17"), ("50299", None), ("", None)],
)
def test_the_announced_edition(said, edition):
    profile = load_profile("be17")
    found = announced(seen(f"0-0:96.1.4({said})", profile="be17"), profile)
    assert (found and found.key) == edition


def test_two_announcements_announce_nothing():
    one = seen("0-0:96.1.4(50213)", "0-0:96.1.4(50217)", profile="be17")
    assert announced(one, load_profile("be17")) is None


@pytest.mark.parametrize(
    ("edition", "text", "foreign"),
    [
        ("be17", "(000.27*A)", False),
        ("be17", "(000*A)", True),
        ("be13", "(000.27*A)", True),
        ("be17", "(0.27*A)", False),  # the format of no edition: other cases judge it
        ("be21", "(000.27*A)", False),
    ],
)
def test_a_format_of_another_edition(edition, text, foreign):
    one = seen(f"1-0:31.7.0{text}", profile=edition)
    assert bool(list(foreign_formats(one, load_profile(edition)))) is foreign


def test_both_widths_of_a_threshold_belong_to_the_newest_edition():
    one = seen("0-0:17.0.0(999.9*kW)", "1-0:31.4.0(999*A)", profile="be21")
    assert not list(foreign_formats(one, load_profile("be21")))
