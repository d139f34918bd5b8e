"""One household, one truth: what every port of the simulated metering system shows.

The truth knows nothing of P1, COSEM or any other protocol. It is a function of a seed, a start and
the instant: the same three give the same reading on every machine, in whatever order they are
asked. Instants are nanoseconds after the start, on whichever clock drives the ports.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from bench.core.errors import UsageError
from bench.simulator.household import Contact, Household, SubMeter
from bench.simulator.load import BLOCK_S, LoadModel, Power, between, noise
from bench.simulator.registers import QUARTER_S, Capture, Peak, Quantity, Registers

_SECOND = 1_000_000_000
_HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class LongFailure:
    """A long power failure that the meter logged: when it ended, and how long it lasted."""

    ended: datetime
    duration_s: int


@dataclass(frozen=True, slots=True)
class Reading:
    """The whole truth at one instant.

    `utc` is the meter's idea of the time, `local` the same in its zone with `summer` as its flag.
    `energy_mj` holds millijoule (or mvar s) by quantity and tariff. `demand_mw` is the average of
    the running quarter hour so far, over the whole quarter; `peak` the highest quarter of the
    running month; `peaks` those of the months before with the instants at which these ended.
    """

    instant_ns: int
    utc: datetime
    local: datetime
    summer: bool
    power: Power
    tariff: int
    energy_mj: dict[tuple[Quantity, int], int]
    demand_mw: int
    peak: Peak
    peaks: tuple[Peak, ...]
    month_ends: tuple[int, ...]
    captures: dict[tuple[int, int], Capture]

    def energy_wh(self, quantity: Quantity, tariff: int | None = None) -> int:
        """Return whole Wh (varh) of one tariff, or of all together when `tariff` is None."""
        if tariff is not None:
            return self.energy_mj.get((quantity, tariff), 0) // 3_600_000
        total = sum(mj for (which, _), mj in self.energy_mj.items() if which is quantity)
        return total // 3_600_000

    def capture(self, channel: int, period_s: int) -> Capture:
        """Return what the sub-meter on `channel` showed at the last multiple of `period_s`."""
        return self.captures[channel, _HOUR_S if period_s >= _HOUR_S else BLOCK_S]


class MeteringSystem:
    """A household with its meter: `at(instant)` reads it, the attributes can be set by a case.

    `start` must be aware; it is cut to whole seconds. The attributes `text`, `code`, `breaker`,
    `limiter_kw`, `fuse_a`, `short_failures`, `failures`, `sags`, `swells` and `clock_offset_s` may
    change while time goes by and show in the next reading of any port.
    """

    def __init__(self, seed: int, start: datetime, household: Household | None = None) -> None:
        if start.tzinfo is None:
            raise UsageError(
                f"start {start.isoformat()} has no zone; write for example {start}+01:00"
            )
        self.household = household or Household()
        self.seed = seed
        self.start = start.astimezone(UTC).replace(microsecond=0)
        self._start_s = int(self.start.timestamp())
        home = self.household
        self._load = LoadModel(seed, home.phases, home.solar_peak_w)
        self._now = self._first_registers()
        self._checkpoints = [self._now.copy()]
        self.text = home.text
        self.code = home.code
        self.breaker: Contact = home.breaker
        self.limiter_kw = home.limiter_kw
        self.fuse_a = home.fuse_a
        self.short_failures = home.short_failures
        self.sags = home.sags
        self.swells = home.swells
        self.failures = tuple(
            LongFailure(self.start - failure.ended_before, failure.duration_s)
            for failure in home.failures
        )
        self.clock_offset_s = 0

    def at(self, instant_ns: int) -> Reading:
        """Return the truth at `instant_ns`; cheap when time goes forward, correct when it does not.

        Raises UsageError for an instant before the start.
        """
        if instant_ns < 0:
            raise UsageError("the metering system has no state before its start")
        second, fraction = divmod(instant_ns, _SECOND)
        self._advance(self._start_s + second)
        power = self._load.power(self._now.at_s)
        registers = self._now
        if fraction:
            registers = registers.copy()
            registers.count(power, self._tariff(registers.at_s), fraction)
        utc = self.start + timedelta(seconds=second + self.clock_offset_s)
        local, summer = self.household.local(utc)
        return Reading(
            instant_ns=instant_ns,
            utc=utc,
            local=local,
            summer=summer,
            power=power,
            tariff=self.household.tariffs.at(local),
            energy_mj=dict(registers.energy_mj),
            demand_mw=registers.quarter_mj // QUARTER_S,
            peak=registers.peak,
            peaks=registers.peaks,
            month_ends=registers.month_ends,
            captures=dict(registers.captures),
        )

    def submeter(self, channel: int) -> SubMeter | None:
        """Return the sub-meter linked on `channel`, or None."""
        return next((s for s in self.household.submeters if s.channel == channel), None)

    def local(self, unix_s: int) -> tuple[datetime, bool]:
        """Return the meter's local time at `unix_s`, and whether it is summer time."""
        return self.household.local(datetime.fromtimestamp(unix_s, UTC))

    def _tariff(self, unix_s: int) -> int:
        return self.household.tariffs.at(self.local(unix_s)[0])

    def _advance(self, to_s: int) -> None:
        if to_s < self._now.at_s:
            past = [saved for saved in self._checkpoints if saved.at_s <= to_s]
            self._now = past[-1].copy()
        registers = self._now
        if registers.at_s < to_s:
            tariff = self._tariff(registers.at_s)
            while registers.at_s < to_s:
                registers.count(self._load.power(registers.at_s), tariff)
                registers.at_s += 1
                if registers.at_s % BLOCK_S == 0:
                    self._close_block(registers)
                    tariff = self._tariff(registers.at_s)

    def _close_block(self, registers: Registers) -> None:
        """Take the sub-meters' readings, end the quarter if it ends, and keep the state.

        Tariffs change on the hour, thus never within a block.
        """
        at_s = registers.at_s
        for sub in self.household.submeters:
            flow = self._flow_ml(sub, at_s - BLOCK_S)
            registers.volume_ml[sub.channel] += flow
            capture = Capture(at_s, registers.volume_ml[sub.channel])
            registers.captures[sub.channel, BLOCK_S] = capture
            if at_s % _HOUR_S == 0:
                registers.captures[sub.channel, _HOUR_S] = capture
        if at_s % QUARTER_S == 0:
            registers.close_quarter(self.local(at_s)[0])
        if at_s > self._checkpoints[-1].at_s:
            self._checkpoints.append(registers.copy())

    def _flow_ml(self, sub: SubMeter, block_s: int) -> int:
        """Volume that goes through a sub-meter in the block that starts at `block_s`."""
        hour = self.local(block_s)[0].hour
        draw = noise(self.seed, 20, sub.channel, block_s)
        busy = 70 if 6 <= hour < 23 else 15
        return 5_000 + draw // 101 % 110_000 if draw % 100 < busy else 0

    def _first_registers(self) -> Registers:
        """Return a state as after some years of use: drawn by the seed, peaks of 13 months."""
        seed, at_s, home = self.seed, self._start_s, self.household
        energy: dict[tuple[Quantity, int], int] = {}
        for number, quantity in enumerate(Quantity):
            for tariff in range(1, home.tariffs.count + 1):
                used = tariff in (home.tariffs.peak, home.tariffs.off)
                wh = between(100_000, 9_900_000, seed, 10, number, tariff) if used else 0
                energy[quantity, tariff] = wh * 3_600_000 + between(0, 3_599_999, seed, 11, number)
        local = self.local(at_s)[0]
        quarter_s = at_s // QUARTER_S * QUARTER_S
        mean_mw = between(200_000, 900_000, seed, 12)
        registers = Registers(
            at_s,
            energy,
            quarter_mj=mean_mw * (at_s - quarter_s),
            month=(local.year, local.month),
        )
        self._invent_peaks(registers, local)
        for sub in home.submeters:
            registers.volume_ml[sub.channel] = sub.start_ml
            for period_s in (BLOCK_S, _HOUR_S):
                last = Capture(at_s // period_s * period_s, sub.start_ml)
                registers.captures[sub.channel, period_s] = last
        return registers

    def _invent_peaks(self, registers: Registers, local: datetime) -> None:
        """Fill the peak history with the 13 months before the start, and the running month."""
        month = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0)
        ends = []
        for _ in range(14):
            ends.append(int(month.timestamp()))
            month = (month - timedelta(days=1)).replace(day=1)
        ends.reverse()
        peaks = [self._invented_peak(begin, end) for begin, end in pairwise(ends)]
        registers.month_ends = tuple(ends[1:])
        registers.peaks = tuple(peaks)
        registers.peak = self._invented_peak(ends[-1], registers.at_s)

    def _invented_peak(self, begin_s: int, end_s: int) -> Peak:
        """Return a peak in a quarter between two instants; at `begin_s` when none fits."""
        quarters = (end_s - begin_s) // QUARTER_S
        if quarters <= 0:
            return Peak(begin_s, 0)
        quarter = 1 + noise(self.seed, 13, begin_s) % quarters
        return Peak(
            begin_s + quarter * QUARTER_S, between(2_000_000, 8_500_000, self.seed, 14, begin_s)
        )


class Systems:
    """The metering systems of one clock: ports with equal seed, start and household share one."""

    def __init__(self) -> None:
        self._systems: dict[tuple[int, datetime, Household], MeteringSystem] = {}

    def get(self, seed: int, start: datetime | str, household: Household) -> MeteringSystem:
        """Return the system, made at the first call. `start` without zone is the household's time.

        Raises UsageError for a text that is no date and time.
        """
        if isinstance(start, str):
            try:
                start = datetime.fromisoformat(start)
            except ValueError:
                raise UsageError(
                    f"start {start!r} is no date and time; write for example 2026-01-15T10:00:00"
                ) from None
        if start.tzinfo is None:
            start = start.replace(tzinfo=household.tzinfo)
        key = (seed, start.astimezone(UTC), household)
        if key not in self._systems:
            self._systems[key] = MeteringSystem(seed, start, household)
        return self._systems[key]
