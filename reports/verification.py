"""What a verifier says: named lines, each OK, FAILED or NOT CHECKED."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bench.core.errors import EvidenceError, SignatureError
from reports.text import visible


class Status(StrEnum):
    """The result of one line."""

    OK = "OK"
    FAILED = "FAILED"
    NOT_CHECKED = "NOT CHECKED"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was verified; `details` name each file, case or line number concerned."""

    name: str
    status: Status
    details: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"name": self.name, "status": str(self.status), "details": list(self.details)}


@dataclass(frozen=True, slots=True)
class Signer:
    """A trusted key that signed; `subject` is that of its certificate, if it has one."""

    keyid: str
    source: str
    subject: str

    def to_json(self) -> dict[str, str]:
        """Return plain JSON values."""
        return {"keyid": self.keyid, "source": self.source, "subject": self.subject}


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome of verifying a run.

    `signed` says that an attestation is there at all; `signers` are the trusted keys among its
    signatures.
    """

    run: str
    signed: bool
    signers: tuple[Signer, ...]
    lines: tuple[Line, ...]

    @property
    def failed(self) -> tuple[Line, ...]:
        """The lines that failed."""
        return tuple(line for line in self.lines if line.status is Status.FAILED)

    @property
    def verified(self) -> bool:
        """True if a trusted key signed and nothing failed."""
        return bool(self.signers) and not self.failed

    @property
    def exit_code(self) -> int:
        """0 if verified, otherwise 5; an unsigned run is never verified."""
        return 0 if self.verified else SignatureError.exit_code

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "run": self.run,
            "verified": self.verified,
            "signed": self.signed,
            "signers": [signer.to_json() for signer in self.signers],
            "lines": [line.to_json() for line in self.lines],
        }


def ok(name: str, *details: str) -> Line:
    """Return a line that holds."""
    return Line(name, Status.OK, _shown(details))


def failed(name: str, *details: str) -> Line:
    """Return a line that does not hold, with what is wrong."""
    return Line(name, Status.FAILED, _shown(details))


def not_checked(name: str, *details: str) -> Line:
    """Return a line that could not be looked at, with the reason."""
    return Line(name, Status.NOT_CHECKED, _shown(details))


def judged(name: str, problems: list[str], *details: str) -> Line:
    """Return a failed line if there are problems, otherwise a line that holds."""
    return failed(name, *problems) if problems else ok(name, *details)


def guarded(name: str, check: Callable[[], Line]) -> Line:
    """Return what `check` returns; evidence that cannot be read is a failed line, not an error."""
    try:
        return check()
    except (EvidenceError, SignatureError) as error:
        return failed(name, str(error))


def _shown(details: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(visible(detail) for detail in details)
