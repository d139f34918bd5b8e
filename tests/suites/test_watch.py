"""What the P1 watch makes of a stream: telegrams, breaks, silence, garbage."""

import pytest

from bench.core.clock import SECOND
from bench.core.trace import Chunk
from bench.core.verdict import Reason
from bench.engine.observation import Ended
from bench.protocols.p1.encode import crc_digits, encode_body, seal
from bench.protocols.p1.profile import load_profile
from suites.p1.watch import TelegramWatch

PROFILE = load_profile("nl50")


def telegram(number=0):
    body = encode_body("/SIM5meter", ["1-3:0.2.8(50)", f"0-0:96.13.0({number:04x})"])
    return seal(body, crc_digits(body))


def begun(number):
    """Return a telegram that ends after its second line."""
    return telegram(number)[: telegram(number).index(b"\r\n", 20) + 2]


def watch_of(*pieces, wanted=9, ended=Ended.COMPLETE, timed=True):
    """Feed pieces of (seconds, octets)."""
    watch = TelegramWatch(PROFILE, wanted, timed=timed)
    for at_s, octets in pieces:
        watch.feed(Chunk(round(at_s * SECOND), octets))
    watch.finish(ended)
    return watch


def test_telegrams_are_numbered_and_looked_up_by_number():
    watch = watch_of(*((n, telegram(n)) for n in range(3)))
    assert watch.counted() == 3
    assert [seen.frame.octets for seen in watch.telegrams] == [telegram(n) for n in range(3)]
    for seen in watch.telegrams:
        frame = watch.frame(seen.number)
        assert frame.octets == seen.frame.octets
        assert frame.fields
    assert watch.between == ()
    assert watch.unwell() is None


def test_what_precedes_the_first_telegram_is_not_judged():
    watch = watch_of((0, telegram()[-30:]), (1, telegram(1)), (2, b"\0"), (3, telegram(2)))
    assert watch.counted() == 2
    assert [piece.octets for piece in watch.between] == [b"\0"]
    assert watch.before(watch.telegrams[0]) is None
    assert watch.before(watch.telegrams[1]).octets == b"\0"


def test_what_breaks_off_at_the_end_is_not_judged():
    watch = watch_of((0, telegram()), (1, begun(1)))
    assert watch.counted() == 1
    assert watch.breaks == []


def test_a_telegram_that_breaks_off_into_silence_is_a_pulled_cable():
    watch = watch_of((0, telegram()), (1, begun(1)), (9, telegram(2)))
    assert len(watch.breaks) == 1
    assert len(watch.telegrams) == 2


def test_a_cable_that_is_pulled_in_mid_line_joins_two_telegrams_that_are_not_judged():
    torn = telegram(1)[: telegram(1).index(b"0.2.8") + 2]
    watch = watch_of((0, telegram()), (1, torn), (9, telegram(2)), (10, telegram(3)))
    assert len(watch.breaks) == 1
    assert [seen.telegram.crc.ok for seen in watch.telegrams] == [True, True]


def test_a_telegram_that_runs_into_the_next_is_judged():
    watch = watch_of((0, telegram()), (1, begun(1)), (2, telegram(2)))
    assert watch.breaks == []
    assert len(watch.telegrams) == 3
    assert watch.telegrams[1].telegram.problems


def test_without_instants_no_cable_was_pulled():
    watch = watch_of((0, telegram()), (1, begun(1)), (9, telegram(2)), timed=False)
    assert watch.breaks == []


def test_no_octet_is_silence():
    unwell = watch_of(ended=Ended.SILENCE).unwell()
    assert unwell.reason is Reason.SILENT
    assert "is the cable in" in unwell.message


@pytest.mark.parametrize("octets", [b"\xff\0" * 40, b"hello world\r\n", bytes(range(256))])
def test_octets_without_telegram_are_a_matter_of_the_line(octets):
    unwell = watch_of((0, octets.replace(b"/", b"")), ended=Ended.SILENCE).unwell()
    assert unwell.reason is Reason.LINE
    assert "115200 8N1" in unwell.message


def test_it_is_complete_when_the_wanted_number_was_seen():
    watch = TelegramWatch(PROFILE, 2)
    watch.feed(Chunk(0, telegram()))
    assert not watch.complete()
    watch.feed(Chunk(SECOND, telegram(1)))
    assert watch.complete()


def test_patience_counts_from_the_last_telegram_whatever_else_arrives():
    watch = TelegramWatch(PROFILE, 9)
    first = watch.deadline_ns(5 * SECOND)
    watch.feed(Chunk(10 * SECOND, b"noise\r\n"))
    assert watch.deadline_ns(5 * SECOND) == first
    watch.feed(Chunk(20 * SECOND, telegram()))
    assert watch.deadline_ns(5 * SECOND) == first + 15 * SECOND


def test_the_same_chunks_give_the_same_findings_however_they_are_cut():
    stream = telegram() + b"\0" + telegram(1) + begun(2) + telegram(3)
    whole = watch_of((0, stream))
    cut = watch_of(*((0, stream[n : n + 7]) for n in range(0, len(stream), 7)))
    for watch in (whole, cut):
        assert watch.octets == len(stream)
    assert [s.frame.octets for s in whole.telegrams] == [s.frame.octets for s in cut.telegrams]
    assert [p.octets for p in whole.between] == [p.octets for p in cut.between]
