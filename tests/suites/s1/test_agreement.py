"""S1 beside P1: the second that a telegram is about is found, and scales show."""

import math
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest

from bench.core.clock import SECOND
from bench.core.trace import Chunk
from bench.engine.context import Inconclusive
from bench.engine.observation import Ended
from bench.simulator.faults import alterations
from bench.simulator.ports.s1 import s1_port
from bench.simulator.registers import Quantity
from suites.s1.agreement import (
    FEWEST,
    Comparison,
    current,
    phase_power,
    row_times,
    total_power,
    voltage,
)
from suites.s1.capture import Capture
from suites.s1.energy import energy_of
from suites.s1.long_run import LongRun

PHASES = (1, 2, 3)
NOTHING_ELSE = {"hertz": 50.0, "harmonics": [], "leak_a": 0.0}
ODD = SECOND // 4 + 12_345  # when in its second a telegram comes


@cache
def heard(fault="", seconds=24, source=None):
    """Return what a port sends from its second second on, and the system behind it."""
    port = s1_port(alterations=alterations(fault) if fault else ())
    if source is not None:
        port.control("source", {"phases": [source] * 3, **NOTHING_ELSE}, 0)
    port.set_request(True, 2 * SECOND)
    chunks = []
    while (due := port.next_event()) <= (2 + seconds) * SECOND:
        chunks.append(Chunk(due, port.emit(due)))
    return tuple(one for one in chunks if one.octets), port.system


def capture(**options):
    return Capture(s1_port().profile, heard(**options)[0])


@dataclass(frozen=True)
class Telegram:
    """What a telegram of P1 at an instant says of the second `lag_s` later."""

    number: int
    at_ns: int
    values: dict

    @property
    def seen(self):
        return SimpleNamespace(frame=SimpleNamespace(at_ns=self.at_ns))

    @property
    def lines(self):
        return self.values

    def quantity(self, obis):
        return self.values.get(obis)

    def resolution(self, obis):
        return Decimal(1).scaleb(self.values[obis].as_tuple().exponent)


def digits(value, step):
    return Decimal(value).quantize(Decimal(step))


def telegrams(system, lag_s=0.0, count=22, scale=1.0):
    found = []
    for number in range(count):
        at = (2 + number) * SECOND + ODD
        power = system.power(at + round(lag_s * SECOND))
        watts = digits(power.active_mw / 1000, "1")
        values = {"1-0:1.7.0": max(watts, Decimal(0)), "1-0:2.7.0": max(-watts, Decimal(0))}
        for phase, one in enumerate(power.phases, 1):
            values[f"1-0:{12 + 20 * phase}.7.0"] = digits(one.voltage_mv / 1000, "0.1")
            values[f"1-0:{11 + 20 * phase}.7.0"] = digits(one.current_ma / 1000 * scale, "0.01")
            watts = digits(one.active_mw / 1000, "1")
            values[f"1-0:{1 + 20 * phase}.7.0"] = max(watts, Decimal(0))
            values[f"1-0:{2 + 20 * phase}.7.0"] = max(-watts, Decimal(0))
        read = system.at(at)
        values["1-0:1.8.1"] = digits(read.energy_wh(Quantity.IMPORT), "1")
        values["1-0:2.8.1"] = digits(read.energy_wh(Quantity.EXPORT), "1")
        found.append(Telegram(number, at, values))
    return found


ALL = [q(phase) for phase in PHASES for q in (voltage, current, phase_power)]


@pytest.mark.parametrize("lag_s", [0.0, -1.0, -2.0])
def test_the_second_of_a_telegram_is_found(lag_s):
    _, system = heard()
    found = Comparison(capture(), telegrams(system, lag_s), PHASES)
    # the second begins a quarter of a second before the telegram
    assert found.lag_s == pytest.approx(lag_s - ODD / SECOND, abs=0.11)
    for quantity in [*ALL, total_power(PHASES)]:
        difference = found.difference(quantity)
        assert difference.count >= 20
        assert abs(difference.measured.value) <= difference.measured.uncertainty
        assert difference.measured.uncertainty < 1.2 * difference.digit


def test_a_wrong_scale_shows_and_does_not_hide_the_second():
    _, system = heard()
    found = Comparison(capture(), telegrams(system, -1.0, scale=2.0), PHASES)
    assert found.lag_s == pytest.approx(-1 - ODD / SECOND, abs=0.11)
    difference = found.difference(current(1))
    assert difference.s1 / difference.p1 == pytest.approx(0.5, abs=0.02)


def test_where_nothing_changes_it_is_the_last_second():
    _, system = heard(source=(230.0, 5.0, 60.0))
    found = Comparison(capture(source=(230.0, 5.0, 60.0)), telegrams(system), PHASES)
    assert found.lag_s == -1.0
    difference = found.difference(total_power(PHASES))
    assert difference.s1 == pytest.approx(3 * 230 * 5 / 2, abs=0.1)
    assert difference.measured.value == pytest.approx(0, abs=0.6)


def test_means_of_a_second_equal_the_slow_way():
    heard_, system = heard()
    one = Comparison(capture(), telegrams(system), PHASES)
    taken = capture()
    times = row_times(taken)
    begin = 5 * SECOND
    rows = [n for n, at in enumerate(times) if begin <= at < begin + SECOND]
    v, i = taken.samples("V2"), taken.samples("I2")
    slow_v = math.sqrt(math.fsum(float(v[n]) ** 2 for n in rows) / len(rows))
    slow_p = math.fsum(float(v[n] * i[n]) for n in rows) / len(rows)
    begins = np.array([begin])
    assert one._s1(voltage(2), begins)[0] == pytest.approx(slow_v, rel=1e-9)
    assert one._s1(phase_power(2), begins)[0] == pytest.approx(slow_p, rel=1e-9)
    assert heard_


def test_what_p1_does_not_show_is_not_compared():
    _, system = heard()
    shown = telegrams(system)
    for one in shown:
        del one.values["1-0:32.7.0"]
    found = Comparison(capture(), shown, PHASES)
    assert found.difference(voltage(1)) is None
    assert found.difference(voltage(2)) is not None


def test_a_changing_load_is_left_out():
    """Telegrams around a step of the load count for nothing."""
    port = s1_port()
    port.set_request(True, 2 * SECOND)
    chunks = []
    while (due := port.next_event()) <= 26 * SECOND:
        if not chunks or chunks[-1].at_ns < 8 * SECOND <= due:
            load = (230.0, 20.0 if chunks else 2.0, 0.0)
            port.control("source", {"phases": [load] * 3, **NOTHING_ELSE}, due)
        chunks.append(Chunk(due, port.emit(due)))
    shown = telegrams(port.system)
    taken = Capture(port.profile, [one for one in chunks if one.octets])
    found = Comparison(taken, shown, PHASES).difference(current(1))
    assert len(shown) - 6 <= found.count < len(shown)
    assert found.measured.value == pytest.approx(0, abs=0.001)


def test_too_few_telegrams_tell_nothing():
    _, system = heard()
    with pytest.raises(Inconclusive, match="steady"):
        Comparison(capture(), telegrams(system, count=FEWEST - 1), PHASES)
    with pytest.raises(Inconclusive):
        Comparison(capture(), [], PHASES)


# -- energy


def long_run(**options):
    chunks, system = heard(**options)
    run = LongRun(s1_port().profile, 1e6)
    for chunk in chunks:
        run.feed(chunk)
    run.finish(Ended.COMPLETE)
    return run, telegrams(system, count=options["seconds"])


def test_energy_is_that_of_the_counters():
    run, shown = long_run(seconds=60, source=(230.0, 25.0, 0.0))
    found = energy_of(run, shown)
    assert found.counted_wh == pytest.approx(3 * 230 * 25 * 54 / 3600, abs=1)
    assert abs(found.beyond.value) < found.beyond.uncertainty + 0.3
    assert found.beyond.uncertainty < 0.6


def test_energy_misses_what_is_left_out():
    run, shown = long_run(fault="s1.energy-gaps", seconds=60, source=(230.0, 25.0, 0.0))
    found = energy_of(run, shown)
    assert found.beyond.value == pytest.approx(-0.02 * found.counted_wh, abs=0.6)


def test_energy_needs_telegrams():
    run, shown = long_run(seconds=60, source=(230.0, 25.0, 0.0))
    with pytest.raises(Inconclusive, match="10 are needed"):
        energy_of(run, shown[:9])
