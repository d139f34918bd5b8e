"""What `meterbench simulate s1` serves; the serving itself is tested with the adapters."""

import shlex
import signal
from contextlib import contextmanager

import pytest

from adapters import serve
from bench.simulator.ports.s1 import REAL_TIME_BLOCK_NS


@pytest.fixture
def served(bench, monkeypatch):
    """Run `simulate s1` without a socket or terminal; return the port that it would serve."""
    ports = []

    @contextmanager
    def keep(port, *_):
        ports.append(port)
        yield 2001

    monkeypatch.setattr(serve, "serve_tcp", keep)
    monkeypatch.setattr(serve, "serve_pty", keep)
    monkeypatch.setattr(signal, "signal", lambda *_: None)

    def run(*arguments, where=("--tcp", "0")):
        code, out, err = bench("simulate", "s1", *where, "--seconds", "0", *arguments)
        assert (code, err) == (0, "")
        assert "2001" in out
        return ports.pop(), out

    return run


def test_it_is_paced_in_small_blocks(served):
    port, _ = served()
    port.set_request(True, 0)
    sizes = [len(port.emit(port.next_event())) for _ in range(50)]
    most = REAL_TIME_BLOCK_NS // 384_615 + 1
    assert 0 < max(sizes) <= most * 45
    assert port.profile.id == "emucs-h-1.3"


def test_the_link_of_a_terminal_names_the_line_rate(served):
    _, out = served("--profile", "fluvius-brochure", where=("--pty",))
    assert "serial://2001?baud=1500000" in out


def test_sampling_and_household_can_be_asked_for(served):
    port, _ = served("--mode", "fixed", "--rate", "32", "--household", "be-delta", "--seed", "5")
    assert port.system.household.delta
    assert port.system.seed == 5


def test_what_is_served_is_what_the_declaration_is_told(served, bench, tmp_path):
    _, out = served()
    [first] = [line[9:] for line in out.splitlines() if line.startswith("try ")]
    assert "--set S1/NEUTRAL=true" in first
    file = tmp_path / "s1.toml"
    assert bench(*shlex.split(first)[1:-1], file)[0] == 0
    assert bench("declare", "check", file)[0] == 0
    _, out = served("--household", "be-delta", "--mode", "fixed")
    assert "S1/DELTA=true" in out
    assert "S1/NEUTRAL" not in out
    assert "S1/PER-PERIOD" not in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("s1", "--udp", "0"), "are for wan"),
        (("s1", "--tcp", "0", "--latency-ms", "3"), "are for wan"),
        (("s1", "--tcp", "0", "--encrypted"), "is for p1"),
        (("s1", "--tcp", "0", "--mode", "x"), "known: per-period, fixed"),
        (("s1", "--tcp", "0", "--replay", "x.csv"), "no recording"),
        (("p1", "--tcp", "0", "--rate", "40"), "are for s1"),
        (("wan", "--tcp", "0", "--mode", "fixed"), "are for s1"),
    ],
)
def test_what_cannot_be_together_is_a_mistake(bench, arguments, message):
    code, _, err = bench("simulate", *arguments)
    assert code == 2
    assert message in err
