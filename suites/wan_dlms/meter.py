"""The meter under test as a case sees it (fixture `meter`): links, associations, a sign of life."""

from random import Random
from typing import Any

from bench.engine.connection import Connection
from bench.engine.context import CaseContext
from bench.engine.session import Session
from suites.wan_dlms.answer import Answer
from suites.wan_dlms.association import Association
from suites.wan_dlms.declared import Declared
from suites.wan_dlms.survey import Survey
from suites.wan_dlms.transport import Transport


class Meter:
    """Makes transports and associations over the case's connection and closes them at its end.

    `random` is where challenges come from: seeded by the case in virtual time, so that a run can
    be repeated, else by the system.
    """

    declared: Declared
    random: Random

    @classmethod
    def of(cls, session: Session, context: CaseContext) -> "Meter":
        """Return the meter for one case, or for the known-good exchange around a group."""
        raise NotImplementedError

    def transport(
        self,
        client: int,
        server: int | None = None,
        *,
        connection: Connection | None = None,
        retries: int = 0,
        **options: Any,
    ) -> Transport:
        """Return a transport over the declared link layer, not yet opened.

        Options of HDLC: `parameters` (LinkParameters or None for SNRM without information) and
        `address_octets`.
        """
        raise NotImplementedError

    def association(self, name: str, **options: Any) -> Association:
        """Return a declared association ("main", "reading" are roles), not yet opened.

        Options are those of `transport`. UsageError for one that is not declared.
        """
        raise NotImplementedError

    def associate(self, name: str, **options: Any) -> Association:
        """Return an open association; Inconclusive (PRECONDITION) when it cannot be opened.

        The message names the step that failed and what the meter answered.
        """
        raise NotImplementedError

    def secret(self, name: str) -> bytes:
        """Return a declared key or password; Inconclusive (IXIT) where none is declared."""
        raise NotImplementedError

    def logical_device_name(self) -> Answer:
        """Read the logical device name through the public client, over a fresh link."""
        raise NotImplementedError

    def alive(self) -> bool:
        """Whether the logical device name can be read now; closes what was open before."""
        raise NotImplementedError

    def survey(self, name: str = "main") -> Survey:
        """Return the object model as this association sees it; read once per run.

        Inconclusive (PRECONDITION) when the object list cannot be read.
        """
        raise NotImplementedError

    def finish(self) -> None:
        """Close all, and look for a sign of life unless the case has done so itself."""
        raise NotImplementedError

    def close(self) -> None:
        """Release and disconnect all that is open, the last opened first; never raises."""
        raise NotImplementedError
