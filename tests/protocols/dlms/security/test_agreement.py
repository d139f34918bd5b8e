"""Key agreement: the example of IEC 62056-5-3 annex I.1, and what is refused."""

import json
from hashlib import sha256, sha384

import pytest

from bench.core.errors import UsageError
from bench.protocols.dlms.security.agreement import (
    derive_key,
    ephemeral_data,
    ephemeral_point,
    ephemeral_unified,
    key_agreement_data,
    key_agreement_point,
    one_pass,
    shared_secret,
    static_unified,
)
from bench.protocols.dlms.security.ecdsa import private_key_of, public_key_of, sign, verify
from bench.protocols.dlms.security.options import EphemeralSignature, SecurityOptions
from bench.protocols.dlms.security.suite import SUITES, Curve

# IEC 62056-5-3, annex I.1: key_agreement of a client and a server in suite 1.
CLIENT = bytes.fromhex("4D4D4D0000BC614E")
SERVER = bytes.fromhex("4D4D4D0000000001")
CLIENT_SIGNING = bytes.fromhex("418073C239FA6125011DE4D6CD2E645780289F761BB21BFB0835CB5585E8B373")
CLIENT_SIGNING_PUBLIC = bytes.fromhex(
    "BAAFFDE06A8CB1C9DAE8D94023C601DBBB249254BA22EDD827E820BCA2BCC643"
    "62FBB83D86A82B87BB8B7161D2AAB5521911A946B97A284A90F7785CD9047D25"
)
CLIENT_EPHEMERAL = bytes.fromhex("1BAC19FC1D52A1E5102622EDFA36584C05E12FA8CDEAA450F2F1E9A7DCCF7628")
CLIENT_POINT = bytes.fromhex(
    "2914D60E10AB705F62ED6CC349D7CB99B9AB3F3978E59278C7AF595B3AF98794"
    "1372DAB6D5AF1FA867E134167E6F23DE664A6693E05F43414611058D1B48F894"
)
CLIENT_SIGNATURE = bytes.fromhex(
    "06F0607702AA0E2435A183E2F6B1ECD19629712E389A213610C03F77B2590860"
    "EA840AF5C3FA1F2BCDF055D4744E9A01CE9A0E55026BCAA4EEBEB764CED64BB3"
)
SERVER_EPHEMERAL = bytes.fromhex("34A8C23A34DBB519D09B245754C85A6CFE05D14A063EFA5AA41545AA8241EFAE")
SERVER_POINT = bytes.fromhex(
    "95F41066009B185B074F5FFFF736B71C325FCADB2BC0CF1A4F4B17BBE7AB81D6"
    "2946506BC8169C7B539B39A5D8463787F449C9BD2583FA67A1075B0DBFC638BA"
)
SECRET = bytes.fromhex("C1CF8FE7891AEF3617D7190795E61FE6C24EFC3CCA2E08469BAD1A225CE6EA08")
KEY = bytes.fromhex("C5F4512846EDE51CFB8CCF59F08A694E")
SUITE = SUITES[1]


def test_annex_i_1():
    assert public_key_of(Curve.P_256, CLIENT_EPHEMERAL) == CLIENT_POINT
    assert public_key_of(Curve.P_256, SERVER_EPHEMERAL) == SERVER_POINT
    assert shared_secret(Curve.P_256, CLIENT_EPHEMERAL, SERVER_POINT) == SECRET
    assert shared_secret(Curve.P_256, SERVER_EPHEMERAL, CLIENT_POINT) == SECRET
    assert derive_key(SUITE, SECRET, CLIENT, SERVER) == KEY
    assert ephemeral_unified(SUITE, CLIENT_EPHEMERAL, SERVER_POINT, CLIENT, SERVER) == KEY
    assert ephemeral_unified(SUITE, SERVER_EPHEMERAL, CLIENT_POINT, CLIENT, SERVER) == KEY
    data = CLIENT_POINT + CLIENT_SIGNATURE
    assert public_key_of(Curve.P_256, CLIENT_SIGNING) == CLIENT_SIGNING_PUBLIC
    assert key_agreement_point(SUITE, 0, data, CLIENT_SIGNING_PUBLIC) == CLIENT_POINT
    assert key_agreement_point(SUITE, 1, data, CLIENT_SIGNING_PUBLIC) is None


def test_known_answers(real_data):
    file = real_data / "wan-dlms" / "keys_ecc.json"
    if not file.is_file():
        pytest.skip(f"no known answers at {file}")
    vectors = {v["id"]: v for v in json.loads(file.read_text(encoding="utf-8"))["vectors"]}
    known = {
        name: bytes.fromhex(value)
        for name, value in vectors["annex-i1-key-agreement"].items()
        if name.startswith(("client_", "server_", "z", "global_", "action_"))
    }
    for side in ("client", "server"):
        point = known[f"{side}_ephemeral_public"]
        data = point + known[f"{side}_signature"]
        signing_public = known[f"{side}_signing_public"]
        assert key_agreement_point(SUITE, 0, data, signing_public) == point
        made = key_agreement_data(
            SUITE, 0, known[f"{side}_ephemeral_private"], known[f"{side}_signing_private"]
        )
        assert key_agreement_point(SUITE, 0, made, signing_public) == point
        message = {"client": "action_request", "server": "action_response"}[side]
        assert data in known[message]
    key = ephemeral_unified(
        SUITE,
        known["client_ephemeral_private"],
        known["server_ephemeral_public"],
        known["client_title"],
        known["server_title"],
    )
    assert key == known["global_unicast_key"]


@pytest.fixture(params=[1, 2])
def suite(request):
    return SUITES[request.param]


def pair(suite, name):
    private = private_key_of(suite.curve, name)
    return private, public_key_of(suite.curve, private)


def test_both_sides_derive_the_same_key(suite):
    a, a_public = pair(suite, b"a")
    b, b_public = pair(suite, b"b")
    for agree, extra in ((ephemeral_unified, ()), (one_pass, ()), (static_unified, (b"T",))):
        key = agree(suite, a, b_public, CLIENT, SERVER, *extra)
        assert key == agree(suite, b, a_public, CLIENT, SERVER, *extra)
        assert len(key) == suite.key_octets
        assert key != agree(suite, a, b_public, SERVER, CLIENT, *extra)
    keys = {static_unified(suite, a, b_public, CLIENT, SERVER, t) for t in (b"", b"1", b"2")}
    assert len(keys) == 3


def test_the_transaction_id_of_the_static_model_stands_before_the_recipient():
    a, _ = pair(SUITE, b"a")
    _, b_public = pair(SUITE, b"b")
    secret = shared_secret(Curve.P_256, a, b_public)
    assert static_unified(SUITE, a, b_public, CLIENT, SERVER, b"TID") == derive_key(
        SUITE, secret, CLIENT, b"\x03TID" + SERVER
    )


def test_the_derivation_of_suite_2():
    # Computed with hashlib: SHA-384 of 00000001, 48 octets 01, the OID body of AES-GCM-256, titles.
    text = bytes.fromhex("00000001") + b"\x01" * 48 + bytes.fromhex("60857405080301")
    expected = sha384(text + CLIENT + SERVER).digest()
    assert derive_key(SUITES[2], b"\x01" * 48, CLIENT, SERVER) == expected[:32]
    short = SecurityOptions(derived_key_octets=16)
    assert derive_key(SUITES[2], b"\x01" * 48, CLIENT, SERVER, short) == expected[:16]


def test_a_master_key_is_derived_for_key_wrap():
    for number, oid in ((1, "60857405080302"), (2, "60857405080303")):
        suite = SUITES[number]
        make = sha256 if number == 1 else sha384
        text = bytes.fromhex("00000001") + SECRET + bytes.fromhex(oid) + CLIENT + SERVER
        expected = make(text).digest()[: suite.key_octets]
        assert derive_key(suite, SECRET, CLIENT, SERVER, key_id=3) == expected
        a, a_public = pair(suite, b"a")
        b, b_public = pair(suite, b"b")
        keys = {
            key_id: ephemeral_unified(suite, a, b_public, CLIENT, SERVER, key_id=key_id)
            for key_id in range(4)
        }
        assert keys[3] == ephemeral_unified(suite, b, a_public, CLIENT, SERVER, key_id=3)
        assert keys[0] == keys[1] == keys[2] != keys[3]


def test_data_of_ephemeral_keys(suite):
    ephemeral, point = pair(suite, b"ephemeral")
    signing, signing_public = pair(suite, b"signing")
    standard, habit = (SecurityOptions(ephemeral_signature=s) for s in EphemeralSignature)
    data = ephemeral_data(suite, ephemeral, signing, standard)
    assert ephemeral_point(suite, data, signing_public, standard) == point
    assert ephemeral_point(suite, data, signing_public, habit) is None
    size = 2 * suite.curve.octets
    assert verify(suite.curve, signing_public, data[:size], data[size:])
    data = ephemeral_data(suite, ephemeral, signing, habit)
    assert ephemeral_point(suite, data, signing_public, habit) == point
    assert verify(suite.curve, signing_public, b"\x01" + data[:size], data[size:])


def test_wrong_points_signatures_and_lengths_are_refused(suite):
    signing, signing_public = pair(suite, b"signing")
    ephemeral, point = pair(suite, b"ephemeral")
    data = key_agreement_data(suite, 0, ephemeral, signing)
    assert key_agreement_point(suite, 0, data, signing_public) == point
    for octet in range(len(data)):
        damaged = data[:octet] + bytes((data[octet] ^ 1,)) + data[octet + 1 :]
        assert key_agreement_point(suite, 0, damaged, signing_public) is None
    for wrong in (b"", data[:-1], data + b"\x00", point):
        assert key_agreement_point(suite, 0, wrong, signing_public) is None
        assert ephemeral_point(suite, wrong, signing_public) is None
    assert key_agreement_point(suite, 0, data, point) is None
    # A point off the curve is refused even if it is signed well.
    off = bytes(2 * suite.curve.octets)
    forged = off + sign(suite.curve, signing, b"\x00" + off)
    assert key_agreement_point(suite, 0, forged, signing_public) is None


def test_points_off_the_curve_agree_on_nothing(suite):
    private, public = pair(suite, b"own")
    for wrong in (b"", public[:-1], bytes(len(public)), public[:-1] + bytes((public[-1] ^ 1,))):
        assert shared_secret(suite.curve, private, wrong) is None
        assert ephemeral_unified(suite, private, wrong, CLIENT, SERVER) is None
        assert one_pass(suite, private, wrong, CLIENT, SERVER) is None
        assert static_unified(suite, private, wrong, CLIENT, SERVER, b"") is None


def test_misuse():
    with pytest.raises(UsageError, match="suite 0 has no curve"):
        key_agreement_data(SUITES[0], 0, CLIENT_EPHEMERAL, CLIENT_SIGNING)
    with pytest.raises(UsageError, match="suite 0 has no curve"):
        derive_key(SUITES[0], SECRET, CLIENT, SERVER)
    with pytest.raises(UsageError, match="key id 256"):
        key_agreement_data(SUITE, 256, CLIENT_EPHEMERAL, CLIENT_SIGNING)
    with pytest.raises(UsageError, match="16 or 32 octets, not 24"):
        SecurityOptions(derived_key_octets=24)
    with pytest.raises(UsageError, match="private key"):
        one_pass(SUITE, b"", SERVER_POINT, CLIENT, SERVER)
