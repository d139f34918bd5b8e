"""Deviations of when telegrams start and how long they take: rows P1-A-060 to -064 and -069."""

from bench.core.clock import MILLISECOND, SECOND
from bench.simulator.faults.fault import Alteration, Fault, Variation
from bench.simulator.faults.p1_edit import lines, p1_fault, p1_variation
from bench.simulator.ports.p1 import Stage

_SPEED = "DSMR-5.0.2:6.1"
_TEN = "DSMR-4.2.2:5"
_OCTETS = {"nl50": 900, "nl42": 850}  # of the reference telegrams, a little less than they have
_OCTETS_WITH_TEXT = 3050  # a little more than with a text of 1024 characters
_SAWTOOTH = 11  # telegrams of one tooth
_LAST_OF_FIFTY = 49
#: a telegram is always under way when a case sets the clock, and shows the time of before
_NO_PAUSE = ("P1-A-093:sequence", "P1-A-094:sequence")
#: a maker's own objects, well-formed, so that nothing but the length is wrong
_OWN_OBJECTS = tuple(f"0-0:96.{n}.200({'4D' * 200})" for n in range(100, 127))


def _interval(milliseconds: int) -> Alteration:
    return Alteration(Stage.INTERVAL, lambda _ns, _index: milliseconds * MILLISECOND)


def _one_missing(interval_ns: int, index: int) -> int:
    """Leave out every fiftieth telegram."""
    return 2 * interval_ns if index % 50 == _LAST_OF_FIFTY else interval_ns


def _sawtooth(interval_ns: int, index: int) -> int:
    """Start each telegram 30 ms later than is due, until 300 ms are made good at once."""
    tooth = 300 * MILLISECOND
    last = index % _SAWTOOTH == _SAWTOOTH - 1
    return interval_ns - tooth if last else interval_ns + tooth // (_SAWTOOTH - 1)


def _uneven(share: float) -> Alteration:
    """Let intervals be longer and shorter in turn, by a share of what they should be."""

    def change(interval_ns: int, index: int) -> int:
        off = round(interval_ns * share)
        return interval_ns + (off if index % 2 else -off)

    return Alteration(Stage.INTERVAL, change)


def _transfer(seconds: float, profile: str) -> Alteration:
    """Let characters come so slowly that a telegram takes at least that long."""
    each_ns = seconds * SECOND / _OCTETS[profile]
    return Alteration(Stage.CHARACTER, lambda _ns, _index: each_ns)


def _checks(case: str, *ids: str) -> tuple[str, ...]:
    return tuple(f"{case}:{one}" for one in ids)


FAULTS: tuple[Fault, ...] = (
    p1_fault(
        "interval-2s",
        "sends every 2 s",
        _SPEED,
        _checks("P1-A-060", "none-missing", "rate", "each", "mean"),
        _interval(2000),
    ),
    p1_fault(
        "interval-10s",
        "sends every 10 s, as editions before DSMR 5 do",
        _SPEED,
        _checks("P1-A-060", "none-missing", "rate", "each", "mean"),
        _interval(10_000),
    ),
    p1_fault(
        "interval-1100ms",
        "sends every 1.1 s",
        _SPEED,
        _checks("P1-A-060", "rate", "mean"),
        _interval(1100),
    ),
    p1_fault(
        "interval-back-to-back",
        "starts a telegram as soon as the one before is over",
        _SPEED,
        _checks("P1-A-060", "none-surplus", "rate", "each", "mean"),
        _interval(0),
        also=_NO_PAUSE,
    ),
    p1_fault(
        "interval-one-missing",
        "leaves out every fiftieth telegram",
        _SPEED,
        _checks("P1-A-060", "none-missing", "each", "mean"),
        Alteration(Stage.INTERVAL, _one_missing),
        also=("P1-A-069:jitter",),  # the gap is an interval unlike the others
    ),
    p1_fault(
        "interval-sawtooth",
        "starts telegrams up to 300 ms late, in a sawtooth",
        _SPEED,
        ("P1-A-069:jitter",),
        Alteration(Stage.INTERVAL, _sawtooth),
        also=("P1-A-060:each",),  # the interval at the tooth is shorter than 0.8 s
    ),
    p1_fault(
        "interval-1s-before-dsmr-5",
        "sends every second where readers expect ten",
        _TEN,
        _checks("P1-A-061", "none-surplus", "rate", "each", "mean"),
        _interval(1000),
        also=("P1-A-063:pause",),  # there is no room for the pause
        profile="nl42",
    ),
    p1_fault(
        "interval-20s-before-dsmr-5",
        "sends every 20 s",
        _TEN,
        _checks("P1-A-061", "none-missing", "rate", "each", "mean"),
        _interval(20_000),
        profile="nl42",
    ),
    p1_fault(
        "transfer-1200ms",
        "pauses between characters, so that a telegram takes more than 1.2 s",
        _SPEED,
        ("P1-A-062:transfer",),
        _transfer(1.2, "nl50"),
        # the next one cannot start in time; long text takes longer
        also=("P1-A-060", "P1-A-062", *_NO_PAUSE),
    ),
    p1_fault(
        "transfer-9s",
        "pauses between characters, so that a telegram takes more than 9 s",
        "DSMR-4.2.2:4.5",
        _checks("P1-A-063", "transfer", "pause"),
        _transfer(9.0, "nl42"),
        profile="nl42",
    ),
    p1_fault(
        "telegram-12-kB",
        "sends more objects than the line carries in a second",
        _SPEED,
        ("P1-A-064:size",),
        lines(lambda found: (*found, *_OWN_OBJECTS)),
        # more octets take more time, and the next telegram has to wait
        also=("P1-A-060", "P1-A-062", *_NO_PAUSE),
    ),
)


VARIATIONS: tuple[Variation, ...] = (
    p1_variation(
        "interval-uneven",
        "intervals vary by 80 ms, their mean does not",
        _SPEED,
        _uneven(0.08),
    ),
    p1_variation(
        "interval-slow-clock",
        "a clock is 0.5 % slow",
        _SPEED,
        _interval(1005),
    ),
    p1_variation(
        "interval-uneven-ten-seconds",
        "intervals of ten seconds vary by 0.4 s",
        _TEN,
        _uneven(0.04),
        profile="nl42",
    ),
    p1_variation(
        "interval-often-in-sweden",
        "sends every 2.5 s where at least every 10 s is asked for",
        "SE-H1-2.0",
        _interval(2500),
        profile="se",
    ),
    p1_variation(
        "transfer-900ms",
        "a telegram with a long text takes nearly the second that it may take",
        _SPEED,
        Alteration(Stage.CHARACTER, lambda _ns, _index: 0.9 * SECOND / _OCTETS_WITH_TEXT),
    ),
    p1_variation(
        "transfer-7s",
        "a telegram takes nearly the 8 s that it may take",
        "DSMR-4.2.2:4.5",
        _transfer(7.0, "nl42"),
        profile="nl42",
    ),
)
