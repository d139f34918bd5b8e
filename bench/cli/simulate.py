"""`meterbench simulate`: serve a port of the built-in metering system in real time."""

import json
import signal
import threading
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from types import FrameType

import click

from bench.core.errors import UsageError


@click.command("simulate")
@click.argument("interface", metavar="INTERFACE")
@click.option("--profile", help="Edition that the port shows: that of the fault, or nl50.")
@click.option("--pty", "on_pty", is_flag=True, help="Serve on a new pseudo terminal.")
@click.option("--tcp", "tcp_port", type=click.IntRange(0, 65535), help="Serve on this TCP port.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--fault", help="Deviate as this fault or legal oddity does (see list --faults).")
@click.option("--seed", type=int, help="Another household.")
@click.option("--household", default="", help="Another household, e.g. be-delta or nl-one-phase.")
@click.option("--start", help="Its local time at the start, e.g. 2026-03-29T01:55:00, not now.")
@click.option("--encrypted", is_flag=True, help="Send encrypted frames (profile lu).")
@click.option("--seconds", type=float, help="Stop after that long; otherwise with Ctrl-C.")
@click.option("--json", "as_json", is_flag=True, help="Print where it is served as JSON.")
def simulate(
    interface: str,
    profile: str | None,
    on_pty: bool,
    tcp_port: int | None,
    host: str,
    fault: str | None,
    seed: int | None,
    household: str,
    start: str | None,
    encrypted: bool,
    seconds: float | None,
    as_json: bool,
) -> int:
    """Serve INTERFACE (p1) of the simulated metering system until interrupted."""
    if on_pty == (tcp_port is not None):
        raise click.UsageError("choose one of --pty and --tcp PORT")
    if interface != "p1":
        raise UsageError(f"no simulated interface {interface!r} (there is: p1)")
    from adapters.serve import serve_pty, serve_tcp
    from bench.simulator.faults import deviation
    from bench.simulator.ports.p1 import DEFAULT_SEED, REAL_TIME_BURST_NS, p1_port

    found = deviation(fault) if fault else None
    profile = profile or (found.profile if found else "nl50")
    port = p1_port(
        profile,
        seed=DEFAULT_SEED if seed is None else seed,
        start=start or datetime.now(UTC),
        alterations=found.alterations if found else (),
        encrypted=encrypted,
        home=household,
        burst_ns=REAL_TIME_BURST_NS,
    )
    stop = threading.Event()

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)
    served: AbstractContextManager[str | int]
    served = serve_pty(port, stop) if on_pty else serve_tcp(port, host, tcp_port or 0, stop)
    with served as place:
        where = str(place) if on_pty else f"{host}:{place}"
        link = f"serial://{where}" if on_pty else f"tcp://{where}"
        if as_json:
            row = {"interface": interface, "profile": profile, "at": where, "link": link}
            click.echo(json.dumps(row))
        else:
            click.echo(f"{interface} ({profile}) is served at {where}")
            click.echo(f"try      meterbench run --quick --link {interface}={link}")
        stop.wait(seconds)
    return 0
