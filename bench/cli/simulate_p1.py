"""Serves the P1 port of the built-in metering system."""

import threading
from datetime import UTC, datetime

import click

from bench.cli.simulate import Served, Wishes


def serve_p1(wishes: Wishes, stop: threading.Event) -> Served:
    """Return the P1 port as it is wished; click.UsageError for what only WAN has."""
    if wishes.udp_port is not None or wishes.hdlc or wishes.mode_e or wishes.latency_ms is not None:
        raise click.UsageError("--udp, --hdlc, --mode-e and --latency-ms are for wan")
    from adapters.serve import serve_pty, serve_tcp
    from bench.simulator.faults import deviation
    from bench.simulator.ports.p1 import DEFAULT_SEED, REAL_TIME_BURST_NS, p1_port

    found = deviation(wishes.fault) if wishes.fault else None
    profile = wishes.profile or (found.profile if found else "nl50")
    port = p1_port(
        profile,
        seed=DEFAULT_SEED if wishes.seed is None else wishes.seed,
        start=wishes.start or datetime.now(UTC),
        alterations=found.alterations if found else (),
        encrypted=wishes.encrypted,
        home=wishes.household,
        burst_ns=REAL_TIME_BURST_NS,
    )
    if wishes.on_pty:
        return Served(profile, serve_pty(port, stop), "serial")
    return Served(profile, serve_tcp(port, wishes.host, wishes.tcp_port or 0, stop), "tcp")
