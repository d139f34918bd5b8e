"""Keys of a suite that are changed for a case, and changed back at its end."""

from collections.abc import Mapping
from dataclasses import replace
from types import TracebackType

from bench.core.verdict import Reason
from bench.engine.context import Inconclusive
from bench.protocols.dlms.data_types import Data, array, enum, octet_string, structure
from bench.protocols.dlms.security.key_wrap import wrap_key
from bench.protocols.dlms.security.keys import KeyId
from suites.wan_dlms.answer import Answer
from suites.wan_dlms.association import Association
from suites.wan_dlms.declared import DeclaredAssociation, LinkLayer
from suites.wan_dlms.forging import SECURITY_SETUP
from suites.wan_dlms.meter import Meter

KEY_TRANSFER = 2
UNICAST = int(KeyId.GLOBAL_UNICAST_ENCRYPTION)
_ROUNDS = 3


def key_data(wrapped: Mapping[int, bytes]) -> Data:
    """Return the parameter of key_transfer and key_agreement: octets by key id."""
    return array(*(structure(enum(one), octet_string(octets)) for one, octets in wrapped.items()))


class KeyKeeper:
    """The global unicast encryption key of one association: who changes it also restores it.

        with KeyKeeper(meter, means) as keeper:
            ...

    `original` is the declared key. A key that a case makes the meter take is told by `expect`
    before, so that the end of the block finds out which one is in force and sets the original one
    again. `settled` says that the original one is staged or in force, and no other is pending.
    Inconclusive (IXIT) where the master key is not declared.
    """

    def __init__(self, meter: Meter, means: DeclaredAssociation) -> None:
        self.meter = meter
        self.means = means
        self.suite = means.suite or 0
        self.setup = meter.declared.setup_name(self.suite)
        self.original = meter.secret(f"suite{self.suite}_encryption")
        self.master = meter.secret(f"suite{self.suite}_master")
        self.changed = False  # whether the meter may have taken another key
        self.settled = False  # whether every change is known to have come into force
        self._possible = [self.original]
        self._open: list[Association] = []

    def new_key(self) -> bytes:
        """Return a random key that the meter may have from now on; evidence does not show it."""
        key = self.meter.random.randbytes(len(self.original))
        self.meter.context.conceal(key)
        self.expect(key)
        return key

    def expect(self, key: bytes) -> None:
        """Note that this key may be in force from now on; the last one is looked for first."""
        if key not in self._possible:
            self._possible.append(key)

    def association(self, key: bytes, *, first_counter: int | None = None) -> Association:
        """Return the association with this encryption key, not yet opened.

        `first_counter` is the client's first invocation counter under a key that is new.
        """
        aa = self.meter.association(self.means.name)
        security = aa.security
        assert security is not None
        security.keys = replace(security.keys, encryption=key)
        if first_counter is not None:
            security.counters.restart(security.title, key, first_counter)
        self._open.append(aa)
        return aa

    def transfer(self, aa: Association, key: bytes) -> Answer:
        """Make the meter take a key when the association ends."""
        return self.transfer_wrapped(aa, {UNICAST: wrap_key(self.master, key)})

    def transfer_wrapped(self, aa: Association, wrapped: Mapping[int, bytes]) -> Answer:
        """Invoke key_transfer with keys that are wrapped already, or with something else."""
        self.changed = True
        return aa.action(SECURITY_SETUP, self.setup, KEY_TRANSFER, key_data(wrapped))

    def abandon(self, aa: Association) -> None:
        """End an association without a release, which its key cannot protect any more."""
        aa.opened = None
        aa.transport.close()
        if self.meter.declared.link_layer is LinkLayer.WRAPPER:
            self.meter.reconnect()

    def restore(self) -> bool:
        """Set the original key, whichever of the possible ones is in force; return whether it is.

        The client goes on with its own counters under that key. Those of the meter start anew, so
        what was heard of them before says nothing any more.
        """
        for aa in self._open:
            aa.close()
        self._open.clear()
        if not self.changed:
            return True
        last = ""
        for _ in range(_ROUNDS):
            for key in (self.original, *reversed(self._possible[1:])):
                aa = self.association(key)
                self._go_on(aa)
                if aa.open().established:
                    if key != self.original or not self.settled:
                        self.transfer(aa, self.original)  # in place of what may be pending
                    aa.close()
                    if key == self.original:
                        self._begin_again()
                        return True
                    break
                last = str(aa.opened)
                aa.close()
        self.meter.context.inconclusive(
            Reason.SURVIVAL, f"the key of suite {self.suite} is not what it was: {last}"
        )
        return False

    def _begin_again(self) -> None:
        """Take all nonces that were heard for those of an earlier life of their keys."""
        heard = self.meter.heard_nonces
        heard[:] = [replace(one, key=b"earlier " + one.key) for one in heard]

    def _go_on(self, aa: Association) -> None:
        """Count on from the counters of all keys, for a meter that did not begin again."""
        security = aa.security
        assert security is not None
        counter = max(security.counters.peek(security.title, key) for key in self._possible)
        security.counters.start(security.title, security.keys.encryption, counter)

    def __enter__(self) -> "KeyKeeper":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.restore()


def need(met: bool, what: str, found: object) -> None:
    """Raise Inconclusive (PRECONDITION) unless a step that a case rests on was done."""
    if not met:
        raise Inconclusive(Reason.PRECONDITION, f"{what}: {found}")
