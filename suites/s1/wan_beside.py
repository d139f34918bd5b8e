"""WAN beside S1: load profiles that the operator reads meanwhile."""

from contextlib import suppress

from bench.core.clock import seconds
from bench.core.errors import AdapterError
from bench.core.verdict import Reason
from bench.engine.context import CaseContext, Inconclusive
from bench.engine.session import Session
from suites.wan_dlms.meter import Meter
from suites.wan_dlms.model import PROFILE
from suites.wan_dlms.profiles import MOST_ROWS, Profile, profile_of

_BOUND_S = 600.0


class WanBeside:
    """Reads buffers over WAN while S1 is captured; recorded under the name of the case.

    Adapter errors of the WAN link are raised when it is first needed.
    """

    def __init__(self, session: Session, case_context: CaseContext) -> None:
        self._context = session.aside("wan", f"beside-{case_context.case.id}", _BOUND_S)
        self._meter = Meter.of(session, self._context)
        case_context.at_end(self._end)

    def profiles(self) -> list[Profile]:
        """Return the profiles whose buffers can be read, those with most rows first.

        Ask for them before S1 is captured: it takes the survey of the meter. Inconclusive where
        there is none.
        """
        survey = self._meter.survey()
        found = [profile_of(survey, one) for one in survey.find(PROFILE)]
        kept = [one for one in found if one is not None and 0 < one.in_use <= MOST_ROWS]
        if not kept:
            raise Inconclusive(
                Reason.PRECONDITION, "no profile generic of 1 to 300 rows can be read over WAN"
            )
        return sorted(kept, key=lambda one: -one.in_use)

    def read(self, profiles: list[Profile], at_least_s: float) -> int:
        """Read buffers over and over for so long at least; return how many were read."""
        clock = self._context.link.clock
        until = clock.now() + seconds(at_least_s)
        count = 0
        with self._meter.associate("main") as aa:
            while True:
                for one in profiles:
                    count += one.read(aa).ok
                    if clock.now() >= until:
                        return count

    def _end(self) -> None:
        with suppress(AdapterError, Inconclusive):
            self._meter.close()
        with suppress(AdapterError):
            self._context.finish()
        self._context.close()
