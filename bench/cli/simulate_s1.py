"""Serves the S1 port of the built-in metering system at the speed of its line."""

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from bench.cli.simulate import Served, Wishes

if TYPE_CHECKING:
    from bench.simulator.household import Household

_I_MAX_A = 80.0  # of the simulated meter
_KEPT_OCTETS = 65536  # half a second, for a reader on a busy machine


def serve_s1(wishes: Wishes, stop: threading.Event) -> Served:
    """Return the S1 port as it is wished; click.UsageError for what only others have."""
    if wishes.udp_port is not None or wishes.hdlc or wishes.mode_e or wishes.latency_ms is not None:
        raise click.UsageError("--udp, --hdlc, --mode-e and --latency-ms are for wan")
    if wishes.encrypted:
        raise click.UsageError("--encrypted is for p1")
    from adapters.serve import serve_pty, serve_tcp
    from bench.simulator.faults import deviation
    from bench.simulator.ports.s1 import (
        DEFAULT_HOUSEHOLD,
        DEFAULT_MODE,
        DEFAULT_PROFILE,
        DEFAULT_SEED,
        REAL_TIME_BLOCK_NS,
        s1_port,
    )
    from bench.simulator.recordings import replayed

    found = deviation(wishes.fault) if wishes.fault else None
    profile = wishes.profile or (found.profile if found else DEFAULT_PROFILE)
    source = replayed(wishes.replay, wishes.household or "") if wishes.replay else None
    port = s1_port(
        profile,
        seed=DEFAULT_SEED if wishes.seed is None else wishes.seed,
        start=wishes.start or datetime.now(UTC),
        alterations=found.alterations if found else (),
        home=wishes.household or (source.home if source else DEFAULT_HOUSEHOLD),
        mode=wishes.mode or DEFAULT_MODE,
        rate=wishes.rate,
        source=source,
        block_ns=REAL_TIME_BLOCK_NS,
    )
    settings = _settings(port.system.household, wishes)
    if wishes.on_pty:
        line = serve_pty(port, stop, _KEPT_OCTETS)
        return Served(profile, line, "serial", f"?baud={port.profile.line_rate_bps}", settings)
    place = serve_tcp(port, wishes.host, wishes.tcp_port or 0, stop)
    return Served(profile, place, "tcp", "", settings)


def _settings(home: "Household", wishes: Wishes) -> tuple[str, ...]:
    """Return what is claimed for a port that nobody can open and close from outside."""
    own_rate = wishes.rate is None and wishes.replay is None
    per_period = wishes.mode in (None, "per-period")
    claimed = {
        "S1/POLYPHASE": home.phases > 1,
        "S1/DELTA": home.delta,
        "S1/NEUTRAL": home.phases > 1 and not home.delta,
        "S1/FIRST-GENERATION": per_period and own_rate,
        "S1/PER-PERIOD": per_period,
    }
    return (*(f"{item}=true" for item, claim in claimed.items() if claim), f"i_max_a={_I_MAX_A}")
