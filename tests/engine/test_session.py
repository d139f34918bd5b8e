"""A session: links that fail, observations that end in every way, and recall after a kill."""

import contextlib
import json

import pytest

from bench.core.clock import SECOND, MonotonicClock, VirtualClock
from bench.core.errors import AdapterLost, AdapterUnavailable, EvidenceError
from bench.core.link import LinkEnded
from bench.core.verdict import Reason, Verdict
from bench.engine.context import Inconclusive
from bench.engine.evidence import RunFolder
from bench.engine.observation import Ended
from bench.engine.observing import Stopped
from bench.engine.preparation import load_declaration, prepare
from bench.engine.session import Session, clock_for
from bench.protocols.p1.encode import crc_digits, encode_body, seal
from suites.p1.watch import observe


def telegram(number):
    body = encode_body("/SIM5meter", [f"0-0:96.13.0({number:04x})"])
    return seal(body, crc_digits(body))


def stream(count, first=1):
    return [(n * SECOND, telegram(n)) for n in range(first, first + count)]


@pytest.fixture
def session_of(quick_preparation, clock, scripted, folder):
    """Make a session over a scripted link; `opened` are the links that it opened."""

    def make(script, kept=folder, **options):
        opener = scripted(script, **options)
        session = Session(quick_preparation, kept, clock=clock, opener=opener)
        session.opened = opener.made
        return session

    return make


def observations(folder):
    return [
        json.loads(path.read_text())
        for path in sorted(folder.path.glob("observations/p1/*/observation.json"))
    ]


def events(folder):
    lines = (folder.path / "events.jsonl").read_text().splitlines()
    return [json.loads(line)["event"] for line in lines]


# -- observations


def test_an_observation_is_made_once_and_shared(session_of, folder):
    session = session_of(stream(40))
    first = observe(session)
    assert observe(session) is first
    assert (first.counted(), first.ended) == (30, Ended.COMPLETE)
    (row,) = observations(folder)
    assert (row["telegrams"], row["ended"]) == (30, "complete")
    assert row["octets"] == sum(len(octets) for _, octets in stream(30))
    assert len(session.opened) == 1


def test_silence_ends_an_observation_with_what_was_seen(session_of, folder):
    watch = observe(session_of(stream(3)))
    assert (watch.counted(), watch.ended) == (3, Ended.SILENCE)
    assert observations(folder)[0]["ended"] == "silence"


def test_nothing_at_all_is_silence_too(session_of):
    watch = observe(session_of([]))
    assert watch.ended is Ended.SILENCE
    assert watch.unwell().reason is Reason.SILENT


def test_the_end_of_a_recording_ends_an_observation(session_of, folder):
    script = [*stream(5), (6 * SECOND, LinkEnded("over"))]
    watch = observe(session_of(script))
    assert (watch.counted(), watch.ended) == (5, Ended.RECORDING)
    assert observations(folder)[0]["ended"] == "recording"


def test_a_lost_adapter_is_raised_again_for_every_later_case(session_of, folder):
    session = session_of([*stream(5), (6 * SECOND, AdapterLost("the cable is out"))])
    for _ in range(2):
        with pytest.raises(AdapterLost, match="the cable is out"):
            observe(session)
    assert session.capabilities("p1") is None
    assert observations(folder)[0]["ended"] == "interrupted"
    assert "link-lost" in events(folder)


def test_a_wish_to_stop_ends_an_observation_after_the_exchange(session_of, folder):
    def stop():
        session.stopping = True

    script = [*stream(2), (int(2.2 * SECOND), stop), *stream(20, first=3)]
    session = session_of(script)
    with pytest.raises(Stopped):
        observe(session)
    (row,) = observations(folder)
    assert (row["ended"], row["telegrams"]) == ("stopped", 2)


# -- recall


@pytest.mark.parametrize("end", [None, LinkEnded("over")])
def test_a_finished_observation_is_judged_again_from_its_recording(
    session_of, folder, end, quick_preparation
):
    script = stream(30) if end is None else [*stream(7), (8 * SECOND, end)]
    before = observe(session_of(script))

    def refuse(_target, _clock):
        raise AssertionError("a recalled observation opened a link")

    clock = VirtualClock()
    again = Session(quick_preparation, RunFolder(folder.path), clock=clock, opener=refuse)
    again._links["p1"] = session_of([]).link("p1")  # what the suite asks of the link
    after = observe(again)
    assert after.ended is before.ended
    assert [s.frame for s in after.telegrams] == [s.frame for s in before.telegrams]
    assert len(observations(folder)) == 1


def test_an_observation_without_end_is_made_again(session_of, folder):
    observe(session_of(stream(30)))
    (folder.path / "observations/p1/1/observation.json").unlink()
    session = session_of(stream(30))
    assert observe(session).ended is Ended.COMPLETE
    assert session.opened[0].reads > 0
    assert observations(folder)[0]["number"] == 2


@pytest.mark.parametrize("error", [AdapterLost("x"), None])
def test_an_observation_that_was_cut_short_is_made_again(session_of, folder, error):
    first = session_of([*stream(2), (3 * SECOND, error)] if error else stream(2))
    if error is None:
        first.stopping = True
    with pytest.raises((AdapterLost, Stopped)):
        observe(first)
    assert observe(session_of(stream(30))).counted() == 30
    assert len(observations(folder)) == 2


# -- links


def test_a_link_that_cannot_be_opened_is_tried_once(quick_preparation, folder):
    tried = []

    def refuse(_target, _clock):
        tried.append(1)
        raise AdapterUnavailable("nobody listens")

    session = Session(quick_preparation, folder, opener=refuse)
    for _ in range(3):
        with pytest.raises(AdapterUnavailable, match="nobody listens"):
            session.link("p1")
    assert session.capabilities("p1") is None
    assert tried == [1]
    assert events(folder) == ["link-failed"]


def test_closing_gives_links_and_devices_back(session_of, tmp_path, monkeypatch):
    monkeypatch.setenv("METERBENCH_LOCKS", str(tmp_path / "locks"))
    preparation = prepare(load_declaration(None), links={"p1": "replay:///dev/null"})
    session = session_of([])
    session.preparation = preparation
    session.link("p1")
    other = session_of([])
    other.preparation = preparation
    with pytest.raises(AdapterUnavailable, match="scripted is in use by run run, process"):
        other.link("p1")
    assert other.opened[0].closed
    session.close()
    session.close()
    assert session.opened[0].closed
    third = session_of([])
    third.preparation = preparation
    third.link("p1")
    third.close()


@pytest.mark.parametrize(
    ("link", "kind"),
    [
        ("simulated:p1", VirtualClock),
        ("replay:x.pcapng", VirtualClock),
        ("replay:x.pcapng?pace=recorded", MonotonicClock),
        ("tcp://h:1", MonotonicClock),
        ("serial:///dev/x", MonotonicClock),
    ],
)
def test_time_is_virtual_where_nothing_needs_real_time(link, kind):
    preparation = prepare(load_declaration(None), links={"p1": link})
    assert isinstance(clock_for(preparation.targets), kind)


def test_the_opener_of_the_registry_shows_the_declared_edition():
    text = load_declaration(None).text.replace('"emucs-1.7.1"', '"be21"')
    from bench.engine.preparation import parse_declaration

    session = Session(prepare(parse_declaration(text, "x")))
    assert session.link("p1").port.profile.key == "be21"
    session.close()


# -- the end of a case


@pytest.mark.parametrize(
    ("error", "verdict", "reason"),
    [
        (None, Verdict.INCONCLUSIVE, "EMPTY"),
        (Inconclusive(Reason.SHORT, "x"), Verdict.INCONCLUSIVE, "SHORT"),
        (LinkEnded("over"), Verdict.INCONCLUSIVE, "SHORT"),
        (AdapterUnavailable("x"), Verdict.ERROR, "ADAPTER"),
        (AdapterLost("x"), Verdict.ERROR, "ADAPTER"),
        (AssertionError("x"), Verdict.ERROR, "BENCH"),
        (ZeroDivisionError("x"), Verdict.ERROR, "BENCH"),
        (pytest.skip.Exception("x"), Verdict.ERROR, "BENCH"),
        (pytest.fail.Exception("x"), Verdict.ERROR, "BENCH"),
    ],
)
def test_what_a_case_raises_never_blames_the_device(session_of, case, error, verdict, reason):
    session = session_of([])
    context = session.begin(case())
    judgement = session.end(context, error).attempt.judgement
    assert (judgement.verdict, judgement.reason) == (verdict, reason)


def test_a_fail_before_the_adapter_was_lost_is_an_error(session_of, case):
    session = session_of([])
    context = session.begin(case())
    context.checks.that("a", False, expected="1", observed="2")
    record = session.end(context, AdapterLost("gone"))
    assert record.attempt.judgement.verdict is Verdict.ERROR
    assert record.attempt.checks


def test_a_stopped_case_has_no_result(session_of, case, folder):
    session = session_of([])
    context = session.begin(case())
    assert session.end(context, Stopped()) is None
    assert folder.attempts("P1-A-020") == [None]
    assert "case-stopped" in events(folder)


def test_evidence_that_cannot_be_written_stops_the_run(session_of, case):
    session = session_of([])
    full = EvidenceError("the disk is full")
    assert session.end(session.begin(case()), full) is None
    assert session.stopping
    assert session.broken is full


def test_a_result_that_cannot_be_written_stops_the_run(session_of, case, monkeypatch):
    session = session_of([])
    context = session.begin(case())

    def full(*_):
        raise EvidenceError("the disk is full")

    monkeypatch.setattr(RunFolder, "finish_case", full)
    session.end(context, None)
    assert session.stopping
    assert str(session.broken) == "the disk is full"


def test_a_bracket_that_cannot_be_written_stops_the_run(session_of, monkeypatch):
    session = session_of(stream(40))
    session.open_bracket("p1", "g")

    def full(*_, **__):
        raise EvidenceError("the disk is full")

    monkeypatch.setattr(RunFolder, "write_json", full)
    session.close_bracket("p1")
    assert session.stopping
    assert str(session.broken) == "the disk is full"


@pytest.mark.parametrize(
    "act",
    [
        lambda session, case: session.begin(case()),
        lambda session, case: session.lose("p1", AdapterLost("x")),
        lambda session, case: (session.open_bracket("p1", "g"), session.close_bracket("p1")),
    ],
    ids=["begin", "lose", "bracket"],
)
def test_whatever_cannot_be_written_stops_the_run(session_of, case, monkeypatch, act):
    session = session_of(stream(40))
    session.link("p1")

    def full(*_, **__):
        raise EvidenceError("the disk is full")

    monkeypatch.setattr(RunFolder, "event", full)
    monkeypatch.setattr(RunFolder, "write_json", full)
    with contextlib.suppress(EvidenceError):
        act(session, case)
    assert session.stopping
    assert str(session.broken) == "the disk is full"


# -- brackets


def bracket(folder):
    (path,) = (folder.path / "brackets").iterdir()
    return json.loads(path.read_text())


def test_a_group_that_ends_well(session_of, folder, case):
    session = session_of(stream(40))
    session.open_bracket("p1", "crc")
    session.require_bracket("p1")
    session.end(session.begin(case()), None)
    session.close_bracket("p1")
    row = bracket(folder)
    assert row["group"] == "crc"
    assert row["opening"]["ok"]
    assert row["closing"]["ok"]
    assert row["suspects"] == []


def test_a_device_that_does_not_survive_its_group(session_of, folder, case):
    session = session_of(stream(30))
    session.open_bracket("p1", "crc")
    for case_id in ("P1-A-020", "P1-A-021"):
        session.end(session.begin(case(case_id)), None)
    session.close_bracket("p1")
    row = bracket(folder)
    assert not row["closing"]["ok"]
    assert row["closing"]["message"] == "no telegram came any more"
    assert row["suspects"] == ["P1-A-020", "P1-A-021"]


def test_a_silent_device_makes_its_group_inconclusive(session_of, folder):
    session = session_of([])
    session.open_bracket("p1", "crc")
    with pytest.raises(Inconclusive, match="no octet arrived") as caught:
        session.require_bracket("p1")
    assert caught.value.reason is Reason.SILENT
    session.close_bracket("p1")
    assert not bracket(folder)["opening"]["ok"]


def test_a_group_is_opened_once(session_of):
    session = session_of(stream(40))
    session.open_bracket("p1", "crc")
    reads = session.opened[0].reads
    session.open_bracket("p1", "crc")
    assert session.opened[0].reads == reads


def test_without_a_folder_nothing_is_written(session_of, tmp_path):
    session = session_of(stream(40), kept=None)
    session.open_bracket("p1", "crc")
    session.close_bracket("p1")
    assert not (tmp_path / "runs/run/events.jsonl").exists()
