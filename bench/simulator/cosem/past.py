"""What a meter had counted before the simulation starts, as its profiles remember it.

The past is invented backwards from the first reading: registers that rise to what they are at the
start, with the quarter-hour peaks that the meter remembers, at any quarter hour before. It agrees
with what every port shows of the past, and is the same whenever it is asked for.
"""

from bisect import bisect_left, bisect_right
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from bench.simulator.load import noise
from bench.simulator.metering_system import MeteringSystem
from bench.simulator.reading import HOUR_S, Reading
from bench.simulator.registers import MJ_PER_WH, QUARTER_S, Capture, Peak, Quantity

_QUARTERS = 96  # of a day
_DAYS = 430  # for which the registers must not have been below zero
_DAILY_WH = {
    Quantity.IMPORT: 5000,
    Quantity.EXPORT: 2000,
    Quantity.QUADRANT_1: 600,
    Quantity.QUADRANT_2: 60,
    Quantity.QUADRANT_3: 120,
    Quantity.QUADRANT_4: 900,
}
_SUMS = {
    Quantity.REACTIVE_IMPORT: (Quantity.QUADRANT_1, Quantity.QUADRANT_2),
    Quantity.REACTIVE_EXPORT: (Quantity.QUADRANT_3, Quantity.QUADRANT_4),
}
_HOURLY_ML = 20_000
_CAPTURES_S = 8 * 86_400  # for which the readings of sub-meters are invented

Key = tuple[Quantity, int]
Energy = dict[Key, int]


class Past:
    """The readings before the first one of a metering system, which is taken at once."""

    def __init__(self, system: MeteringSystem) -> None:
        self._system = system
        self._first = system.at(system.since_ns)
        self.start_s = system.unix_s(system.since_ns)
        self._from_s = self.start_s // QUARTER_S * QUARTER_S
        self._from_day = self._day(self._from_s)
        self._daily: Energy = {}
        self._sums: list[tuple[Key, Key]] = []
        self._days: dict[date, Energy] = {}
        self._parts: dict[tuple[date, int], Energy] = {}
        self._totals: list[Energy] = []  # of all days from the n-th before to the start's
        self._volumes: dict[int, list[int]] = {}
        self._bumps: list[tuple[int, Key, int]] = []

    def at(self, unix_s: int) -> Reading:
        """Return the reading at a quarter hour not after the start, power as at the start.

        Readings of sub-meters are known for the last eight days only.
        """
        if not self._daily:
            self._prepare()
        local, summer = self._system.local(unix_s)
        first = self._first
        used = self._used(unix_s)
        energy = {key: max(0, mj - used.get(key, 0)) for key, mj in first.energy_mj.items()}
        before = self._used(unix_s - QUARTER_S)
        quarter_mj = sum(before[key] - used[key] for key in used if key[0] is Quantity.IMPORT)
        ended = bisect_right(first.month_ends, unix_s)
        captures: dict[tuple[int, int], Capture] = {}
        if unix_s > self._from_s - _CAPTURES_S:
            for channel, period_s in first.captures:
                captures[channel, period_s] = self._capture(channel, period_s, unix_s)
        return replace(
            first,
            utc=datetime.fromtimestamp(unix_s, UTC),
            local=local,
            summer=summer,
            tariff=self._tariff(unix_s),
            energy_mj=energy,
            demand_mw=0,
            last_demand_mw=quarter_mj // QUARTER_S,
            peaks=first.peaks[:ended],
            month_ends=first.month_ends[:ended],
            captures=captures,
        )

    def _prepare(self) -> None:
        self._daily = self._most_a_day()
        self._sums = [
            ((total, tariff), (part, tariff))
            for total, parts in _SUMS.items()
            for part in parts
            for tariff in sorted({tariff for _, tariff in self._daily})
        ]
        for peak in self._peaks():
            self._add_bump(peak)

    # -- energy

    def _used(self, unix_s: int) -> Energy:
        """Return what was counted from `unix_s` to the start."""
        day = self._day(unix_s)
        days = (self._from_day - day).days
        used = dict(self._total(days))
        for key, mj in self._part(day, unix_s).items():
            used[key] -= mj
        for key, mj in self._part(self._from_day, self._from_s).items():
            used[key] -= self._total(0)[key] - mj
        if unix_s <= self._from_s:
            running = (Quantity.IMPORT, self._tariff(self._from_s))
            used[running] += self._first.demand_mw * QUARTER_S
        for at_s, key, mj in self._bumps:
            if unix_s < at_s:
                used[key] += mj
        return used

    def _total(self, days: int) -> Energy:
        while len(self._totals) <= days:
            day = self._from_day - timedelta(days=len(self._totals))
            whole = self._whole(day)
            last = self._totals[-1] if self._totals else {}
            self._totals.append({key: mj + last.get(key, 0) for key, mj in whole.items()})
        return self._totals[days]

    def _whole(self, day: date) -> Energy:
        """Return what was counted on a day."""
        if day in self._days:
            return self._days[day]
        drawn = noise(self._system.seed, 50, day.toordinal())
        quarters = {key[1]: 0 for key in self._daily}
        for tariff in quarters:
            quarters[tariff] = len(self._of_tariff(day, tariff))
        whole: Energy = {}
        for number, (key, most) in enumerate(self._daily.items()):
            share = 64 + (drawn >> 2 * number & 63)  # 50 % .. 99 % of the most there can be
            whole[key] = most * share // 128 * quarters[key[1]] // _QUARTERS
        self._days[day] = self._with_sums(whole)
        return whole

    def _part(self, day: date, unix_s: int) -> Energy:
        """Return what was counted on a day before `unix_s`, which is a quarter hour of it."""
        index = (unix_s - self._midnight_s(day)) // QUARTER_S
        if (day, index) in self._parts:
            return self._parts[day, index]
        done: dict[int, tuple[int, int]] = {}  # by tariff: quarters * 1000 so far, and of the day
        for tariff in {tariff for _, tariff in self._daily}:
            mine = self._of_tariff(day, tariff)
            count = bisect_left(mine, index)
            uneven = noise(self._system.seed, 51, day.toordinal(), count) % 800
            elapsed = count * 1000 + (uneven if 0 < count < len(mine) else 0)
            done[tariff] = elapsed, max(1, len(mine)) * 1000
        part: Energy = {}
        whole = self._whole(day)
        for key in self._daily:
            elapsed, all_day = done[key[1]]
            part[key] = whole[key] * elapsed // all_day
        self._parts[day, index] = self._with_sums(part)
        return part

    def _with_sums(self, energy: Energy) -> Energy:
        for total, part in self._sums:
            energy[total] = energy.get(total, 0) + energy[part]
        return energy

    def _most_a_day(self) -> Energy:
        """Return what a day adds at most, so that no register was below zero in months."""
        tariffs = self._system.household.tariffs
        energy = self._first.energy_mj

        def cap(quantity: Quantity, tariff: int) -> int:
            return energy.get((quantity, tariff), 0) // (2 * _DAYS)

        most: Energy = {}
        for tariff in sorted({tariffs.peak, tariffs.off}):
            for quantity, wh in _DAILY_WH.items():
                if quantity is Quantity.EXPORT and not self._system.household.solar_peak_w:
                    wh = 0
                found = min(wh * MJ_PER_WH, cap(quantity, tariff))
                for total, parts in _SUMS.items():
                    if quantity in parts:
                        found = min(found, cap(total, tariff) // 2)
                most[quantity, tariff] = found
        return most

    def _peaks(self) -> list[Peak]:
        first = self._first
        last = Peak(self._from_s, first.last_demand_mw)
        known = {peak.at_s for peak in (*first.peaks, first.peak)}
        peaks = [peak for peak in (*first.peaks, first.peak) if peak.at_s <= self._from_s]
        return peaks if last.at_s in known else [*peaks, last]

    def _add_bump(self, peak: Peak) -> None:
        """Let the quarter that ends with `peak` have counted as much as the meter remembers."""
        begin_s = peak.at_s - QUARTER_S
        key = (Quantity.IMPORT, self._tariff(begin_s))
        day = self._day(begin_s)
        if self._day(peak.at_s) == day:
            usual = self._part(day, peak.at_s)[key] - self._part(day, begin_s)[key]
        else:
            usual = self._whole(day)[key] - self._part(day, begin_s)[key]
        self._bumps.append((peak.at_s, key, max(0, peak.mw * QUARTER_S - usual)))

    # -- calendar

    def _day(self, unix_s: int) -> date:
        return self._system.local(unix_s)[0].date()

    def _midnight_s(self, day: date) -> int:
        zone = self._system.household.tzinfo
        return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())

    def _tariff(self, unix_s: int) -> int:
        return self._system.household.tariffs.at(self._system.local(unix_s)[0])

    def _of_tariff(self, day: date, tariff: int) -> range | tuple[int, ...]:
        """Return the quarters of a day in which a tariff counts, numbered from 0."""
        tariffs = self._system.household.tariffs
        if tariffs.peak == tariffs.off:
            return range(_QUARTERS)
        if day.weekday() >= 5:
            return range(0 if tariff == tariffs.peak else _QUARTERS)
        busy = range(tariffs.from_hour * 4, tariffs.to_hour * 4)
        return (
            busy if tariff == tariffs.peak else (*range(busy.start), *range(busy.stop, _QUARTERS))
        )

    # -- sub-meters

    def _capture(self, channel: int, period_s: int, unix_s: int) -> Capture:
        last = self._first.captures[channel, period_s]
        taken_s = unix_s // period_s * period_s
        if taken_s >= last.at_s:
            return last
        hours = (last.at_s - taken_s) // HOUR_S
        volumes = self._volumes.setdefault(channel, [0])
        while len(volumes) <= hours:
            step = noise(self._system.seed, 52, channel, len(volumes)) % _HOURLY_ML
            volumes.append(volumes[-1] + step)
        return Capture(taken_s, max(0, last.ml - volumes[hours]))
