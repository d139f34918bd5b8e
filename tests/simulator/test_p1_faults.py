import re

import pytest

from bench.core.check import Level
from bench.core.clock import SECOND
from bench.core.errors import UsageError
from bench.core.trace import Chunk
from bench.protocols.p1.profile import load_profile, profile_names
from bench.protocols.p1.splitter import Noise, TelegramSplitter
from bench.protocols.p1.telegram import decode_telegram
from bench.simulator.faults import alterations, deviation, fault, faults, interfaces, variations
from bench.simulator.ports.p1 import RESPONSE_NS, Stage, p1_port

FAULTS = faults("p1")
VARIATIONS = variations("p1")

#: the problem code that each check judges; a check that has none is judged on the stream
CODES = {
    "P1-A-003:start": {"start"},
    "P1-A-004:flag-id": {"flag-id"},
    "P1-A-004:baud-digit": {"baud-digit"},
    "P1-A-005:printable": {"identification"},
    "P1-A-005:not-empty": {"identification-empty"},
    "P1-A-006:blank-line": {"blank-line"},
    "P1-A-007:line-ends": {"line-end"},
    "P1-A-008:end-mark": {"end-mark"},
    "P1-A-008:nothing-after": {"after-end"},
    "P1-A-008:once": {"after-end"},
    "P1-A-009:nothing-between": {"after-end"},
    "P1-A-009:extra-crlf": {"after-end"},
    "P1-A-010:ascii": {"non-ascii", "control"},
    "P1-A-011:no-handshake": {"handshake"},
    "P1-A-020:crc": {"crc", "crc-missing"},
    "P1-A-021:four-digits": {"crc-width"},
    "P1-A-022:upper-case": {"crc-case"},
    "P1-A-023:no-crc": {"crc-unexpected"},
    "P1-A-024:every-telegram": {"crc"},
    "P1-A-030:grammar": {"grammar"},
    "P1-A-031:format": {"format"},
    "P1-A-032:unit": {"unit"},
    "P1-A-033:no-unit": {"unit-unexpected"},
    "P1-A-034:hex": {"octet-string"},
    "P1-A-034:length": {"octet-string-length"},
    "P1-A-034:upper-case": {"octet-string-case"},
    "P1-A-035:timestamp": {"timestamp"},
    "P1-A-036:unique": {"duplicate"},
    "P1-A-037:range": {"enum"},
    "P1-A-038:well-formed": {"grammar"},
}
#: checks of the line itself, which the codec does not see
LINE = {
    f"P1-A-00{case}:{check}"
    for case in (1, 2)
    for check in ("telegrams", "uart-errors", "line-format")
} | {"P1-A-002:seven-bit"}

#: faults of what a single telegram says to the codec, or of the line: the others show over time,
#: in what telegrams mean, or in what the port does when it is told something
STATIC = [found for found in FAULTS if set(found.killers) <= set(CODES) | LINE]


def telegrams(found, count):
    port = p1_port(found.profile, alterations=found.alterations)
    interval = round(port.profile.interval_s * SECOND)
    return port, [port.telegram(RESPONSE_NS + n * interval, n) for n in range(count)]


def reference(found, count):
    port = p1_port(found.profile)
    interval = round(port.profile.interval_s * SECOND)
    return port, [port.telegram(RESPONSE_NS + n * interval, n) for n in range(count)]


@pytest.mark.parametrize("found", STATIC, ids=lambda f: f.id)
def test_a_fault_shows_on_the_wire_as_the_problem_that_it_claims(found):
    count = 60 if "stale" in found.id else 30
    port, altered = telegrams(found, count)
    plain, right = reference(found, count)
    assert altered != right or port.line != plain.line
    judged = {killer for killer in found.killers if killer not in LINE}
    codes = {p.code for octets in altered for p in decode_telegram(octets, port.profile).problems}
    for killer in judged:
        assert codes & CODES[killer]


def keeps_its_crc(found):
    """Whether the fault is about neither the CRC nor the octets on the line."""
    about_line = {"P1-A-008:end-mark", "P1-A-001:telegrams"} & set(found.killers)
    about_crc = found.killers[0].startswith(("P1-A-02", "P1-A-11"))  # or of the text encrypted
    return load_profile(found.profile).has_crc and not about_line and not about_crc


@pytest.mark.parametrize("found", [f for f in FAULTS if keeps_its_crc(f)], ids=lambda f: f.id)
def test_the_crc_is_right_where_the_fault_is_not_about_it(found):
    port, altered = telegrams(found, 3)
    for octets in altered:
        assert "crc" not in {p.code for p in decode_telegram(octets, port.profile).problems}


@pytest.mark.parametrize("found", FAULTS, ids=lambda f: f.id)
def test_a_fault_is_a_pure_function(found):
    assert telegrams(found, 3)[1] == telegrams(found, 3)[1]


def sends_text(found):
    """Whether telegrams leave as text; encrypted ones are the business of their own tests."""
    return all(alteration.stage != Stage.ENCRYPTED for alteration in found.alterations)


@pytest.mark.parametrize("found", [v for v in VARIATIONS if sends_text(v)], ids=lambda f: f.id)
def test_a_variation_breaks_no_must(found):
    port = p1_port(found.profile, alterations=found.alterations)
    port.set_request(True, 0)
    splitter = TelegramSplitter()
    pieces = []
    until = round(port.profile.interval_s * 4 * SECOND)
    while (at := port.next_event()) is not None and at <= until:
        pieces += splitter.feed(Chunk(at, port.emit(at)))
    pieces += splitter.flush()
    whole = [piece for piece in pieces if not isinstance(piece, Noise)]
    assert len(whole) >= 3
    for piece in whole:
        for problem in decode_telegram(piece.octets, port.profile).problems:
            assert port.profile.level(problem.code) is not Level.MUST, problem
    noise = b"".join(p.octets for p in pieces[1:] if isinstance(p, Noise))
    assert noise.strip(b"\r\n") == b""


def test_every_edition_has_its_reference_device():
    references = {v.profile for v in VARIATIONS if v.id == f"p1.reference-{v.profile}"}
    assert references == set(profile_names())


def test_ids_are_unique_and_well_formed():
    ids = [found.id for found in (*FAULTS, *VARIATIONS)]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"p1\.[a-z0-9.]+(-[a-zA-Z0-9.]+)*", name) for name in ids)


def test_every_record_is_complete():
    for found in FAULTS:
        assert found.killers
        assert found.summary
        assert found.clause
        assert load_profile(found.profile)
        assert {a.stage for a in found.alterations} <= set(Stage)
        for also in found.also:
            assert re.fullmatch(r"P1-[AB]-[\d*]+(:[a-z0-9*-]+)?", also)


def test_every_check_of_the_rows_has_a_killer():
    killed = {killer for found in FAULTS for killer in found.killers}
    assert set(CODES) | LINE <= killed


def test_deviations_are_found_by_id():
    assert interfaces() == ("p1", "s1", "wan", "system")
    assert fault("p1.crc-init-ffff").killers == ("P1-A-020:crc",)
    assert deviation("p1.no-gas").profile == "nl50"
    assert alterations("p1.crc-init-ffff") == fault("p1.crc-init-ffff").alterations


@pytest.mark.parametrize(
    ("ask", "id", "message"),
    [
        (fault, "p1.crc-init-fff", "near: p1.crc-init-ffff"),
        (fault, "nonsense", "write for example"),
        (fault, "p1.no-gas", "benign variation"),
        (faults, "p9", "known: p1"),
    ],
)
def test_an_unknown_deviation_is_refused(ask, id, message):
    with pytest.raises(UsageError, match=re.escape(message)):
        ask(id)
