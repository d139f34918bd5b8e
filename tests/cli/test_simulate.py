"""What `meterbench simulate` serves; the serving itself is tested with the adapters."""

import signal
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime

import pytest

from adapters import serve


@pytest.fixture
def served(bench, monkeypatch):
    """Run `simulate p1 --tcp 0` without a socket; return the port that it would serve."""
    ports = []

    @contextmanager
    def keep(port, *_):
        ports.append(port)
        yield 2001

    monkeypatch.setattr(serve, "serve_tcp", keep)
    monkeypatch.setattr(signal, "signal", lambda *_: None)

    def run(*arguments):
        code, out, err = bench("simulate", "p1", "--tcp", "0", "--seconds", "0", *arguments)
        assert (code, err) == (0, "")
        assert "127.0.0.1:2001" in out
        return ports.pop()

    return run


def test_the_household_starts_now(served):
    before = datetime.now(UTC)
    port = served()
    assert before <= port.system.start <= datetime.now(UTC)


def test_the_household_starts_when_it_is_told(served):
    port = served("--start", "2026-03-29T01:55:00", "--profile", "be17")
    assert port.system.start == datetime(2026, 3, 29, 0, 55, tzinfo=UTC)


def test_octets_are_held_back_for_a_millisecond_at_most(served):
    port = served("--profile", "nl30")
    port.set_request(True, 0)
    sizes = {len(port.emit(port.next_event())) for _ in range(200)}
    assert sizes <= {0, 1}


def test_a_fault_is_shown_in_its_own_edition(served):
    assert served("--fault", "p1.legacy-bit-7").profile.key == "nl30"
    assert served("--fault", "p1.legacy-bit-7", "--profile", "nl22").profile.key == "nl22"
    assert served().profile.key == "nl50"


def test_the_way_to_test_it_names_the_edition_unless_it_is_the_usual_one(bench, monkeypatch):
    monkeypatch.setattr(serve, "serve_tcp", lambda *_: nullcontext(2001))
    monkeypatch.setattr(signal, "signal", lambda *_: None)

    def said(*arguments):
        return bench("simulate", "p1", "--tcp", "0", "--seconds", "0", *arguments)[1]

    assert "meterbench run --quick --link p1=tcp://127.0.0.1:2001\n" in said()
    other = said("--profile", "be17")
    assert "declare new p1 --link tcp://127.0.0.1:2001 --profile be17 --out p1.toml\n" in other
    assert "run --quick --device p1.toml\n" in other


def test_another_household_and_frames_can_be_asked_for(served):
    assert served("--profile", "be17", "--household", "be-delta").system.household.delta
    assert served("--profile", "lu", "--encrypted").encryption is not None


def test_an_unknown_household_says_which_there_are(bench):
    code, _, err = bench("simulate", "p1", "--tcp", "0", "--household", "mars")
    assert code == 2
    assert "be-delta" in err
