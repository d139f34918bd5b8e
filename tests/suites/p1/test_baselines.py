"""Baselines: what they record, how they are read, and that the shipped ones are still true."""

import json

import pytest

from bench.core.errors import UsageError
from bench.core.trace import Chunk
from bench.engine.observation import Ended
from bench.engine.preparation import declared_as, load_declaration, prepare
from bench.engine.session import Session
from bench.protocols.p1.profile import load_profile
from bench.simulator.ports.p1 import p1_port
from suites.p1 import baseline
from suites.p1.baseline import ALWAYS, DEVICE, PHASE, SOMETIMES
from suites.p1.watch import TelegramWatch, new_watch
from vectors import loader

SHIPPED = loader.names("p1/baselines", ".json")
SOURCE = "reference device of the simulator"


def reference(profile, telegrams=30):
    prepared = prepare(load_declaration(None), links={"p1": "simulated:p1"})
    session = Session(declared_as(prepared, "p1", profile, {}))
    try:
        return session.observe("p1", lambda: new_watch(session, telegrams))
    finally:
        session.close()


def seen(octets, profile="be17"):
    watch = TelegramWatch(load_profile(profile), 300, timed=False)
    watch.feed(Chunk(0, octets))
    watch.finish(Ended.RECORDING)
    return watch


@pytest.mark.parametrize("profile", SHIPPED)
def test_a_shipped_baseline_is_what_the_reference_device_shows(profile):
    watch = reference(profile)
    found = baseline.record(watch.telegrams, watch.profile, SOURCE)
    assert found.to_json() == loader.data(f"p1/baselines/{profile}.json")
    assert baseline.load(f"shipped:{profile}") == found


def test_presence_depends_on_devices_and_phases():
    watch = reference("be17", 5)
    found = baseline.record(watch.telegrams, watch.profile).objects
    assert found["1-0:31.4.0"].presence == ALWAYS  # a threshold for all phases together
    assert found["1-0:32.7.0"].presence == ALWAYS
    assert found["1-0:52.7.0"].presence == PHASE
    assert found["1-0:61.7.0"].presence == PHASE
    assert found["0-2:24.2.1"].presence == DEVICE
    assert found["1-0:71.7.0"].formats == ("(F5(2)*A)",)
    assert found["0-0:98.1.0"].formats == ("(F2(0))(text)(text)",)


def test_an_object_of_some_telegrams_is_not_lasting():
    port = p1_port("be17")
    first = port.telegram(0)
    lines = [b"0-0:96.13.0()" in line for line in first.splitlines()]
    assert any(lines)
    other = port.telegram(10**9, 1, [b"1-0:1.7.0(00.100*kW)".decode()])
    found = baseline.record(seen(first + other).telegrams, load_profile("be17"))
    assert found.telegrams == 2
    assert found.objects["0-0:96.13.0"].presence == SOMETIMES
    assert found.objects["1-0:1.7.0"].presence == ALWAYS
    assert found.version == ""  # of the last telegram


def test_damaged_telegrams_are_left_out():
    good = p1_port("be17").telegram(0)
    bad = good.replace(b"1-0:1.7.0(00", b"1-0:9.9.9(00")
    found = baseline.record(seen(good + bad).telegrams, load_profile("be17"))
    assert found.telegrams == 1
    assert "1-0:9.9.9" not in found.objects


def test_nothing_whole_is_nothing_to_compare_with():
    bad = p1_port("be17").telegram(0).replace(b"1-0:1.7.0(00", b"1-0:1.7.0(01")
    with pytest.raises(UsageError, match="none of 1 telegrams is whole"):
        baseline.record(seen(bad).telegrams, load_profile("be17"))


def written(line, profile="be17"):
    octets = p1_port(profile).telegram(0, 0, [line])
    telegram = seen(octets, profile).telegrams[0]
    return baseline.written_as(baseline.objects_of(telegram)[line.partition("(")[0]])


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("1-0:1.8.1(000123.456*kWh)", "(F9(3)*kWh)"),
        ("1-0:31.7.0(003*A)", "(F3(0)*A)"),
        ("0-0:96.13.0()", "(S)"),
        ("0-0:96.13.0(48616C6C6F)", "(S)"),
        ("0-0:96.14.0(0001)", "(T)"),
        ("0-0:96.3.10(1)", "(E)"),
        ("0-1:24.2.3(260115100000W)(02760.159*m3)", "(TST)(F8(3)*m3)"),
        ("0-1:24.2.3(632525252525W)(00000.000)", ""),  # no value, no format
        ("9-9:1.2.3(26)", "(text)"),  # digits of an unknown object may be octets
        ("9-9:1.2.3(26.5)(12*V)", "(F3(1))(F2(0)*V)"),
    ],
)
def test_how_an_object_is_written(line, expected):
    assert written(line) == expected


def test_the_length_of_a_list_is_no_format():
    log = "1-0:99.97.0({})(0-0:96.7.19)"
    entry = "(260115100000W)(0000000301*s)"
    found = {written(log.format(count) + count * entry) for count in range(3)}
    assert len(found) == 1


def test_a_floating_point_has_no_fixed_width():
    found = {written(f"1-0:1.8.1({text}*kWh)", "nl30") for text in ("00012.345", "00012345")}
    assert len(found) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no json", "is not JSON"),
        ("{}", "is no baseline"),
        ('{"schema": "other"}', "schema 'other'"),
        (json.dumps({"schema": baseline.SCHEMA, "objects": [1]}), "is no baseline"),
        ("[]", "is no baseline"),
    ],
)
def test_a_file_that_is_no_baseline_is_named_as_such(tmp_path, text, said):
    path = tmp_path / "b.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=said):
        baseline.load(str(path))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UsageError, match="cannot read the baseline"):
        baseline.load(str(tmp_path / "absent.json"))
    with pytest.raises(UsageError, match="no such file"):
        baseline.load("shipped:nowhere")


def test_moved_compares_what_both_have():
    assert baseline.moved(["a", "b", "c"], ["a", "c", "x", "b"]) == ["c", "b"]
    assert baseline.moved(["a", "b"], ["x", "a", "b"]) == []
