"""The general APDUs of the meter: general-ciphering with any key, and general-signing.

An answer goes the way of its request: under a key that was told, wrapped or agreed on in the same
manner, or signed (IEC 62056-5-3 cl. 5.3.7.3 and 5.3.7.4).
"""

from collections.abc import Callable
from dataclasses import replace

from bench.protocols.dlms.apdu import encode_apdu
from bench.protocols.dlms.ciphered import (
    AgreedKey,
    GeneralCiphering,
    GeneralSigning,
    IdentifiedKey,
    SecurityControl,
    WrappedKey,
)
from bench.protocols.dlms.security import agreement, ecdsa
from bench.protocols.dlms.security.general import (
    AsymmetricKeys,
    GeneralParty,
    Identified,
    KeyChoice,
    OnePass,
    OpenedGeneral,
    StaticUnified,
    Wrapped,
)
from bench.protocols.dlms.security.header import GeneralHeader
from bench.protocols.dlms.security.signing import sign_apdu, verify_apdu
from bench.protocols.dlms.security.suite import Curve
from bench.simulator.wan.key_ring import Counters, KeyRing
from bench.simulator.wan.options import WanOptions
from bench.simulator.wan.signing_keys import SigningKeys

_TAGS = 32  # octets of tags, lengths, security control, counter and authentication tag


def _untagged(record: GeneralCiphering) -> GeneralCiphering:
    """Return an APDU without its authentication tag, as if it had none to have."""
    protected = record.protected
    control = replace(protected.control, authenticated=False)
    plain = replace(protected, control=control, octets=protected.text)
    return replace(record, protected=plain)


class GeneralAgent:
    """The meter as a party of general APDUs under the keys of one suite."""

    def __init__(
        self,
        ring: KeyRing,
        title: bytes,
        secret: Callable[[str], bytes],
        ephemeral: Callable[[Curve], bytes],
        options: WanOptions,
    ) -> None:
        self._ring = ring
        self._title = title
        self._ephemeral = ephemeral
        self._options = options.security
        self._careless = "general-tag-unchecked" in options.breaks
        self._unchecked = "title-unchecked" in options.breaks
        self._signing = SigningKeys.of(ring.suite, secret)
        self._asymmetric = self._keys(secret)

    def _keys(self, secret: Callable[[str], bytes]) -> AsymmetricKeys:
        curve = self._ring.suite.curve
        if curve is None:
            return AsymmetricKeys()
        suffix = "_p384" if curve is Curve.P_384 else ""
        return AsymmetricKeys(
            self._signing.private,
            secret(f"meter_agreement{suffix}"),
            self._signing.client_public,
            ecdsa.public_key_of(curve, secret(f"client_agreement{suffix}")),
        )

    def _party(self) -> GeneralParty:
        ring = self._ring
        return GeneralParty(ring.suite, ring.keys, self._asymmetric, self._options)

    def _known(self, record: GeneralCiphering | GeneralSigning, client_title: bytes) -> bool:
        """Whether the titles of a header are those of client and meter, or left out."""
        return self._unchecked or (
            record.originator in (b"", client_title) and record.recipient in (b"", self._title)
        )

    # -- general-ciphering

    def open(self, record: GeneralCiphering, client_title: bytes) -> OpenedGeneral | None:
        """Return what a client ciphered, None if it is not authentic."""
        if not self._known(record, client_title):
            return None
        party = self._party()
        found = party.unprotect(record, originator=client_title, recipient=self._title)
        if found is None and self._careless:
            return party.unprotect(
                _untagged(record), originator=client_title, recipient=self._title
            )
        return found

    def counters(self, opened: OpenedGeneral) -> Counters:
        """Return the counters of the key that was used."""
        ring = self._ring
        if opened.key == ring.keys.encryption:
            return ring.unicast
        return ring.broadcast if opened.key == ring.keys.broadcast else ring.others(opened.key)

    def seal(
        self, apdu: bytes, to: OpenedGeneral, control: SecurityControl, counter: int, client: bytes
    ) -> bytes:
        """Return an answer to a client's APDU, protected in the same manner."""
        header = self._header(to.header, client)
        return self._party().protect(
            apdu,
            header,
            self._choice(to),
            control=control,
            counter=counter,
            originator=self._title,
            recipient=client,
        )

    def _choice(self, to: OpenedGeneral) -> KeyChoice:
        info = to.key_info
        if isinstance(info, IdentifiedKey):
            return Identified(0)
        if isinstance(info, WrappedKey):
            return Wrapped(to.key)
        if isinstance(info, AgreedKey):
            if info.parameters == agreement.STATIC_UNIFIED:
                return StaticUnified()
            return OnePass(self._ephemeral(agreement.curve_of(self._ring.suite)))
        return None

    def overhead(self, to: OpenedGeneral) -> int:
        """Return how many octets an answer grows by at most."""
        curve = self._ring.suite.curve
        agreed = 4 * curve.octets if curve is not None else 0
        wrapped = 2 * self._ring.suite.key_octets
        return _TAGS + len(to.header.octets) + 16 + max(agreed, wrapped)

    # -- general-signing

    def verified(self, record: GeneralSigning, client_title: bytes) -> bytes | None:
        """Return what a client signed, None if the signature is not the client's."""
        if not self._known(record, client_title):
            return None
        public = self._signing.client_public
        return verify_apdu(self._ring.suite, public, record, self._options)

    def signed(self, apdu: bytes, to: GeneralSigning | None, client: bytes) -> bytes:
        """Return an answer with the meter's signature; `to` is the request, if it was signed."""
        header = GeneralHeader(b"", b"", b"") if to is None else GeneralHeader.of(to)
        private = self._signing.private
        record = sign_apdu(
            self._ring.suite, private, self._header(header, client), apdu, self._options
        )
        return encode_apdu(record)

    def signature_overhead(self, to: GeneralSigning | None) -> int:
        """Return how many octets a signed answer grows by at most."""
        curve = self._ring.suite.curve
        header = 0 if to is None else len(GeneralHeader.of(to).octets)
        return _TAGS + header + 16 + (2 * curve.octets if curve is not None else 0)

    def _header(self, asked: GeneralHeader, client: bytes) -> GeneralHeader:
        """Return the header of an answer: the same transaction, the other way round."""
        return GeneralHeader(asked.transaction_id, self._title, client)
