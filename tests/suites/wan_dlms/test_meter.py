"""The client against the simulated meter: associations, services, blocks, what goes wrong."""

import pytest

from bench.core.verdict import Reason
from bench.engine.context import Inconclusive
from bench.protocols.dlms.access import AccessGet
from bench.protocols.dlms.apdu import encode_apdu
from bench.protocols.dlms.block import ResultBlock
from bench.protocols.dlms.data_types import octet_string
from bench.protocols.dlms.get import GetResponseWithDataBlock
from bench.protocols.dlms.initiate import Conformance
from bench.protocols.dlms.results import Invocation
from bench.simulator.faults.fault import Alteration
from bench.simulator.faults.wan_edit import breaks, options
from bench.simulator.ports.wan_stages import Stage
from suites.wan_dlms.ciphering import (
    DED,
    GENERAL_BOTH,
    GENERAL_DED_BOTH,
    GENERAL_GLO_BOTH,
    GLO,
    PLAIN,
)
from suites.wan_dlms.declared import PROPOSED
from suites.wan_dlms.general_blocks import GeneralBlocks
from suites.wan_dlms.services import attribute_of

LDN = (1, "0.0.42.0.0.255", 2)
OBJECT_LIST = (15, "0.0.40.0.0.255", 2)
AUTHENTICATED = ("lls", "hls2", "hls3", "hls4", "hls6", "suite0", "suite1", "suite2")


def responses(change):
    """Alter every APDU that answers a service; ACSE stays right, so that associations open."""
    return Alteration(
        Stage.RESPONSE, lambda octets, index: change(index) if octets[0] >= 0x70 else octets
    )


@pytest.mark.parametrize("link", ["hdlc", "wrapper", "udp"])
def test_every_declared_association_opens_reads_and_is_released(meter_of, link):
    meter = meter_of(link)
    for name in ("public", *AUTHENTICATED):
        with meter.associate(name) as aa:
            answer = aa.get(*LDN)
            assert answer.ok
            assert answer.value.startswith(b"MBX")
            assert aa.release().record is not None
    assert meter.alive()


def test_a_meter_over_which_nothing_passes_is_told_with_its_step(meter_of):
    meter = meter_of(alterations=[breaks("lls-always-fail")])
    with pytest.raises(Inconclusive) as found:
        meter.associate("lls")
    assert found.value.reason is Reason.PRECONDITION
    assert "association lls (client 32): AARQ was answered by AARE result 1" in str(found.value)
    assert "13 authentication-failure" in str(found.value)


def test_a_refused_association_is_a_value(meter_of):
    opened = meter_of(alterations=[breaks("lls-always-fail")]).connect("lls").propose()
    assert not opened.established
    assert not opened.accepted
    assert (opened.result, opened.user_diagnostic, opened.provider_diagnostic) == (1, 13, None)


def test_a_wrong_proof_of_the_meter_fails_the_opening(meter_of):
    opened = meter_of(alterations=[breaks("hls5-wrong-fctos")]).association("suite0").open()
    assert opened.accepted
    assert opened.proof_right is False
    assert "wrong f(CtoS)" in opened.failed


def test_an_undeclared_association_is_a_matter_of_the_declaration(meter_of):
    with pytest.raises(Inconclusive) as found:
        meter_of(ixit={"management": '"nobody"'}).associate("main")
    assert found.value.reason is Reason.IXIT


def test_counters_count_on_from_case_to_case(session_of):
    from suites.wan_dlms.meter import Meter

    session = session_of()
    used = []
    for _ in range(2):
        meter = Meter.of(session, session.known_good("wan"))
        with meter.associate("suite0") as aa:
            assert aa.get(*LDN).ok
            used.append(aa.security.next_counter(GLO))
        meter.finish()
    assert used[1] > used[0] > 1


@pytest.mark.parametrize("how", [GLO, DED, GENERAL_GLO_BOTH, GENERAL_DED_BOTH, GENERAL_BOTH])
def test_every_way_of_protection_is_answered_in_its_way(meter_of, how):
    with meter_of().associate("suite0", dedicated=True) as aa:
        aa.protection = how
        answer = aa.get(*LDN)
        assert answer.ok
        told = answer.last.protection
        assert told.authentic
        assert told.control.octet == 0x30


def test_what_does_not_open_is_told(meter_of):
    def flip(octets, _):
        return octets[:-1] + bytes([octets[-1] ^ 1]) if octets[0] == 0xCC else octets

    meter = meter_of(alterations=[Alteration(Stage.RESPONSE, flip)])
    with meter.associate("suite0") as aa:
        answer = aa.get(*LDN)
    assert answer.last.protection.authentic is False
    assert "tag is wrong" in str(answer)
    assert not answer.ok


def test_exceptions_and_results_are_told_in_words(meter_of):
    with meter_of().associate("suite0") as aa:
        assert str(aa.get(1, "9.9.9.9.9.9", 2)) == "data-access-result 4 object-undefined"
        plain = aa.request(bytes.fromhex("C001C1000100002A0000FF0200"), protection=PLAIN)
        assert plain.exception is not None
        replay = aa.request(bytes.fromhex("C001C1000100002A0000FF0200"), counter=1)
        assert replay.exception.invocation_counter is not None
        assert "expects invocation counter" in str(replay)


@pytest.mark.parametrize("name", ["lls", "suite0"])
def test_blocks_give_the_same_as_the_whole(meter_of, name):
    meter = meter_of(ixit={"hdlc_max_info": 1024})
    with meter.associate(name, max_pdu=0xFFFF) as aa:
        whole = aa.get(*OBJECT_LIST)
    with meter.associate(name, max_pdu=128) as aa:
        cut = aa.get(*OBJECT_LIST)
        listed = aa.get_list([LDN, (1, "9.9.9.9.9.9", 2), OBJECT_LIST])
    assert whole.blocks == 1
    assert cut.blocks > 10
    assert cut.data == whole.data
    assert [item.result for item in listed.results] == [0, 4, 0]
    assert listed.results[2].data == whole.data


def test_values_are_written_whole_and_in_blocks_and_in_lists(meter_of):
    with meter_of().associate("suite0") as aa:
        target = (1, "0.0.96.3.10.255", 2)  # nothing that may be written
        refused = [
            aa.set(*target, octet_string(bytes(40))),
            aa.set(*target, octet_string(bytes(40)), block_size=16),
            aa.set_list([(*target, octet_string(b"1")), (*LDN, octet_string(b"2"))]),
            aa.action(15, "0.0.40.0.0.255", 99, octet_string(bytes(40)), block_size=16),
        ]
        for answer in refused:
            assert not answer.fault
            assert not answer.ok
        assert refused[1].blocks == 3
        assert len(refused[2].results) == 2


def test_access_gives_each_its_result(meter_of):
    with meter_of().associate("suite0", conformance=PROPOSED | Conformance.ACCESS) as aa:
        assert aa.agreed(Conformance.ACCESS)
        answer = aa.access(
            [
                (AccessGet(attribute_of(*LDN)), None),
                (AccessGet(attribute_of(1, "9.9.9.9.9.9", 2)), None),
            ]
        )
    assert [item.result for item in answer.results] == [0, 4]


@pytest.mark.parametrize("link", ["hdlc", "wrapper"])
@pytest.mark.parametrize("window", [1, 3])
@pytest.mark.parametrize("lost", [frozenset(), frozenset({2, 5})])
def test_general_blocks_are_put_together_and_repaired(meter_of, link, window, lost):
    wanted = PROPOSED | Conformance.GENERAL_BLOCK_TRANSFER | Conformance.ACCESS
    with meter_of(link).associate("suite0", conformance=wanted, max_pdu=256) as aa:
        blocks = GeneralBlocks(window=window, lose_received=lost)
        get = bytes.fromhex("D9400000010001010 00F0000280000FF020100".replace(" ", ""))
        reply = aa.request(get, blocks=blocks)
    assert reply.plain[:1] == b"\xda"
    assert not reply.problems
    assert len(blocks.blocks) > 10


@pytest.mark.parametrize("lost", [frozenset(), frozenset({2})])
def test_a_request_in_general_blocks_is_served(meter_of, lost):
    wanted = PROPOSED | Conformance.GENERAL_BLOCK_TRANSFER
    with meter_of("wrapper").associate("suite0", conformance=wanted) as aa:
        blocks = GeneralBlocks(size=8, window=1, lose_sent=lost)
        reply = aa.request(bytes.fromhex("C001C1000100002A0000FF0200"), blocks=blocks)
    assert reply.plain[:4] == bytes.fromhex("C401C100")


HOSTILE = {
    "nothing": lambda _: b"",
    "garbage": lambda index: bytes([index % 256]) * 40,
    "exception": lambda _: bytes.fromhex("D80102"),
    "cut": lambda _: bytes.fromhex("C401C1000910"),
    "other-service": lambda _: bytes.fromhex("0E010601"),
    "wrong-block": lambda _: bytes.fromhex("C402C1000000000900020102"),
    "no-list": lambda _: bytes.fromhex("C403C100"),
    "acknowledgement": lambda _: bytes.fromhex("C502C100000009"),
    "endless-general-blocks": lambda i: (
        bytes.fromhex("E000") + bytes([0, i & 255]) + bytes.fromhex("00000101")
    ),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_no_answer_raises_out_of_a_service(meter_of, kind):
    meter = meter_of("wrapper", alterations=[responses(HOSTILE[kind])])
    with meter.associate("public") as aa:
        for answer in (
            aa.get(*LDN),
            aa.get_list([LDN, LDN]),
            aa.set(*LDN, octet_string(b"1")),
            aa.set(*LDN, octet_string(bytes(64)), block_size=16),
            aa.action(15, "0.0.40.0.0.255", 1, octet_string(bytes(64)), block_size=16),
            aa.action_list([(15, "0.0.40.0.0.255", 1, octet_string(b"1"))]),
            aa.access([(AccessGet(attribute_of(*LDN)), None)]),
        ):
            assert not answer.ok
            assert str(answer)
            assert answer.place() is not None


def test_blocks_without_end_are_given_up(meter_of):
    def endless(index):
        block = ResultBlock(False, index, b"\x00")
        return encode_apdu(GetResponseWithDataBlock(Invocation(1), block))

    meter = meter_of("wrapper", alterations=[responses(endless)], latency_ns=1000)
    with meter.associate("public") as aa:
        answer = aa.get(*LDN)
    assert "blocks without end" in answer.fault or "block" in answer.fault
    assert answer.blocks <= 4097


def test_the_run_can_be_repeated(meter_of):
    challenges = [meter_of().association("suite0").challenge for _ in range(2)]
    assert challenges[0] == challenges[1]
    assert 16 <= len(challenges[0]) <= 64


def test_passwords_are_shown_as_stars(meter_of):
    meter = meter_of()
    meter.associate("lls").close()
    password = meter.secret("lls_password")
    frames = [meter.context.frame(number) for number in range(1, 12)]
    assert not any(password in frame.octets for frame in frames)
    assert any(b"*" * len(password) in frame.octets for frame in frames)


def test_the_survey_is_taken_once_and_its_frames_can_be_shown(session_of):
    from suites.wan_dlms.meter import Meter

    session = session_of(ixit={"hdlc_max_info": 1024})
    meter = Meter.of(session, session.known_good("wan"))
    survey = meter.survey()
    again = Meter.of(session, session.known_good("wan"))
    assert again.survey() is survey
    assert len(survey.objects) > 50
    assert all(answer.ok for answer in survey.answers.values())
    (name,) = survey.find(1, "0.0.42.0.0.255")
    answer = survey.answer(1, name.name, 2)
    place = answer.place(0)
    shown = again._frame(place.frame)
    assert shown.number == place.frame
    assert shown.octets[place.offset :].startswith(answer.last.octets[:4])
    assert survey.data(1, "0.0.42.0.0.255", 2) == answer.data


def test_a_meter_that_fell_silent_is_told_at_the_end(meter_of):
    silent = Alteration(Stage.RESPONSE, lambda octets, index: octets if index < 2 else b"")
    meter = meter_of("wrapper", alterations=[silent])
    aa = meter.associate("public")
    assert aa.get(*LDN).ok
    meter.finish()
    record = meter.context.record(0)
    assert [incident.reason for incident in record.attempt.incidents] == [Reason.SURVIVAL]


def test_a_missing_counter_is_told_or_declared(meter_of):
    hidden = options(conformance=Conformance.GET)
    meter = meter_of(alterations=[hidden], ixit={"suite0_counter": '"9.9.9.9.9.9"'})
    with pytest.raises(Inconclusive, match="initial_counter"):
        meter.associate("suite0")
    meter = meter_of(ixit={"suite0_counter": '"9.9.9.9.9.9"', "initial_counter": 77})
    with meter.associate("suite0") as aa:
        assert aa.get(*LDN).ok
