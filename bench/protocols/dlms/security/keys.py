"""The symmetric keys of a client and a server (IEC 62056-5-3 §5.3.5)."""

from dataclasses import dataclass, fields
from enum import IntEnum


class KeyId(IntEnum):
    """How key transfer, key agreement and general-ciphering name a key (class 64)."""

    GLOBAL_UNICAST_ENCRYPTION = 0
    GLOBAL_BROADCAST_ENCRYPTION = 1
    AUTHENTICATION = 2
    MASTER = 3


@dataclass(frozen=True, slots=True, repr=False)
class SymmetricKeys:
    """The keys that two parties share; those that they do not have are empty.

    `encryption` is the global unicast, `broadcast` the global broadcast encryption key, `master`
    the key encrypting key, `dedicated` the key of the running association. repr() shows lengths.
    """

    encryption: bytes
    authentication: bytes
    broadcast: bytes = b""
    master: bytes = b""
    dedicated: bytes = b""

    def __repr__(self) -> str:
        lengths = (f"{f.name}: {len(getattr(self, f.name))} octets" for f in fields(self))
        return f"SymmetricKeys({', '.join(lengths)})"
