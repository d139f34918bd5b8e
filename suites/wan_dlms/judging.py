"""From an answer to a check, with the frame and octet to look at."""

from collections.abc import Iterable

from bench.core.check import Deviation, Level, Place
from bench.core.measurement import Limits
from bench.core.trace import Problem
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.protocols.dlms.initiate import ErrorClass
from suites.wan_dlms.answer import Answer, Ending, Reply
from suites.wan_dlms.association import Association
from suites.wan_dlms.meter import OBJECT_LIST, Meter
from suites.wan_dlms.opening import Opened

Seen = Answer | Reply
_LEGAL = "length-form"  # BER and A-XDR allow a length in more octets than it needs


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
    verify: Checks,
    check_id: str,
    answer: Answer,
    *,
    expected: str = "success",
    clause: str = "",
    level: Level | None = None,
) -> bool:
    """Record that a service was done."""
    return judge(verify, check_id, answer.ok, answer, expected=expected, clause=clause, level=level)


def refused(answer: Answer, *results: int, exception: bool = True, silence: bool = False) -> bool:
    """Return whether a service was refused in one of these ways (see `judge_refused`)."""
    last = answer.last
    if last.exception is not None:
        return exception
    if answer.result is not None or answer.results:
        found = [answer.result] if answer.result is not None else []
        found += [item.result for item in answer.results]
        return all(one in results if results else one != 0 for one in found)
    return silence and not last.came and last.ending is not Ending.ENDLESS


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
    met = refused(answer, *results, exception=exception, silence=silence)
    return judge(verify, check_id, met, answer, expected=expected, clause=clause, level=level)


def judge_shut(verify: Checks, check_id: str, aa: Association) -> bool:
    """Record that the object list is not given where no association was opened."""
    return judge_refused(
        verify,
        check_id,
        aa.get(*OBJECT_LIST),
        silence=True,
        expected="the object list is refused",
    )


def judge_established(
    verify: Checks, check_id: str, opened: Opened, *, expected: str = "the association stands"
) -> bool:
    """Record that an association was opened."""
    return _judge_opened(verify, check_id, opened.established, opened, expected, "", None)


def judge_rejected(
    verify: Checks,
    check_id: str,
    opened: Opened,
    *,
    results: tuple[int, ...] = (1, 2),
    user: tuple[int, ...] = (),
    provider: tuple[int, ...] = (),
    initiate_error: tuple[int, ...] = (),
    silence: bool = False,
    expected: str,
    clause: str = "",
    level: Level | None = None,
) -> bool:
    """Record that an association was refused, with one of these reasons where any are named.

    `user` are diagnostics of the ACSE user, `provider` of the ACSE provider, `initiate_error`
    errors of class initiate; one fitting reason is enough. `silence` accepts no answer, too.
    """
    met = rejected(
        opened,
        results=results,
        user=user,
        provider=provider,
        initiate_error=initiate_error,
        silence=silence,
    )
    return _judge_opened(verify, check_id, met, opened, expected, clause, level)


def rejected(
    opened: Opened,
    *,
    results: tuple[int, ...] = (1, 2),
    user: tuple[int, ...] = (),
    provider: tuple[int, ...] = (),
    initiate_error: tuple[int, ...] = (),
    silence: bool = False,
) -> bool:
    """Return whether an association was refused (see `judge_rejected`)."""
    reply = opened.reply
    if reply is None:
        return False
    if not reply.came:
        return silence and reply.ending is not Ending.ENDLESS
    error = opened.error
    if opened.aare is None and error is None:
        return False
    if opened.aare is not None and opened.result not in results:
        return False
    if not (user or provider or initiate_error):
        return True
    return (
        opened.user_diagnostic in user
        or opened.provider_diagnostic in provider
        or (
            error is not None
            and error.error_class == ErrorClass.INITIATE
            and error.error in initiate_error
        )
    )


def _judge_opened(
    verify: Checks,
    check_id: str,
    met: bool,
    opened: Opened,
    expected: str,
    clause: str,
    level: Level | None,
) -> bool:
    place = opened.link.place
    for step in (opened.hls, opened.reply):
        if step is not None:
            place = step.place()
            break
    return verify.that(
        check_id,
        met,
        expected=expected,
        observed=str(opened),
        clause=clause,
        level=level,
        place=place,
    )


def judge_silent(
    verify: Checks,
    check_id: str,
    reply: Seen,
    *,
    expected: str = "no answer",
    clause: str = "",
    level: Level | None = None,
) -> bool:
    """Record that no APDU came: silence, or the end of the connection."""
    last = reply.last if isinstance(reply, Answer) else reply
    met = not last.came and last.ending is not Ending.ENDLESS
    return judge(verify, check_id, met, reply, expected=expected, clause=clause, level=level)


def judge_sound(
    verify: Checks,
    check_id: str,
    replies: Iterable[Reply],
    *codes: str,
    expected: str = "APDUs without a fault of form",
    clause: str = "",
    level: Level | None = None,
) -> bool:
    """Record that no APDU has a problem (with `codes`: one of these), each at its octet.

    Lengths in more octets than they need are legal, and judged only where they are named.
    """
    came = [reply for reply in replies if reply.came]
    deviations = [
        Deviation(reply.place(problem.offset) or Place(0), expected, problem.message)
        for reply in came
        for problem in reply.problems
        if (problem.code in codes if codes else problem.code != _LEGAL)
    ]
    return verify.none_of(
        check_id,
        deviations,
        examined=len(came),
        expected=expected,
        things="APDUs",
        clause=clause,
        level=level,
    )


def judge_response_time(verify: Checks, check_id: str, reply: Reply, limit_s: float) -> None:
    """Record the response time against a limit, with its uncertainty."""
    if not reply.came:
        verify.undecided(
            check_id, Reason.SILENT, expected=f"an answer within {limit_s:g} s", observed=str(reply)
        )
        return
    verify.within(check_id, reply.response_time(), Limits(high=limit_s), place=reply.place())


def judge_alive(verify: Checks, meter: Meter, check_id: str = "alive", clause: str = "") -> bool:
    """Record that the logical device name can still be read, over a fresh link.

    Everything that is open is closed before; the end of the case does not look again.
    """
    meter.judged_alive = True
    why = meter.why_not_alive()
    return verify.that(
        check_id,
        not why,
        expected="the logical device name can be read over a fresh link",
        observed=why or "it was read",
        clause=clause,
    )


def first_problem(answer: Seen, *codes: str) -> Problem | None:
    """Return the first problem with one of `codes`, or of any."""
    return next((p for p in answer.problems if not codes or p.code in codes), None)
