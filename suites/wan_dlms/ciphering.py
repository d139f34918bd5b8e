"""The client's side of ciphering: keys, counters, how a request is protected, what opens."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from hashlib import sha256
from typing import Any

from bench.core.errors import UsageError
from bench.protocols.dlms.acse import Mechanism
from bench.protocols.dlms.apdu import decode_apdu
from bench.protocols.dlms.ciphered import (
    CipheredApdu,
    GeneralCiphering,
    GeneralDedCiphering,
    GeneralGloCiphering,
    Protected,
    SecurityControl,
)
from bench.protocols.dlms.security import gcm
from bench.protocols.dlms.security.apdus import (
    GENERAL_DED,
    GENERAL_GLO,
    Ciphering,
    ded_tag,
    encode_protected,
    glo_tag,
    how_of,
    key_for,
)
from bench.protocols.dlms.security.general import (
    AsymmetricKeys,
    GeneralParty,
    Identified,
    KeyChoice,
)
from bench.protocols.dlms.security.header import GeneralHeader
from bench.protocols.dlms.security.hls import HlsParty, VendorFunction, aes_ecb
from bench.protocols.dlms.security.keys import SymmetricKeys
from bench.protocols.dlms.security.options import STANDARD, SecurityOptions
from bench.protocols.dlms.security.suite import SUITES
from suites.wan_dlms.answer import Reply, Unprotected

GENERAL_CIPHERING = 0xDD
_GLOBAL_KEY = Identified()
_NO_PAIRS = AsymmetricKeys()


class Wrapping(StrEnum):
    """Which kind of APDU carries a protected one."""

    PLAIN = "plain"  # none: the APDU is sent as it is
    GLO = "glo"  # service-specific, global key
    DED = "ded"  # service-specific, dedicated key
    GENERAL_GLO = "general-glo"
    GENERAL_DED = "general-ded"
    GENERAL = "general"  # general-ciphering: its header tells the key


@dataclass(frozen=True, slots=True)
class Protection:
    """How an APDU is protected; `title`, `suite`, `keys` replace the right ones, to be wrong.

    `choice` says which key general-ciphering uses. An APDU that has no service-specific form
    (ACCESS, a notification) goes into the general one.
    """

    wrapping: Wrapping = Wrapping.GLO
    authenticated: bool = True
    encrypted: bool = True
    broadcast: bool = False
    title: bytes | None = None
    suite: int | None = None
    keys: SymmetricKeys | None = None
    choice: KeyChoice = _GLOBAL_KEY

    def but(self, **changes: Any) -> "Protection":
        """Return the same with other fields."""
        return replace(self, **changes)


PLAIN = Protection(Wrapping.PLAIN, authenticated=False, encrypted=False)
GLO = Protection()
DED = Protection(Wrapping.DED)
GENERAL_GLO_BOTH = Protection(Wrapping.GENERAL_GLO)
GENERAL_DED_BOTH = Protection(Wrapping.GENERAL_DED)
GENERAL_BOTH = Protection(Wrapping.GENERAL)


@dataclass(slots=True, repr=False)
class Counters:
    """The client's next invocation counters by system title and key; kept for the whole run."""

    _next: dict[tuple[bytes, bytes], int] = field(default_factory=dict)

    def known(self, title: bytes, key: bytes) -> bool:
        """Whether the counter of this title under this key has been read or used."""
        return _entry(title, key) in self._next

    def peek(self, title: bytes, key: bytes) -> int:
        """Return the counter that is next, 1 where none is known."""
        return self._next.get(_entry(title, key), 1)

    def take(self, title: bytes, key: bytes) -> int:
        """Return the next counter, and count on; the last one there is, is given for ever."""
        counter = self.peek(title, key)
        self._next[_entry(title, key)] = min(counter + 1, 0xFFFFFFFF)
        return counter

    def start(self, title: bytes, key: bytes, counter: int) -> None:
        """Say which counter is next, if a later one is not known already."""
        self._next[_entry(title, key)] = max(counter, self.peek(title, key))

    def restart(self, title: bytes, key: bytes, counter: int = 0) -> None:
        """Say which counter is next under a key that is new, or of which nothing was used."""
        self._next[_entry(title, key)] = counter

    def forget(self, title: bytes, key: bytes) -> None:
        """Know nothing of this counter any more; it is read again at its next use."""
        self._next.pop(_entry(title, key), None)


@dataclass(frozen=True, slots=True)
class HeardNonce:
    """A nonce that the meter used: its title and counter, under a key known by its fingerprint."""

    title: bytes
    counter: int
    key: bytes
    frame: int


@dataclass(slots=True)
class ClientSecurity:
    """What the client needs to protect requests, to open answers, and to prove who it is.

    `server_title` is what the meter's AARE told. `secret` serves mechanisms 2, 3, 4 and 6,
    `vendor_function` 2 alone, `private_key` and `peer_public_key` serve 7, `asymmetric` and
    `options` serve general-ciphering. `heard` are the nonces that the meter used.
    """

    suite: int
    title: bytes
    counters: Counters
    keys: SymmetricKeys = field(default=SymmetricKeys(b"", b""), repr=False)
    server_title: bytes = b""
    secret: bytes = field(default=b"", repr=False)
    private_key: bytes = field(default=b"", repr=False)
    peer_public_key: bytes = b""
    vendor_function: VendorFunction = field(default=aes_ecb, repr=False)
    asymmetric: AsymmetricKeys = _NO_PAIRS
    options: SecurityOptions = STANDARD
    transaction: int = 0  # number of the last general-ciphering APDU
    heard: list[HeardNonce] = field(default_factory=list)

    def control(self, how: Protection) -> SecurityControl:
        """Return the security control octet of a protection."""
        suite = self.suite if how.suite is None else how.suite
        return SecurityControl(suite, how.authenticated, how.encrypted, how.broadcast)

    def key(self, how: Protection) -> bytes:
        """Return the key that a protection uses; UsageError where there is none."""
        keys = how.keys or self.keys
        key = key_for(_ciphering(how), self.control(how), keys)
        if not key:
            raise UsageError(f"there is no key for {how.wrapping} (broadcast: {how.broadcast})")
        return key

    def next_counter(self, how: Protection) -> int:
        """Return the counter that the next APDU protected so will have."""
        return self.counters.peek(how.title or self.title, self.key(how))

    def protected(self, apdu: bytes, how: Protection, counter: int | None = None) -> Protected:
        """Return header and content of the protected APDU; takes a counter unless one is given."""
        keys, key, title = how.keys or self.keys, self.key(how), how.title or self.title
        if counter is None:
            counter = self.counters.take(title, key)
        return gcm.protect(self.control(how), title, counter, key, keys.authentication, apdu)

    def protect(self, apdu: bytes, how: Protection, counter: int | None = None) -> bytes:
        """Return the protected APDU; takes the next counter unless one is given."""
        if how.wrapping is Wrapping.PLAIN:
            return apdu
        if how.wrapping is Wrapping.GENERAL:
            return self._general(apdu, how, counter)
        protected = encode_protected(self.protected(apdu, how, counter))
        dedicated = _ciphering(how).dedicated
        if how.wrapping in (Wrapping.GLO, Wrapping.DED) and apdu:
            tag = ded_tag(apdu[0]) if dedicated else glo_tag(apdu[0])
            if tag is not None:
                return bytes((tag,)) + protected
        title = how.title or self.title
        general = GENERAL_DED if dedicated else GENERAL_GLO
        return bytes((general, len(title))) + title + protected

    def _general(self, apdu: bytes, how: Protection, counter: int | None) -> bytes:
        """Return the general-ciphering APDU; its counter is that of the global key."""
        title, key = how.title or self.title, self.key(how)
        if counter is None:
            counter = self.counters.take(title, key)
        self.transaction += 1
        number = self.transaction.to_bytes(8, "big")
        return self._party(how.keys).protect(
            apdu,
            GeneralHeader(number, title, self.server_title),
            how.choice,
            control=self.control(how),
            counter=counter,
        )

    def _party(self, keys: SymmetricKeys | None = None) -> GeneralParty:
        suite = SUITES[self.suite]
        return GeneralParty(suite, keys or self.keys, self.asymmetric, self.options)

    def _open_general(
        self, record: GeneralCiphering, frame: int
    ) -> tuple[bytes | None, Unprotected]:
        title = record.originator or self.server_title
        control, counter = record.protected.control, record.protected.invocation_counter
        told = Unprotected(GENERAL_CIPHERING, control, counter, title)
        found = self._party().unprotect(record, originator=self.server_title, recipient=self.title)
        if found is None:
            return None, replace(told, authentic=False, problem="its tag or its key is wrong")
        self.heard.append(HeardNonce(title, counter, _fingerprint(found.key), frame))
        return found.apdu, replace(told, authentic=True if control.authenticated else None)

    def open(self, reply: Reply) -> Reply:
        """Return the reply deciphered; what is not protected as it is."""
        record = reply.record
        if isinstance(record, GeneralCiphering):
            return reply.deciphered(*self._open_general(record, reply.frame))
        if not isinstance(record, CipheredApdu | GeneralGloCiphering | GeneralDedCiphering):
            return reply
        plain, how = self.open_record(record, reply.frame)
        return reply.deciphered(plain, how)

    def open_record(
        self, record: CipheredApdu | GeneralGloCiphering | GeneralDedCiphering, frame: int = 0
    ) -> tuple[bytes | None, Unprotected]:
        """Return the plain octets (None: they do not open) and how they were protected."""
        title = self.server_title
        if isinstance(record, CipheredApdu):
            tag = record.apdu_tag
        else:
            tag = GENERAL_GLO if isinstance(record, GeneralGloCiphering) else GENERAL_DED
            title = record.system_title
        protected = record.protected
        control, counter = protected.control, protected.invocation_counter
        told = Unprotected(tag, control, counter, title)
        how = how_of(tag)
        key = b"" if how is None else key_for(how, control, self.keys)
        if not key:
            return None, replace(told, problem="there is no key for it")
        if not title:
            return None, replace(told, problem="the meter has not told its system title")
        self.heard.append(HeardNonce(title, counter, _fingerprint(key), frame))
        plain = gcm.unprotect(protected, title, key, self.keys.authentication)
        if plain is None:
            return None, replace(told, authentic=False, problem="its authentication tag is wrong")
        return plain, replace(told, authentic=True if control.authenticated else None)

    # -- proving who we are

    def party(self) -> HlsParty:
        """Return the client as a party of high level security."""
        return HlsParty(
            self.title,
            self.server_title,
            secret=self.secret,
            keys=self.keys,
            suite=self.suite,
            private_key=self.private_key,
            peer_public_key=self.peer_public_key,
            vendor_function=self.vendor_function,
        )

    def proof(self, mechanism: Mechanism, received: bytes, sent: bytes) -> bytes:
        """Return f(StoC); mechanism 5 takes the next counter of the global key."""
        counter = 0
        if mechanism is Mechanism.HLS_GMAC:
            counter = self.counters.take(self.title, self.keys.encryption)
        return self.party().response(mechanism, received, sent, counter)

    def proves(self, mechanism: Mechanism, proof: bytes, sent: bytes, received: bytes) -> bool:
        """Return whether the meter's f(CtoS) answers the challenge that was sent."""
        return self.party().verify(mechanism, proof, sent, received)


def plain_reply(octets: bytes, reply: Reply) -> Reply:
    """Return the reply with other octets, as block transfer has put them together."""
    return replace(reply, octets=octets, plain=octets, decoded=decode_apdu(octets))


def _ciphering(how: Protection) -> Ciphering:
    """Return whose key a protection uses; general-ciphering counts by the global one."""
    return Ciphering.GLO if how.wrapping is Wrapping.GENERAL else Ciphering(how.wrapping.value)


def _entry(title: bytes, key: bytes) -> tuple[bytes, bytes]:
    return title, _fingerprint(key)


def _fingerprint(key: bytes) -> bytes:
    """Return what tells keys apart without telling the key."""
    return sha256(b"meterbench key " + key).digest()[:8]
