import re

import pytest

from bench.core.check import Level
from bench.core.errors import UsageError
from bench.engine.preparation import load_declaration, parse_declaration, prepare
from bench.protocols.dlms.acse import ApplicationContext, Mechanism
from bench.protocols.hdlc.parameters import LinkParameters
from suites.wan_dlms import SUITE, facts
from suites.wan_dlms.declared import Declared, LinkLayer

EVERYTHING = dict.fromkeys(SUITE.proforma.ics, True)


def declared(answers=EVERYTHING, **ixit):
    return Declared.read(SUITE.proforma.values(ixit), answers)


def test_the_reference_associations_are_those_of_the_defaults():
    found = declared().associations
    assert {name: one.client for name, one in found.items()} == {
        "public": 16,
        "lls": 32,
        "hls2": 37,
        "hls3": 33,
        "hls4": 34,
        "hls6": 36,
        "suite0": 1,
        "suite1": 3,
        "suite2": 4,
        "broadcast": 102,
    }
    assert found["suite1"].mechanism is Mechanism.HLS_ECDSA
    assert found["suite2"].context is ApplicationContext.LN_CIPHERED
    assert found["suite2"].ciphered
    assert not found["hls6"].ciphered
    assert found["broadcast"].pre_established


def test_only_what_is_declared_is_there():
    some = declared({**dict.fromkeys(EVERYTHING, False), "WAN/PUBLIC": True})
    assert list(some.associations) == ["public"]
    assert some.has("public")
    assert not some.has("lls")
    with pytest.raises(UsageError, match="declared: public"):
        some.association("lls")


def test_roles_lead_to_associations():
    found = declared(management="suite2", reading="hls6")
    assert found.association("main").name == "suite2"
    assert found.association("reading").name == "hls6"


@pytest.mark.parametrize(
    ("claimed", "main", "reading"),
    [
        ((), "public", "public"),
        (("WAN/LLS",), "lls", "lls"),
        (("WAN/LLS", "WAN/HLS-6"), "hls6", "lls"),
        (("WAN/SUITE-1", "WAN/HLS-6"), "suite1", "hls6"),
        (("WAN/SUITE-0", "WAN/LLS"), "suite0", "lls"),
    ],
)
def test_a_role_that_is_not_declared_goes_to_what_is_claimed(claimed, main, reading):
    found = declared(
        {**dict.fromkeys(EVERYTHING, False), "WAN/PUBLIC": True} | dict.fromkeys(claimed, True)
    )
    assert (found.association("main").name, found.association("reading").name) == (main, reading)


def test_a_role_that_goes_to_nobody_is_told():
    some = declared({**dict.fromkeys(EVERYTHING, False), "WAN/PUBLIC": True}, management="suite0")
    assert not some.has("main")
    with pytest.raises(UsageError, match=r"no association 'suite0' .* management and reading"):
        some.association("main")


def test_addresses_and_parameters_are_those_declared():
    found = declared(hdlc_address_octets=4, hdlc_lower=300, hdlc_max_info=512, hdlc_window=3)
    assert found.server_address().octets == bytes.fromhex("00020459")
    assert found.hdlc_parameters == LinkParameters(512, 512, 3, 3)
    assert declared().hdlc_parameters is None
    assert declared(link_layer="udp").link_layer is LinkLayer.UDP


@pytest.mark.parametrize(
    "ixit",
    [
        {"link_layer": "modem"},
        {"client_title": "4D42"},
        {"client_title": "no hex"},
        {"hdlc_window": 9},
        {"hdlc_lower": 300},
    ],
)
def test_what_cannot_be_is_a_usage_error(ixit):
    with pytest.raises(UsageError):
        declared(**ixit)


def test_a_response_limit_binds_who_promises_it():
    assert declared({**EVERYTHING, "WAN/RESPONSE-LIMIT": False}).response_level is Level.SHOULD
    assert declared().response_level is Level.MUST


@pytest.mark.parametrize(("ixit", "found"), [({}, True), ({"inactivity_s": 0.0}, False)])
def test_only_who_says_so_keeps_links_for_ever(ixit, found):
    values = SUITE.proforma.values({"link_layer": "hdlc", **ixit})
    assert facts("generic", values)["WAN/INACTIVITY"] is found


def test_cases_of_limits_that_are_not_declared_are_blocked():
    text = load_declaration(None).text
    for name in ("inactivity_s", "inter_octet_ms", "writable_object"):
        text = re.sub(rf"^{name} = .*\n", "", text, flags=re.M)
    plan = {row.id: row for row in prepare(parse_declaration(text, "x")).plan()}
    for case, name in (("HDLC-35", "inactivity_s"), ("HDLC-36", "inter_octet_ms")):
        assert plan[f"DLMS-{case}"].reason == f"the declaration lacks [wan.ixit] {name} = ..."


@pytest.mark.parametrize("layer", ["hdlc", "wrapper", "udp"])
def test_the_link_layer_decides_what_is_applicable(layer):
    found = facts("generic", {"link_layer": layer, "inactivity_s": 120.0})
    assert [key for key in ("WAN/HDLC", "WAN/WRAPPER", "WAN/UDP") if found[key]] == [
        f"WAN/{layer.upper()}"
    ]
