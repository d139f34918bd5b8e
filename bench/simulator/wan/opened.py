"""What became of an APDU that came: a request with its protection, or a refusal."""

from dataclasses import dataclass

from bench.protocols.dlms.ciphered import GeneralSigning, SecurityControl
from bench.protocols.dlms.security.apdus import Ciphering
from bench.protocols.dlms.security.general import OpenedGeneral

_UNPROTECTED = SecurityControl.of(0)


@dataclass(slots=True)
class Opened:
    """A request APDU and how it was protected; `how` and `general` None: not at all.

    `policy` is the one under which it was judged, and which its answer follows.
    """

    apdu: bytes
    how: Ciphering | None = None
    control: SecurityControl = _UNPROTECTED
    counter: int = -1
    expected_before: int = 0
    policy: int = 0
    general: OpenedGeneral | None = None
    signed: GeneralSigning | None = None


class Refused(Exception):
    """The request is not served; `answer` is what is sent instead, None for silence."""

    def __init__(self, answer: bytes | None) -> None:
        super().__init__()
        self.answer = answer
