"""The WAN suite: meters that speak DLMS/COSEM over HDLC, TCP or UDP."""

from collections.abc import Mapping
from typing import Any

from bench.core.clause import clauses_from_data
from bench.core.ics import Proforma
from bench.core.line import LineSettings
from bench.engine.session import Session
from bench.engine.suite import Suite, Unwell
from suites.tables import read_table

_PROFILE = "generic"
_TITLE = "DLMS/COSEM by logical names, IEC 62056-5-3 and its family"


def facts(key: str, values: Mapping[str, Any]) -> Mapping[str, bool]:
    """Return what follows from the declared link layer.

    A meter that does not say how long it keeps a link has a time-out for all that is known: the
    case that waits for it is blocked then, not inapplicable.
    """
    del key
    link_layer = values.get("link_layer")
    return {
        "WAN/HDLC": link_layer == "hdlc",
        "WAN/WRAPPER": link_layer == "wrapper",
        "WAN/UDP": link_layer == "udp",
        "WAN/INACTIVITY": link_layer == "hdlc" and values.get("inactivity_s") != 0,
    }


def _opening(session: Session) -> Unwell | None:
    """The logical device name can be read; if not, the setting to change is told."""
    from suites.wan_dlms.first_contact import first_contact

    return first_contact(session)


def _closing(session: Session) -> Unwell | None:
    """The logical device name can be read after the group, too."""
    from suites.wan_dlms.first_contact import last_contact

    return last_contact(session)


SUITE = Suite(
    interface="wan",
    package="suites.wan_dlms",
    title="WAN port of the meter (DLMS/COSEM)",
    proforma=Proforma.from_data(read_table("wan_dlms/ics.toml")),
    clauses=clauses_from_data(read_table("wan_dlms/clauses.toml")),
    profiles=lambda: {_PROFILE: _PROFILE, "dlms": _PROFILE},
    titles=lambda _: _TITLE,
    facts=facts,
    line=lambda _: LineSettings(9600),
    opening=_opening,
    closing=_closing,
)

__all__ = ["SUITE", "facts"]
