"""What a metering system is made of before time starts: zone, phases, tariffs, sub-meters."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from enum import IntEnum
from zoneinfo import ZoneInfo

from bench.core.errors import UsageError
from bench.simulator.load import noise


class Medium(IntEnum):
    """What a sub-meter measures (EN 13757-3)."""

    ELECTRICITY = 2
    GAS = 3
    HEAT = 4
    WATER = 7


class Contact(IntEnum):
    """State of the breaker or of a valve."""

    DISCONNECTED = 0
    CONNECTED = 1
    READY = 2


@dataclass(frozen=True, slots=True)
class Tariffs:
    """Which register counts when: `peak` on working days in the given local hours, else `off`.

    The Netherlands number the low tariff 1, Flanders the day tariff. `count` > 2 leaves the
    further registers at rest.
    """

    peak: int = 2
    off: int = 1
    from_hour: int = 7
    to_hour: int = 23
    count: int = 2

    def at(self, local: datetime) -> int:
        """Return the number of the tariff that counts at `local`."""
        working_day = local.weekday() < 5
        return (
            self.peak if working_day and self.from_hour <= local.hour < self.to_hour else self.off
        )


@dataclass(frozen=True, slots=True)
class SubMeter:
    """A linked meter. `start_ml` is its volume at the start, `valve` None: none.

    Volumes are in ml; those of heat in kJ, those of electricity in mWh. `capture_s` is how often
    the metering system fetches its reading. `answers` False: it was linked but has not sent a
    reading yet. `silent_s`: how long before the start it answered for the last time; 0: it does.
    """

    channel: int
    medium: Medium
    serial: str
    start_ml: int = 0
    valve: Contact | None = Contact.CONNECTED
    capture_s: int = 300
    answers: bool = True
    silent_s: int = 0
    ean: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.channel <= 4:
            raise UsageError(f"a sub-meter is linked on channel 1 to 4, not {self.channel}")


@dataclass(frozen=True, slots=True)
class Exchange:
    """Another sub-meter takes the place of the one on its channel.

    It happens with the first capture from `after_s` seconds after the start on; the new one has no
    reading before the capture that follows. Its channel may have been empty.
    """

    after_s: int
    submeter: SubMeter


@dataclass(frozen=True, slots=True)
class Failure:
    """A long power failure: how long before the start it ended, and how long it lasted."""

    ended_before: timedelta
    duration_s: int


@dataclass(frozen=True, slots=True)
class Firmware:
    """What another firmware shows than the reference device of the edition.

    `version` replaces what it announces as its version where that is not empty. `added` are
    further objects, each an OBIS code and all that follows it: ("1-0:32.7.124", "(00.4*%)").
    """

    version: str = ""
    added: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ConsentSwitch:
    """How the operator's switch of the consumer ports works, by the customer's consent.

    `opens` and `closes` are the ports that follow it; `delivered_open` whether they are open before
    anybody gave consent. `one` is what comes of switching S1 by itself: it is "refused", or
    "ignored" and said to be done, or done for S1 "alone" or for "both".
    """

    opens: tuple[str, ...] = ("p1", "s1")
    closes: tuple[str, ...] = ("p1", "s1")
    delivered_open: bool = False
    one: str = "refused"


@dataclass(frozen=True, slots=True)
class Household:
    """All that is fixed when the simulation starts; what changes lives in the metering system.

    `delta`: three phases of 230 V without neutral. `connected`: how many of its phases have a
    voltage, from L1 on; None: all. `start_wh`: where the energy registers in use
    start, for a roll-over to come; None draws them. `held_w`: the total power from the start on,
    negative is export; None follows the load model.
    """

    zone: str = "Europe/Amsterdam"
    daylight_saving: bool = True
    phases: int = 3
    delta: bool = False
    connected: int | None = None
    start_wh: int | None = None
    held_w: int | None = None
    firmware: Firmware = field(default_factory=Firmware)
    consent: ConsentSwitch = field(default_factory=ConsentSwitch)
    solar_peak_w: int = 3600
    tariffs: Tariffs = field(default_factory=Tariffs)
    serial: str = "E0026000000000026"
    ean: str = "541440012345678901"
    submeters: tuple[SubMeter, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    breaker: Contact = Contact.CONNECTED
    limiter_kw: Decimal | None = None
    fuse_a: Decimal | None = None
    text: bytes = b""
    code: bytes = b""
    short_failures: int = 4
    failures: tuple[Failure, ...] = (
        Failure(timedelta(days=63, hours=5, minutes=17, seconds=9), 240),
        Failure(timedelta(days=411, hours=2, minutes=41, seconds=33), 301),
    )
    sags: tuple[int, int, int] = (2, 1, 0)
    swells: tuple[int, int, int] = (0, 3, 0)

    def __post_init__(self) -> None:
        if self.phases not in (1, 2, 3):
            raise UsageError(f"a household has 1, 2 or 3 phases, not {self.phases}")
        if self.delta and self.phases != 3:
            raise UsageError(f"a delta grid has 3 phases, not {self.phases}")
        if self.connected is not None and (self.delta or not 1 <= self.connected <= self.phases):
            raise UsageError(f"of {self.phases} phases not {self.connected} can be connected")

    def local(self, utc: datetime) -> tuple[datetime, bool]:
        """Return the time that the meter's clock shows at `utc`, and whether it is summer time."""
        local = utc.astimezone(self.tzinfo)
        return local, bool(local.dst())

    @property
    def tzinfo(self) -> tzinfo:
        """Zone of the meter's clock; a fixed offset where the meter knows no summer time."""
        zone = ZoneInfo(self.zone)
        if self.daylight_saving:
            return zone
        winter = datetime(2026, 1, 1, tzinfo=zone).utcoffset() or timedelta(0)
        return timezone(winter)


def digits(count: int, *keys: int) -> str:
    """Return `count` decimal digits drawn by `keys`, for serial numbers."""
    return "".join(str(noise(*keys, place) % 10) for place in range(count))
