"""The S1 suite: meters that stream samples of voltage and current (e-MUCS-H, Fluvius)."""

from collections.abc import Mapping
from typing import Any

from bench.core.clause import clauses_from_data
from bench.core.clock import SECOND
from bench.core.errors import AdapterError
from bench.core.ics import Proforma
from bench.core.line import LineSettings
from bench.core.link import LinkEnded
from bench.core.verdict import Reason
from bench.engine.observation import Ended
from bench.engine.session import Session
from bench.engine.suite import Suite, Unwell
from bench.protocols.s1.profile import Transparency, load_profile, profile_names
from suites.s1.figures import keep_figures
from suites.s1.watch import observe
from suites.tables import read_table

_SIGN_OF_LIFE_NS = 10 * SECOND


def _profiles() -> Mapping[str, str]:
    """Return every name of an edition with its key."""
    names: dict[str, str] = {}
    for key in profile_names():
        names[key] = key
        names.update(dict.fromkeys(load_profile(key).aliases, key))
    return names


def facts(key: str, values: Mapping[str, Any]) -> Mapping[str, bool]:
    """Return what follows from an edition and the declared values."""
    by_length = load_profile(key).transparency is Transparency.LENGTH
    return {
        "S1/LENGTH-MODE": by_length,
        "S1/OCTET-MODE": not by_length,
        "S1/CONTROL-OBJECT": "activation_object" in values,
        "S1/SEPARATE-OBJECT": "s1_activation_object" in values,
    }


def _opening(session: Session) -> Unwell | None:
    """Observe what is shared before any case switches the port off and on.

    Silence is judged by the cases: one of them asks whether a meter waits to be asked.
    """
    if session.preparation.target("s1").answers["S1/PRESENT"]:
        observe(session)
    return None


def _closing(session: Session) -> Unwell | None:
    """Something must still come, unless nothing came before."""
    if not session.preparation.target("s1").answers["S1/PRESENT"]:
        return None
    try:
        if observe(session).ended is not Ended.COMPLETE:
            return None
        keep_figures(session)
        link, clock = session.link("s1"), session.clock
        deadline = clock.now() + _SIGN_OF_LIFE_NS
        if link.read(deadline) is not None or session.stopping:
            return None
    except (AdapterError, LinkEnded):
        return None  # every case of the group says so itself
    return Unwell(Reason.SURVIVAL, "no octet came any more")


SUITE = Suite(
    interface="s1",
    package="suites.s1",
    title="S1 port of the meter (samples of voltage and current)",
    proforma=Proforma.from_data(read_table("s1/ics.toml")),
    clauses=clauses_from_data(read_table("s1/clauses.toml")),
    profiles=_profiles,
    titles=lambda key: load_profile(key).title,
    facts=facts,
    line=lambda key: LineSettings(load_profile(key).line_rate_bps),
    opening=_opening,
    closing=_closing,
)
