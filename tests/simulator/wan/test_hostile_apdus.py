"""Whatever octets come, in whatever state: an answer or silence, and the meter lives on."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.protocols.dlms.apdu import encode_apdu
from bench.protocols.dlms.ciphered import SecurityControl
from bench.protocols.dlms.data_types import Data
from bench.protocols.dlms.security.apdus import Ciphering, protect_apdu
from bench.simulator.wan.rules import RULES

GET = bytes.fromhex("C001C1000100002A0000FF0200")
LIST = bytes.fromhex("C001C1000F0000280000FF0200")
SEEDS = [
    GET,
    LIST,
    bytes.fromhex("C001C100070100630100FF020101020400"),
    bytes.fromhex("C002C100000001"),
    bytes.fromhex("C003C102000100002A0000FF0200000800000100 00FF0200".replace(" ", "")),
    bytes.fromhex("C101C1000800000100 00FF0200090C07EA0101FF000000000000 00".replace(" ", "")),
    bytes.fromhex("C102C1000100002A0000FF020000000000010 3090101".replace(" ", "")),
    bytes.fromhex("C103C1010000000203010203"),
    bytes.fromhex("C104C101000100002A0000FF02000109 00".replace(" ", "")),
    bytes.fromhex("C301C1000F0000280000FF010109083132333435363738"),
    bytes.fromhex("C304C1000F0000280000FF0100000000010 3090101".replace(" ", "")),
    bytes.fromhex("C306C1010000000203010203"),
    bytes.fromhex("D9400000010001010001 00002A0000FF020100".replace(" ", "")),
    bytes.fromhex("E08100010000") + bytes((len(GET),)) + GET,
    bytes.fromhex("E00100010000") + bytes((4,)) + GET[:4],
    bytes.fromhex("E0C1000200000100"),
    bytes.fromhex("601da109060760857405080101be10040e01000000065f1f0400007e1f04b0"),
    bytes.fromhex(
        "6066a109060760857405080103a60a04084d4d4d0000bc614e8a0207808b0760857405080201ac0a8008"
        "3132333435363738be34043221303001234567801302ff8a7874133d414ced25b42534d28db0047720606b"
        "175bd52211be6841db204d39ee6fdb8e356855"
    ),
    bytes.fromhex("6200"),
    bytes.fromhex("6203800100"),
    bytes.fromhex("C81E3001234567411312FF935A47566827C467BC7D825C3BE4A77C3FCC056B6B"),
    bytes.fromhex("DB084D4D4D0000BC614E1E3001234567411312FF935A47566827C467BC7D825C3BE4A7"),
    bytes.fromhex("DD080102030405060708000000000100000530000000010203"),
    bytes.fromhex("DF080102030405060708084D4D4D0000BC614E00000003C00100020102"),
    bytes.fromhex("C001C10001840FFFFFFF"),
    b"\xc1\x01\xc1\x00\x01\x00\x00\x2a\x00\x00\xff\x02\x00" + b"\x02\x01" * 200 + b"\x00",
    bytes.fromhex("C101C1000100002A0000FF02000984FFFFFFFF"),
]


def _mutated(seed: bytes) -> st.SearchStrategy[bytes]:
    change = st.tuples(st.integers(0, max(len(seed) - 1, 0)), st.integers(0, 255))
    cut = st.integers(0, len(seed))

    def apply(changes: list[tuple[int, int]], end: int, tail: bytes) -> bytes:
        octets = bytearray(seed)
        for at, value in changes:
            octets[at] = value
        return bytes(octets[:end]) + tail

    whole = st.one_of(st.just(len(seed)), cut)
    return st.builds(apply, st.lists(change, max_size=4), whole, st.binary(max_size=8))


APDUS = st.one_of(
    st.sampled_from(SEEDS),
    st.sampled_from(SEEDS).flatmap(_mutated),
    st.sampled_from(SEEDS).flatmap(_mutated),
    st.binary(max_size=64),
)
MANY = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
STATES = ["idle", "open", "pending", "ciphered", "signed", "pending ciphered", "broadcast"]


def _in_state(meter: Any, state: str) -> Any:
    names = {
        "ciphered": "suite0",
        "signed": "suite1",
        "pending": "hls3",
        "pending ciphered": "suite2",
        "broadcast": "broadcast",
    }
    client = meter.client(names.get(state, "lls"))
    if state.startswith("pending"):
        client.associate()
    elif state not in ("idle", "broadcast"):
        client.open_association()
    return client


@pytest.mark.parametrize("state", STATES)
@MANY
@given(apdus=st.lists(APDUS, min_size=20, max_size=30))
def test_any_octets_in_any_state(make_meter: Any, state: str, apdus: list[bytes]) -> None:
    meter = make_meter()
    client = _in_state(meter, state)
    for apdu in apdus:
        answer = client.raw(apdu)
        assert answer is None or 1 <= len(answer) <= 0xFFFF
        assert all(client.channel.following())
    assert isinstance(meter.client("public").open_association().get(1, "0-0:42.0.0", 2), Data)


@pytest.mark.parametrize("how", list(Ciphering))
@MANY
@given(apdus=st.lists(APDUS.filter(bool), min_size=20, max_size=30))
def test_any_octets_that_are_authentic(make_meter: Any, how: Ciphering, apdus: list[bytes]) -> None:
    meter = make_meter()
    client = meter.client("suite0").open_association()
    general = Ciphering.GENERAL_DED if how.dedicated else Ciphering.GENERAL_GLO
    for apdu in apdus:
        control = SecurityControl(0, True, True)
        try:
            sealed = protect_apdu(
                apdu,
                how,
                control=control,
                title=client.title,
                counter=client.counter,
                keys=client.keys,
            )
        except Exception:
            sealed = client.protect(apdu, general) if not general.dedicated else apdu
        client.counter += 1
        answer = client.raw(sealed)
        assert answer is None or answer


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    apdus=st.lists(APDUS, min_size=5, max_size=15),
    breaks=st.sets(st.sampled_from(sorted(RULES)), min_size=1, max_size=4),
    state=st.sampled_from(["open", "ciphered", "pending"]),
)
def test_a_meter_that_breaks_rules_never_raises(
    make_meter: Any, apdus: list[bytes], breaks: set[str], state: str
) -> None:
    meter = make_meter(*breaks)
    names = {"ciphered": "suite0", "pending": "hls3", "open": "public"}
    client = meter.client(names[state])
    client.raw(encode_apdu(client.aarq()))
    for apdu in apdus:
        client.raw(apdu)
        if state == "ciphered":
            client.raw(client.protect(apdu or GET, Ciphering.GENERAL_GLO))


def test_endless_blocks_are_ended(meter: Any) -> None:
    client = meter.client("suite0").open_association()
    first = bytes.fromhex("C102C1000100002A0000FF02000000000001") + b"\x7f" + bytes(127)
    assert client.send(first) == bytes.fromhex("C502C100000001")
    for number in range(2, 2000):
        answer = client.send(
            b"\xc1\x03\xc1\x00" + number.to_bytes(4, "big") + b"\x81\xc8" + bytes(200)
        )
        if answer != b"\xc5\x02\xc1" + number.to_bytes(4, "big"):
            break
    assert number * 200 < 70_000
    assert answer == b"\xc5\x03\xc1\x11" + number.to_bytes(4, "big")
