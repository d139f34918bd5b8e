"""Deviations of ciphering, keys and replay: area C6 of the catalogue."""

from bench.protocols.dlms.security.options import GeneralAad, SecurityOptions
from bench.simulator.faults import wan_security_keys
from bench.simulator.faults.fault import Fault, Variation
from bench.simulator.faults.wan_edit import breaks, options, wan_fault, wan_variation
from bench.simulator.wan.options import CounterAnswer, Refusal

_PROTECTION = "IEC-62056-5-3:5.3.7"
_NONCE = "IEC-62056-5-3:5.3.7.2"
_CIPHERED = "IEC-62056-5-3:5.5"
_POLICY = "IEC-62056-6-2:5.3.7"
_SETUP = "IEC-62056-6-2:4.4.7"
_KEYS = "IEC-62056-5-3:5.3.5"
_RELEASE = "IEC-62056-5-3:4.4"
_NO_POLICY = options(policies={0: 0, 1: 0, 2: 0})

FAULTS: tuple[Fault, ...] = (
    wan_fault(
        "sec-plain-answer",
        "answers ciphered requests in clear",
        _CIPHERED,
        ("DLMS-SEC-01:suite0-ciphered",),
        # under every suite, with a dedicated key, in general APDUs, and against its policy
        also=("DLMS-SEC-0?:*-ciphered", "DLMS-SEC-18:*-tag", "DLMS-SEC-2?:*-way", "DLMS-OBJ-25"),
    ),
    wan_fault(
        "suite-echo",
        "names suite 0 in the security control of every answer",
        _PROTECTION,
        ("DLMS-SEC-03:suite1-control",),
        also=("DLMS-SEC-04:suite2-control",),  # whose answers name suite 0, too
    ),
    wan_fault(
        "suite2-128",
        "uses 128 bits of its 256-bit key",
        _PROTECTION,
        ("DLMS-SEC-04:opened",),
        also=("DLMS-HLS-*:suite2*",),  # whose AARQ it cannot decipher
    ),
    wan_fault(
        "suite-mixed",
        "takes any suite in the security control",
        _PROTECTION,
        ("DLMS-SEC-05:suite0", "DLMS-SEC-05:suite1", "DLMS-SEC-05:suite2"),
    ),
    wan_fault(
        "tag-unchecked",
        "takes any authentication tag",
        _PROTECTION,
        ("DLMS-SEC-06:suite0", "DLMS-SEC-06:suite1", "DLMS-SEC-06:suite2"),
        # any wrong octet goes unnoticed then, a tag that is cut too, and what was served counts
        also=("DLMS-SEC-06:*-uncounted", "DLMS-SEC-07", "DLMS-SEC-08"),
    ),
    wan_fault(
        "tag-truncated-compare",
        "compares four octets of authentication tags",
        _PROTECTION,
        ("DLMS-SEC-06:suite0", "DLMS-SEC-06:suite1", "DLMS-SEC-06:suite2"),
        also=("DLMS-SEC-06:*-uncounted",),  # what was served counts
    ),
    wan_fault(
        "tag-truncated-compare-silent",
        "compares four octets of authentication tags, and says nothing to those that differ there",
        _PROTECTION,
        ("DLMS-SEC-06:suite0", "DLMS-SEC-06:suite1", "DLMS-SEC-06:suite2"),
        breaks("tag-truncated-compare"),
        options(deciphering_error=Refusal.SILENCE),
        also=("DLMS-SEC-06:*-uncounted",),  # what was served counts
    ),
    wan_fault(
        "tag-short",
        "takes a tag of 11 octets, or none",
        _PROTECTION,
        ("DLMS-SEC-07:suite0", "DLMS-SEC-07:suite1", "DLMS-SEC-07:suite2"),
        also=("DLMS-SEC-07:*-uncounted",),  # what was served counts
    ),
    wan_fault(
        "aad-missing-sc",
        "leaves the security control out of what it authenticates",
        _PROTECTION,
        ("DLMS-SEC-08:suite0-control",),
        # another suite in the control is one of its bits
        also=("DLMS-SEC-05", "DLMS-SEC-08:*-control", "DLMS-SEC-08:*-uncounted"),
    ),
    wan_fault(
        "forged-counted",
        "counts the invocation counters of requests that are not authentic",
        _NONCE,
        ("DLMS-SEC-06:suite0-uncounted",),
        also=("DLMS-SEC-06:*-uncounted", "DLMS-SEC-07:*-uncounted", "DLMS-SEC-08:*-uncounted"),
    ),
    wan_fault(
        "sec-policy-any",
        "takes requests that are not authenticated, against its policy",
        _POLICY,
        ("DLMS-SEC-02:suite0-encrypted", "DLMS-SEC-02:suite1-encrypted"),
        # what is not protected at all is not authenticated, and without its bit there is no tag
        also=("DLMS-SEC-02:suite2-encrypted", "DLMS-SEC-08:*", "DLMS-SEC-10:*-nothing"),
    ),
    wan_fault(
        "sec-answer-weaker",
        "protects answers as its policy says, which is less than their requests were",
        _POLICY,
        ("DLMS-SEC-02:suite0-authenticated-answer", "DLMS-SEC-02:suite0-encrypted-answer"),
        _NO_POLICY,
        breaks("sec-answer-weaker"),
        also=("DLMS-SEC-02:*-answer", "DLMS-SEC-0?:suite?-control"),
    ),
    wan_fault(
        "plain-in-ciphered",
        "serves plain requests in a ciphered context, against its policy",
        _POLICY,
        ("DLMS-SEC-09:suite0", "DLMS-SEC-09:suite1", "DLMS-SEC-09:suite2"),
        also=("DLMS-SEC-22:*",),  # RLRQ is one of the requests
    ),
    wan_fault(
        "policy-unenforced",
        "takes requests that are not encrypted, against its policy",
        _POLICY,
        ("DLMS-SEC-10:suite0-authenticated",),
        also=("DLMS-SEC-10:suite*", "DLMS-SEC-02:*-authenticated"),
    ),
    wan_fault(
        "release-plain",
        "takes RLRQ in clear, against its policy",
        _RELEASE,
        ("DLMS-SEC-22:suite0-bare",),
        also=("DLMS-SEC-22:suite*",),
    ),
    wan_fault(
        "release-ciphered-refused",
        "answers RLRQ with ciphered user information by an exception",
        _RELEASE,
        ("DLMS-SEC-22:suite0-released", "DLMS-SEC-22:suite1-released"),
        also=("DLMS-SEC-22:suite2-released",),
    ),
    wan_fault(
        "policy-downgrade",
        "lowers its security policy when asked to",
        _SETUP,
        ("DLMS-SEC-25:suite0-refused", "DLMS-SEC-25:suite0-kept"),
        also=("DLMS-SEC-25:suite*",),
    ),
    wan_fault(
        "policy-downgrade-refused",
        "lowers its security policy when asked to, and says that it did not",
        _SETUP,
        ("DLMS-SEC-25:suite0-kept",),
        also=("DLMS-SEC-25:suite*-kept",),
    ),
    wan_fault(
        "gbek-as-guek",
        "deciphers broadcast APDUs with the unicast key",
        _KEYS,
        ("DLMS-SEC-26:suite0-70", "DLMS-SEC-26:suite1-70", "DLMS-SEC-26:suite2-70"),
        also=("DLMS-SEC-08",),  # one of the bits of the security control
    ),
    wan_fault(
        "guek-as-gbek",
        "deciphers unicast APDUs with the broadcast key, too",
        _KEYS,
        ("DLMS-SEC-26:suite0-30", "DLMS-SEC-26:suite1-30", "DLMS-SEC-26:suite2-30"),
    ),
    wan_fault(
        "broadcast-answered",
        "answers what was sent to all meters",
        _KEYS,
        ("DLMS-SEC-26:broadcast-silent",),
    ),
    *wan_security_keys.FAULTS,
)

VARIATIONS: tuple[Variation, ...] = (
    wan_variation(
        "policy-none",
        "demands no protection of anything, and protects answers like their requests",
        _POLICY,
        _NO_POLICY,
    ),
    wan_variation(
        "policy-authenticated",
        "demands that requests and answers are authenticated, and no more",
        _POLICY,
        options(policies={0: 0x24, 1: 0x24, 2: 0x24}),
    ),
    wan_variation(
        "policy-requests",
        "demands protection of requests alone",
        _POLICY,
        options(policies={0: 0x0C, 1: 0x0C, 2: 0x0C}),
    ),
    wan_variation(
        "undeciphered-silence",
        "says nothing to what it cannot decipher, or what is protected too little",
        _PROTECTION,
        options(
            deciphering_error=Refusal.SILENCE,
            unprotected=Refusal.SILENCE,
            unprotected_release=Refusal.SILENCE,
        ),
    ),
    wan_variation(
        "counter-as-deciphering",
        "answers a counter that was used by deciphering-error, as meters did before error 6",
        _NONCE,
        options(counter_error=CounterAnswer.DECIPHERING),
    ),
    wan_variation(
        "counter-silence",
        "says nothing to a counter that was used",
        _NONCE,
        options(counter_error=CounterAnswer.SILENCE),
    ),
    wan_variation(
        "general-without-header",
        "authenticates nothing of the header of general-ciphering, and is declared so",
        _CIPHERED,
        options(security=SecurityOptions(general_aad=GeneralAad.CONTROL)),
        declares={"general_aad": "control"},
    ),
    wan_variation(
        "dedicated-key-refused",
        "refuses an association without ciphering that brings a dedicated key",
        _KEYS,
        options(dedicated_in_plain_context=Refusal.EXCEPTION),
    ),
    wan_variation(
        "master-key-fixed",
        "does not let the master key be transferred",
        _SETUP,
        options(key_ids=frozenset({0, 1, 2})),
    ),
    wan_variation(
        "counters-high",
        "has used its keys for years",
        _NONCE,
        options(expected_counter=0x7FFFFFF0, first_counter=0x7FFFFF00),
    ),
)
