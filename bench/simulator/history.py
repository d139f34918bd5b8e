"""What a meter remembers when the simulation starts, or when its clock is set: drawn by a seed."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from bench.simulator.household import Household
from bench.simulator.load import BLOCK_S, between, noise
from bench.simulator.reading import HOUR_S
from bench.simulator.registers import MJ_PER_WH, QUARTER_S, Capture, Peak, Quantity, Registers


def first_registers(seed: int, home: Household, at_s: int) -> Registers:
    """Return a state as after some years of use, with sub-meters and the peaks of 13 months."""
    energy: dict[tuple[Quantity, int], int] = {}
    for number, quantity in enumerate(Quantity):
        for tariff in range(1, home.tariffs.count + 1):
            used = tariff in (home.tariffs.peak, home.tariffs.off)
            wh = between(100_000, 9_900_000, seed, 10, number, tariff) if used else 0
            if used and home.start_wh is not None:
                wh = home.start_wh
            energy[quantity, tariff] = wh * MJ_PER_WH + between(0, MJ_PER_WH - 1, seed, 11, number)
    registers = Registers(at_s, energy, submeters=home.submeters)
    for sub in home.submeters:
        registers.volume_ml[sub.channel] = sub.start_ml
    remember(registers, seed, home)
    return registers


def remember(registers: Registers, seed: int, home: Household) -> None:
    """Give `registers` the past that belongs to their instant; what they count stays as it is."""
    at_s = registers.at_s
    local = home.local(datetime.fromtimestamp(at_s, UTC))[0]
    registers.quarter_mj = between(200_000, 900_000, seed, 12) * (at_s % QUARTER_S)
    registers.last_mw = between(400_000, 900_000, seed, 15)
    registers.month = (local.year, local.month)
    _invent_peaks(registers, seed, local)
    # at first all have been read; later not those that were linked since the last capture
    read = {channel for channel, _ in registers.captures} or set(registers.volume_ml)
    for sub in registers.submeters:
        if sub.channel not in read:
            continue
        for period_s in (BLOCK_S, HOUR_S):
            taken_s = (at_s - sub.silent_s) // period_s * period_s
            last = Capture(taken_s, registers.volume_ml[sub.channel])
            registers.captures[sub.channel, period_s] = last


def _invent_peaks(registers: Registers, seed: int, local: datetime) -> None:
    """Fill the peak history with the 13 months before the instant, and the running month."""
    month = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0)
    ends = []
    for _ in range(14):
        ends.append(int(month.timestamp()))
        month = (month - timedelta(days=1)).replace(day=1)
    ends.reverse()
    peaks = [_invented_peak(seed, begin, end) for begin, end in pairwise(ends)]
    registers.month_ends = tuple(ends[1:])
    registers.peaks = tuple(peaks)
    registers.peak = _invented_peak(seed, ends[-1], registers.at_s)


def _invented_peak(seed: int, begin_s: int, end_s: int) -> Peak:
    """Return a peak in a quarter between two instants; at `begin_s` when none fits."""
    quarters = (end_s - begin_s) // QUARTER_S
    if quarters <= 0:
        return Peak(begin_s, 0)
    quarter = 1 + noise(seed, 13, begin_s) % quarters
    return Peak(begin_s + quarter * QUARTER_S, between(2_000_000, 8_500_000, seed, 14, begin_s))
