"""Run folders as the engine writes them, built from records of bench.core."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bench.core.case import Case, Kind
from bench.core.check import Check, Deviation, Incident, Level, Outcome, Place
from bench.core.plan import PlannedCase
from bench.core.result import Attempt
from bench.core.verdict import Applicability, Reason, Verdict
from reports.attest import encode_statement, sign_run, statement
from reports.dsse import sign_payload
from reports.keys import PrivateKey, TrustedKey, keyid_of
from reports.manifest import write_manifest
from reports.model import build_report, write_reports

DEVICE_TOML = """schema = 1
[item]
manufacturer = "Acme Metering"
type = "AM 5"
serial = "E0047-001"
firmware = "5.0.2"
condition = "sealed, as received"
[customer]
name = "Grid Operator"
contact = "lab@example.org"
[p1]
profile = "nl50"
link = "tcp://192.0.2.7:2001"
"""

TELEGRAM = b"/ACM5\\2MTR\r\n\r\n1-3:0.2.8(50)\r\n0-0:1.0.0(261121100211W)\r\n!7A11\r\n"
DIGEST = hashlib.sha256(b"suite p1").hexdigest()
CLAUSE = "DSMR-5.0.2:6.2"


def make_case(case_id: str, title: str = "a title", **changes: Any) -> Case:
    row = Case(
        id=case_id,
        version=1,
        interface="p1",
        title=title,
        purpose="ensure that the frame is as the standard says",
        stimulus="the request line is raised",
        criterion="each telegram ends with the CRC of all its octets up to '!'",
        kind=Kind.VALID,
        clauses=(CLAUSE,),
        detects=("p1.crc-wrong",),
    )
    return replace(row, **changes)


def make_check(outcome: Outcome = Outcome.MET, **changes: Any) -> Check:
    row = Check("crc", CLAUSE, Level.MUST, outcome, "0x6796", "0x6796")
    return replace(row, **changes)


def missed(frame: int = 7, offset: int = 53, length: int = 4) -> Check:
    deviation = Deviation(Place(frame, offset, length, 5), "0x6796", "0x7A11")
    return make_check(
        Outcome.MISSED,
        observed="0x7A11",
        examined=30,
        deviating=2,
        deviations=(deviation,),
    )


def frame_row(octets: bytes = TELEGRAM, number: int = 7, text: str = "7A11") -> dict[str, Any]:
    return {
        "number": number,
        "at_ns": 61_000_000_000,
        "until_ns": 61_040_000_000,
        "direction": "received",
        "offset": 6188,
        "octets": octets.hex(),
        "fields": [
            {"path": "identification", "offset": 5, "length": 5, "text": "\\2MTR", "problem": ""},
            {"path": "crc", "offset": 53, "length": 4, "text": text, "problem": "wrong CRC"},
        ],
    }


@dataclass
class RunWriter:
    """Writes a run folder; change `attempts`, `planned` or `brackets` before `write`."""

    folder: Path
    cases: list[Case] = field(default_factory=list)
    planned: dict[str, tuple[Applicability, str]] = field(default_factory=dict)
    attempts: list[Attempt] = field(default_factory=list)
    frames: dict[tuple[str, int], list[dict[str, Any]]] = field(default_factory=dict)
    brackets: list[dict[str, Any]] = field(default_factory=list)
    review: list[str] = field(default_factory=list)
    simulated: bool = False
    quick: bool = False
    device_toml: str = DEVICE_TOML

    def add(
        self,
        case: Case,
        *checks: Check,
        incidents: tuple[Incident, ...] = (),
        frames: list[dict[str, Any]] | None = None,
        number: int = 1,
    ) -> None:
        """Plan the case and give it an attempt."""
        if case not in self.cases:
            self.plan(case)
        self.attempts.append(
            Attempt(case.id, case.version, number, checks, incidents, 0, 3_500_000_000)
        )
        if frames:
            self.frames[case.id, number] = frames

    def plan(
        self,
        case: Case,
        applicability: Applicability = Applicability.SELECTED,
        reason: str = "",
    ) -> None:
        """Plan the case without running it."""
        self.cases.append(case)
        self.planned[case.id] = (applicability, reason)

    def rows(self) -> list[PlannedCase]:
        return [
            PlannedCase(c.id, c.version, c.interface, c.level, *self.planned[c.id])
            for c in self.cases
        ]

    def write(self) -> Path:
        self.folder.mkdir(parents=True)
        self._text("device.toml", self.device_toml)
        self._json("plan.json", self._plan())
        self._json("environment.json", _ENVIRONMENT)
        clauses = {CLAUSE: {"title": "CRC16 over the telegram", "testable": True, "note": ""}}
        self._json(
            "catalogue.json", {"cases": [c.to_json() for c in self.cases], "clauses": clauses}
        )
        events: list[dict[str, Any]] = [{"event": "run-started"}]
        for bracket in self.brackets:
            self._json(f"brackets/{bracket['interface']}-{bracket['group']}.json", bracket)
        for attempt in self.attempts:
            place = f"cases/{attempt.case}/a{attempt.number}"
            self._json(f"{place}/result.json", attempt.to_json())
            if frames := self.frames.get((attempt.case, attempt.number)):
                self._json(f"{place}/decoded.json", {"frames": frames, "omitted": 0})
                self._text(f"{place}/frames.pcapng", "not really a capture")
            of = {"case": attempt.case, "attempt": attempt.number}
            judged = attempt.judgement
            events.append({"event": "case-started", **of})
            events.append(
                {
                    "event": "case-finished",
                    **of,
                    "verdict": str(judged.verdict),
                    "reason": judged.reason,
                }
            )
        observation = {
            "interface": "p1",
            "number": 1,
            "ended": "complete",
            "telegrams": 300,
            "octets": 300 * len(TELEGRAM),
            "started_ns": 0,
            "finished_ns": 300_000_000_000,
            "note": "",
        }
        self._json("observations/p1/1/observation.json", observation)
        self._text("observations/p1/1/frames.pcapng", "not really a capture either")
        write_events(self.folder / "events.jsonl", [*events, {"event": "run-finished"}])
        return self.folder

    def _plan(self) -> dict[str, Any]:
        return {
            "schema": 1,
            "run": self.folder.name,
            "created": "2026-11-21T10:02:11Z",
            "mode": {
                "quick": self.quick,
                "observed_telegrams": 30 if self.quick else 300,
                "simulated": self.simulated,
            },
            "selectors": [],
            "allow_destructive": False,
            "decision_rule": "guard-band-2way",
            "suites": {
                "p1": {"title": "P1 companion port", "digest": DIGEST, "cases": len(self.cases)}
            },
            "interfaces": {
                "p1": {
                    "profile": "nl50",
                    "title": "DSMR 5.0.2 P1",
                    "role": "meter",
                    "link": "tcp://192.0.2.7:2001",
                    "capabilities": ["timestamps", "write"],
                    "uncertainty_s": 0.003,
                    "answers": {"P1/GAS": True},
                    "review": self.review,
                }
            },
            "cases": [row.to_json() for row in self.rows()],
        }

    def _text(self, relative: str, text: str) -> None:
        path = self.folder / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")

    def _json(self, relative: str, data: object) -> None:
        self._text(relative, json.dumps(data, indent=1) + "\n")


def write_events(path: Path, events: list[dict[str, Any]]) -> None:
    """Write events as a chain, each line with the digest of the one before."""
    previous = "0" * 64
    lines = []
    for number, event in enumerate(events):
        at = f"2026-11-21T10:{number // 60:02}:{number % 60:02}.000+00:00"
        row = {"seq": number, "at": at, **event, "prev": previous}
        line = json.dumps(row, separators=(",", ":")).encode()
        previous = hashlib.sha256(line).hexdigest()
        lines.append(line + b"\n")
    path.write_bytes(b"".join(lines))


_ENVIRONMENT = {
    "bench": {"version": "0.1.0"},
    "python": "3.11.7",
    "platform": "Linux-6.1-x86_64",
    "packages": {"click": "8.5.1", "cryptography": "50.0.2"},
    "station": "lab-a",
    "links": {"p1": {"epoch_ns": 1_795_255_331_000_000_000, "link": "tcp://192.0.2.7:2001"}},
    "self_test": {
        "digests": {"p1": DIGEST},
        "faults": 92,
        "killed": 92,
        "benign": 40,
        "false_alarms": 0,
        "recorded": "2026-11-21",
    },
}

BRACKET = {
    "interface": "p1",
    "group": "framing",
    "opening": {"ok": True, "message": ""},
    "closing": {"ok": True, "message": ""},
    "suspects": [],
}


@pytest.fixture
def writer(tmp_path: Path) -> RunWriter:
    """An empty run."""
    return RunWriter(tmp_path / "2026-11-21T10-02-11Z_am5")


@pytest.fixture
def passing(writer: RunWriter) -> RunWriter:
    """A run that conforms: two cases, a good bracket."""
    writer.add(make_case("P1-A-001", "The telegram starts with a slash"), make_check())
    writer.add(make_case("P1-A-020", "The CRC covers '/' to '!'"), make_check())
    writer.brackets.append(dict(BRACKET))
    return writer


@pytest.fixture
def mixed(passing: RunWriter) -> RunWriter:
    """Everything that can become of a case, once."""
    advice = make_check(Outcome.MISSED, level=Level.SHOULD, id="period", observed="11 s")
    passing.add(make_case("P1-A-021", "The CRC is right"), missed(), frames=[frame_row()])
    passing.add(make_case("P1-A-030", "Recommended pace"), make_check(), advice)
    silent = make_check(Outcome.UNDECIDED, reason=Reason.SILENT, id="gas", observed="nothing")
    passing.add(make_case("P1-B-001", "A gas meter is shown"), silent)
    lost = Incident(Verdict.ERROR, Reason.ADAPTER, "the connection was closed by the other side")
    passing.add(make_case("P1-B-002", "The clock is right"), incidents=(lost,))
    timed = make_check(
        Outcome.UNDECIDED,
        reason=Reason.GUARD,
        id="interval",
        expected="at most 1.010",
        observed="1.009",
        unit="s",
        uncertainty=0.003,
    )
    passing.add(make_case("P1-T-001", "One telegram a second", kind=Kind.TIMING), timed)
    passing.plan(
        make_case("P1-C-001", "Water"),
        Applicability.NOT_APPLICABLE,
        "declared otherwise: needs P1/WATER",
    )
    passing.plan(make_case("P1-C-002"), Applicability.DESELECTED, "not among the selected cases")
    passing.plan(
        make_case("P1-C-003"), Applicability.BLOCKED, "the declaration lacks [p1.ixit] id = ..."
    )
    passing.plan(make_case("P1-C-004", "The case that never came"))
    return passing


def seal(folder: Path) -> Path:
    """Write report and manifest, as at the end of an unsigned run."""
    write_reports(folder)
    write_manifest(folder)
    return folder


def rewrite(path: Path, change: Callable[[Any], object]) -> None:
    """Change a JSON file in place; `change` edits the data."""
    data = json.loads(path.read_text("utf-8"))
    change(data)
    path.write_text(json.dumps(data, indent=1) + "\n", "utf-8")


@dataclass(frozen=True)
class Lab:
    """A signing key and the keys that a verifier trusts."""

    key: PrivateKey
    trusted: tuple[TrustedKey, ...]

    @classmethod
    def new(cls) -> "Lab":
        key = Ed25519PrivateKey.generate()
        public = key.public_key()
        return cls(key, (TrustedKey(public, keyid_of(public), "lab.pub"),))

    def resign(self, folder: Path, change: Callable[[Any], object] | None = None) -> None:
        """Seal and sign as a holder of the key could, without the checks of `sign_run`."""
        write_manifest(folder)
        data = statement(folder, build_report(folder), {"keyid": self.trusted[0].keyid})
        if change:
            change(data)
        envelope = sign_payload(encode_statement(data), self.key)
        (folder / "attestation.json").write_bytes(envelope.encode())


@pytest.fixture(scope="session")
def lab() -> Lab:
    """The laboratory whose key is trusted."""
    return Lab.new()


@pytest.fixture(scope="session")
def stranger() -> Lab:
    """Somebody else with a key."""
    return Lab.new()


@pytest.fixture
def sealed(passing: RunWriter) -> Path:
    """A finished, unsigned run."""
    return seal(passing.write())


@pytest.fixture
def signed(sealed: Path, lab: Lab) -> Path:
    """A finished run, signed by the laboratory."""
    sign_run(sealed, lab.key, name="A. Signatory")
    return sealed


class Build:
    """The builders of this file, for tests (which cannot import a conftest)."""

    writer = RunWriter
    case = staticmethod(make_case)
    check = staticmethod(make_check)
    missed = staticmethod(missed)
    frame_row = staticmethod(frame_row)
    write_events = staticmethod(write_events)
    seal = staticmethod(seal)
    rewrite = staticmethod(rewrite)
    telegram = TELEGRAM
    device_toml = DEVICE_TOML
    clause = CLAUSE
    bracket = BRACKET


@pytest.fixture(scope="session")
def build() -> type[Build]:
    """Builders of cases, checks, frames and events."""
    return Build


@pytest.fixture
def failing(passing: RunWriter) -> Path:
    """A sealed run with one fail."""
    passing.add(make_case("P1-A-021"), missed(), frames=[frame_row()])
    return seal(passing.write())
