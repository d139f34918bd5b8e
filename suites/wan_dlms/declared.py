"""What the declaration says of a WAN port: link layer, addresses, associations, limits."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bench.core.check import Level
from bench.core.errors import UsageError
from bench.engine.context import CaseContext
from bench.protocols.dlms.acse import ApplicationContext, Mechanism
from bench.protocols.dlms.initiate import Conformance
from bench.protocols.dlms.security.options import (
    EphemeralSignature,
    GeneralAad,
    SecurityOptions,
    SignedContent,
)
from bench.protocols.hdlc.address import Address, client, server
from bench.protocols.hdlc.parameters import DEFAULT_INFO, DEFAULT_WINDOW, LinkParameters

#: what the client proposes unless a case proposes something else: logical names with block
#: transfer of the services, lists and selective access (bits 9 to 14 and 19 to 23)
PROPOSED = Conformance(0x007E1F)


class LinkLayer(StrEnum):
    """What carries the APDUs."""

    HDLC = "hdlc"
    WRAPPER = "wrapper"  # over TCP
    UDP = "udp"


@dataclass(frozen=True, slots=True)
class DeclaredAssociation:
    """One association of the meter: who asks, how it proves it, how it protects what it sends.

    `suite` is the security suite, None without ciphering. A pre-established association needs no
    AARQ. `index` is the value group E of its security setup and counter objects.
    """

    name: str
    client: int
    mechanism: Mechanism
    context: ApplicationContext
    suite: int | None = None
    pre_established: bool = False
    secret: str = ""  # the name of its password or HLS secret among the keys

    @property
    def ciphered(self) -> bool:
        """Whether its application context is one with ciphering."""
        return self.context in (ApplicationContext.LN_CIPHERED, ApplicationContext.SN_CIPHERED)


#: name -> mechanism, suite, name of the secret, ICS item that says that the meter has it
_KNOWN: dict[str, tuple[Mechanism, int | None, str, str]] = {
    "public": (Mechanism.LOWEST, None, "", "WAN/PUBLIC"),
    "lls": (Mechanism.LLS, None, "lls_password", "WAN/LLS"),
    "hls2": (Mechanism.HLS, None, "hls2_secret", "WAN/HLS-2"),
    "hls3": (Mechanism.HLS_MD5, None, "hls3_secret", "WAN/HLS-3"),
    "hls4": (Mechanism.HLS_SHA1, None, "hls4_secret", "WAN/HLS-4"),
    "hls6": (Mechanism.HLS_SHA256, None, "hls6_secret", "WAN/HLS-6"),
    "suite0": (Mechanism.HLS_GMAC, 0, "", "WAN/SUITE-0"),
    "suite1": (Mechanism.HLS_ECDSA, 1, "", "WAN/SUITE-1"),
    "suite2": (Mechanism.HLS_GMAC, 2, "", "WAN/SUITE-2"),
    "broadcast": (Mechanism.LOWEST, 0, "", "WAN/BROADCAST"),
}

#: which one is taken for a role that is not declared: the first of these that the meter has
_MANAGEMENT = ("suite0", "suite1", "suite2", "hls6", "hls4", "hls3", "hls2", "lls", "public")
_READING = ("lls", "hls2", "hls3", "hls4", "hls6", "suite0", "suite1", "suite2", "public")


@dataclass(frozen=True, slots=True)
class Declared:
    """The port as it is declared; `associations` holds only those that the meter is said to have.

    `main` names the management association, `reading` the one that reads nearly all.
    `response_limit_s` is how long any answer may take, and how long silence is waited for; it is a
    limit to judge by where the meter promises it (`response_level`). `inactivity_s` and
    `inter_octet_ms` are usual values where they are not declared, good for pauses between frames;
    a case that judges by one of them names it among what it needs.
    `initial_counter` is the client's first invocation counter where the meter does not tell it.
    """

    link_layer: LinkLayer
    server_sap: int
    response_limit_s: float
    associations: Mapping[str, DeclaredAssociation]
    main: str
    reading: str
    client_title: bytes
    hdlc_lower: int = 17
    hdlc_address_octets: int = 2
    hdlc_address_sizes: tuple[int, ...] = (2,)
    hdlc_parameters: LinkParameters | None = None
    inactivity_s: float = 120.0
    inter_octet_ms: float = 25.0
    client_max_pdu: int = 1024
    initial_counter: int | None = None
    answers: Mapping[str, bool] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, context: CaseContext) -> "Declared":
        """Return what the running case's device declares."""
        return cls.read(context.ixit, context.answers)

    @classmethod
    def read(cls, values: Mapping[str, Any], answers: Mapping[str, bool]) -> "Declared":
        """Return what IXIT `values` and ICS `answers` say; UsageError for what cannot be."""
        info = values.get("hdlc_max_info", DEFAULT_INFO)
        window = values.get("hdlc_window", DEFAULT_WINDOW)
        own = LinkParameters(info, info, window, window)
        associations = _associations(values, answers)
        found = cls(
            link_layer=_link_layer(values.get("link_layer", "hdlc")),
            server_sap=values.get("server_sap", 1),
            response_limit_s=float(values.get("response_limit_s", 1.0)),
            associations=associations,
            main=str(values.get("management") or _first(_MANAGEMENT, associations)),
            reading=str(values.get("reading") or _first(_READING, associations)),
            client_title=_title(values.get("client_title", "4D42580000000001")),
            hdlc_lower=values.get("hdlc_lower", 17),
            hdlc_address_octets=values.get("hdlc_address_octets", 2),
            hdlc_address_sizes=_sizes(values),
            hdlc_parameters=None if own == LinkParameters() else own,
            inactivity_s=float(values.get("inactivity_s", 120.0)),
            inter_octet_ms=float(values.get("inter_octet_ms", 25.0)),
            client_max_pdu=values.get("client_max_pdu", 1024),
            initial_counter=values.get("initial_counter"),
            answers=answers,
            values=values,
        )
        found.server_address()  # an address that no field holds is told now
        return found

    def association(self, name: str) -> DeclaredAssociation:
        """Return a declared association by name; "main" and "reading" are roles.

        UsageError for one that the meter is not declared to have.
        """
        key = {"main": self.main, "reading": self.reading}.get(name, name)
        found = self.associations.get(key)
        if found is None:
            known = ", ".join(self.associations) or "none"
            raise UsageError(
                f"no association {key!r} is declared (declared: {known}); claim it in [wan.ics], "
                "or name others as management and reading in [wan.ixit]"
            )
        return found

    def has(self, name: str) -> bool:
        """Whether an association, or the one of a role, is declared."""
        return {"main": self.main, "reading": self.reading}.get(name, name) in self.associations

    def server_address(self, upper: int | None = None, size: int | None = None) -> Address:
        """Return the HDLC address of a logical device, by default the declared one."""
        octets = self.hdlc_address_octets if size is None else size
        lower = None if octets == 1 else self.hdlc_lower
        return server(self.server_sap if upper is None else upper, lower, octets)

    def client_address(self, sap: int) -> Address:
        """Return the HDLC address of a client."""
        return client(sap)

    @property
    def inter_octet_pause_s(self) -> float:
        """A pause after which half a frame is dropped, and that no converter can hide."""
        return max(3 * self.inter_octet_ms / 1000, 0.1)

    @property
    def response_level(self) -> Level:
        """How binding `response_limit_s` is: no standard sets one, but its maker can promise it."""
        promised = self.answers.get("WAN/RESPONSE-LIMIT", False)
        return Level.MUST if promised else Level.SHOULD

    def security_options(self) -> SecurityOptions:
        """Return what the meter does where texts on security leave room."""
        values = self.values
        return SecurityOptions(
            GeneralAad(values.get("general_aad", GeneralAad.HEADER)),
            EphemeralSignature(values.get("ephemeral_signature", EphemeralSignature.POINT)),
            SignedContent(values.get("signed_content", SignedContent.WITH_LENGTH)),
            values.get("derived_key_octets"),
        )

    def counter_name(self, suite: int) -> str:
        """Return the logical name of the object that tells the client's invocation counter."""
        return str(self.values.get(f"suite{suite}_counter", f"0.0.43.1.{suite}.255"))

    def setup_name(self, suite: int) -> str:
        """Return the logical name of the security setup of a suite's association."""
        return str(self.values.get(f"suite{suite}_setup", f"0.0.43.0.{suite}.255"))


def _associations(
    values: Mapping[str, Any], answers: Mapping[str, bool]
) -> dict[str, DeclaredAssociation]:
    found = {}
    for name, (mechanism, suite, secret, item) in _KNOWN.items():
        sap = values.get(f"{name}_client")
        if sap is None or not answers.get(item, False):
            continue
        plain = suite is None
        found[name] = DeclaredAssociation(
            name=name,
            client=sap,
            mechanism=Mechanism(values.get(f"{name}_mechanism", mechanism)),
            context=ApplicationContext.LN if plain else ApplicationContext.LN_CIPHERED,
            suite=suite,
            pre_established=name == "broadcast",
            secret=secret,
        )
    return found


def _first(names: Iterable[str], associations: Mapping[str, DeclaredAssociation]) -> str:
    return next((name for name in names if name in associations), "public")


def _sizes(values: Mapping[str, Any]) -> tuple[int, ...]:
    """Return the lengths of the addresses that the server is called by."""
    text = str(values.get("hdlc_address_sizes", values.get("hdlc_address_octets", 2)))
    words = text.replace(",", " ").split()
    if not words or set(words) - {"1", "2", "4"}:
        raise UsageError(f"hdlc_address_sizes {text!r} are not some of 1, 2 and 4")
    return tuple(sorted({int(word) for word in words}))


def _link_layer(text: str) -> LinkLayer:
    try:
        return LinkLayer(text)
    except ValueError:
        choice = ", ".join(LinkLayer)
        raise UsageError(f"link_layer {text!r} is not one of {choice}") from None


def _title(text: str) -> bytes:
    try:
        title = bytes.fromhex(text)
    except ValueError:
        raise UsageError(f"client_title {text!r} is not hexadecimal") from None
    if len(title) != 8:
        raise UsageError(f"client_title {text!r} has {len(title)} octets; a system title has 8")
    return title
