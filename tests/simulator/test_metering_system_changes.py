"""What may happen to a metering system while time goes by, and what its listeners are told."""

from datetime import UTC, datetime, timedelta

from bench.simulator.household import Contact
from bench.simulator.metering_system import MeteringSystem
from bench.simulator.presets import household
from bench.simulator.registers import Quantity

START = datetime(2026, 1, 15, 9, 7, 13, tzinfo=UTC)
MINUTE = 60 * 10**9


def made(start: datetime = START) -> MeteringSystem:
    return MeteringSystem(1, start, household("nl", 1))


def test_the_order_of_questions_does_not_matter():
    forward, mixed = made(), made()
    instants = [minute * MINUTE + 123_456_789 for minute in range(0, 90, 7)]
    expected = {now: forward.at(now) for now in instants}
    for now in (instants[-1], instants[0], instants[5], instants[5], instants[9], instants[2]):
        assert mixed.at(now) == expected[now]


def test_who_watches_is_told_before_the_clock_is_set():
    system = made()
    told: list[tuple[int, int, int, datetime]] = []
    system.watch_clock(lambda now, old, new: told.append((now, old, new, system.at(now).utc)))
    target = START + timedelta(days=2)
    system.set_clock(target, MINUTE)
    before = START + timedelta(minutes=1)
    assert told == [(MINUTE, int(before.timestamp()), int(target.timestamp()), before)]
    assert system.since_ns == MINUTE
    assert system.unix_s(MINUTE) == int(target.timestamp())
    assert system.instant_ns(system.unix_s(MINUTE)) == MINUTE


def test_a_valve_stays_where_it_was_put():
    system = made()
    system.at(30 * MINUTE)
    system.switch_valve(1, Contact.DISCONNECTED)
    for minute in (30, 31, 60, 30):
        assert system.at(minute * MINUTE).submeters[0].valve is Contact.DISCONNECTED
    system.switch_valve(2, Contact.CONNECTED)
    assert system.at(60 * MINUTE).submeters[0].valve is Contact.DISCONNECTED


def test_summer_time_may_be_left_out():
    system = made(datetime(2026, 7, 1, 10, tzinfo=UTC))
    assert system.at(0).summer
    system.observe_daylight_saving(False)
    reading = system.at(0)
    assert not reading.summer
    assert reading.local.hour == 11
    system.observe_daylight_saving(True)
    assert system.at(0).local.hour == 12


def test_the_average_of_the_last_quarter_is_kept():
    system = made()
    assert 400_000 <= system.at(0).last_demand_mw <= 900_000

    def imported(second: int) -> int:
        energy = system.at(second * 10**9).energy_mj
        return sum(mj for (which, _), mj in energy.items() if which is Quantity.IMPORT)

    begin, end = 467, 467 + 900  # 09:15:00 and 09:30:00
    mean = (imported(end) - imported(begin)) // 900
    assert system.at(end * 10**9).last_demand_mw == mean
    assert system.at((end + 899) * 10**9).last_demand_mw == mean
