import pytest

from bench.core.case import Case, Kind
from bench.core.check import Outcome
from bench.engine.checks import Checks
from bench.protocols.dlms.acse import Aare
from bench.protocols.dlms.acse_fields import Diagnostic, DiagnosticSource
from bench.protocols.dlms.apdu import encode_apdu
from bench.protocols.dlms.initiate import ConfirmedServiceError
from suites.wan_dlms.answer import Answer, Ending, Part, Reply, slowest
from suites.wan_dlms.judging import (
    judge_done,
    judge_refused,
    judge_rejected,
    judge_response_time,
    judge_silent,
    judge_sound,
)
from suites.wan_dlms.opening import Opened
from suites.wan_dlms.transport import LinkState

MS = 1_000_000
PART = (Part(7, 11, 0, 4),)


@pytest.fixture
def verify():
    case = Case(
        id="DLMS-X-01",
        version=1,
        interface="wan",
        title="t",
        purpose="p",
        stimulus="s",
        criterion="c",
        kind=Kind.VALID,
        clauses=("X:1",),
    )
    return Checks(case)


def reply(text="", ending=Ending.ANSWER, **rest):
    if ending is not Ending.ANSWER:
        return Reply(ending, sent=3, **rest)
    return Reply.of(bytes.fromhex(text), parts=PART, **rest)


def denied():
    return Answer((reply("C401C10103"),), 3)


def exception():
    return Answer((reply("D80101"),), fault="exception")


def silence():
    return Answer((reply(ending=Ending.SILENCE),), fault="silence")


def flood():
    return Answer((reply(ending=Ending.ENDLESS),), fault="flood")


def test_a_deviation_points_at_its_frame_and_octet(verify):
    assert not judge_done(verify, "done", denied())
    (deviation,) = verify.made[0].deviations
    assert (deviation.place.frame, deviation.place.offset) == (7, 11)
    assert deviation.observed == "data-access-result 3 read-write-denied"


@pytest.mark.parametrize(
    ("answer", "how", "met"),
    [
        (denied(), {}, True),
        (denied(), {"results": (3, 13)}, True),
        (denied(), {"results": (13,)}, False),
        (exception(), {}, True),
        (exception(), {"exception": False}, False),
        (silence(), {}, False),
        (silence(), {"silence": True}, True),
        (flood(), {"silence": True}, False),
        (Answer((reply("C501C100"),), 0), {}, False),
        (Answer((reply("7F"),), fault="odd"), {"silence": True}, False),
    ],
)
def test_refusals_are_those_that_the_case_names(verify, answer, how, met):
    results = how.pop("results", ())
    assert judge_refused(verify, "refused", answer, *results, expected="refusal", **how) is met
    assert verify.made[0].outcome is (Outcome.MET if met else Outcome.MISSED)


def rejection(result=1, source=DiagnosticSource.SERVICE_USER, code=13, information=None):
    aare = Aare(result=result, diagnostic=Diagnostic(source, code), user_information=information)
    octets = encode_apdu(aare)
    return Opened(LinkState(True, Ending.ANSWER), Reply.of(octets), aare, information, failed="no")


PROVIDER = DiagnosticSource.SERVICE_PROVIDER


@pytest.mark.parametrize(
    ("opened", "how", "met"),
    [
        (rejection(), {}, True),
        (rejection(), {"user": (13, 14)}, True),
        (rejection(), {"user": (2,)}, False),
        (rejection(result=2), {"results": (1,)}, False),
        (rejection(source=PROVIDER, code=2), {"provider": (2,)}, True),
        (rejection(source=PROVIDER, code=2), {"user": (2,)}, False),
        (rejection(information=ConfirmedServiceError(1, 6, 2)), {"initiate_error": (2,)}, True),
        (rejection(information=ConfirmedServiceError(1, 6, 1)), {"initiate_error": (2,)}, False),
        (rejection(result=0, code=0), {}, False),
    ],
)
def test_rejections_are_those_that_the_case_names(verify, opened, how, met):
    assert judge_rejected(verify, "rejected", opened, expected="rejection", **how) is met


def test_silence_is_accepted_as_a_rejection_only_where_it_is_named(verify):
    opened = Opened(LinkState(True, Ending.ANSWER), reply(ending=Ending.SILENCE), failed="no")
    assert not judge_rejected(verify, "a", opened, expected="rejection")
    assert judge_rejected(verify, "b", opened, silence=True, expected="rejection")


def test_silence_is_no_apdu_and_no_flood(verify):
    assert judge_silent(verify, "a", silence())
    assert judge_silent(verify, "b", reply(ending=Ending.CLOSED))
    assert not judge_silent(verify, "c", exception())
    assert not judge_silent(verify, "d", flood())


def test_problems_are_shown_at_their_octets(verify):
    sound, cut = reply("C401C10103"), reply("C401C10910")
    assert judge_sound(verify, "a", [sound])
    assert not judge_sound(verify, "b", [sound, cut])
    assert not judge_sound(verify, "c", [])  # nothing was looked at
    assert verify.made[1].deviations[0].place.frame == 7
    assert judge_sound(verify, "d", [cut], "wrapper-ports")


def test_a_response_time_is_judged_with_its_uncertainty(verify):
    quick = reply("C401C10103", first_ns=80 * MS, until_ns=90 * MS, uncertainty_s=0.001)
    slow = reply("C401C10103", first_ns=1300 * MS, until_ns=1400 * MS, uncertainty_s=0.001)
    edge = reply("C401C10103", first_ns=1000 * MS, until_ns=1001 * MS, uncertainty_s=0.001)
    for one in (quick, slow, edge, reply(ending=Ending.SILENCE)):
        judge_response_time(verify, "time", one, 1.0)
    assert [check.outcome for check in verify.made] == [
        Outcome.MET,
        Outcome.MISSED,
        Outcome.UNDECIDED,
        Outcome.UNDECIDED,
    ]
    assert slowest([quick, slow, edge]) is slow
    assert slowest([reply(ending=Ending.SILENCE)]) is None
