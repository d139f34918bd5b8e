import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.core.errors import UsageError
from bench.protocols.hdlc.frame import decode_frame
from bench.protocols.hdlc.parameters import (
    INFO_RECEIVE,
    INFO_TRANSMIT,
    WINDOW_RECEIVE,
    WINDOW_TRANSMIT,
    LinkParameters,
    decode_parameters,
    encode_parameters,
)

INFO = st.integers(32, 2030)
WINDOWS = st.integers(1, 7)
PARAMETERS = st.builds(LinkParameters, INFO, INFO, WINDOWS, WINDOWS)


def test_known_fields(known_fields):
    rows = [row for row in known_fields.values() if "information_field" in row]
    rows = [row for row in rows if "max_info_tx" in row["decoded"]]
    assert len(rows) >= 5
    for row in rows:
        want = row["decoded"]
        found = decode_parameters(bytes.fromhex(row["information_field"]))
        assert found.problems == ()
        assert found.parameters == LinkParameters(
            want["max_info_tx"], want["max_info_rx"], want["window_tx"], want["window_rx"]
        )


def test_fields_of_known_frames(known_frames):
    accepted = decode_parameters(decode_frame(known_frames["u9n-ua-params"][1:-1]).information)
    assert accepted.parameters == LinkParameters(154, 154, 1, 1)
    proposed = decode_parameters(decode_frame(known_frames["forum-echo"][1:-1]).information)
    assert proposed.parameters == LinkParameters(128, 512, 1, 1)
    assert proposed.problems == accepted.problems == ()


def test_usual_widths():
    assert encode_parameters(LinkParameters()).hex() == "818012050180060180070400000001080400000001"
    assert encode_parameters(LinkParameters(), widths=1).hex() == "81800c050180060180070101080101"
    assert encode_parameters(LinkParameters(1024, 1024))[3:7].hex() == "05020400"


@given(PARAMETERS, st.sampled_from([2, 3, 4]) | st.none())
def test_round_trip_in_every_width(parameters: LinkParameters, width: int | None):
    field = decode_parameters(encode_parameters(parameters, widths=width))
    assert field.parameters == parameters
    assert field.given == parameters.values()
    assert field.problems == ()
    assert sum(f.length for f in field.fields) == len(field.octets)


@given(PARAMETERS, PARAMETERS)
def test_both_sides_agree_after_negotiation(client: LinkParameters, server: LinkParameters):
    answer = server.within(client)
    agreed = client.within(answer)
    assert answer.exceeding(client) == ()
    assert (agreed.info_transmit, agreed.info_receive) == (
        answer.info_receive,
        answer.info_transmit,
    )
    assert (agreed.window_transmit, agreed.window_receive) == (
        answer.window_receive,
        answer.window_transmit,
    )


def test_a_raised_value_is_named_by_the_answering_side():
    proposal = LinkParameters(info_transmit=64, info_receive=128)
    assert LinkParameters(128, 128).exceeding(proposal) == ("max info length receive",)
    assert LinkParameters(129, 64, 2, 1).exceeding(proposal) == (
        "max info length transmit",
        "window transmit",
    )


def test_what_is_missing_has_its_default():
    assert decode_parameters(b"").parameters == LinkParameters()
    field = decode_parameters(encode_parameters({INFO_RECEIVE: 64}))
    assert field.parameters == LinkParameters(info_receive=64)
    assert field.given == {INFO_RECEIVE: 64}
    assert field.problems == ()


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        ("83", "parameter-format"),
        ("81", "parameter-truncated"),
        ("8180", "parameter-truncated"),
        ("81800405058080", "parameter-truncated"),
        ("818004050180", "parameter-truncated"),
        ("818001", "parameter-truncated"),
        ("818002" + "0500", "parameter-width"),
        ("818007" + "05050000000080", "parameter-width"),
        ("81810105", "parameter-group"),
        ("818003" + "090101", "parameter-unknown"),
        ("818006" + "050180050140", "parameter-repeated"),
        ("818003" + "070108", "parameter-range"),
        ("818003" + "070100", "parameter-range"),
        ("818003" + "05011f", "parameter-range"),
        ("818004" + "060207ef", "parameter-range"),
    ],
)
def test_a_malformed_field_is_named_and_still_gives_parameters(octets: str, code: str):
    field = decode_parameters(bytes.fromhex(octets))
    assert code in [p.code for p in field.problems]
    assert 1 <= field.parameters.window_transmit <= 7


def test_user_data_follows_the_parameters():
    field = decode_parameters(encode_parameters(LinkParameters()) + b"\xffhello")
    assert field.user_data == b"hello"
    assert field.problems == ()


@given(st.binary(max_size=40) | st.binary(max_size=40).map(lambda b: b"\x81\x80" + b))
def test_arbitrary_octets(octets: bytes):
    field = decode_parameters(octets)
    assert field.octets == octets
    assert sum(f.length for f in field.fields) == len(octets)
    assert all(0 <= p.offset < len(octets) for p in field.problems)


def test_wrong_fields_can_be_sent():
    assert encode_parameters([(5, 1), (5, 2)], widths=1, length=4).hex() == "818004050101050102"
    assert encode_parameters({}, format_id=0x83, group_id=0x99).hex() == "839900"
    names = (WINDOW_RECEIVE, WINDOW_TRANSMIT, INFO_RECEIVE, INFO_TRANSMIT)
    backwards = encode_parameters([(name, 64) for name in names], widths={INFO_RECEIVE: 2})
    assert list(decode_parameters(backwards).given) == list(names)
    with pytest.raises(UsageError):
        encode_parameters({INFO_TRANSMIT: 256}, widths=1)


@pytest.mark.parametrize("values", [(0,), (2031,), (128, 0), (128, 128, 8), (128, 128, 1, 0)])
def test_no_station_has_impossible_parameters(values: tuple[int, ...]):
    with pytest.raises(UsageError):
        LinkParameters(*values)
