"""`meterbench watch s1`: a line a second, whatever comes, and a summary at every end."""

import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import tracemalloc
from dataclasses import replace
from types import SimpleNamespace

import pytest
from rich.console import Console
from rich.live import Live

from adapters.base import LinkUrl
from bench._home import home
from bench.cli.watch_s1 import from_link
from bench.cli.watch_s1_second import Watched
from bench.cli.watch_s1_view import LineView, LiveView, view_for
from bench.core.clock import SECOND
from bench.core.line import LineErrors, LineSettings
from bench.engine import preparation
from bench.protocols.s1.profile import load_profile
from bench.simulator.faults import s1
from bench.simulator.ports.s1 import s1_port

PROFILE = load_profile("emucs-h-1.3")
FAULTS = {one.id.partition(".")[2]: one for one in (*s1.FAULTS, *s1.VARIATIONS)}


def sent(name="", until=SECOND // 10):
    port = s1_port(alterations=FAULTS[name].alterations if name else ())
    port.set_request(True, 0)
    octets = b""
    while (due := port.next_event()) is not None and due <= until:
        octets += port.emit(due)
    return octets


@pytest.fixture
def watch(bench):
    """Watch a link; return exit code, lines of output, error output."""

    def run(link, *options):
        code, out, err = bench("watch", "s1", "--link", link, *options)
        return code, out.splitlines(), err

    return run


def test_there_is_a_line_for_each_second_and_a_summary(watch):
    code, lines, err = watch("simulated:s1", "--seconds", "3.5")
    assert (code, err) == (0, "")
    assert [line.split()[0] for line in lines[:4]] == ["1.0", "2.0", "3.0", "3.5"]
    for line in lines[:4]:
        assert "1SAG3540211567" in line
        assert " V " in line
        assert " A " in line
        assert " W " in line
        assert " Hz " in line
        assert 2590 < float(line.split()[2]) < 2610
    assert "good frames; nothing wrong" in lines[4]
    assert "meter id 1SAG3540211567" in lines[5]


def test_json_is_an_object_for_each_second(watch):
    code, lines, err = watch("simulated:s1?fault=s1.bit-flips", "--seconds", "2", "--json")
    assert code == 0
    assert "good frames; " in err
    first, second = [json.loads(line) for line in lines]
    assert (first["t_s"], second["t_s"]) == (1, 2)
    assert set(first["rms"]) == {"V1", "I1", "V2", "I2", "V3", "I3", "IN"}
    assert first["total_w"] == pytest.approx(sum(first["power_w"].values()), abs=0.02)
    assert first["announced_hz"] == pytest.approx(2600, abs=10)
    assert 48 < first["frequency_hz"] < 52
    assert first["frame_errors"] > 5
    assert first["missing"] >= first["sequence_gaps"] > 5
    assert first["discarded_octets"] > 200
    assert first["line_errors"] == {"framing": 0, "parity": 0, "overrun": 0}


@pytest.mark.parametrize(
    ("link", "seconds", "message"),
    [
        ("simulated:s1?fault=s1.waits-to-be-asked", 1, "no octet"),
        ("simulated:s1?fault=s1.waits-to-be-asked", 6, "no octet for 6 s; is the port activated"),
        ("simulated:s1?fault=s1.type-3", 1, "no good frame: format type 1010, expected 1000"),
        ("simulated:s1?fault=s1.fcs-no-xor", 1, "no good frame: FCS"),
        ("simulated:p1", 11, "octets, but no frame; is it an S1 port"),
    ],
)
def test_a_port_without_a_good_frame_says_why(watch, link, seconds, message):
    code, lines, _ = watch(link, "--seconds", seconds)
    assert code == 3
    assert message in lines[seconds - 1]
    assert "0 good frames" in lines[-1]


def test_a_second_says_what_is_wrong_with_it(watch):
    code, lines, _ = watch("simulated:s1?fault=s1.sequence-skips", "--seconds", "1")
    assert code == 0
    found = re.search(r"(\d+) sequence gaps   (\d+) sample sets missing", lines[0])
    assert found
    assert int(found[1]) == int(found[2]) > 5
    _, lines, _ = watch("simulated:s1?fault=s1.never-valid", "--seconds", "1")
    assert "not valid" in lines[0]
    _, lines, _ = watch("simulated:s1?fault=s1.id-changes", "--seconds", "3")
    assert any("2 meter ids within a second" in line for line in lines)
    _, lines, _ = watch("simulated:s1?fault=s1.line-8e1", "--seconds", "1")
    assert "framing errors" in lines[0]


def test_a_recording_is_watched_to_its_end(watch, tmp_path):
    (tmp_path / "a.bin").write_bytes(sent())
    code, lines, _ = watch(f"replay:{tmp_path}/a.bin")
    assert code == 0
    assert "frames " in lines[0]
    assert "frames/s" not in lines[0]
    assert "good frames; nothing wrong" in lines[1]
    _, lines, _ = watch(f"replay:{tmp_path}/a.bin", "--json")
    assert json.loads(lines[0])["frames_per_s"] is None


def test_joining_amid_a_frame_is_no_error():
    octets = sent()
    for cut in range(1, 46):
        watched = Watched(PROFILE)
        watched.feed(octets[cut:200], 0)
        watched.feed(octets[200:], 0)
        counts = watched.second(1.0, 1.0, SECOND, None).counts
        assert counts.discarded == 0
        assert counts.errors == 0
    watched = Watched(PROFILE)
    watched.feed(b"\x00" * 100 + octets, 0)
    assert watched.second(1.0, 1.0, SECOND, None).counts.discarded == 100


def test_frames_too_short_for_the_profile_are_counted_and_told():
    watched = Watched(replace(PROFILE, per_frame=2))
    octets = sent()
    watched.feed(octets, 0)
    second = watched.second(1.0, 1.0, SECOND, None)
    assert second.frames == second.frames_per_s == len(octets) // 45
    assert second.figures.frames == 0
    assert "too short for what profile emucs-h-1.3 knows" in second.note


def test_what_is_kept_does_not_grow():
    octets, garbage = sent(until=SECOND), bytes(range(1, 120)) * 1000
    watched = Watched(PROFILE)

    def second(number):
        watched.feed(octets, number * SECOND)
        watched.feed(garbage, number * SECOND)
        watched.second(number, 1.0, number * SECOND, LineErrors())

    tracemalloc.start()
    try:
        second(1)
        second(2)
        before, _ = tracemalloc.get_traced_memory()
        for number in range(3, 12):
            second(number)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 50_000
    assert watched.frames == 11 * len(octets) // 45


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_a_summary(watch, monkeypatch, number):
    shown = []
    show = LineView.show

    def interrupted(self, second):
        show(self, second)
        shown.append(second)
        if len(shown) == 2:
            signal.raise_signal(number)

    monkeypatch.setattr(LineView, "show", interrupted)
    before = signal.getsignal(number)
    code, lines, err = watch("simulated:s1")
    assert (code, err) == (0, "")
    assert len(shown) == 2
    assert "good frames; nothing wrong" in lines[2]
    assert signal.getsignal(number) is before


def test_a_lost_link_is_told_after_the_summary(watch):
    octets = sent()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            client, _ = listener.accept()
            with client:
                client.sendall(octets)

        thread = threading.Thread(target=serve)
        thread.start()
        code, lines, err = watch(f"tcp://127.0.0.1:{listener.getsockname()[1]}")
        thread.join()
    assert code == 3
    assert f"{len(octets) // 45} good frames" in lines[-3]
    assert "the link was lost: " in err
    assert "closed the connection" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("s1",), 2, "either --link URL or --device FILE"),
        (("s1", "--link", "a:b", "--device", "c"), 2, "either --link URL or --device FILE"),
        (("p1", "--link", "simulated:p1"), 2, "cannot watch 'p1'"),
        (("s1", "--link", "nowhere"), 2, "has no scheme"),
        (("s1", "--link", "simulated:s1", "--profile", "x"), 2, "there are: emucs-h-1.3"),
        (("s1", "--link", "simulated:s1?x=1"), 2, "unknown option"),
        (("s1", "--link", "replay:/none"), 4, "there is no file"),
        (("s1", "--device", "/none.toml"), 2, "cannot read the declaration"),
    ],
)
def test_what_cannot_be_watched_says_why(bench, arguments, code, message):
    found, _, err = bench("watch", *arguments)
    assert found == code
    assert message in err


def test_the_line_rate_is_that_of_the_profile(tmp_path):
    assert from_link("serial:///dev/x", None).line == LineSettings(2_000_000)
    where = from_link("s1=simulated:s1?profile=fluvius-brochure", None)
    assert where.line == LineSettings(1_500_000)
    assert where.profile.id == "fluvius-brochure"
    where = from_link("simulated:s1", "fluvius-brochure")
    assert where.url.options == {"profile": "fluvius-brochure"}
    own = tmp_path / "own.toml"
    own.write_text('base = "emucs-h-1.3"\nid = "own"\n[link]\nline_rate_bps = 3000000\n')
    where = from_link("simulated:s1", str(own))
    assert (where.profile.id, where.line.baud_bd, where.url.options) == ("own", 3_000_000, {})


def test_a_declaration_names_the_link(bench, monkeypatch, tmp_path):
    line = LineSettings(2_000_000)
    url = LinkUrl.parse("simulated:s1")
    target = SimpleNamespace(link=url, profile="emucs-h-1.3", line=line)
    targets = {"s1": target}
    monkeypatch.setattr(preparation, "load_declaration", lambda _file: None)
    monkeypatch.setattr(preparation, "prepare", lambda _found: SimpleNamespace(targets=targets))
    code, out, _ = bench("watch", "s1", "--device", tmp_path / "device.toml", "--seconds", "1")
    assert code == 0
    assert "1SAG3540211567" in out
    del targets["s1"]
    code, _, err = bench("watch", "s1", "--device", tmp_path / "device.toml")
    assert code == 2
    assert "has no [s1]" in err


def test_the_built_in_device_can_be_watched(bench):
    device = home() / "bench" / "simulator" / "device.toml"
    code, out, err = bench("watch", "s1", "--device", device, "--seconds", "1")
    assert (code, err) == (0, "")
    assert "1SAG3540211567" in out


def test_on_a_terminal_a_table_is_shown_in_place():
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, width=160)
    watched = Watched(PROFILE)
    watched.feed(sent("bit-flips", SECOND), 0)
    with Live(console=console, auto_refresh=False) as live:
        view = LiveView(live, "tcp://x")
        view.show(watched.second(1.0, 1.0, SECOND, LineErrors(framing=3)))
        view.show(watched.second(7.0, 6.0, 7 * SECOND, None))
    shown = file.getvalue()
    for words in ("tcp://x   1 s   meter 1SAG3540211567", "L3", "sum", "VA", "announced"):
        assert words in shown
    assert "frame errors" in shown
    assert "3 framing errors" in shown
    assert "since the start" in shown
    assert "no octet for 7 s" in shown


def test_the_view_suits_where_it_goes(monkeypatch, capsys):
    with view_for("x", False) as view:
        assert not view.paced
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    with view_for("x", False) as view:
        assert view.paced
    with view_for("x", True) as view:
        assert not view.paced


def test_a_simulated_port_keeps_pace_with_who_looks_on(watch, monkeypatch, capsys):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    code, _, _ = watch("simulated:s1", "--seconds", "0.3")
    assert code == 0


def test_its_help_imports_nothing_heavy():
    script = (
        "import sys\nfrom bench.cli.main import main\ncode = main(['watch', '--help'])\n"
        "print(code, *sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(home())},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Ctrl-C" in done.stdout
    code, *modules = done.stderr.split()
    assert code == "0"
    assert not {"numpy", "rich", "serial", "pydantic"}.intersection(modules)
