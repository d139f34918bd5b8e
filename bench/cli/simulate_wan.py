"""Serves the WAN port of the built-in metering system: HDLC on a pty or TCP, the wrapper, UDP."""

import threading
from datetime import UTC, datetime

import click

from bench.cli.simulate import Served, Wishes
from bench.core.clock import MILLISECOND

_PROFILE = "generic"


def serve_wan(wishes: Wishes, stop: threading.Event) -> Served:
    """Return the WAN port as it is wished; click.UsageError for what cannot be together."""
    if wishes.profile not in (None, _PROFILE) or wishes.encrypted:
        raise click.UsageError("--profile and --encrypted are for p1")
    if wishes.hdlc and wishes.tcp_port is None:
        raise click.UsageError("--hdlc goes with --tcp PORT; a pty carries HDLC, UDP the wrapper")
    if wishes.mode_e and not wishes.on_pty:
        raise click.UsageError("--mode-e goes with --pty")
    from adapters.serve import serve_pty, serve_tcp, serve_udp
    from bench.simulator.faults import deviation
    from bench.simulator.ports.wan import (
        DEFAULT_HOUSEHOLD,
        DEFAULT_SEED,
        HDLC_LINE,
        LATENCY_NS,
        REAL_TIME_BURST_NS,
        wan_port,
    )
    from bench.simulator.ports.wan_stages import Stage

    found = deviation(wishes.fault).alterations if wishes.fault else ()
    latency_ms = LATENCY_NS / MILLISECOND if wishes.latency_ms is None else wishes.latency_ms
    if wishes.on_pty or wishes.hdlc:
        kind = "hdlc"
    else:
        kind = "wrapper" if wishes.udp_port is None else "udp"
    device = wan_port(
        kind,
        seed=DEFAULT_SEED if wishes.seed is None else wishes.seed,
        start=wishes.start or datetime.now(UTC),
        # the options here say which link layer there is, whatever that of the fault's case
        alterations=[one for one in found if one.stage != Stage.LINK],
        home=wishes.household or DEFAULT_HOUSEHOLD,
        line=HDLC_LINE if wishes.on_pty else None,
        mode_e=wishes.mode_e,
        latency_ns=round(latency_ms * MILLISECOND),
        burst_ns=REAL_TIME_BURST_NS,
    )
    settings = (f"link_layer={kind}",)
    if wishes.on_pty:
        options = "?start=mode-e" if wishes.mode_e else f"?baud={HDLC_LINE.baud_bd}"
        return Served(_PROFILE, serve_pty(device, stop), "serial", options, settings)
    if wishes.udp_port is not None:
        place = serve_udp(device, wishes.host, wishes.udp_port, stop)
        return Served(_PROFILE, place, "udp", "", settings)
    place = serve_tcp(device, wishes.host, wishes.tcp_port or 0, stop)
    return Served(_PROFILE, place, "tcp", "", settings)
