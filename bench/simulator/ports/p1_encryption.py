"""The encrypted P1 port of Luxembourg: each telegram leaves in a frame of its own (§3.2.5)."""

import hashlib
from collections.abc import Callable
from typing import Any

from bench.core.errors import UsageError
from bench.protocols.p1.ciphering import COUNTER_END, KEY_OCTETS, Envelope, encode_frame

_FIRST_COUNTER = 0xFB  # the carry into the next octet comes soon
_FLAG_ID = b"MBX"

#: Called with a stage, what it holds, and the telegram's index; returns what deviations make of it.
Altered = Callable[[str, Any, int], Any]


def encryption_key(seed: int) -> bytes:
    """Return the encryption key of the simulated device with this seed: one for each device."""
    return hashlib.sha256(b"meterbench simulated p1 encryption %d" % seed).digest()[:KEY_OCTETS]


def system_title(seed: int) -> bytes:
    """Return the system title of the simulated device: FLAG id and five octets of its own."""
    return _FLAG_ID + hashlib.sha256(b"meterbench simulated title %d" % seed).digest()[:5]


class Encryption:
    """Puts telegrams into frames and counts them; `counter` is that of the next frame.

    The counter never starts again under the same key: after the last one nothing is sent.
    `counter_stage` and `envelope_stage` are where a deviation takes hold.
    """

    def __init__(
        self, seed: int, altered: Altered, counter_stage: str, envelope_stage: str
    ) -> None:
        self.counter = _FIRST_COUNTER
        self._key = encryption_key(seed)
        self._title = system_title(seed)
        self._altered = altered
        self._stages = counter_stage, envelope_stage

    def set_counter(self, value: int = -1) -> None:
        """Let the next frame have the counter `value`; UsageError for one that four octets lack."""
        if not 0 <= value <= COUNTER_END:
            raise UsageError(f"action 'counter' takes value=, from 0 to {COUNTER_END}")
        self.counter = value

    def frame(self, telegram: bytes, index: int) -> bytes:
        """Return the octets of the frame that holds `telegram`; none when counters are used up."""
        counter_stage, envelope_stage = self._stages
        counter = self._altered(counter_stage, self.counter, index)
        self.counter += 1
        if counter > COUNTER_END:
            return b""
        envelope = Envelope(telegram, self._title, counter, self._key)
        envelope = self._altered(envelope_stage, envelope, index)
        return encode_frame(envelope) if isinstance(envelope, Envelope) else bytes(envelope)
