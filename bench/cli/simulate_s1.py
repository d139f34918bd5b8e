"""Serves the S1 port of the built-in metering system at the speed of its line."""

import threading
from datetime import UTC, datetime

import click

from bench.cli.simulate import Served, Wishes

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
    source = replayed(wishes.replay) if wishes.replay else None
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
    if wishes.on_pty:
        baud = port.profile.line_rate_bps
        return Served(profile, serve_pty(port, stop, _KEPT_OCTETS), "serial", f"?baud={baud}")
    return Served(profile, serve_tcp(port, wishes.host, wishes.tcp_port or 0, stop), "tcp")
