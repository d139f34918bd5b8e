"""`meterbench simulate`: serve a port of the built-in metering system in real time."""

import json
import shlex
import signal
import threading
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import FrameType

import click

from bench.core.errors import UsageError


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was asked for on the command line."""

    profile: str | None
    on_pty: bool
    tcp_port: int | None
    udp_port: int | None
    host: str
    hdlc: bool
    mode_e: bool
    fault: str | None
    seed: int | None
    household: str
    start: str | None
    encrypted: bool
    latency_ms: float | None
    mode: str | None = None
    rate: int | None = None
    replay: str | None = None


@dataclass(frozen=True, slots=True)
class Served:
    """What is served: `place` gives the pty, or the number of the TCP or UDP port.

    `settings` are what a declaration has to say of it beside edition and link, as NAME=VALUE.
    """

    profile: str
    place: AbstractContextManager[str | int]
    scheme: str
    options: str = ""
    settings: tuple[str, ...] = ()


@click.command("simulate")
@click.argument("interface", metavar="INTERFACE")
@click.option("--profile", help="Edition that the port shows, e.g. nl50 or emucs-h-1.3.")
@click.option("--pty", "on_pty", is_flag=True, help="Serve on a new pseudo terminal.")
@click.option("--tcp", "tcp_port", type=click.IntRange(0, 65535), help="Serve on this TCP port.")
@click.option("--udp", "udp_port", type=click.IntRange(0, 65535), help="Serve WAN on a UDP port.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--hdlc", is_flag=True, help="WAN over TCP with HDLC instead of the wrapper.")
@click.option("--mode-e", is_flag=True, help="WAN on a pty that starts as an optical port does.")
@click.option("--fault", help="Deviate as this fault or legal oddity does (see list --faults).")
@click.option("--seed", type=int, help="Another household.")
@click.option("--household", default="", help="Another household, e.g. be-delta or nl-one-phase.")
@click.option("--start", help="Its local time at the start, e.g. 2026-03-29T01:55:00, not now.")
@click.option("--encrypted", is_flag=True, help="Send encrypted P1 frames (profile lu).")
@click.option("--latency-ms", type=click.FloatRange(0), help="How long WAN takes to answer.")
@click.option("--mode", help="How S1 samples: per-period or fixed.")
@click.option("--rate", type=int, help="S1 samples per period, or hundreds a second where fixed.")
@click.option("--replay", help="Recording whose voltages and currents S1 shows (csv, wav ...).")
@click.option("--seconds", type=float, help="Stop after that long; otherwise with Ctrl-C.")
@click.option("--json", "as_json", is_flag=True, help="Print where it is served as JSON.")
def simulate(
    interface: str,
    profile: str | None,
    on_pty: bool,
    tcp_port: int | None,
    udp_port: int | None,
    host: str,
    hdlc: bool,
    mode_e: bool,
    fault: str | None,
    seed: int | None,
    household: str,
    start: str | None,
    encrypted: bool,
    latency_ms: float | None,
    mode: str | None,
    rate: int | None,
    replay: str | None,
    seconds: float | None,
    as_json: bool,
) -> int:
    """Serve INTERFACE (p1, s1, wan) of the simulated metering system until interrupted."""
    if sum((on_pty, tcp_port is not None, udp_port is not None)) != 1:
        raise click.UsageError("choose one of --pty, --tcp PORT and --udp PORT")
    wishes = Wishes(
        profile,
        on_pty,
        tcp_port,
        udp_port,
        host,
        hdlc,
        mode_e,
        fault,
        seed,
        household,
        start,
        encrypted,
        latency_ms,
        mode,
        rate,
        replay,
    )
    if interface != "s1" and any((mode, rate, replay)):
        raise click.UsageError("--mode, --rate and --replay are for s1")
    stop = threading.Event()

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    if interface == "p1":
        from bench.cli.simulate_p1 import serve_p1 as serve
    elif interface == "wan":
        from bench.cli.simulate_wan import serve_wan as serve
    elif interface == "s1":
        from bench.cli.simulate_s1 import serve_s1 as serve
    else:
        raise UsageError(f"no simulated interface {interface!r} (there are: p1, s1, wan)")
    served = serve(wishes, stop)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)
    with served.place as place:
        where = str(place) if on_pty else f"{host}:{place}"
        link = f"{served.scheme}://{where}{served.options}"
        if as_json:
            row = {"interface": interface, "profile": served.profile, "at": where, "link": link}
            click.echo(json.dumps(row))
        else:
            click.echo(f"{interface} ({served.profile}) is served at {where}")
            for line in _to_try(interface, served, link):
                click.echo(line)
        stop.wait(seconds)
    return 0


def _to_try(interface: str, served: Served, link: str) -> list[str]:
    """Return the commands that test what is served; none while there is no suite for it.

    A device that nobody declared is taken for one edition of one interface; any other one has to
    be declared before it can be run.
    """
    from bench.engine import catalogue
    from bench.engine.preparation import load_declaration

    suite = catalogue.suites().get(interface)
    key = suite.profiles().get(served.profile) if suite else None
    if suite is None or key is None:
        return []
    usual = load_declaration(None, {interface: link}).interfaces.get(interface)
    if usual is not None and suite.profiles()[usual.profile] == key and not served.settings:
        return [f"try      meterbench run --quick --link {shlex.quote(f'{interface}={link}')}"]
    chosen = [word for setting in served.settings for word in ("--set", setting)]
    if len(set(suite.profiles().values())) > 1:
        chosen = ["--profile", served.profile, *chosen]
    file = f"{interface}.toml"
    words = ["meterbench", "declare", "new", interface, "--link", link, *chosen, "--out", file]
    return [f"try      {shlex.join(words)}", f"then     meterbench run --quick --device {file}"]
