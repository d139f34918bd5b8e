"""general-ciphering: any APDU with its own header and its own way to tell the key.

key-info     the key is
none         the global one of the association, unicast or broadcast as security control says
identified   the global unicast (0) or broadcast (1) encryption key
wrapped      in the APDU, wrapped with the master key (0)
agreed       derived: 01 from the originator's signed ephemeral key, 02 from static keys
"""

from dataclasses import dataclass, field

from bench.core.errors import UsageError
from bench.protocols.dlms.apdu import encode_apdu
from bench.protocols.dlms.ciphered import (
    AgreedKey,
    GeneralCiphering,
    IdentifiedKey,
    KeyInfo,
    SecurityControl,
    WrappedKey,
)
from bench.protocols.dlms.security import agreement
from bench.protocols.dlms.security.gcm import protect, unprotect
from bench.protocols.dlms.security.header import GeneralHeader
from bench.protocols.dlms.security.key_wrap import unwrap_key, wrap_key
from bench.protocols.dlms.security.keys import KeyId, SymmetricKeys
from bench.protocols.dlms.security.options import STANDARD, GeneralAad, SecurityOptions
from bench.protocols.dlms.security.suite import SecuritySuite

_MASTER_KEY_ENCRYPTION = 0


@dataclass(frozen=True, slots=True)
class AsymmetricKeys:
    """The own private keys and the other's public keys, raw octets; repr() shows no private key."""

    signing_private: bytes = field(default=b"", repr=False)
    agreement_private: bytes = field(default=b"", repr=False)
    peer_signing: bytes = b""
    peer_agreement: bytes = b""


@dataclass(frozen=True, slots=True)
class Identified:
    """Take a key that both have."""

    key_id: int = KeyId.GLOBAL_UNICAST_ENCRYPTION


@dataclass(frozen=True, slots=True)
class Wrapped:
    """Send the key, wrapped with the master key."""

    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class OnePass:
    """Agree by an ephemeral key of the originator; the caller makes one for each message."""

    ephemeral_private: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class StaticUnified:
    """Agree by the static keys and the transaction-id."""


KeyChoice = Identified | Wrapped | OnePass | StaticUnified | None
"""Which key to send with; None leaves the key-info out."""


@dataclass(frozen=True, slots=True)
class OpenedGeneral:
    """What was in a general-ciphering APDU and how it came; repr() shows neither text nor key."""

    apdu: bytes = field(repr=False)
    header: GeneralHeader
    key_info: KeyInfo | None = field(repr=False)
    control: SecurityControl
    invocation_counter: int
    key: bytes = field(repr=False)
    """The key that it was protected with: what counters belong to."""


@dataclass(frozen=True, slots=True)
class GeneralParty:
    """One side: what it needs to protect and open general-ciphering APDUs."""

    suite: SecuritySuite
    symmetric: SymmetricKeys
    asymmetric: AsymmetricKeys = AsymmetricKeys()
    options: SecurityOptions = STANDARD

    def protect(
        self,
        octets: bytes,
        header: GeneralHeader,
        choice: KeyChoice,
        *,
        control: SecurityControl,
        counter: int,
        originator: bytes = b"",
        recipient: bytes = b"",
    ) -> bytes:
        """Return the general-ciphering APDU; see `protect_record`."""
        record = self.protect_record(
            octets,
            header,
            choice,
            control=control,
            counter=counter,
            originator=originator,
            recipient=recipient,
        )
        return encode_apdu(record)

    def protect_record(
        self,
        octets: bytes,
        header: GeneralHeader,
        choice: KeyChoice,
        *,
        control: SecurityControl,
        counter: int,
        originator: bytes = b"",
        recipient: bytes = b"",
    ) -> GeneralCiphering:
        """Return the record of the APDU; the originator is this side.

        `originator` and `recipient` are the titles where `header` leaves them out. UsageError if a
        key that the choice needs is missing, of a wrong length or no point.
        """
        titles = header.originator or originator, header.recipient or recipient
        key, key_info = self._chosen(choice, header.transaction_id, titles, control)
        protected = protect(
            control,
            titles[0],
            counter,
            key,
            self.symmetric.authentication,
            octets,
            self._associated(header),
        )
        return GeneralCiphering(*header.fields, key_info=key_info, protected=protected)

    def unprotect(
        self, record: GeneralCiphering, *, originator: bytes = b"", recipient: bytes = b""
    ) -> OpenedGeneral | None:
        """Return what is in the APDU; None if a tag, a signature or a key is wrong or missing.

        `originator` and `recipient` are the titles that the association knows, for an APDU that
        leaves them out; those that it carries are used as they are and the caller compares them.
        UsageError only if the own private key is there and none of the suite.
        """
        header = GeneralHeader.of(record)
        titles = header.originator or originator, header.recipient or recipient
        key = self._key(record, titles)
        if key is None:
            return None
        protected = record.protected
        authentication_key = self.symmetric.authentication
        text = unprotect(protected, titles[0], key, authentication_key, self._associated(header))
        if text is None:
            return None
        control, counter = protected.control, protected.invocation_counter
        return OpenedGeneral(text, header, record.key_info, control, counter, key)

    def _associated(self, header: GeneralHeader) -> bytes:
        """Return what is authenticated of the header."""
        return header.octets if self.options.general_aad is GeneralAad.HEADER else b""

    def _chosen(
        self,
        choice: KeyChoice,
        transaction_id: bytes,
        titles: tuple[bytes, bytes],
        control: SecurityControl,
    ) -> tuple[bytes, KeyInfo | None]:
        """Return key and key-info of an own APDU."""
        if choice is None:
            return self._global(control.broadcast), None
        if isinstance(choice, Identified):
            if choice.key_id not in (0, 1):
                raise UsageError(f"key id {choice.key_id} is neither 0 unicast nor 1 broadcast")
            return self._global(choice.key_id == 1), IdentifiedKey(choice.key_id)
        if isinstance(choice, Wrapped):
            wrapped = wrap_key(self.symmetric.master, choice.key)
            return choice.key, WrappedKey(_MASTER_KEY_ENCRYPTION, wrapped)
        own, other = self.asymmetric, self.asymmetric.peer_agreement
        if isinstance(choice, OnePass):
            private = choice.ephemeral_private
            data = agreement.ephemeral_data(self.suite, private, own.signing_private, self.options)
            key = agreement.one_pass(self.suite, private, other, *titles, self.options)
            info = AgreedKey(agreement.ONE_PASS, data)
        else:
            key = agreement.static_unified(
                self.suite,
                own.agreement_private,
                other,
                *titles,
                transaction_id,
                self.options,
            )
            info = AgreedKey(agreement.STATIC_UNIFIED, b"")
        if key is None:
            raise UsageError("the other's public key for agreement is no point of the curve")
        return key, info

    def _key(self, record: GeneralCiphering, titles: tuple[bytes, bytes]) -> bytes | None:
        """Return the key of a received APDU."""
        info = record.key_info
        if info is None:
            return self._global(record.protected.control.broadcast)
        if isinstance(info, IdentifiedKey):
            return self._global(info.key_id == 1) if info.key_id in (0, 1) else None
        if isinstance(info, AgreedKey):
            return self._agreed(info, record.transaction_id, titles)
        if info.kek_id != _MASTER_KEY_ENCRYPTION:
            return None
        key = unwrap_key(self.symmetric.master, info.octets)
        return key if key is not None and len(key) == self.suite.key_octets else None

    def _agreed(
        self, info: AgreedKey, transaction_id: bytes, titles: tuple[bytes, bytes]
    ) -> bytes | None:
        """Return the key that the originator agrees on with this side."""
        own, suite, options = self.asymmetric, self.suite, self.options
        private = own.agreement_private
        if suite.curve is None or not private:
            return None
        if info.parameters == agreement.ONE_PASS:
            point = agreement.ephemeral_point(suite, info.octets, own.peer_signing, options)
            if point is None:
                return None
            return agreement.one_pass(suite, private, point, *titles, options)
        if info.parameters == agreement.STATIC_UNIFIED and not info.octets:
            other = own.peer_agreement
            return agreement.static_unified(suite, private, other, *titles, transaction_id, options)
        return None

    def _global(self, broadcast: bool) -> bytes:
        """Return a global encryption key."""
        return self.symmetric.broadcast if broadcast else self.symmetric.encryption
