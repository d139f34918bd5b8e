"""One household, one truth: what every port of the simulated metering system shows.

The truth knows nothing of P1, COSEM or any other protocol. It is a function of a seed, a start,
what was done to the device, and the instant: the same give the same reading on every machine, in
whatever order they are asked. Instants are nanoseconds after the start, on whichever clock drives
the ports.
"""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bench.core.errors import UsageError
from bench.simulator.history import first_registers, remember
from bench.simulator.household import Contact, Household, Medium, SubMeter
from bench.simulator.load import BLOCK_S, LoadModel, Power, noise, returning_in_delta
from bench.simulator.reading import HOUR_S, LongFailure, Reading
from bench.simulator.registers import QUARTER_S, Capture, Registers
from bench.simulator.supply_cuts import LONG_FAILURE_S, SupplyCuts

__all__ = ["LongFailure", "MeteringSystem", "Reading", "Systems"]

_SECOND = 1_000_000_000
_RECOVERY_S = 60  # between two power failures that are added together


class MeteringSystem:
    """A household with its meter: `at(instant)` reads it, the attributes can be set by a case.

    `start` must be aware. The attributes `text`, `code`, `breaker`, `limiter_kw`, `fuse_a`,
    `short_failures`, `failures`, `sags`, `swells` and `clock_offset_s` may change while time goes
    by and show in the next reading of any port.
    """

    def __init__(self, seed: int, start: datetime, household: Household | None = None) -> None:
        if start.tzinfo is None:
            raise UsageError(
                f"start {start.isoformat()} has no zone; write for example {start}+01:00"
            )
        home = household or Household()
        self.household = home
        self.seed = seed
        self.start = start.astimezone(UTC)
        self._axis_ns = _unix_ns(self.start)  # what the meter's time is at instant 0
        self._since_ns = 0
        self.epoch_ns = self._axis_ns
        self._load = LoadModel(
            seed, home.phases, home.solar_peak_w, delta=home.delta, connected=home.connected
        )
        held_mw = None if home.held_w is None else home.held_w * 1000
        # from which second on which total is held, or what a source makes
        self._holds: list[tuple[int, int | Power | None]] = [(self._axis_ns // _SECOND, held_mw)]
        self._now = first_registers(seed, home, self._axis_ns // _SECOND)
        self._checkpoints = [self._now.copy()]
        self._listeners: list[Callable[[int], None]] = []
        self._clock_listeners: list[Callable[[int, int, int], None]] = []
        self._cuts = SupplyCuts(home.phases)
        self.active = True
        self._open = {"p1": True, "s1": True}
        self.text = home.text
        self.code = home.code
        self.breaker: Contact = home.breaker
        self.limiter_kw = home.limiter_kw
        self.fuse_a = home.fuse_a
        self.short_failures = home.short_failures
        self.sags = home.sags
        self.swells = home.swells
        whole = self.start.replace(microsecond=0)
        self.failures = tuple(
            LongFailure(whole - failure.ended_before, failure.duration_s)
            for failure in home.failures
        )
        self.clock_offset_s = 0

    def at(self, instant_ns: int) -> Reading:
        """Return the truth at `instant_ns`; cheap when time goes forward, correct when it does not.

        Raises UsageError for an instant before the start, or before the clock was last set.
        """
        registers, power = self._count(instant_ns)
        unix_s = registers.at_s + self.clock_offset_s
        utc = datetime.fromtimestamp(unix_s, UTC)
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
            submeters=registers.submeters,
            text=self.text,
            code=self.code,
            breaker=self.breaker,
            limiter_kw=self.limiter_kw,
            fuse_a=self.fuse_a,
            short_failures=self.short_failures,
            failures=self.failures,
            sags=self.sags,
            swells=self.swells,
            last_demand_mw=registers.last_mw,
        )

    def power(self, instant_ns: int) -> Power:
        """Return what `at(instant_ns).power` is, without counting up to there; any instant."""
        return self._power(self.unix_s(instant_ns))

    def local(self, unix_s: int) -> tuple[datetime, bool]:
        """Return the meter's local time at `unix_s`, and whether it is summer time."""
        return self.household.local(datetime.fromtimestamp(unix_s, UTC))

    @property
    def since_ns(self) -> int:
        """The first instant at which there is a state: the start, or when the clock was set."""
        return self._since_ns

    def unix_s(self, instant_ns: int) -> int:
        """Return the meter's time at an instant in whole Unix seconds, without reading it."""
        return (self._axis_ns + instant_ns) // _SECOND

    def instant_ns(self, unix_s: int) -> int:
        """Return the instant at which the meter's time is `unix_s`, as its clock goes now."""
        return unix_s * _SECOND - self._axis_ns

    # -- what a laboratory can do to the device

    def watch_clock(self, listener: Callable[[int, int, int], None]) -> None:
        """Call `listener` whenever the clock is about to be set.

        It gets the instant, and the Unix seconds that the clock shows and is going to show.
        """
        self._clock_listeners.append(listener)

    def observe_daylight_saving(self, observed: bool) -> None:
        """Let the meter's clock follow the summer time of its zone, or not."""
        self.household = replace(self.household, daylight_saving=observed)

    def watch_activation(self, listener: Callable[[int], None]) -> None:
        """Call `listener` with the instant whenever the consumer ports go on or off."""
        self._listeners.append(listener)

    def activate(self, active: bool, now: int) -> None:
        """Switch the consumer ports on or off, as the network operator does on consent."""
        consent = self.household.consent
        self.active = active
        self._switch(consent.opens if active else consent.closes, active, now)

    def activate_one(self, port: str, active: bool, now: int) -> None:
        """Switch one consumer port ("p1" or "s1"), as far as the meter's switch lets that be."""
        how = self.household.consent.one
        if how == "alone":
            self._switch((port,), active, now)
        elif how == "both":
            self.activate(active, now)

    def is_open(self, port: str) -> bool:
        """Return whether a consumer port is on."""
        return self._open[port]

    def restore_delivery(self, now: int) -> None:
        """Make the consumer ports what they were when the meter was delivered."""
        delivered = self.household.consent.delivered_open
        self.active = delivered
        self._switch(tuple(self._open), delivered, now)

    def _switch(self, ports: tuple[str, ...], active: bool, now: int) -> None:
        changed = [port for port in ports if self._open[port] != active]
        self._open.update(dict.fromkeys(ports, active))
        if changed:
            for listener in self._listeners:
                listener(now)

    def set_clock(self, utc: datetime, now: int) -> None:
        """Move the meter's time axis, so that its clock shows `utc` at the instant `now`.

        Counters go on from where they are; log entries keep their age, the sub-meters' captures
        and the peaks of the months become those of the new date. Raises UsageError for a time
        without zone.
        """
        if utc.tzinfo is None:
            raise UsageError(f"clock {utc.isoformat()} has no zone; give an aware datetime in UTC")
        target_ns = _unix_ns(utc)
        for listener in self._clock_listeners:
            listener(now, self.unix_s(now), target_ns // _SECOND)
        registers = self._count(now)[0].copy()
        shift = timedelta(seconds=target_ns // _SECOND - registers.at_s)
        self.failures = tuple(replace(one, ended=one.ended + shift) for one in self.failures)
        if self._holds:
            self._holds = [(target_ns // _SECOND, self._holds[-1][1])]
        registers.at_s = target_ns // _SECOND
        remember(registers, self.seed, self.household)
        self._axis_ns, self._since_ns = target_ns - now, now
        self._now = registers
        self._checkpoints = [registers.copy()]

    def hold_load(self, watts: float | None, now: int) -> int:
        """Hold the total power from the next second on; negative is export, None ends it.

        Returns the instant from which it holds. Raises UsageError for more than a household's
        connection carries.
        """
        if watts is not None and not -100_000 <= watts <= 100_000:
            raise UsageError(f"load {watts} W is none of a household: -100000 .. 100000")
        return self._hold(None if watts is None else round(watts * 1000), now)

    def connect_source(self, power: Power | None, now: int) -> int:
        """Connect a controlled source and load from the next second on; None: what was before.

        In a delta grid L2 is the reference: what comes back in it follows from the others. Returns
        the instant from which it holds. Raises UsageError for other phases than the meter has.
        """
        count = self.household.phases
        if power is not None and len(power.phases) != count:
            raise UsageError(f"the source has {len(power.phases)} phases, the meter {count}")
        if power is not None and self.household.delta:
            power = returning_in_delta(power)
        if power is None:
            own = (held for _, held in reversed(self._holds) if not isinstance(held, Power))
            return self._hold(next(own, None), now)
        return self._hold(power, now)

    def _hold(self, what: int | Power | None, now: int) -> int:
        self._count(now)
        next_s = self._now.at_s + 1
        self._holds = [hold for hold in self._holds if hold[0] < next_s]
        self._holds.append((next_s, what))
        self._checkpoints = [saved for saved in self._checkpoints if saved.at_s < next_s]
        return self.instant_ns(next_s)

    def add_outages(self, count: int, seconds: int, now: int) -> None:
        """Add `count` long power failures of `seconds` to the log, the last one just over.

        Raises UsageError for a negative number, or for a failure that is not long.
        """
        if count < 0 or seconds < 1:
            raise UsageError(f"{count} power failures of {seconds} s cannot be logged")
        last = self.at(now).utc
        apart = timedelta(seconds=seconds + _RECOVERY_S)
        added = [LongFailure(last - apart * age, seconds) for age in reversed(range(count))]
        self.failures = (*self.failures, *added)

    def watch_supply(self, listener: Callable[[int, int], None]) -> None:
        """Call `listener` whenever the supply is cut, with the instants of the cut and its end."""
        self._cuts.watch(listener)

    def cut_supply(self, seconds: float, now: int) -> int:
        """Cut the supply of the meter and its load for a time; return when it is back.

        What is counted and logged survives, and the clock goes on. The failure is counted: as a
        long one, with its entry in the log, if it lasts for more than 3 minutes. Raises UsageError
        for a time that is none.
        """
        self._count(now)
        until = self._cuts.add(seconds, now)
        self._checkpoints = [one for one in self._checkpoints if one.at_s <= self._now.at_s]
        if seconds > LONG_FAILURE_S:
            ended = datetime.fromtimestamp(self.unix_s(until), UTC)
            self.failures = (*self.failures, LongFailure(ended, round(seconds)))
        else:
            self.short_failures += 1
        self._cuts.tell()
        return until

    def switch_valve(self, channel: int, valve: Contact) -> None:
        """Move the valve of the sub-meter on a channel; nothing happens where there is none."""
        for registers in (self._now, *self._checkpoints):
            registers.submeters = tuple(
                replace(one, valve=valve)
                if one.channel == channel and one.valve is not None
                else one
                for one in registers.submeters
            )

    # -- counting

    def _count(self, instant_ns: int) -> tuple[Registers, Power]:
        """Return the registers and the power at an instant; the registers are not to be changed."""
        if instant_ns < self._since_ns:
            since = "its clock was set" if self._since_ns else "its start"
            raise UsageError(f"the metering system has no state before {since}")
        second, fraction = divmod(self._axis_ns + instant_ns, _SECOND)
        self._advance(second)
        power = self._power(second)
        registers = self._now
        if fraction:
            registers = registers.copy()
            registers.count(power, self._tariff(second), fraction)
        return registers, power

    def _power(self, unix_s: int) -> Power:
        if (dead := self._cuts.power(self.instant_ns(unix_s))) is not None:
            return dead
        for since_s, held in reversed(self._holds):
            if unix_s >= since_s:
                if held is None:
                    break
                return held if isinstance(held, Power) else self._load.held(unix_s, held)
        return self._load.power(unix_s)

    def _tariff(self, unix_s: int) -> int:
        return self.household.tariffs.at(self.local(unix_s)[0])

    def _advance(self, to_s: int) -> None:
        nearest = bisect_right(self._checkpoints, to_s, key=_counted_to) - 1
        if to_s < self._now.at_s or self._now.at_s < self._checkpoints[nearest].at_s:
            self._now = self._checkpoints[nearest].copy()
        registers = self._now
        if registers.at_s < to_s:
            tariff = self._tariff(registers.at_s)
            while registers.at_s < to_s:
                registers.count(self._power(registers.at_s), tariff)
                registers.at_s += 1
                if registers.at_s % BLOCK_S == 0:
                    self._close_block(registers)
                    tariff = self._tariff(registers.at_s)

    def _close_block(self, registers: Registers) -> None:
        """Take the sub-meters' readings, end the quarter if it ends, and keep the state.

        Tariffs change on the hour, thus never within a block.
        """
        at_s = registers.at_s
        for sub in registers.submeters:
            if sub.silent_s:
                continue
            flow = self._flow_ml(sub, at_s - BLOCK_S)
            registers.volume_ml[sub.channel] += flow
            capture = Capture(at_s, registers.volume_ml[sub.channel])
            registers.captures[sub.channel, BLOCK_S] = capture
            if at_s % HOUR_S == 0:
                registers.captures[sub.channel, HOUR_S] = capture
        self._exchange(registers)
        if at_s % QUARTER_S == 0:
            registers.close_quarter(self.local(at_s)[0])
        if at_s > self._checkpoints[-1].at_s:
            self._checkpoints.append(registers.copy())

    def _flow_ml(self, sub: SubMeter, block_s: int) -> int:
        """Volume that goes through a sub-meter in the block that starts at `block_s`."""
        hour = self.local(block_s)[0].hour
        draw = noise(self.seed, 20, sub.channel, block_s)
        busy = 70 if 6 <= hour < 23 else 15
        flow = 5_000 + draw // 101 % 110_000 if draw % 100 < busy else 0
        return flow // 20 if sub.medium is Medium.HEAT else flow

    def _exchange(self, registers: Registers) -> None:
        """Let another sub-meter take its channel, when that is due."""
        planned = self.household.exchanges
        elapsed_s = (registers.at_s * _SECOND - self._axis_ns) // _SECOND
        while registers.exchanged < len(planned):
            exchange = planned[registers.exchanged]
            if exchange.after_s > elapsed_s:
                return
            registers.link(exchange.submeter)
            registers.exchanged += 1


def _counted_to(registers: Registers) -> int:
    return registers.at_s


def _unix_ns(utc: datetime) -> int:
    whole = utc.replace(microsecond=0)
    return int(whole.timestamp()) * _SECOND + utc.microsecond * 1000


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
