"""What `meterbench simulate wan` serves, and what it says; serving is tested with the adapters."""

import json
import shlex
import signal
from contextlib import contextmanager

import pytest

from adapters import serve


@pytest.fixture
def simulate(bench, monkeypatch):
    """Run `simulate wan` without sockets; return what it serves, its output and exit code."""
    devices = []

    def keep(place):
        @contextmanager
        def kept(device, *_):
            devices.append(device)
            yield place

        return kept

    monkeypatch.setattr(serve, "serve_tcp", keep(4059))
    monkeypatch.setattr(serve, "serve_udp", keep(4060))
    monkeypatch.setattr(serve, "serve_pty", keep("/dev/pts/9"))
    monkeypatch.setattr(signal, "signal", lambda *_: None)

    def run(*arguments):
        code, out, err = bench("simulate", "wan", "--seconds", "0", *arguments)
        return (devices.pop() if devices else None), out + err, code

    return run


@pytest.mark.parametrize(
    ("arguments", "link", "layer"),
    [
        (("--tcp", "0"), "tcp://127.0.0.1:4059", "wrapper"),
        (("--tcp", "0", "--hdlc"), "tcp://127.0.0.1:4059", "hdlc"),
        (("--udp", "0"), "udp://127.0.0.1:4060", "udp"),
        (("--pty",), "serial:///dev/pts/9?baud=9600", "hdlc"),
        (("--pty", "--mode-e"), "serial:///dev/pts/9?start=mode-e", "hdlc"),
    ],
)
def test_the_link_to_use_and_what_to_declare_are_told(simulate, arguments, link, layer):
    device, said, code = simulate(*arguments)
    assert code == 0
    assert f" --set link_layer={layer} --out wan.toml\n" in said
    assert device.link == layer
    assert (device.line is None) == ("--pty" not in arguments)
    _, said, _ = simulate(*arguments, "--json")
    assert json.loads(said)["link"] == link


def test_the_commands_that_are_told_make_a_declaration_of_what_is_served(bench, simulate, tmp_path):
    _, said, _ = simulate("--tcp", "0", "--hdlc")
    first, then = (line[9:] for line in said.splitlines() if line[:9] in ("try      ", "then     "))
    new = [word.replace("wan.toml", str(tmp_path / "wan.toml")) for word in shlex.split(first)]
    assert bench(*new[1:])[0] == 0
    assert bench("declare", "check", tmp_path / "wan.toml")[0] == 0
    plan = [word.replace("wan.toml", str(tmp_path / "wan.toml")) for word in shlex.split(then)]
    code, out, _ = bench("plan", *plan[2:])
    assert code == 0
    assert "DLMS-HDLC-01" in out
    assert "tcp://127.0.0.1:4059" in (tmp_path / "wan.toml").read_text()


def test_seed_latency_and_fault_are_those_asked_for(simulate):
    device, _, code = simulate("--tcp", "0", "--seed", "7", "--latency-ms", "0")
    assert (code, device.system.seed, device.latency_ns()) == (0, 7, 0)
    device, _, _ = simulate("--tcp", "0", "--hdlc", "--fault", "wan.tcp-second-kills-first")
    assert device.breaks == {"tcp-second-kills-first"}
    assert device.link == "hdlc"  # whatever the link layer of the fault's case


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((), "choose one of --pty"),
        (("--pty", "--tcp", "0"), "choose one of --pty"),
        (("--pty", "--hdlc"), "--hdlc goes with --tcp"),
        (("--tcp", "0", "--mode-e"), "--mode-e goes with --pty"),
        (("--tcp", "0", "--profile", "nl50"), "are for p1"),
        (("--tcp", "0", "--encrypted"), "are for p1"),
        (("--tcp", "0", "--fault", "wan.nothing-like-it"), "no fault or variation"),
    ],
)
def test_what_cannot_be_together_is_said(simulate, arguments, why):
    device, said, code = simulate(*arguments)
    assert (device, code) == (None, 2)
    assert why in said


def test_p1_has_no_link_layers_to_choose_from(bench):
    code, _, err = bench("simulate", "p1", "--tcp", "0", "--hdlc")
    assert code == 2
    assert "are for wan" in err
    code, _, err = bench("simulate", "p3", "--tcp", "0")
    assert code == 2
    assert "there are: p1, s1, wan" in err
