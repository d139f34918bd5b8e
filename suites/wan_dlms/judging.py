"""From an answer to a check, with the frame and octet to look at."""

from bench.core.check import Level
from bench.core.trace import Problem
from bench.engine.checks import Checks
from suites.wan_dlms.answer import Answer, Reply
from suites.wan_dlms.association import Opened
from suites.wan_dlms.meter import Meter

Seen = Answer | Reply


def judge(
    verify: Checks,
    check_id: str,
    met: bool,
    answer: Seen,
    *,
    expected: str,
    observed: str = "",
    clause: str = "",
    level: Level | None = None,
    offset: int = 0,
) -> bool:
    """Record a comparison that the case made of an answer, at its frame; return `met`."""
    return verify.that(
        check_id,
        met,
        expected=expected,
        observed=observed or str(answer),
        clause=clause,
        level=level,
        place=answer.place(offset),
    )


def judge_done(
    verify: Checks, check_id: str, answer: Answer, *, expected: str = "", clause: str = ""
) -> bool:
    """Record that a service was done."""
    return judge(verify, check_id, answer.ok, answer, expected=expected or "success", clause=clause)


def judge_refused(
    verify: Checks,
    check_id: str,
    answer: Answer,
    *results: int,
    exception: bool = True,
    silence: bool = False,
    expected: str,
    clause: str = "",
    level: Level | None = None,
) -> bool:
    """Record that a service was refused: by one of `results` (none named: any but success).

    `exception` says whether an ExceptionResponse will do, too, `silence` whether no answer, or the
    end of the connection, will.
    """
    raise NotImplementedError


def judge_rejected(
    verify: Checks,
    check_id: str,
    opened: Opened,
    *,
    results: tuple[int, ...] = (1, 2),
    diagnostics: tuple[int, ...] = (),
    provider: tuple[int, ...] = (),
    initiate_error: tuple[int, ...] = (),
    expected: str,
    clause: str = "",
    level: Level | None = None,
) -> bool:
    """Record that an association was refused, with one of these reasons where any are named.

    `diagnostics` are codes of the ACSE user, `provider` of the ACSE provider, `initiate_error`
    those of a ConfirmedServiceError of class initiate; one fitting reason is enough.
    """
    raise NotImplementedError


def judge_silent(
    verify: Checks, check_id: str, reply: Seen, *, expected: str = "no answer", clause: str = ""
) -> bool:
    """Record that nothing came, or that the device closed the connection."""
    raise NotImplementedError


def judge_sound(
    verify: Checks,
    check_id: str,
    answers: list[Reply],
    *codes: str,
    expected: str = "APDUs without a fault of form",
    clause: str = "",
) -> bool:
    """Record that no APDU has a problem (with `codes`: one of these), each at its octet."""
    raise NotImplementedError


def judge_response_time(verify: Checks, check_id: str, reply: Reply, limit_s: float) -> None:
    """Record the response time against a limit, with its uncertainty."""
    raise NotImplementedError


def judge_alive(verify: Checks, meter: Meter, check_id: str = "alive", clause: str = "") -> bool:
    """Record that the logical device name can still be read, over a fresh link."""
    raise NotImplementedError


def first_problem(answer: Seen, *codes: str) -> Problem | None:
    """Return the first problem with one of `codes`, or of any."""
    return next((p for p in answer.problems if not codes or p.code in codes), None)
