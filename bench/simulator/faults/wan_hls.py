"""Deviations of high level security: area C5 of the catalogue."""

from bench.simulator.faults.fault import Fault, Variation
from bench.simulator.faults.wan_edit import options, wan_fault, wan_variation
from bench.simulator.wan.options import Refusal

_AUTHENTICATION = "IEC-62056-5-3:5.3"
_MECHANISMS = "IEC-62056-5-3:5.3.4"
_GREEN_BOOK = "DLMS-UA-1000-2:9.2"
_DECLARED = "meterbench:declared"
_SURVIVAL = "meterbench:survival"
_HLS = ("hls2", "hls3", "hls4", "hls6", "suite0", "suite1", "suite2")
_DIGESTS = ("hls2", "hls3", "hls4", "hls6")
_SIMPLE = ("hls3", "hls4", "hls6")
#: cases that judge, among others, that an association with these mechanisms is opened
_OPENED = ("DLMS-ROB-07:opened-again", "DLMS-SEC-04:opened")


def _of_each(case: str, check: str, names: tuple[str, ...] = _HLS) -> tuple[str, ...]:
    """Return the check of a case for each of these associations."""
    return tuple(f"{case}:{name}-{check}" for name in names)


def _wrong_fctos(mechanism: int, case: str, *names: str) -> Fault:
    return wan_fault(
        f"hls{mechanism}-wrong-fctos",
        f"sends a wrong response to the client's challenge (mechanism {mechanism})",
        _MECHANISMS,
        _of_each(case, "fctos", names),
        also=("DLMS-HLS-*:*-right-after", "DLMS-HLS-14:*", *_OPENED),
    )


def _locks(after: int, lock_s: float) -> dict[str, object]:
    """Return what a declaration says of a lock."""
    return {"hls_failures_until_lock": after, "hls_lock_s": lock_s}


FAULTS: tuple[Fault, ...] = (
    _wrong_fctos(2, "DLMS-HLS-15", "hls2"),
    _wrong_fctos(3, "DLMS-HLS-01", "hls3"),
    _wrong_fctos(4, "DLMS-HLS-02", "hls4"),
    _wrong_fctos(5, "DLMS-HLS-03", "suite0", "suite2"),
    _wrong_fctos(6, "DLMS-HLS-04", "hls6"),
    _wrong_fctos(7, "DLMS-HLS-05", "suite1"),
    wan_fault(
        "hls-any",
        "opens associations of HLS clients at once, without a challenge",
        _AUTHENTICATION,
        (
            "DLMS-HLS-01:hls3-asks",
            "DLMS-HLS-02:hls4-asks",
            "DLMS-HLS-03:suite0-asks",
            "DLMS-HLS-04:hls6-asks",
            "DLMS-HLS-05:suite1-asks",
            "DLMS-HLS-15:hls2-asks",
        ),
        also=("DLMS-HLS-*", *_OPENED),
    ),
    wan_fault(
        "hls2-another-function",
        "has another function for mechanism 2 than it declares",
        _GREEN_BOOK,
        ("DLMS-HLS-15:hls2-taken",),
        also=("DLMS-HLS-07:hls2-right-after",),
    ),
    wan_fault(
        "hls7-short-stoc",
        "gives challenges of 16 octets, too short for mechanism 7",
        _GREEN_BOOK,
        ("DLMS-HLS-05:suite1-challenge", "DLMS-HLS-10:length"),
        options(challenge_octets=16),
        also=("DLMS-HLS-07:suite1-right-after",),
    ),
    wan_fault(
        "hls-pass3-skippable",
        "serves requests before the client has proved itself",
        _AUTHENTICATION,
        _of_each("DLMS-HLS-06", "denied"),
    ),
    wan_fault(
        "hls-any-response",
        "takes any response to its challenge",
        _AUTHENTICATION,
        (
            *_of_each("DLMS-HLS-07", "refused"),
            *_of_each("DLMS-HLS-08", "empty"),
            "DLMS-HLS-14:refused",
        ),
        also=("DLMS-HLS-*",),
    ),
    wan_fault(
        "hls-retry-allowed",
        "takes a second response to a challenge after a wrong one",
        _AUTHENTICATION,
        (*_of_each("DLMS-HLS-07", "retry"), *_of_each("DLMS-HLS-07", "retry-shut")),
    ),
    wan_fault(
        "hls-short-accept",
        "takes a response of less than 8 octets",
        _AUTHENTICATION,
        (*_of_each("DLMS-HLS-08", "empty"), *_of_each("DLMS-HLS-08", "empty-shut")),
        also=("DLMS-HLS-08:*-one-octet*",),
    ),
    wan_fault(
        "hls-prefix-compare",
        "compares a response as far as it goes",
        _AUTHENTICATION,
        ("DLMS-HLS-08:hls2-one-octet", "DLMS-HLS-08:hls2-shortened"),
        also=("DLMS-HLS-08:hls2-*-shut",),
    ),
    wan_fault(
        "hls-short-crash",
        "falls over an empty response",
        _SURVIVAL,
        ("DLMS-HLS-08:alive",),
        also=("DLMS-*",),  # until the meter is there again
    ),
    wan_fault(
        "hls-reflection",
        "takes a challenge that it gave itself as that of a client",
        _GREEN_BOOK,
        _of_each("DLMS-HLS-09", "rejected"),
    ),
    wan_fault(
        "hls-constant-stoc",
        "gives the same challenge every time",
        _GREEN_BOOK,
        ("DLMS-HLS-10:different", *_of_each("DLMS-HLS-07", "new-challenge")),
        also=("DLMS-HLS-11:*",),  # what was right for a challenge is right for it again
    ),
    wan_fault(
        "hls-replay",
        "gives the same challenge for the same challenge, and takes any counter in responses",
        _GREEN_BOOK,
        (*_of_each("DLMS-HLS-11", "rejected", _DIGESTS), "DLMS-HLS-10:different"),
        also=("DLMS-HLS-11:*-shut", "DLMS-HLS-12:*-counter*"),
    ),
    wan_fault(
        "gmac-title-unchecked",
        "takes a GMAC made with its own title, or with a used counter",
        _MECHANISMS,
        _of_each("DLMS-HLS-12", "title", ("suite0", "suite2")),
        also=("DLMS-HLS-12:*",),
    ),
    wan_fault(
        "gmac-counter-unchecked",
        "takes a GMAC with a counter that was used before",
        _MECHANISMS,
        _of_each("DLMS-HLS-12", "counter", ("suite0", "suite2")),
        also=("DLMS-HLS-12:*-counter-shut",),
    ),
    wan_fault(
        "ecdsa-unchecked",
        "takes any signature",
        _MECHANISMS,
        (
            "DLMS-HLS-13:suite1-r-0",
            "DLMS-HLS-13:suite1-s-0",
            "DLMS-HLS-13:suite1-other-key",
            "DLMS-HLS-13:suite1-other-curve",
        ),
        also=("DLMS-HLS-*:suite1-*",),
    ),
    wan_fault(
        "ecdsa-zero-taken",
        "takes a signature one half of which is 0",
        _MECHANISMS,
        ("DLMS-HLS-13:suite1-r-0", "DLMS-HLS-13:suite1-s-0"),
        also=("DLMS-HLS-08:suite1-*", "DLMS-HLS-13:*-shut"),  # half of nothing is 0, too
    ),
    wan_fault(
        "hls-locks-undeclared",
        "locks a client out after ten failures, and declares that it does not",
        _DECLARED,
        ("DLMS-HLS-14:never-locked",),
        options(hls_failures_until_lock=10, hls_lock_s=60.0),
    ),
    wan_fault(
        "hls-lock-missing",
        "does not lock a client out, and declares that it does",
        _DECLARED,
        ("DLMS-HLS-14:locked",),
        options(hls_failures_until_lock=0),
        declares=_locks(5, 60.0),
    ),
    wan_fault(
        "hls-locks-early",
        "locks a client out after five failures instead of eight",
        _DECLARED,
        ("DLMS-HLS-14:not-yet-locked",),
        options(hls_failures_until_lock=5, hls_lock_s=60.0),
        declares=_locks(8, 60.0),
    ),
    wan_fault(
        "hls-lock-long",
        "locks a client out for ten minutes instead of one",
        _DECLARED,
        ("DLMS-HLS-14:unlocked",),
        options(hls_failures_until_lock=5, hls_lock_s=600.0),
        declares=_locks(5, 60.0),
    ),
    wan_fault(
        "hls-sixth-taken",
        "takes any response from a client that has failed five times",
        _AUTHENTICATION,
        ("DLMS-HLS-14:refused",),
    ),
    wan_fault(
        "hls-many-crash",
        "falls over the 15th wrong response of a client",
        _SURVIVAL,
        ("DLMS-HLS-14:alive",),
        also=("DLMS-*",),  # until the meter is there again
    ),
)

VARIATIONS: tuple[Variation, ...] = (
    wan_variation(
        "hls-long-challenges",
        "gives challenges of 64 octets",
        _GREEN_BOOK,
        options(challenge_octets=64),
    ),
    wan_variation(
        "hls-other-refusals",
        "denies a GET before the proof by a result, and answers a wrong proof by an exception",
        _AUTHENTICATION,
        options(pending_association=Refusal.RESULT, hls_failure=Refusal.EXCEPTION),
    ),
    wan_variation(
        "hls-locks",
        "locks a client out for 30 s after five failures, as it declares",
        _DECLARED,
        options(hls_failures_until_lock=5, hls_lock_s=30.0),
        declares=_locks(5, 30.0),
    ),
    wan_variation(
        "hls-locks-at-once",
        "locks a client out for 5 s after each failure, as it declares",
        _DECLARED,
        options(hls_failures_until_lock=1, hls_lock_s=5.0),
        declares=_locks(1, 5.0),
    ),
    wan_variation(
        "hls-locks-late",
        "locks a client out after 50 failures, which no case reaches",
        _DECLARED,
        options(hls_failures_until_lock=50, hls_lock_s=3600.0),
        declares=_locks(50, 3600.0),
    ),
)
