"""Telegrams of meters in the field: clocks, counters and plausibility find no fault in them."""

import pytest

from bench.core.check import Outcome
from bench.core.trace import Chunk
from bench.core.verdict import Verdict
from bench.engine.run import Run
from bench.protocols.p1.detect import detect_profile
from bench.protocols.p1.splitter import TelegramOctets, TelegramSplitter
from bench.protocols.p1.telegram import decode_telegram

JUDGED = ["P1-A-08", "P1-A-09", "P1-A-10"]

#: observations that are rightly made: both meters sent one telegram, in which the phases are of
#: another second than the total
OBSERVED = {
    "nl-iskraemeco-am550-3-phase-dsmr-5-0-isk-1": {"P1-A-098:sum"},
    "nl-mcs-header-zeroed-fields-mcs": {"P1-A-098:sum"},
}

DECLARATION = """\
schema = 1
[item]
manufacturer = "m"
type = "t"
serial = "s"
[p1]
profile = "{profile}"
link = "replay:{path}"
[p1.ics]
"P1/POLYPHASE" = {polyphase}
"P1/MBUS" = {linked}
"""


def first_telegram(octets):
    splitter = TelegramSplitter()
    pieces = [*splitter.feed(Chunk(0, octets)), *splitter.flush()]
    whole = [p for p in pieces if isinstance(p, TelegramOctets) and p.complete]
    return decode_telegram(whole[0].octets) if whole else None


def declared(path):
    """Return a declaration that fits what the recording shows; None if it has no telegram."""
    telegram = first_telegram(path.read_bytes())
    if telegram is None:
        return None
    objects = {line.obis or "" for line in telegram.lines}
    return DECLARATION.format(
        profile=detect_profile(telegram),
        path=path,
        polyphase=str(bool(objects & {"1-0:52.7.0", "1-0:51.7.0", "1-0:41.7.0"})).lower(),
        linked=str(any(o.startswith(("0-1:24.2", "0-2:24.2")) for o in objects)).lower(),
    )


def test_no_meter_of_the_field_fails(real_data, tmp_path):
    judged = 0
    for path in sorted((real_data / "p1").glob("*.txt")):
        text = declared(path)
        if text is None or path.stem.endswith(".hex"):
            continue
        device = tmp_path / f"{path.stem}.toml"
        device.write_text(text)
        run = Run.begin(device, out=tmp_path / path.stem, selectors=JUDGED)
        run.execute()
        run.close()
        judgements = run.judgements()
        failed = {c: j.message for c, j in judgements.items() if j.verdict >= Verdict.FAIL}
        assert not failed, path.name
        assert run.folder is not None
        missed = {
            f"{attempt.case}:{check.id}"
            for case in judgements
            for attempt in run.folder.attempts(case)
            if attempt is not None
            for check in attempt.checks
            if check.outcome is Outcome.MISSED
        }
        assert missed == OBSERVED.get(path.stem, set()), path.name
        judged += any(j.verdict is Verdict.PASS for j in judgements.values())
    assert judged >= 20


@pytest.mark.parametrize(("case_id", "verdict"), [("P1-A-097", "pass"), ("P1-A-090", "SHORT")])
def test_a_minute_of_a_real_stream(real_data, tmp_path, case_id, verdict):
    path = real_data / "p1" / "stream-nl-isk-2m550t-1012-61tel.txt"
    device = tmp_path / "device.toml"
    device.write_text(declared(path))
    run = Run.begin(device, out=tmp_path / "runs", selectors=[case_id])
    run.execute()
    run.close()
    judgement = run.judgements()[case_id]
    assert verdict in (str(judgement.verdict), judgement.reason)
