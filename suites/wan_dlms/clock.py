"""The meter's clock as cases use it: read, set, and put right again at the end."""

from dataclasses import dataclass
from datetime import datetime

from bench.core.verdict import Reason
from bench.engine.context import Inconclusive
from bench.protocols.dlms.data_types import boolean
from bench.protocols.dlms.date_time import STATUS_DAYLIGHT_SAVING, DateTime
from suites.wan_dlms.answer import Answer
from suites.wan_dlms.association import Association
from suites.wan_dlms.meter import Meter
from suites.wan_dlms.model import CLOCK, CLOCK_CLASS
from suites.wan_dlms.stamps import Shown, as_data, written

TIME, STATUS, ENABLED = 2, 4, 8


@dataclass(slots=True)
class MeterClock:
    """The clock, over an association that may set it; `before` is what it showed at first."""

    meter: Meter
    aa: Association
    before: Shown

    @classmethod
    def of(cls, meter: Meter) -> "MeterClock":
        """Open the management association and read the clock; Inconclusive if it shows nothing."""
        aa = meter.associate("main")
        answer = aa.get(CLOCK_CLASS, CLOCK, TIME)
        shown = Shown.of(answer)
        if shown is None:
            text = f"the clock {CLOCK} shows no time to start from: {answer}"
            raise Inconclusive(Reason.PRECONDITION, text)
        return cls(meter, aa, shown)

    @property
    def now_ns(self) -> int:
        """The instant on the link's clock."""
        return self.meter.context.connection.now()

    @property
    def deviation_min(self) -> int:
        """The deviation that the clock showed, 0 where it is open."""
        return self.before.stamp.deviation_min or 0

    @property
    def summer(self) -> bool:
        """Whether the clock showed summer time."""
        return bool((self.before.stamp.status or 0) & STATUS_DAYLIGHT_SAVING)

    def right_time(self) -> datetime:
        """Return what the clock would show now if it had been left alone."""
        return self.before.later(self.now_ns)

    def read(self) -> tuple[Answer, Shown | None]:
        """Read the time."""
        answer = self.aa.get(CLOCK_CLASS, CLOCK, TIME)
        return answer, Shown.of(answer)

    def write(self, stamp: DateTime) -> Answer:
        """Set the time."""
        return self.aa.set(CLOCK_CLASS, CLOCK, TIME, as_data(stamp))

    def set_to(self, utc: datetime) -> Answer:
        """Set the time to an instant, written as the clock writes its own."""
        return self.write(written(utc, self.deviation_min, summer=self.summer))

    def enable_daylight_saving(self, enabled: bool) -> Answer:
        """Switch daylight saving on or off."""
        return self.aa.set(CLOCK_CLASS, CLOCK, ENABLED, boolean(enabled))

    def restore(self, enabled: bool | None = None) -> None:
        """Put the time right again, and daylight saving as it was; told if that fails."""
        if not self.aa.transport.up and not self.aa.open().established:
            self._tell("the association could not be opened again")
            return
        if enabled is not None and not (answer := self.enable_daylight_saving(enabled)).ok:
            self._tell(f"daylight saving was not set back: {answer}")
        if not (answer := self.set_to(self.right_time())).ok:
            self._tell(f"the clock was not set back: {answer}")

    def _tell(self, text: str) -> None:
        self.meter.context.inconclusive(Reason.PRECONDITION, text)
