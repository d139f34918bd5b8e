"""Every rule that can be broken has a spot where it is kept: breaking it shows in what is sent.

Each scenario tells what went over the wire; a meter that breaks a rule must show another tale in
the scenario of that rule than the reference meter.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bench.protocols.dlms.acse_fields import AuthenticationValue
from bench.protocols.dlms.apdu import decode_apdu, encode_apdu
from bench.protocols.dlms.ciphered import SecurityControl
from bench.protocols.dlms.data_types import array, enum, octet_string, structure
from bench.protocols.dlms.initiate import Conformance, InitiateRequest
from bench.protocols.dlms.security import agreement
from bench.protocols.dlms.security.apdus import Ciphering, protect_apdu
from bench.protocols.dlms.security.general import GeneralParty, Identified
from bench.protocols.dlms.security.header import GeneralHeader
from bench.protocols.dlms.security.key_wrap import wrap_key
from bench.protocols.dlms.security.suite import SUITES
from bench.simulator.wan.keys import wan_secret
from bench.simulator.wan.options import PushPlan
from bench.simulator.wan.rules import RULES

ALL = Conformance(0xFFFFFF)
OPEN = InitiateRequest(ALL, 0xFFFF)
NAME = bytes.fromhex("C001C1000100002A0000FF0200")
LIST = bytes.fromhex("C001C1000F0000280000FF0200")
NEXT = bytes.fromhex("C002C1")
OID = "2.16.756.5.8"
SECOND = 1_000_000_000
Scenario = Callable[[Any], list[Any]]


def _kinds(octets: bytes | None) -> Any:
    """Return what can be compared of an answer: None, an exception, or its first octets."""
    return None if octets is None else octets[:3].hex() if octets[0] == 0xD8 else octets[:12].hex()


def aarq(name: str, initiate: InitiateRequest = OPEN, **changes: Any) -> Scenario:
    def run(meter: Any) -> list[Any]:
        client = meter.client(name)
        answer = client.raw(encode_apdu(client.aarq(initiate, **changes)))
        return [answer, _kinds(client.raw(LIST)), client.raw(bytes.fromhex("6200"))]

    return run


def sent(name: str, *octets: str | bytes, limit: int = 0xFFFF) -> Scenario:
    def run(meter: Any) -> list[Any]:
        client = meter.client(name).open_association(InitiateRequest(ALL, limit))
        told = []
        for one in octets:
            told.append(client.raw(bytes.fromhex(one) if isinstance(one, str) else one))
            told += client.channel.following()
        return told

    return run


def hls(name: str, change: Callable[[bytes], bytes]) -> Scenario:
    def run(meter: Any) -> list[Any]:
        client = meter.client(name)
        client.associate()
        return [client.reply(change(client.response())).outcome.result]

    return run


def passes(name: str) -> Scenario:
    def run(meter: Any) -> list[Any]:
        client = meter.client(name)
        aare = client.associate()
        told = [aare.diagnostic.code, _kinds(client.send(NAME))]
        if aare.diagnostic.code == 14:
            told.append(client.reply(client.response()).outcome)
        return told

    return run


def ciphered(*controls: int, change: Callable[[bytes], bytes] = bytes, **options: Any) -> Scenario:
    def run(meter: Any) -> list[Any]:
        client = meter.client("suite0").open_association(options.get("initiate", OPEN))
        client.keys = replace(client.keys, **options.get("keys", {}))
        told = []
        for control in controls:
            octets = protect_apdu(
                options.get("apdu", NAME),
                options.get("how", Ciphering.GLO),
                control=SecurityControl.of(control),
                title=options.get("title", client.title),
                counter=options.get("counter", client.counter),
                keys=client.keys,
            )
            client.counter += 1
            answer = client.raw(change(octets))
            told.append(None if answer is None else answer[:7])
        return told

    return run


def asked(octets: str) -> Scenario:
    def run(meter: Any) -> list[Any]:
        client = meter.client("suite0").open_association()
        client.how = Ciphering.GENERAL_GLO
        return [client.send(bytes.fromhex(octets))]

    return run


def _bad_tag(at: int) -> Callable[[bytes], bytes]:
    return lambda octets: octets[:at] + bytes((octets[at] ^ 1,)) + octets[at + 1 or len(octets) :]


def _cut(size: int) -> Callable[[bytes], bytes]:
    return lambda octets: octets[:1] + bytes((octets[1] - size,)) + octets[2:-size]


def counters(meter: Any) -> list[Any]:
    """Replay, lower counters, the end of the counters, another connection."""
    client = meter.client("suite0").open_association()
    first, second = client.protect(NAME), client.protect(NAME)
    told = [_kinds(client.raw(second)), _kinds(client.raw(second)), _kinds(client.raw(first))]
    public = meter.client("public").open_association()
    told.append(public.get(1, "0-0:43.1.0", 2).value)
    client.channel.close(0)
    client.open_association()
    told.append(_kinds(client.raw(first)))
    client.counter = 0xFFFFFFFF
    told.append(_kinds(client.raw(client.protect(NAME))))
    client.counter = 0
    told.append(_kinds(client.raw(client.protect(NAME))))
    return told


def forged_before(meter: Any) -> list[Any]:
    client = meter.client("suite0").open_association()
    right, later = client.protect(NAME), client.protect(NAME)
    client.raw(_bad_tag(-1)(later))
    return [_kinds(client.raw(right))]


def shared_counter(meter: Any) -> list[Any]:
    client = meter.client("suite0").open_association()
    client.raw(client.protect(NAME))
    broadcast = meter.client("broadcast")
    broadcast.counter = 1000
    control = SecurityControl.of(0x70)
    keys, title = client.keys, client.title
    broadcast.raw(
        protect_apdu(NAME, Ciphering.GLO, control=control, title=title, counter=1000, keys=keys)
    )
    return [meter.application.ring_of(0).unicast.expected]


def keys_changed(meter: Any) -> list[Any]:
    client = meter.client("suite0").open_association()
    new = wrap_key(client.keys.master, bytes(range(16)))
    forged = wrap_key(bytes(16), bytes(range(16)))
    told = []
    for wrapped in (forged, new):
        parameter = array(structure(enum(0), octet_string(wrapped)))
        told.append(client.act(64, "0-0:43.0.0", 2, parameter).result)
        told.append(_kinds(client.send(NAME)))
    return told


def wrapped_otherwise(meter: Any) -> list[Any]:
    client = meter.client("suite0").open_association()
    forged = wrap_key(bytes(16), bytes(range(16)))
    parameter = array(structure(enum(2), octet_string(forged)))
    return [client.act(64, "0-0:43.0.0", 2, parameter).result]


def keys_listed(meter: Any) -> list[Any]:
    client = meter.client("suite0").open_association()
    new = wrap_key(client.keys.master, bytes(range(16)))
    rows = (structure(enum(0), octet_string(new)), structure(enum(2), octet_string(b"")))
    result = client.act(64, "0-0:43.0.0", 2, array(*rows)).result
    client.channel.close(0)
    return [result, meter.application.ring_of(0).keys.encryption]


def keys_settled(meter: Any) -> list[Any]:
    client = meter.client("suite0").open_association()
    new = wrap_key(client.keys.master, bytes(range(16)))
    client.act(64, "0-0:43.0.0", 2, array(structure(enum(0), octet_string(new))))
    client.channel.close(0)
    ring = meter.application.ring_of(0)
    return [ring.keys.encryption, ring.unicast.expected]


def agreed(meter: Any) -> list[Any]:
    client = meter.client("suite1").open_association()
    signing = wan_secret(1, "client_signing")
    data = agreement.key_agreement_data(SUITES[1], 0, wan_secret(8, "client_signing"), signing)
    parameter = array(structure(enum(0), octet_string(data)))
    outcome = client.act(64, "0-0:43.0.1", 3, parameter)
    client.channel.close(0)
    return [outcome.returned, meter.application.ring_of(1).keys.encryption]


def generally(*, flip: bool) -> Scenario:
    def run(meter: Any) -> list[Any]:
        client = meter.client("suite0").open_association()
        party = GeneralParty(SUITES[0], client.keys)
        octets = party.protect(
            NAME,
            GeneralHeader(b"1", client.title, client.meter_title),
            Identified(0),
            control=SecurityControl.of(0x30),
            counter=client.counter + 1,
        )
        return [client.raw(_bad_tag(-1)(octets) if flip else octets)]

    return run


def dedicated_later(meter: Any) -> list[Any]:
    key = bytes(range(16))
    client = meter.client("suite0")
    client.associate(replace(OPEN, dedicated_key=key))
    client.reply(client.response())
    client.keys = replace(client.keys, dedicated=key)
    client.raw(client.protect(NAME, Ciphering.DED))
    client.channel.close(0)
    client.open_association()
    return [_kinds(client.raw(client.protect(NAME, Ciphering.DED)))]


def agreed_otherwise(meter: Any) -> list[Any]:
    client = meter.client("suite1").open_association()
    private = wan_secret(8, "client_signing")
    data = agreement.key_agreement_data(SUITES[1], 0, private, private)
    parameter = array(structure(enum(0), octet_string(data)))
    return [client.act(64, "0-0:43.0.1", 3, parameter).result]


def policy_lowered(meter: Any) -> list[Any]:
    client = meter.client("suite0").open_association()
    return [client.act(64, "0-0:43.0.0", 1, enum(0)).result]


def lowered_policy_shown(meter: Any) -> list[Any]:
    client = meter.client("suite0").open_association()
    result = client.act(64, "0-0:43.0.0", 1, enum(0)).result
    return [result, client.get(64, "0-0:43.0.0", 2)]


def released(meter: Any) -> list[Any]:
    client = meter.client("suite0").open_association()
    octets = client.protect(encode_apdu(OPEN))
    return [
        _kinds(
            client.raw(
                b"\x62%c\xbe%c\x04%c" % (len(octets) + 4, len(octets) + 2, len(octets)) + octets
            )
        )
    ]


def told_to_all(meter: Any) -> list[Any]:
    client = meter.client("suite0")
    control, keys = SecurityControl.of(0x70), client.keys
    octets = protect_apdu(
        NAME, Ciphering.GLO, control=control, title=client.title, counter=9, keys=keys
    )
    return [meter.client("broadcast").raw(octets) is None]


def shown(class_id: int, name: str, attribute: int) -> Scenario:
    def run(meter: Any) -> list[Any]:
        return [meter.client("suite0").open_association().get(class_id, name, attribute)]

    return run


def session_replayed(meter: Any) -> list[Any]:
    client = meter.client("suite0").open_association()
    old = client.protect(NAME)
    client.raw(old)
    client.channel.close(0)
    client.open_association()
    return [_kinds(client.raw(old))]


def unheeded(meter: Any) -> list[Any]:
    client = meter.client("lls").open_association(InitiateRequest(Conformance.SET, 0xFFFF))
    return [_kinds(client.raw(NAME))]


def ciphered_list(meter: Any) -> list[Any]:
    client = meter.client("suite0").open_association(InitiateRequest(ALL, 64))
    return [len(client.raw(client.protect(LIST))) > 64]


def aarq_twice(meter: Any) -> list[Any]:
    client = meter.client("lls").open_association()
    client.associate()
    return [_kinds(client.raw(NAME))]


def reflected(meter: Any) -> list[Any]:
    first, second = meter.client("hls3"), meter.client("hls4")
    first.associate()
    return [second.associate(calling_authentication_value=AuthenticationValue(first.stoc)).result]


def replayed(meter: Any) -> list[Any]:
    client = meter.client("hls3")
    client.associate()
    first = client.stoc
    client.channel.close(0)
    client.associate()
    return [client.stoc == first]


def forged_gmac(meter: Any) -> list[Any]:
    client = meter.client("suite0")
    client.associate()
    title, client.title = client.title, client.meter_title
    response = client.response()
    client.title = title
    return [client.reply(response).outcome.result]


def old_gmac(meter: Any) -> list[Any]:
    client = meter.client("suite0")
    client.associate()
    client.counter -= 1
    response = client.response()
    return [client.reply(response).outcome.result]


def failing(times: int) -> Scenario:
    """Fail so many times: with one challenge where there are two, else with a new one each."""

    def run(meter: Any) -> list[Any]:
        client = meter.client("hls4")
        client.associate()
        right = client.response()
        told: list[Any] = []
        for number in range(times):
            if number and times > 2:
                client.channel.close(0)
                if client.associate() is None:
                    return [*told, None]
            proof = right if times == 2 and number else bytes(20)
            told.append(client.reply(proof))
        return told

    return run


def suites(meter: Any) -> list[Any]:
    client = meter.client("suite2")
    return [client.raw(encode_apdu(client.aarq()))[:40]]


def echoed_suite(meter: Any) -> list[Any]:
    client = meter.client("suite1").open_association()
    return [client.raw(client.protect(NAME))[:3]]


def nonces(meter: Any) -> list[Any]:
    client = meter.client("suite0").open_association()
    return [decode_apdu(client.raw(client.protect(NAME))).value for _ in range(3)]


def jumped(meter: Any) -> list[Any]:
    client = meter.client("suite0").open_association()
    client.counter = 0xFFFFFFFE
    return [_kinds(client.raw(client.protect(NAME)))]


def told_counter(meter: Any) -> list[Any]:
    client = meter.client("suite0").open_association()
    octets = client.protect(NAME)
    return [client.raw(octets), client.raw(octets)]


def nonces_later(meter: Any) -> list[Any]:
    client = meter.client("suite0").open_association()
    first = client.raw(client.protect(NAME))
    client.channel.close(0)
    client.open_association()
    return [first == client.raw(client.protect(NAME))]


def dedicated(name: str) -> Scenario:
    def run(meter: Any) -> list[Any]:
        key = bytes(range(16))
        client = meter.client(name)
        client.associate(replace(OPEN, dedicated_key=key), calling_ap_title=client.title)
        if name != "public":
            client.reply(client.response())
        keys = replace(client.keys, authentication=wan_secret(1, "suite0_authentication"))
        client.keys = replace(keys, dedicated=key)
        return [_kinds(client.raw(client.protect(NAME, Ciphering.DED)))]

    return run


def pushed(meter: Any) -> list[Any]:
    meter.client("suite0").open_association()
    one, two = (meter.application.advance(at * SECOND)[0].apdu for at in (60, 120))
    keys = meter.client("suite0")
    return [one[:12], [decode_apdu(keys.open(octets)).value for octets in (one, two)]]


AA = "601da109060760857405080101be10040e01000000065f1f0400007e1f04b0"
RARE = {"called_ap_title": b"12345678"}
WRITE = bytes.fromhex("C101C1001700001600 00FF080012012C".replace(" ", ""))
PUBLIC = bytes.fromhex("601DA109060760857405080101BE10040E01000000065F1F0400FFFFFF0080")
FIRST_BLOCK = "C102C1001700001600 00FF0800000000000103120001".replace(" ", "")
ACCESS = "D940000001000201000100002A0000FF02010001090909090909020200 00".replace(" ", "")
WITH_LIST = "C003C1020001 00002A0000FF02 00 0001 0909090909FF0200".replace(" ", "")


BREAKING = ACCESS.replace("0201000100002A", "0201000100632A").replace("D940", "D960")
_TEXT = "C101C100010000600D00FF0200"


def access_unasked(meter: Any) -> list[Any]:
    """ACCESS in an association that did not agree on it."""
    client = meter.client("suite0").open_association(
        InitiateRequest(Conformance.GET | Conformance.ACTION, 500)
    )
    client.how = Ciphering.GENERAL_GLO
    return [client.send(bytes.fromhex(ACCESS))]


_LOST = "E0820002000000"


def blocks_counted(meter: Any) -> list[Any]:
    """A script whose parameter comes in two blocks, and how often it ran then."""
    client = meter.client("suite0").open_association()
    client.how = Ciphering.GENERAL_GLO
    first = client.send(bytes.fromhex("C304C1000900000A007DFF01" + "0000000001" + "0112"))
    told = [first, client.get(1, "0-0:96.15.0", 2)]
    client.send(bytes.fromhex("C304C1000900000A007DFF01" + "0000000001" + "0112"))
    last = client.send(bytes.fromhex("C306C1" + "0100000002" + "020001"))
    return [*told, last, client.get(1, "0-0:96.15.0", 2)]


def asked_then(octets: str, class_id: int, name: str) -> Scenario:
    """A request, and what attribute 2 of an object holds afterwards."""

    def run(meter: Any) -> list[Any]:
        client = meter.client("suite0").open_association()
        client.how = Ciphering.GENERAL_GLO
        return [client.send(bytes.fromhex(octets)), client.get(class_id, name, 2)]

    return run


def list_unasked(meter: Any) -> list[Any]:
    """A list in an association that did not agree on lists."""
    client = meter.client("lls").open_association(InitiateRequest(Conformance.GET, 500))
    return [client.raw(bytes.fromhex(WITH_LIST))]


SCENARIOS: dict[str, Scenario] = {
    "aare-wrong-context": aarq("public"),
    "get-without-aa": lambda meter: [_kinds(meter.client("lls").raw(NAME))],
    "conformance-echo": aarq("public", InitiateRequest(Conformance.GET, 500)),
    "conformance-unheeded": unheeded,
    "conf-empty-accepted": aarq("public", InitiateRequest(Conformance(0), 500)),
    "version-unchecked": aarq("public", replace(OPEN, version=5)),
    "version-echoed": aarq("public", replace(OPEN, version=7)),
    "initiate-error-other": aarq("public", replace(OPEN, version=5)),
    "pdu-size-unchecked": aarq("public", InitiateRequest(ALL, 11)),
    "pdu-size-limits-refused": aarq("public", InitiateRequest(ALL, 12)),
    "exceeds-max-pdu-ciphered": ciphered_list,
    "exceeds-max-pdu": sent("lls", LIST, limit=64),
    "context-unchecked": aarq("public", application_context_name=f"{OID}.1.7"),
    "context-arcs-unchecked": aarq("public", application_context_name="2.31.756.5.8.1.1"),
    "sn-accepted": aarq("public", application_context_name=f"{OID}.1.2"),
    "protover-unchecked": aarq("public", protocol_version="01"),
    "protover-refused": aarq("public", protocol_version="1"),
    "fields-refused": aarq("public", **RARE),
    "fields-crash": aarq("public", **RARE),
    "title-length-unchecked": aarq("public", calling_ap_title=b"1"),
    "lls-always-fail": aarq("lls"),
    "lls-any-password": aarq("lls", calling_authentication_value=AuthenticationValue(b"x")),
    "lls-prefix-compare": aarq(
        "lls",
        calling_authentication_value=AuthenticationValue(wan_secret(1, "lls_password")[:4]),
    ),
    "auth-skippable": aarq("lls", mechanism_name=None, calling_authentication_value=None),
    "mech-unchecked": aarq("lls", mechanism_name=f"{OID}.2.9"),
    "double-aarq": aarq_twice,
    "double-aarq-silent": aarq_twice,
    "mech-arcs-unchecked": aarq("lls", mechanism_name="2.31.756.5.8.2.1"),
    "rlrq-needs-reason": sent("lls", "6200"),
    "release-ignored": sent("lls", "6200", NAME),
    "rlrq-needs-info": sent("lls", "6200"),
    "public-write": sent("public", WRITE),
    "hls-any": passes("hls3"),
    "hls2-wrong-fctos": passes("hls2"),
    "hls3-wrong-fctos": passes("hls3"),
    "hls4-wrong-fctos": passes("hls4"),
    "hls5-wrong-fctos": passes("suite0"),
    "hls6-wrong-fctos": passes("hls6"),
    "hls7-wrong-fctos": passes("suite1"),
    "hls-pass3-skippable": passes("hls3"),
    "hls-any-response": hls("hls4", lambda r: bytes(len(r))),
    "hls-short-accept": hls("hls4", lambda r: b""),
    "hls-short-crash": hls("hls4", lambda r: b""),
    "hls-prefix-compare": hls("hls4", lambda r: r[:-1]),
    "hls-retry-allowed": failing(2),
    "hls-sixth-taken": failing(7),
    "hls-many-crash": failing(17),
    "hls2-another-function": passes("hls2"),
    "hls-reflection": reflected,
    "hls-constant-stoc": replayed,
    "hls-replay": replayed,
    "gmac-title-unchecked": forged_gmac,
    "gmac-counter-unchecked": old_gmac,
    "ecdsa-zero-taken": hls("suite1", lambda r: bytes(32) + r[32:]),
    "ecdsa-unchecked": hls("suite1", lambda r: bytes(len(r))),
    "sec-plain-answer": ciphered(0x30),
    "sec-policy-any": ciphered(0x20),
    "suite-echo": echoed_suite,
    "suite2-128": suites,
    "suite-mixed": ciphered(0x31),
    "tag-unchecked": ciphered(0x30, change=_bad_tag(-12)),
    "tag-truncated-compare": ciphered(0x30, change=_bad_tag(-1)),
    "tag-short": ciphered(0x30, change=_cut(1)),
    "aad-missing-sc": ciphered(0x30, change=lambda o: o[:2] + b"\xb0" + o[3:]),
    "forged-counted": forged_before,
    "plain-in-ciphered": sent("suite0", NAME),
    "policy-unenforced": ciphered(0x10),
    "ic-not-checked": counters,
    "ic-lower-accepted": counters,
    "ic-wrap": counters,
    "ic-shared": shared_counter,
    "ic-reset-on-connect": session_replayed,
    "ic-object-wrong": counters,
    "ic-jump-refused": jumped,
    "ic-error-wrong-counter": told_counter,
    "ic-object-u16": shown(1, "0-0:43.1.0", 2),
    "server-iv-per-association": nonces_later,
    "server-iv-reuse": nonces,
    "ded-key-ignored": dedicated("suite0"),
    "ded-unciphered": dedicated("public"),
    "ded-key-kept": dedicated_later,
    "general-answer-plain": ciphered(0x30, how=Ciphering.GENERAL_GLO),
    "general-tag-unchecked": generally(flip=True),
    "general-ciphering-refused": generally(flip=False),
    "key-change-partial": keys_listed,
    "key-change-keeps-counter": keys_settled,
    "key-change-forgotten": keys_settled,
    "ka-answer-unsigned": agreed,
    "ka-wrong-key": agreed,
    "title-unchecked": ciphered(0x30, how=Ciphering.GENERAL_GLO, title=b"SOMEBODY"),
    "release-plain": sent("suite0", "6200"),
    "release-ciphered-refused": released,
    "policy-downgrade-refused": lowered_policy_shown,
    "guek-as-gbek": ciphered(0x30, keys={"encryption": wan_secret(1, "suite0_broadcast")}),
    "broadcast-answered": told_to_all,
    "keywrap-unchecked": wrapped_otherwise,
    "key-change-early": keys_changed,
    "ka-sig-unchecked": agreed_otherwise,
    "policy-downgrade": policy_lowered,
    "gbek-as-guek": ciphered(0x70, keys={"broadcast": wan_secret(1, "suite0_encryption")}),
    "iip-not-echoed": sent("lls", "C00141000100002A0000FF0200"),
    "unconfirmed-answered": sent("lls", "C00181000100002A0000FF0200"),
    "dar-always-250": sent("lls", "C001C100010909090909FF0200"),
    "short-answer": sent("lls", NAME.replace(b"\x2a", b"\x63")),
    "class-unchecked": sent("lls", "C001C1000300002A0000FF0200"),
    "attr-crash": sent("lls", "C001C1000100002A0000FF6300", NAME),
    "attr-served": sent("lls", "C001C1000100002A0000FF6300"),
    "attribute-0-short": sent("lls", "C001C1000100002A0000FF0000"),
    "rights-lie": sent("lls", WRITE),
    "rights-stricter": sent("lls", "C001C1001700001600 00FF0900".replace(" ", "")),
    "rights-write-refused": asked(_TEXT + "090141"),
    "settype-clears": asked_then(_TEXT + "1141", 1, "0-0:96.13.0"),
    "settype-unchecked": asked("C101C100170000160000FF08000901FF"),
    "list-order": sent("lls", WITH_LIST),
    "list-unnegotiated": list_unasked,
    "list-errors-dropped": sent("lls", WITH_LIST),
    "block-number-from-0": sent("lls", LIST, limit=64),
    "last-block-missing": sent("lls", LIST, *[f"C002C1{n:08X}" for n in range(1, 4)], limit=4000),
    "block-number-unchecked": sent("lls", LIST, "C002C100000005", limit=64),
    "block-octet-lost": sent("lls", LIST, "C002C100000001", limit=64),
    "block-abort-ignored": sent("lls", LIST, "C002C100000005", "C002C100000001", limit=64),
    "next-crash": sent("lls", "C002C100000000", NAME),
    "block-mix": sent("lls", LIST, LIST, "C002C100000002", limit=64),
    "set-block-ack-wrong": asked("C102C1" + _TEXT[6:] + "000000000104" + "09024142"),
    "pblock-early": blocks_counted,
    "pblock-executed-twice": blocks_counted,
    "gbt-loss-unrepaired": sent(
        "lls", "E08200010000 0D".replace(" ", "") + LIST.hex(), _LOST, limit=64
    ),
    "gbt-ack-wrong": sent("lls", "E0020001000005" + "C001C1000F", limit=64),
    "gbt-window": sent("lls", "E0820001000 00D".replace(" ", "") + LIST.hex(), limit=64),
    "tag-crash": sent("lls", "04", NAME),
    "tag-as-get": sent("lls", b"\x80" + NAME[1:]),
    "trunc-executed": asked("C301C10009" + "00000A007DFF" + "01011200"),
    "trunc-written": asked(_TEXT + "090241"),
    "trailing-crash": sent("lls", NAME + bytes(9), NAME),
    "trailing-inconsistent": sent("lls", NAME + bytes(9)),
    "oversize-other": sent("lls", bytes(2000)),
    "trunc-crash": sent("lls", "C001C1", NAME),
    "len-bomb": sent("lls", "C101C1000100002A0000FF02000984FFFFFFFF", NAME),
    "oversize-crash": sent("lls", bytes(2000), NAME),
    "access-no-break": asked(BREAKING),
    "access-breaks-always": asked(ACCESS.replace("0201000100002A", "0201000100632A")),
    "access-unnegotiated": access_unasked,
    "access-order": asked(ACCESS),
    "fuzz-apdu-crash": sent("lls", b"\x04" * 100, NAME),
    "ber-len-crash": sent("public", "60A184FFFFFFFF", NAME),
    "ber-nested-crash": sent("public", "6014" + "A011" * 10, NAME),
    "action-undefined-silent": sent("lls", "C301C10001090909090901010F00"),
    "push-plain": pushed,
    "push-authenticated-only": pushed,
    "push-same-invoke-id": pushed,
    "assoc-mechanism-lie": shown(15, "0-0:40.0.0", 6),
    "title-differs": shown(64, "0-0:43.0.0", 5),
    "sap-mismatch": shown(17, "0-0:41.0.0", 2),
}
"""The scenario in which each rule shows; the others show below."""

ELSEWHERE = {
    "sec-answer-weaker",
    "overflow",
    "overflow-cut",
    "partial-set",
    "block-state-persist",
    "hls-state-persist",
    "counters-volatile",
    "expected-volatile",
}


def told(make_meter: Any, scenario: Scenario, *breaks: str) -> Any:
    meter = make_meter(*breaks, pushes=(PushPlan(),))
    try:
        return scenario(meter)
    except (AssertionError, AttributeError) as unexpected:
        return repr(unexpected)


def test_each_rule_has_its_scenario() -> None:
    assert set(SCENARIOS) | ELSEWHERE == set(RULES)
    assert not set(SCENARIOS) & ELSEWHERE


@pytest.mark.parametrize("rule", sorted(SCENARIOS))
def test_a_broken_rule_shows(make_meter: Any, rule: str) -> None:
    kept = told(make_meter, SCENARIOS[rule])
    assert not isinstance(kept, str), kept
    assert told(make_meter, SCENARIOS[rule], rule) != kept


def test_a_part_of_a_value_is_written(make_meter: Any) -> None:
    def scenario(meter: Any) -> list[Any]:
        client = meter.client("suite0").open_association()
        part = "C102C1 0014 00000D0000FF 06 00 00 00000001 04 09064142".replace(" ", "")
        answer = client.send(bytes.fromhex(part))
        return [answer, client.get(20, "0-0:13.0.0", 6).value]

    kept, broken = told(make_meter, scenario), told(make_meter, scenario, "partial-set")
    assert kept[0] == broken[0] == bytes.fromhex("C502C100000001")
    assert broken[1] == b"AB"
    assert kept[1] != b"AB"


@pytest.mark.parametrize("octets", [1, 2, 4])
@pytest.mark.parametrize("limit", [64, 128, 0xFFFF])
def test_long_lengths_are_legal(make_meter: Any, octets: int, limit: int) -> None:
    meter = make_meter(long_data_lengths=octets, long_lengths=octets)
    client = meter.client("lls").open_association(InitiateRequest(ALL, limit))
    answer = client.raw(LIST)
    assert len(answer) <= limit
    decoded = decode_apdu(answer)
    assert set(decoded.codes()) <= {"length-form"}
    assert decode_apdu(client.raw(NAME)).value.result.value.startswith(b"MBX")


@pytest.mark.parametrize("rule", ["block-state-persist", "hls-state-persist"])
def test_state_outlives_its_connection(make_meter: Any, rule: str) -> None:
    def scenario(meter: Any) -> list[Any]:
        client = meter.client("hls3")
        client.associate()
        client.channel.close(0)
        opened = client.raw(encode_apdu(client.aarq()))
        reader = meter.client("lls").open_association(InitiateRequest(ALL, 64))
        reader.raw(LIST)
        reader.channel.close(0)
        reader.open_association(InitiateRequest(ALL, 64))
        return [opened is None, reader.raw(NEXT + bytes.fromhex("00000001"))]

    assert told(make_meter, scenario, rule) != told(make_meter, scenario)


def test_an_answer_is_protected_like_its_request(make_meter: Any) -> None:
    def control(*breaks: str) -> int:
        meter = make_meter(*breaks, policies={0: 0})
        client = meter.client("suite0").open_association()
        answer: bytes = client.raw(client.protect(NAME))
        return answer[2]

    assert control() == 0x30
    assert control("sec-answer-weaker") == 0
