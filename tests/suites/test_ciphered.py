"""What the front of an encrypted port makes of frames: telegrams, or why there are none."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from bench.core.clock import SECOND
from bench.core.trace import Chunk
from bench.core.verdict import Reason
from bench.engine.observation import Ended
from bench.engine.secrets import Secret
from bench.protocols.p1.ciphering import Envelope, encode_frame
from bench.protocols.p1.encode import encode_telegram
from bench.protocols.p1.profile import load_profile
from suites.p1.ciphered import CipheredStream, Fit, PortKeys
from suites.p1.watch import TelegramWatch

LU = load_profile("lu")
KEY = bytes(range(16))
KEYS = PortKeys(Secret(KEY, "env:LUX_KEY"))
NO_KEYS = PortKeys(problem="the declaration names no key")
OTHER_KEYS = PortKeys(Secret(bytes(16), "env:OTHER"))


def text(number: int = 0) -> bytes:
    return encode_telegram("/Lux5meter", ["1-3:0.2.8(42)", f"0-0:96.13.0({number:04X})"])


def envelope(number: int = 0) -> Envelope:
    return Envelope(text(number), b"MBXtitle", 100 + number, KEY)


def frame(number: int = 0, **change) -> bytes:
    return encode_frame(replace(envelope(number), **change))


def watch_of(*pieces, keys=KEYS, ended=Ended.RECORDING, wanted=9) -> TelegramWatch:
    """Feed pieces of (seconds, octets) to the watch of an encrypted port."""
    stream = CipheredStream(LU, keys, LU.line.character_ns)
    watch = TelegramWatch(LU, wanted, ciphered=stream)
    for at_s, octets in pieces:
        watch.feed(Chunk(round(at_s * SECOND), octets))
    watch.finish(ended)
    return watch


def fits(watch: TelegramWatch) -> list[Fit]:
    assert watch.ciphered is not None
    return [seen.fit for seen in watch.ciphered.frames]


def test_telegrams_have_the_numbers_and_stamps_of_their_frames():
    watch = watch_of(*((10 * n, frame(n)) for n in range(3)))
    assert [seen.frame.octets for seen in watch.telegrams] == [text(n) for n in range(3)]
    assert [seen.number for seen in watch.telegrams] == [1, 2, 3]
    assert [seen.frame.until_ns for seen in watch.telegrams] == [0, 10 * SECOND, 20 * SECOND]
    octets = len(frame(1))
    lasted = watch.telegrams[1].frame.until_ns - watch.telegrams[1].frame.at_ns
    assert lasted == round((octets - 1) * LU.line.character_ns)
    assert watch.frame(2).octets == text(1)
    assert watch.frame(2).fields
    assert watch.ciphered is not None
    assert watch.ciphered.frame(2).octets == frame(1)
    assert watch.ciphered.frame(2).fields
    assert watch.unwell() is None
    assert watch.before(watch.telegrams[1]) is None
    assert watch.between == ()


def test_numbers_leave_out_what_held_no_telegram():
    watch = watch_of(
        (0, frame(0)),
        (10, b"\xda" + frame(1)[1:]),
        (20, frame(2)),
        (30, frame(3)),
    )
    # the first is not judged either: what stands behind it may belong to it
    assert [seen.number for seen in watch.telegrams] == [3, 4]
    assert watch.frame(4).octets == text(3)


def test_last_frame_counts_only_when_it_is_known_where_it_ends():
    frames = [(10 * n, frame(n)) for n in range(4)]
    assert len(watch_of(*frames, ended=Ended.COMPLETE).telegrams) == 3
    assert len(watch_of(*frames, ended=Ended.SILENCE).telegrams) == 4
    watch = watch_of(*frames[:3], wanted=3, ended=Ended.COMPLETE)
    assert not watch.complete()
    watch.feed(Chunk(30 * SECOND, frame(3)))
    assert watch.complete()


def test_telegrams_in_clear_are_judged_with_the_others():
    watch = watch_of((0, frame(0)), (10, text(1)), (20, frame(2)))
    assert [seen.frame.octets for seen in watch.telegrams] == [text(0), text(1), text(2)]
    assert watch.counted() == 3


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, Fit.AUTHENTIC),
        ({"authentication_key": bytes(16)}, Fit.TEXT),
        ({"security": 0x20}, Fit.TEXT),
        ({"security": 0x00}, Fit.TEXT),
        ({"tag_mask": b"\1" * 12}, Fit.TEXT),
        ({"tag_mask": b"\1" * 12, "plaintext": text()[:-3] + b"0\r\n"}, Fit.START),
        ({"plaintext": b"no telegram"}, Fit.AUTHENTIC),
        ({"plaintext": b"no telegram", "tag_mask": b"\1" * 12}, Fit.NOTHING),
        ({"key": bytes(16)}, Fit.NOTHING),
    ],
)
def test_what_opening_a_frame_says(change, expected):
    assert fits(watch_of((0, frame(**change)))) == [expected]


def test_a_telegram_whose_authentication_is_wrong_is_still_judged():
    watch = watch_of((0, frame(authentication_key=bytes(16))))
    assert [seen.frame.octets for seen in watch.telegrams] == [text()]


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (NO_KEYS, "2 encrypted frames arrived, but the declaration names no key"),
        (OTHER_KEYS, r"none opens with the key that \[p1.keys\] encryption names \(env:OTHER\)"),
    ],
)
def test_frames_that_stay_closed_never_blame_the_meter(keys, words):
    watch = watch_of((0, frame(0)), (10, frame(1)), keys=keys)
    unwell = watch.unwell()
    assert unwell is not None
    assert unwell.reason is Reason.IXIT
    assert re.search(words, unwell.message)
    assert watch.counted() == 2
    assert watch.telegrams == ()


def test_frames_whose_layout_is_wrong_give_no_telegrams():
    short = {"length": envelope().true_length - 1}
    watch = watch_of((0, frame(0, **short)), (10, frame(1, **short)), (20, frame(2, **short)))
    assert watch.telegrams == ()
    unwell = watch.unwell()
    assert unwell is not None
    assert "their layout is wrong" in unwell.message


@pytest.mark.parametrize("change", [{"start": 0xDD}, {"sent_title": b""}])
def test_frames_whose_header_is_always_wrong_are_frames(change):
    long = encode_telegram("/Lux5meter", ["1-3:0.2.8(42)", f"0-0:96.13.0({'41' * 80})"])
    frames = [(10 * n, frame(n, plaintext=long, **change)) for n in range(3)]
    watch = watch_of(*frames)
    assert watch.counted() == 3
    unwell = watch.unwell()
    assert unwell is not None
    assert unwell.reason is Reason.IXIT
    assert "their layout" in unwell.message


def test_a_frame_that_breaks_off_into_silence_is_a_pulled_cable():
    watch = watch_of((0, frame(0)), (10, frame(1)[:40]), (60, frame(2)), (70, frame(3)))
    assert [piece.octets for piece in watch.breaks] == [frame(1)[:40]]
    assert len(watch.telegrams) == 3
    # shorter than two intervals: the meter's own
    watch = watch_of((0, frame(0)), (10, frame(1)[:40]), (20, frame(2)), (30, frame(3)))
    assert watch.breaks == []


def test_what_is_not_whole_at_the_end_is_not_judged():
    watch = watch_of((0, frame(0)), (10, frame(1)), (20, frame(2)[:40]))
    assert watch.counted() == 2
    assert watch.breaks == []
    assert watch.ciphered is not None
    assert [piece.octets for piece in watch.ciphered.unfinished] == [frame(2)[:40]]


def test_silence_and_garbage_are_said_as_on_a_plain_port():
    assert watch_of().unwell().reason is Reason.SILENT
    assert watch_of((0, b"\0\xff" * 40)).unwell().reason is Reason.LINE


def test_a_plain_watch_recognises_encrypted_frames():
    watch = TelegramWatch(LU, 9)
    for number in range(20):
        watch.feed(Chunk(number * SECOND, frame(number)))
    watch.finish(Ended.SILENCE)
    unwell = watch.unwell()
    assert unwell is not None
    assert unwell.reason is Reason.LINE
    assert '"P1/ENCRYPTED" = true' in unwell.message


def test_real_frame_is_opened(real_data: Path):
    octets = bytes.fromhex((real_data / "p1" / "lux-enc-with-aad.hex.txt").read_text())
    key = Secret(bytes.fromhex("0123456789abcdef0123456789abcdef"), "env:A")
    published = watch_of((0, octets), keys=PortKeys(key))
    # its CRC was computed over other line ends than those that it holds
    assert fits(published) == [Fit.START]
    own = Secret(bytes.fromhex("ffeeddccbbaa99887766554433221100"), "env:B")
    watch = watch_of((0, octets), keys=PortKeys(key, own))
    assert fits(watch) == [Fit.AUTHENTIC]
    assert watch.telegrams[0].telegram.values("1-3:0.2.8")[0].text == "42"
