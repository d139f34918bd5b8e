"""The keys of one suite in the meter: counters per key, the policy, keys that are to change.

A counter that is received must be above all before it under the same key (IEC 62056-5-3 cl. 5.3.5;
NIST SP 800-38D). New keys come into force together when the association ends.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace

from bench.protocols.dlms.security.keys import KeyId, SymmetricKeys
from bench.protocols.dlms.security.suite import SUITES
from bench.simulator.wan.options import FULL_POLICY, WanOptions

COUNTERS = 1 << 32
_FAR = 1 << 16  # counters that a broken meter lets be left out
_REMEMBERED = 64  # keys that came with messages
_FIELDS = {
    KeyId.GLOBAL_UNICAST_ENCRYPTION: "encryption",
    KeyId.GLOBAL_BROADCAST_ENCRYPTION: "broadcast",
    KeyId.AUTHENTICATION: "authentication",
    KeyId.MASTER: "master",
}


class Counters:
    """The counters of one key: `expected` is the lowest that is taken, `next_sent` the next own.

    Both are `COUNTERS` when the key is used up.
    """

    __slots__ = ("expected", "next_sent")

    def __init__(self, expected: int, next_sent: int) -> None:
        self.expected = expected
        self.next_sent = next_sent

    def take(self, counter: int, breaks: frozenset[str]) -> bool:
        """Return whether a received counter is fresh; those up to it are not, from then on."""
        if counter < self.expected:
            last = self.expected - 1
            if not (
                "ic-not-checked" in breaks or (counter < last and "ic-lower-accepted" in breaks)
            ):
                return False
        if "ic-jump-refused" in breaks and counter > self.expected + _FAR:
            return False
        self.expected = counter + 1
        if "ic-wrap" in breaks:
            self.expected %= COUNTERS
        return True


class KeyRing:
    """Keys, counters and policy of one security setup."""

    def __init__(self, suite: int, secret: Callable[[str], bytes], options: WanOptions) -> None:
        self.suite = SUITES[suite]
        self._breaks = options.breaks
        names = ("encryption", "authentication", "broadcast", "master")
        held = {name: secret(f"suite{suite}_{name}") for name in names}
        if suite == 2 and "suite2-128" in self._breaks:
            held["encryption"] = held["encryption"][:16]
        self.keys = SymmetricKeys(**held)
        self.policy = options.policies.get(suite, FULL_POLICY)
        self.client_title = b""
        self._first = options.expected_counter
        self._first_sent = options.first_counter
        self.unicast = Counters(options.expected_counter, options.first_counter)
        self.broadcast = (
            self.unicast
            if "ic-shared" in self._breaks
            else Counters(options.expected_counter, options.first_counter)
        )
        self._others: OrderedDict[bytes, Counters] = OrderedDict()
        self._staged: dict[int, bytes] = {}

    def sent_counter(self) -> int | None:
        """Return the counter for the next APDU of the meter, None when they are used up."""
        counter = self.unicast.next_sent
        if counter >= COUNTERS:
            return None
        if "server-iv-reuse" not in self._breaks:
            self.unicast.next_sent = counter + 1
        return counter

    def others(self, key: bytes) -> Counters:
        """Return the counters of a key that came with a message."""
        counters = self._others.setdefault(key, Counters(0, 0))
        self._others.move_to_end(key)
        if len(self._others) > _REMEMBERED:
            self._others.popitem(last=False)
        return counters

    def connected(self) -> None:
        """Note that a new association begins, which changes nothing of counters and keys."""
        if "ic-reset-on-connect" in self._breaks:
            self.unicast.expected = min(self._first, self.unicast.expected)
        if "server-iv-per-association" in self._breaks:
            self.unicast.next_sent = self._first_sent

    def supply_cut(self) -> None:
        """Note that the supply is cut, which changes nothing of counters and keys."""
        if "expected-volatile" in self._breaks:
            self.unicast.expected = min(self._first, self.unicast.expected)
        if "counters-volatile" in self._breaks:
            self.unicast.next_sent = self._first_sent

    def stage(self, keys: dict[int, bytes]) -> None:
        """Take new keys, by key id, which come into force with `settle`."""
        self._staged |= keys
        if "key-change-early" in self._breaks:
            self.settle()

    def settle(self) -> None:
        """Put staged keys into force; counters of a new encryption key start at 0."""
        if "key-change-forgotten" in self._breaks:
            self._staged.clear()
        for key_id, key in self._staged.items():
            self.keys = replace(self.keys, **{_FIELDS[KeyId(key_id)]: key})
            if "key-change-keeps-counter" in self._breaks:
                continue
            if key_id == KeyId.GLOBAL_UNICAST_ENCRYPTION:
                self.unicast.expected = self.unicast.next_sent = 0
            elif key_id == KeyId.GLOBAL_BROADCAST_ENCRYPTION:
                self.broadcast.expected = 0
        self._staged.clear()
