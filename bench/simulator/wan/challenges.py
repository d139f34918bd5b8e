"""The challenges of the meter: none is ever given twice, and none comes back as the client's."""

import hashlib
from collections import deque

from bench.simulator.wan.options import WanOptions

_REMEMBERED = 256
_CONSTANT = b"0123456789ABCDEF" * 4


class Challenges:
    """Draws the challenges of one device and knows the last ones that it gave."""

    def __init__(self, seed: int, options: WanOptions) -> None:
        self._seed = seed
        self._breaks = options.breaks
        self._size = options.challenge_octets
        self._drawn = 0
        self._given: deque[bytes] = deque(maxlen=_REMEMBERED)

    def fresh(self, received: bytes) -> bytes:
        """Return a challenge for an association; `received` is the client's."""
        self._drawn += 1
        drawn: int | bytes = received if "hls-replay" in self._breaks else self._drawn
        text = f"meterbench simulated challenge {self._seed} {drawn!r}".encode()
        challenge = hashlib.sha512(text).digest()[: self._size]
        if "hls-constant-stoc" in self._breaks:
            challenge = _CONSTANT[: self._size]
        self._given.append(challenge)
        return challenge

    def is_own(self, challenge: bytes) -> bool:
        """Whether a client sends a challenge that the meter gave: a reflection."""
        return challenge in self._given and "hls-reflection" not in self._breaks
