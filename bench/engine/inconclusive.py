"""How a case says that it cannot decide."""

from bench.core.verdict import Reason


class Inconclusive(Exception):
    """Raised in a case whose precondition cannot be reached; becomes an incident."""

    def __init__(self, reason: Reason, message: str) -> None:
        self.reason = reason
        super().__init__(message)
