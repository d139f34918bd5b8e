"""A client for the simulated application process, written against the protocol packages alone."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from bench.protocols.dlms.acse import Aare, Aarq, Mechanism, Rlrq
from bench.protocols.dlms.acse_fields import AuthenticationValue
from bench.protocols.dlms.action import ActionRequestNormal
from bench.protocols.dlms.apdu import decode_apdu, encode_apdu
from bench.protocols.dlms.ciphered import SecurityControl
from bench.protocols.dlms.cosem_types import AttributeDescriptor, LogicalName, MethodDescriptor
from bench.protocols.dlms.data_types import Data, octet_string
from bench.protocols.dlms.decoded import Opaque
from bench.protocols.dlms.get import GetRequestNormal
from bench.protocols.dlms.initiate import Conformance, InitiateRequest
from bench.protocols.dlms.results import Invocation
from bench.protocols.dlms.security import ecdsa
from bench.protocols.dlms.security.apdus import Ciphering, protect_apdu, unprotect_apdu
from bench.protocols.dlms.security.hls import HlsParty
from bench.protocols.dlms.security.keys import SymmetricKeys
from bench.protocols.dlms.security.suite import SUITES
from bench.protocols.dlms.set import SetRequestNormal
from bench.simulator.metering_system import MeteringSystem
from bench.simulator.wan.application import Application
from bench.simulator.wan.channel import Channel
from bench.simulator.wan.clients import REFERENCE_CLIENTS
from bench.simulator.wan.keys import CLIENT_TITLE, server_title, wan_secret
from bench.simulator.wan.options import WanOptions

SEED = 1
START = datetime(2026, 1, 15, 10, tzinfo=UTC)
ALL = Conformance(0xFFFFFF)
CURRENT = LogicalName(0, 0, 40, 0, 0, 255)
CHALLENGE = b"client challenge of 32 octets..."
CLIENTS = {client.name: client for client in REFERENCE_CLIENTS}
SECRETS = {
    Mechanism.HLS: "hls2_secret",
    Mechanism.HLS_MD5: "hls3_secret",
    Mechanism.HLS_SHA1: "hls4_secret",
    Mechanism.HLS_SHA256: "hls6_secret",
}
INVOCATION = Invocation()


@dataclass
class Client:
    """One client on one channel; `send` protects and opens where the context is ciphered."""

    name: str
    channel: Channel
    title: bytes = CLIENT_TITLE
    meter_title: bytes = field(default_factory=lambda: server_title(SEED))
    how: Ciphering = Ciphering.GLO
    authenticated: bool = True
    encrypted: bool = True
    now: int = 0
    aare: Aare | None = None
    stoc: bytes = b""
    keys: SymmetricKeys = field(default_factory=lambda: SymmetricKeys(b"", b""))

    def __post_init__(self) -> None:
        self.client = CLIENTS[self.name]
        self.suite = self.client.suite
        if self.suite is not None:
            names = ("encryption", "authentication", "broadcast", "master")
            secrets = {name: wan_secret(SEED, f"suite{self.suite}_{name}") for name in names}
            self.keys = SymmetricKeys(**secrets)
        ring = None if self.suite is None else self.channel._application.ring_of(self.suite)
        self.counter = 1 if ring is None else ring.unicast.expected

    # -- octets

    def raw(self, octets: bytes) -> bytes | None:
        return self.channel.receive(octets, self.now)

    def protect(self, octets: bytes, how: Ciphering | None = None) -> bytes:
        control = SecurityControl(self.suite or 0, self.authenticated, self.encrypted)
        sealed = protect_apdu(
            octets,
            how or self.how,
            control=control,
            title=self.title,
            counter=self.counter,
            keys=self.keys,
        )
        self.counter += 1
        return sealed

    def open(self, octets: bytes) -> bytes:
        opened = unprotect_apdu(octets, self.meter_title, self.keys)
        return octets if opened is None else opened.apdu

    def send(self, octets: bytes) -> bytes | None:
        if self.suite is None:
            return self.raw(octets)
        answer = self.raw(self.protect(octets))
        return None if answer is None else self.open(answer)

    def ask(self, record: Any) -> Any:
        answer = self.send(encode_apdu(record))
        return None if answer is None else decode_apdu(answer).value

    # -- associations

    def aarq(self, initiate: InitiateRequest | None = None, **changes: Any) -> Aarq:
        initiate = initiate or InitiateRequest(ALL, 0xFFFF)
        information: Any = initiate
        if self.suite is not None:
            information = Opaque("", self.protect(encode_apdu(initiate), Ciphering.GLO))
        mechanism = self.client.mechanism
        value = None
        if mechanism is Mechanism.LLS:
            value = AuthenticationValue(wan_secret(SEED, "lls_password"))
        elif mechanism > Mechanism.LLS:
            value = AuthenticationValue(CHALLENGE)
        known: dict[str, Any] = {
            "application_context_name": self.client.context.oid,
            "user_information": information,
            "calling_ap_title": self.title if mechanism >= Mechanism.HLS_GMAC else None,
            "sender_acse_requirements": "1" if mechanism else None,
            "mechanism_name": mechanism.oid if mechanism else None,
            "calling_authentication_value": value,
        }
        return Aarq(**known | changes)

    def associate(self, initiate: InitiateRequest | None = None, **changes: Any) -> Aare:
        answer = self.raw(encode_apdu(self.aarq(initiate, **changes)))
        assert answer is not None
        aare = decode_apdu(answer).value
        assert isinstance(aare, Aare)
        self.aare = aare
        if aare.responding_authentication_value is not None:
            self.stoc = aare.responding_authentication_value.octets
        return aare

    def party(self) -> HlsParty:
        if self.client.mechanism is Mechanism.HLS_ECDSA:
            assert self.suite is not None
            curve = SUITES[self.suite].curve
            assert curve is not None
            public = ecdsa.public_key_of(curve, wan_secret(SEED, "meter_signing"))
            return HlsParty(
                self.title,
                self.meter_title,
                suite=self.suite,
                private_key=wan_secret(SEED, "client_signing"),
                peer_public_key=public,
            )
        secret = SECRETS.get(self.client.mechanism)
        return HlsParty(
            self.title,
            self.meter_title,
            secret=b"" if secret is None else wan_secret(SEED, secret),
            keys=self.keys,
            suite=self.suite or 0,
        )

    def response(self) -> bytes:
        made = self.party().response(self.client.mechanism, self.stoc, CHALLENGE, self.counter)
        self.counter += self.client.mechanism is Mechanism.HLS_GMAC
        return made

    def reply(self, response: bytes) -> Any:
        method = MethodDescriptor(15, CURRENT, 1)
        return self.ask(ActionRequestNormal(INVOCATION, method, octet_string(response)))

    def open_association(self, initiate: InitiateRequest | None = None) -> "Client":
        assert self.associate(initiate).result == 0
        if self.client.mechanism > Mechanism.LLS:
            outcome = self.reply(self.response()).outcome
            assert outcome.result == 0
            own = outcome.returned.value
            assert self.party().verify(self.client.mechanism, own, CHALLENGE, self.stoc)
        return self

    def release(self) -> bytes | None:
        information = None
        if self.suite is not None:
            initiate = InitiateRequest(ALL, 0xFFFF)
            information = Opaque("", self.protect(encode_apdu(initiate), Ciphering.GLO))
        return self.raw(encode_apdu(Rlrq(0, information)))  # type: ignore[arg-type]

    # -- services

    def get(self, class_id: int, name: str, attribute: int) -> Any:
        descriptor = AttributeDescriptor(class_id, LogicalName.parse(name), attribute)
        return self.ask(GetRequestNormal(INVOCATION, descriptor)).result

    def set(self, class_id: int, name: str, attribute: int, value: Data) -> Any:
        descriptor = AttributeDescriptor(class_id, LogicalName.parse(name), attribute)
        return self.ask(SetRequestNormal(INVOCATION, descriptor, None, value)).result

    def act(self, class_id: int, name: str, method: int, value: Data | None = None) -> Any:
        descriptor = MethodDescriptor(class_id, LogicalName.parse(name), method)
        return self.ask(ActionRequestNormal(INVOCATION, descriptor, value)).outcome


@dataclass
class Meter:
    """The simulated application process with its clients."""

    application: Application

    def client(self, name: str, **how: Any) -> Client:
        channel = self.application.channel(CLIENTS[name].sap, 1)
        assert channel is not None
        return Client(name, channel, **how)


MakeMeter = Callable[..., Meter]


@pytest.fixture
def make_meter() -> MakeMeter:
    """Return meters with the options given."""

    def make(*breaks: str, **options: Any) -> Meter:
        system = MeteringSystem(SEED, START)
        return Meter(Application(system, WanOptions(breaks=frozenset(breaks), **options)))

    return make


@pytest.fixture
def meter(make_meter: MakeMeter) -> Meter:
    """Return the reference meter."""
    return make_meter()
