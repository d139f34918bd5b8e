"""High level security on the meter's side: judges f(StoC) and gives f(CtoS) for it.

IEC 62056-5-3 cl. 5.3.4.3; the counter in a response of mechanism 5 is one of the client's global
key, used up by it, and must be fresh like any other.
"""

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

from bench.protocols.dlms.acse import Mechanism
from bench.protocols.dlms.security.hls import HlsParty, response_counter
from bench.simulator.wan.association import Association
from bench.simulator.wan.clients import Client
from bench.simulator.wan.crash import Crash
from bench.simulator.wan.key_ring import KeyRing
from bench.simulator.wan.opened import Opened
from bench.simulator.wan.signing_keys import SigningKeys

_SECRETS = {
    Mechanism.HLS: "hls2_secret",
    Mechanism.HLS_MD5: "hls3_secret",
    Mechanism.HLS_SHA1: "hls4_secret",
    Mechanism.HLS_SHA256: "hls6_secret",
}
_ANY_COUNTER = frozenset({"hls-replay", "gmac-title-unchecked", "gmac-counter-unchecked"})


def _another_function(secret: bytes, challenge: bytes) -> bytes:
    """Return what a meter sends for mechanism 2 whose function nobody has declared."""
    return sha256(challenge + secret).digest()[:16]


class Authentication:
    """The second half of the four passes, for all clients of one device."""

    def __init__(
        self, title: bytes, secret: Callable[[str], bytes], breaks: frozenset[str]
    ) -> None:
        self._title = title
        self._secret = secret
        self._breaks = breaks

    def prove(
        self, association: Association, response: bytes, ring: KeyRing | None, opened: Opened
    ) -> bytes | None:
        """Return f(CtoS) if `response` is f(StoC), None if it is not."""
        client = association.client
        mechanism = client.mechanism
        party = self._party(client, association.client_title, ring)
        if not self._right(party, association, response):
            return None
        if mechanism is Mechanism.HLS_GMAC and ring is not None:
            counter = response_counter(response)
            if not self._fresh(counter, ring, opened):
                return None
        counter = 0
        if mechanism is Mechanism.HLS_GMAC and ring is not None:
            sent = ring.sent_counter()
            if sent is None:
                return None
            counter = sent
        own = party.response(
            mechanism, association.client_challenge, association.meter_challenge, counter
        )
        if f"hls{int(mechanism)}-wrong-fctos" in self._breaks:
            own = own[:-1] + bytes((own[-1] ^ 1,))
        return own

    def _right(self, party: HlsParty, association: Association, response: bytes) -> bool:
        breaks, mechanism = self._breaks, association.client.mechanism
        if "hls-short-crash" in breaks and not response:
            raise Crash
        sent, received = association.meter_challenge, association.client_challenge
        if "hls-any-response" in breaks:
            return True
        if "ecdsa-unchecked" in breaks and mechanism is Mechanism.HLS_ECDSA:
            return True
        if party.verify(mechanism, response, sent, received):
            return True
        if "gmac-title-unchecked" in breaks and mechanism is Mechanism.HLS_GMAC:
            itself = HlsParty(self._title, self._title, keys=party.keys, suite=party.suite)
            return itself.verify(mechanism, response, sent, received)
        if "ecdsa-zero-taken" in breaks and mechanism is Mechanism.HLS_ECDSA:
            half = len(response) // 2
            return not any(response[:half]) or not any(response[half:])
        if "hls-prefix-compare" in breaks and response and mechanism in _SECRETS:
            peer = replace(party, title=party.peer_title, peer_title=party.title)
            return peer.response(mechanism, sent, received).startswith(response)
        return "hls-short-accept" in breaks and len(response) < 8

    def _fresh(self, counter: int | None, ring: KeyRing, opened: Opened) -> bool:
        """Whether the counter in a response was not used before; it goes with that of its APDU."""
        if not self._breaks.isdisjoint(_ANY_COUNTER):
            return True
        counters = ring.unicast
        if counter is None:
            return not self._breaks.isdisjoint({"hls-any-response", "hls-short-accept"})
        if opened.how is None:
            return counters.take(counter, self._breaks)
        if counter < opened.expected_before and "ic-not-checked" not in self._breaks:
            return False
        if counter == opened.counter:
            return False
        counters.expected = max(counters.expected, counter + 1)
        return True

    def _party(self, client: Client, peer_title: bytes, ring: KeyRing | None) -> HlsParty:
        if ring is not None and client.mechanism is Mechanism.HLS_GMAC:
            return HlsParty(self._title, peer_title, keys=ring.keys, suite=ring.suite.number)
        if ring is not None and client.mechanism is Mechanism.HLS_ECDSA:
            suite = ring.suite.number
            keys = SigningKeys.of(ring.suite, self._secret)
            return HlsParty(
                self._title,
                peer_title,
                suite=suite,
                private_key=keys.private,
                peer_public_key=keys.client_public,
            )
        secret = self._secret(_SECRETS.get(client.mechanism, "hls2_secret"))
        if "hls2-another-function" in self._breaks:
            function = _another_function
            return HlsParty(self._title, peer_title, secret=secret, vendor_function=function)
        return HlsParty(self._title, peer_title, secret=secret)
