"""Class 64, security setup, version 1: policy, suite and titles, and how keys are changed.

The policy only rises. New keys are taken all or none, and come into force when the association
ends, with their counters at 0 (IEC 62056-6-2, class 64).
"""

from collections.abc import Callable

from bench.protocols.dlms.data_types import Data, array, enum, octet_string, structure
from bench.protocols.dlms.results import ActionResult
from bench.protocols.dlms.security import agreement
from bench.protocols.dlms.security.key_wrap import ADDED_OCTETS, unwrap_key
from bench.protocols.dlms.security.suite import Curve
from bench.simulator.cosem import shape
from bench.simulator.cosem.access import Access, Grants
from bench.simulator.cosem.object import CosemObject, Outcome
from bench.simulator.cosem.truth import Moment
from bench.simulator.wan.association_ln import Session
from bench.simulator.wan.key_ring import KeyRing
from bench.simulator.wan.names import security_setup_name
from bench.simulator.wan.options import WanOptions
from bench.simulator.wan.signing_keys import SigningKeys

_KEYS = shape.array_of(shape.structure_of(shape.ENUM, shape.OCTETS))
_REFUSED: Outcome = (ActionResult.OTHER_REASON, None)
_RESERVED, _SIGNED = 0x03, 0x90  # bits of the policy
_GLOBAL_KEYS = (0, 1)  # key ids that key_agreement makes


class SecuritySetup(CosemObject):
    """2 policy 3 suite 4 client title 5 meter title 6 certificates.

    Methods: 1 security_activate, 2 key_transfer, 3 key_agreement, for the client of the suite.
    `ephemeral` gives a private key that was never given before.
    """

    class_id = 64
    version = 1

    def __init__(
        self,
        ring: KeyRing,
        title: bytes,
        secret: Callable[[str], bytes],
        ephemeral: Callable[[Curve], bytes],
        options: WanOptions,
    ) -> None:
        super().__init__(security_setup_name(ring.suite.number))
        self._ring = ring
        self._title = title
        self._secret = secret
        self._ephemeral = ephemeral
        self._options = options
        self.read(2, lambda _moment: enum(ring.policy))
        self.read(3, lambda _moment: enum(ring.suite.number))
        self.read(4, lambda _moment: octet_string(ring.client_title))
        self.read(5, lambda _moment: octet_string(self._shown_title()))
        self.read(6, lambda _moment: array())
        needed = Access.USE | Access.AUTHENTICATED_REQUEST
        grants: Grants = {f"suite{ring.suite.number}": needed}
        self.method(1, self._activate, shape.ENUM, grants=grants)
        self.method(2, self._transfer, _KEYS, grants=grants)
        if ring.suite.curve is not None:
            self.method(3, self._agree, _KEYS, grants=grants)

    def _shown_title(self) -> bytes:
        return self._title[::-1] if "title-differs" in self.breaks else self._title

    def _activate(self, _moment: Moment, parameter: Data) -> ActionResult:
        policy, now = int(parameter.value), self._ring.policy
        lowers = bool(now & ~policy) and "policy-downgrade" not in self.breaks
        if lowers and "policy-downgrade-refused" in self.breaks:
            self._ring.policy = policy
        cannot_sign = self._ring.suite.curve is None and policy & _SIGNED
        if policy & _RESERVED or cannot_sign or lowers:
            return ActionResult.OTHER_REASON
        self._ring.policy = policy
        return ActionResult.SUCCESS

    def _transfer(self, _moment: Moment, parameter: Data) -> ActionResult:
        taken: dict[int, bytes] = {}
        for key_id, wrapped in parameter.to_python():
            key = self._unwrapped(wrapped)
            if key is None or key_id not in self._options.key_ids or key_id in taken:
                if "key-change-partial" in self.breaks:
                    self._ring.stage(taken)
                return ActionResult.OTHER_REASON
            taken[key_id] = key
        if not taken:
            return ActionResult.OTHER_REASON
        self._ring.stage(taken)
        return ActionResult.SUCCESS

    def _unwrapped(self, wrapped: bytes) -> bytes | None:
        size = self._ring.suite.key_octets
        if len(wrapped) != size + ADDED_OCTETS:
            return None
        key = unwrap_key(self._ring.keys.master, wrapped)
        if key is None and "keywrap-unchecked" in self.breaks:
            return wrapped[ADDED_OCTETS:]
        return key

    def _agree(self, moment: Moment, parameter: Data) -> Outcome:
        if moment.asker is None:
            return _REFUSED
        session: Session = moment.asker.session  # type: ignore[assignment]
        client_title = session.association.client_title
        suite = self._ring.suite
        curve = agreement.curve_of(suite)
        signing = SigningKeys.of(suite, self._secret)
        taken: dict[int, bytes] = {}
        answered: list[Data] = []
        for key_id, data in parameter.to_python():
            if key_id not in _GLOBAL_KEYS or key_id in taken:
                return _REFUSED
            point = agreement.key_agreement_point(suite, key_id, data, signing.client_public)
            if point is None and "ka-sig-unchecked" in self.breaks:
                point = data[: 2 * curve.octets]
            if point is None:
                return _REFUSED
            private = self._ephemeral(curve)
            key = agreement.ephemeral_unified(
                suite, private, point, client_title, self._title, self._options.security
            )
            if key is None:
                return _REFUSED
            if "ka-wrong-key" in self.breaks:
                key = key[::-1]
            own = agreement.key_agreement_data(suite, key_id, private, signing.private)
            if "ka-answer-unsigned" in self.breaks:
                own = own[:-1] + bytes((own[-1] ^ 1,))
            taken[key_id] = key
            answered.append(structure(enum(key_id), octet_string(own)))
        if not taken:
            return _REFUSED
        self._ring.stage(taken)
        return ActionResult.SUCCESS, array(*answered)
