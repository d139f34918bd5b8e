"""The system suite: one metering system, seen through all the ports that it declares."""

from bench.core.clause import clauses_from_data
from bench.core.ics import Proforma
from bench.core.line import LineSettings
from bench.engine.suite import Suite
from suites.tables import read_table

_PROFILE = "one-device"

SUITE = Suite(
    interface="system",
    package="suites.system",
    title="The device as one, through all its ports",
    proforma=Proforma.from_data(read_table("system/ics.toml")),
    clauses=clauses_from_data(read_table("system/clauses.toml")),
    profiles=lambda: {_PROFILE: _PROFILE},
    titles=lambda _key: "ports compared",
    facts=lambda _key, _values: {},
    line=lambda _key: LineSettings(),
    opening=lambda _session: None,
    closing=lambda _session: None,
    spans=("p1", "s1", "wan", "han", "mep"),
)
