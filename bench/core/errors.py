"""Errors of the bench itself; what a device does wrong is never an exception but a check.

BenchError                    exit code 4
├── UsageError                2   a command line or API call that cannot be right
├── DeclarationError          2   device.toml: all its mistakes at once
├── AdapterError              4   the bench cannot reach the device
│   ├── AdapterUnavailable        could not be opened: no port, in use, no permission
│   └── AdapterLost               was open and is gone: cable, process, connection
│       └── ConnectionEnded           the device ended a connection, which can be made anew
├── EvidenceError             4   the run folder cannot be written or read
└── SignatureError            5   a report that does not verify, a key that does not open
"""

from collections.abc import Sequence
from dataclasses import dataclass


class BenchError(Exception):
    """Root of everything that the bench raises on purpose; `str()` is fit for the user."""

    exit_code = 4


class UsageError(BenchError):
    """The caller asked for something that cannot be; the message says what to write instead."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Mistake:
    """One wrong entry of a declaration: where it is, what is wrong, what to write."""

    path: str
    value: str
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        got = f" (got {self.value})" if self.value else ""
        remedy = f"\n      write: {self.remedy}" if self.remedy else ""
        return f"{self.path}: {self.message}{got}{remedy}"


class DeclarationError(BenchError):
    """A declaration with one or more mistakes, all of them listed."""

    exit_code = 2

    def __init__(self, source: str, mistakes: Sequence[Mistake]) -> None:
        self.source = source
        self.mistakes = tuple(mistakes)
        lines = "\n".join(f"  - {mistake}" for mistake in self.mistakes)
        count = len(self.mistakes)
        super().__init__(f"{source}: {count} mistake{'s' if count != 1 else ''}\n{lines}")


class AdapterError(BenchError):
    """The bench cannot exchange octets with the device; never the device's fault."""


class AdapterUnavailable(AdapterError):
    """The link could not be opened."""


class AdapterLost(AdapterError):
    """The link was open and ended without being asked to."""


class Overrun(AdapterError):
    """The host did not take octets in time: here some are missing, what follows is whole again."""


class ConnectionEnded(AdapterLost):
    """The far end closed a connection; a device may, and `Link.reconnect` makes a new one."""


class EvidenceError(BenchError):
    """The run folder cannot be written, or what is in it cannot be read."""


class SignatureError(BenchError):
    """A signature, a key or a signed file is not what it should be."""

    exit_code = 5
