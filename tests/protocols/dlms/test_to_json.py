"""Records as JSON: everything that was said, except what must stay secret."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from bench.protocols.dlms.acse import Aarq, AuthenticationValue
from bench.protocols.dlms.apdu import decode_apdu, encode_apdu
from bench.protocols.dlms.data_types import Data, DataType, double_long_unsigned
from bench.protocols.dlms.get import GetResponseNormal
from bench.protocols.dlms.initiate import Conformance, InitiateRequest
from bench.protocols.dlms.results import Invocation
from bench.protocols.dlms.to_json import decoded_json, to_json


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_every_record_has_json(strategies, data):
    kind = data.draw(st.sampled_from(sorted(strategies.APDUS, key=lambda kind: kind.__name__)))
    value = data.draw(strategies.APDUS[kind])
    found = to_json(value)
    assert found["kind"] == kind.__name__
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_a_response():
    response = GetResponseNormal(Invocation(2), double_long_unsigned(5009))
    decoded = decode_apdu(encode_apdu(response) + b"\x00")
    assert decoded_json(decoded) == {
        "value": {
            "kind": "GetResponseNormal",
            "invocation": {
                "kind": "Invocation",
                "invoke_id": 2,
                "confirmed": True,
                "high_priority": True,
                "reserved": 0,
            },
            "result": {"type": "double-long-unsigned", "value": 5009},
        },
        "problems": [
            {
                "offset": 9,
                "code": "trailing",
                "message": "an octet follows the last component",
                "clause": "",
            }
        ],
    }


def test_numbers_that_json_lacks_are_text():
    found = [to_json(Data(DataType.FLOAT64, x))["value"] for x in (1.5, float("inf"), float("nan"))]
    assert found == [1.5, "inf", "nan"]


def test_secrets_are_told_by_their_length():
    initiate = InitiateRequest(Conformance(0x18), 0, dedicated_key=b"K" * 16)
    value = AuthenticationValue(b"12345678")
    decoded = decode_apdu(
        encode_apdu(Aarq(user_information=initiate, calling_authentication_value=value))
    )
    text = json.dumps(decoded_json(decoded)) + repr([f.text for f in decoded.fields()])
    for secret in (b"K" * 16, b"12345678"):
        assert secret.decode() not in text
        assert secret.hex() not in text
        assert secret.hex(" ") not in text
    assert "get" in text
