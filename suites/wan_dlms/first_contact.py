"""The known-good exchange around each group, and why the first one did not go well."""

from bench.core.verdict import Reason
from bench.engine.session import Session
from bench.engine.suite import Unwell
from suites.wan_dlms.meter import Meter


def first_contact(session: Session) -> Unwell | None:
    """Read the logical device name; None when that went well."""
    meter = Meter.of(session, session.known_good("wan"))
    why = meter.why_not_alive()
    return Unwell(Reason.SILENT, why) if why else None


def last_contact(session: Session) -> Unwell | None:
    """Read the logical device name again; None when that went well."""
    meter = Meter.of(session, session.known_good("wan"))
    why = meter.why_not_alive()
    return Unwell(Reason.SURVIVAL, f"after the group: {why}") if why else None
