"""Deviations of invocation counters and of keys: area C6 of the catalogue."""

from bench.simulator.faults.fault import Fault
from bench.simulator.faults.wan_edit import wan_fault

_COUNTERS = "IEC-62056-5-3:5.3.8"
_NAMES = "IEC-62056-6-1:6.2"
_KEYS = "IEC-62056-5-3:5.3.5"
_CIPHERED = "IEC-62056-5-3:5.5"
_SETUP = "IEC-62056-6-2:4.4.7"
_UNIQUE = "SP-800-38D:8.2"

FAULTS: tuple[Fault, ...] = (
    wan_fault(
        "ic-not-checked",
        "takes any invocation counter",
        _COUNTERS,
        ("DLMS-SEC-11:suite0-again", "DLMS-SEC-11:suite1-again", "DLMS-SEC-11:suite2-again"),
        # lower ones, those after the last one, of earlier associations, and in proofs among them
        also=(
            "DLMS-SEC-12:*-lower",
            "DLMS-SEC-13:*-wrap",
            "DLMS-SEC-15:*-replayed",
            "DLMS-HLS-12:*-counter*",
        ),
    ),
    wan_fault(
        "ic-error-wrong-counter",
        "names the wrong counter when it refuses one",
        _COUNTERS,
        ("DLMS-SEC-11:suite0-again-code", "DLMS-SEC-12:suite0-lower-code"),
        also=("DLMS-SEC-11:*-code", "DLMS-SEC-12:*-code"),
    ),
    wan_fault(
        "ic-lower-accepted",
        "takes an invocation counter below the last one",
        _COUNTERS,
        ("DLMS-SEC-12:suite0-lower", "DLMS-SEC-12:suite1-lower", "DLMS-SEC-12:suite2-lower"),
        # those after the last one, and those of earlier associations among them
        also=("DLMS-SEC-13:*-wrap", "DLMS-SEC-15:*-replayed"),
    ),
    wan_fault(
        "ic-wrap",
        "expects 0 after the last invocation counter",
        _COUNTERS,
        ("DLMS-SEC-13:suite0-wrap", "DLMS-SEC-13:suite1-wrap", "DLMS-SEC-13:suite2-wrap"),
    ),
    wan_fault(
        "ic-jump-refused",
        "refuses counters far above the last one",
        _COUNTERS,
        ("DLMS-SEC-13:suite0-jump",),
        also=("DLMS-SEC-13:*",),  # nor does it get to the last ones
    ),
    wan_fault(
        "ic-shared",
        "keeps one counter for the unicast and the broadcast key",
        _COUNTERS,
        ("DLMS-SEC-14:opened",),
    ),
    wan_fault(
        "ic-reset-on-connect",
        "expects its first counter again in every new association",
        _COUNTERS,
        ("DLMS-SEC-15:suite0-replayed",),
        also=("DLMS-SEC-15:*-replayed",),
    ),
    wan_fault(
        "ic-object-wrong",
        "shows a counter that it does not expect",
        _NAMES,
        ("DLMS-SEC-16:suite0-value", "DLMS-SEC-16:suite1-value", "DLMS-SEC-16:suite2-value"),
    ),
    wan_fault(
        "ic-object-u16",
        "shows 16 bits of its counters",
        _NAMES,
        ("DLMS-SEC-16:suite0-type", "DLMS-SEC-16:suite1-type", "DLMS-SEC-16:suite2-type"),
    ),
    wan_fault(
        "server-iv-reuse",
        "uses one invocation counter for all its answers",
        _UNIQUE,
        ("DLMS-SEC-17:unique",),
        also=("DLMS-SEC-0?:*-counts",),  # which is then above no other
    ),
    wan_fault(
        "server-iv-per-association",
        "begins its own invocation counters again in every new association",
        _UNIQUE,
        ("DLMS-SEC-17:unique",),
    ),
    wan_fault(
        "ded-key-ignored",
        "uses the global key in place of the dedicated one",
        _KEYS,
        ("DLMS-SEC-18:suite0-dedicated", "DLMS-SEC-18:suite1-dedicated"),
        also=("DLMS-SEC-18:suite2-dedicated",),
    ),
    wan_fault(
        "ded-key-kept",
        "keeps a dedicated key for the next association",
        _KEYS,
        ("DLMS-SEC-18:suite0-forgotten", "DLMS-SEC-18:suite1-forgotten"),
        also=("DLMS-SEC-18:suite2-forgotten",),
    ),
    wan_fault(
        "ded-unciphered",
        "takes a dedicated key in a context without ciphering",
        _KEYS,
        ("DLMS-SEC-19:no-data",),
    ),
    wan_fault(
        "title-unchecked",
        "takes the system title of anybody in general APDUs",
        _CIPHERED,
        ("DLMS-SEC-20:suite0-other", "DLMS-SEC-20:suite0-meter"),
        also=("DLMS-SEC-20:*-other", "DLMS-SEC-20:*-meter"),
    ),
    wan_fault(
        "general-answer-plain",
        "answers general-glo-ciphering in clear",
        _CIPHERED,
        ("DLMS-SEC-20:suite0-way", "DLMS-SEC-20:suite1-way", "DLMS-SEC-20:suite2-way"),
    ),
    wan_fault(
        "general-tag-unchecked",
        "takes any authentication tag of general-ciphering",
        _CIPHERED,
        ("DLMS-SEC-21:suite0-forged", "DLMS-SEC-21:suite1-forged", "DLMS-SEC-21:suite2-forged"),
    ),
    wan_fault(
        "general-ciphering-refused",
        "calls every general-ciphering undecipherable",
        _CIPHERED,
        ("DLMS-SEC-21:suite0", "DLMS-SEC-21:suite1", "DLMS-SEC-21:suite2"),
    ),
    wan_fault(
        "keywrap-unchecked",
        "takes keys that were wrapped with any key",
        _SETUP,
        ("DLMS-SEC-23:suite0-other-kek", "DLMS-SEC-23:suite1-other-kek"),
        also=("DLMS-SEC-23:suite2-other-kek",),
    ),
    wan_fault(
        "key-change-early",
        "uses new keys before the association has ended",
        _SETUP,
        ("DLMS-SEC-23:suite0-taken", "DLMS-SEC-23:suite0-not-yet"),
        # and its own counters begin again under a key that is still heard
        also=(
            "DLMS-SEC-23:*-taken",
            "DLMS-SEC-23:*-not-yet",
            "DLMS-SEC-24:*-agreed",
            "DLMS-SEC-17:unique",
        ),
    ),
    wan_fault(
        "key-change-partial",
        "takes those keys of a list that are right",
        _SETUP,
        ("DLMS-SEC-23:suite0-unchanged", "DLMS-SEC-23:suite2-unchanged"),
        also=("DLMS-SEC-23:suite1-unchanged",),
    ),
    wan_fault(
        "key-change-keeps-counter",
        "goes on with its counters after a change of keys",
        _SETUP,
        ("DLMS-SEC-23:suite0-counter", "DLMS-SEC-23:suite2-counter"),
        also=("DLMS-SEC-23:suite1-counter", "DLMS-SEC-24:*-derived"),
    ),
    wan_fault(
        "key-change-forgotten",
        "takes new keys and never uses them",
        _SETUP,
        ("DLMS-SEC-23:suite0-in-force", "DLMS-SEC-23:suite2-in-force"),
        # the key from before is taken then, a derived one neither
        also=("DLMS-SEC-23:*", "DLMS-SEC-24:*-derived"),
    ),
    wan_fault(
        "ka-sig-unchecked",
        "agrees on keys with a client whose signature is wrong",
        _SETUP,
        ("DLMS-SEC-24:suite1-signature", "DLMS-SEC-24:suite2-signature"),
    ),
    wan_fault(
        "ka-answer-unsigned",
        "sends a wrong signature in key_agreement",
        _SETUP,
        ("DLMS-SEC-24:suite1-signed", "DLMS-SEC-24:suite2-signed"),
    ),
    wan_fault(
        "ka-wrong-key",
        "derives another key than the client in key_agreement",
        _SETUP,
        ("DLMS-SEC-24:suite1-derived", "DLMS-SEC-24:suite2-derived"),
    ),
)
