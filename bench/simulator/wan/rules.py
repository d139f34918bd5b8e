"""Every rule that a simulated meter can be told to break, and what the broken meter then does.

A name in `WanOptions.breaks` is asked for at the one spot where its rule is kept: in this package,
or in the objects (`bench.simulator.cosem`) where the line says so. Faults of the link layers and
of object contents have names of their own.
"""

ASSOCIATION: dict[str, str] = {
    "aare-wrong-context": "names the context of short names in every accepting AARE",
    "get-without-aa": "serves GET without an association",
    "conformance-echo": "agrees on all that it can, whatever was proposed",
    "conformance-unheeded": "serves what was not agreed on",
    "conf-empty-accepted": "opens an association without any common service",
    "version-unchecked": "opens an association with any DLMS version",
    "version-echoed": "answers with the DLMS version of the client, if it is a later one",
    "initiate-error-other": "calls whatever is wrong with an InitiateRequest other",
    "pdu-size-unchecked": "takes any maximum PDU size, however short",
    "pdu-size-limits-refused": "refuses maximum PDU sizes of 12 and 65535 octets, and no limit",
    "exceeds-max-pdu": "sends APDUs longer than the client takes",
    "exceeds-max-pdu-ciphered": "does not count what protection adds to its APDUs",
    "context-unchecked": "opens an association in any application context, known or not",
    "context-arcs-unchecked": "compares the last arc of an application context name alone",
    "sn-accepted": "opens an association with the context of short names",
    "protover-unchecked": "takes any ACSE protocol version",
    "protover-refused": "refuses an AARQ that names its protocol version, whichever it is",
    "fields-refused": "refuses an AARQ with fields that are rarely used",
    "fields-crash": "falls over AARQ fields that are rarely used",
    "title-length-unchecked": "takes a calling AP-title of any length",
    "lls-always-fail": "refuses the right password",
    "lls-any-password": "takes any password",
    "lls-prefix-compare": "takes a beginning of the password, and the password with more after it",
    "auth-skippable": "opens an association without the authentication that it needs",
    "mech-unchecked": "takes any mechanism name",
    "double-aarq": "answers a second AARQ as accepted and loses the association",
    "double-aarq-silent": "does not answer a second AARQ",
    "mech-arcs-unchecked": "compares the last arc of a mechanism name alone",
    "release-ignored": "answers RLRQ and keeps the association",
    "rlrq-needs-info": "refuses RLRQ without user information",
    "rlrq-needs-reason": "refuses RLRQ without a reason",
    "public-write": "lets the public client write and invoke like the management",
}
"""Area C4: association without security and with a password."""

AUTHENTICATION: dict[str, str] = {
    "hls-any": "opens associations of HLS clients at once, without a challenge",
    "hls2-wrong-fctos": "sends a wrong response to the client's challenge (mechanism 2)",
    "hls3-wrong-fctos": "sends a wrong response to the client's challenge (mechanism 3)",
    "hls4-wrong-fctos": "sends a wrong response to the client's challenge (mechanism 4)",
    "hls5-wrong-fctos": "sends a wrong response to the client's challenge (mechanism 5)",
    "hls6-wrong-fctos": "sends a wrong response to the client's challenge (mechanism 6)",
    "hls7-wrong-fctos": "sends a wrong response to the client's challenge (mechanism 7)",
    "hls-pass3-skippable": "serves requests before the client has proved itself",
    "hls-any-response": "takes any response to its challenge",
    "hls-short-accept": "takes a response of less than 8 octets, or of none",
    "hls-reflection": "takes a challenge that it gave itself as that of a client",
    "hls-constant-stoc": "gives the same challenge every time",
    "hls-replay": "gives the same challenge for the same challenge, and any counter in responses",
    "gmac-title-unchecked": "takes a GMAC made with its own title, or with a used counter",
    "ecdsa-unchecked": "takes any signature",
}
"""Area C5: high level security."""

SECURITY: dict[str, str] = {
    "sec-plain-answer": "answers ciphered requests in clear",
    "sec-policy-any": "takes requests that are not authenticated, against the policy",
    "suite-echo": "names suite 0 in the security control of every answer",
    "suite2-128": "uses the first half of its suite 2 key, with AES-128",
    "suite-mixed": "takes any suite in the security control",
    "tag-unchecked": "takes any authentication tag",
    "tag-truncated-compare": "compares 4 octets of authentication tags",
    "tag-short": "takes tags of 11 octets, or none",
    "aad-missing-sc": "authenticates the security control that it expects, not the one received",
    "forged-counted": "counts the invocation counters of requests that are not authentic, too",
    "plain-in-ciphered": "serves plain requests in a ciphered context, against the policy",
    "policy-unenforced": "takes requests that are not encrypted, against the policy",
    "ic-not-checked": "takes any invocation counter",
    "ic-lower-accepted": "takes an invocation counter below the last one, not the last one again",
    "ic-wrap": "expects 0 after the last invocation counter",
    "ic-shared": "keeps one counter for the unicast and the broadcast key",
    "ic-reset-on-connect": "expects its first counter again in every new association",
    "ic-object-wrong": "shows a counter that it does not expect",
    "ic-jump-refused": "refuses counters more than 65536 above the last one",
    "ic-error-wrong-counter": "names the wrong counter when it refuses one",
    "ic-object-u16": "shows 16 bits of the counter that it expects",
    "server-iv-per-association": "begins its own counters again in every new association",
    "server-iv-reuse": "uses one invocation counter for all its answers",
    "ded-key-ignored": "uses the global key in place of the dedicated key",
    "ded-unciphered": "takes a dedicated key in a context without ciphering",
    "title-unchecked": "takes the system title of anybody in general APDUs",
    "release-plain": "takes RLRQ in clear, against the policy",
    "keywrap-unchecked": "takes keys wrapped with any key",
    "key-change-early": "uses new keys before the association has ended",
    "ka-sig-unchecked": "agrees on keys with a client whose signature is wrong",
    "sec-answer-weaker": "protects answers as the policy says, not as their requests were",
    "release-ciphered-refused": "refuses RLRQ with ciphered user information",
    "policy-downgrade-refused": "lowers its policy when asked to, and says that it did not",
    "guek-as-gbek": "deciphers unicast APDUs with the broadcast key, too",
    "broadcast-answered": "answers what was sent to all meters",
    "policy-downgrade": "lowers its security policy when asked to",
    "gbek-as-guek": "deciphers broadcast APDUs with the unicast key, and answers them",
}
"""Area C6: ciphering, keys and replay."""

SERVICES: dict[str, str] = {
    "iip-not-echoed": "answers with high priority whatever the request had",
    "unconfirmed-answered": "answers unconfirmed requests",
    "dar-always-250": "says other-reason for everything that it refuses (objects)",
    "short-answer": "leaves out the result of a GET that it refuses",
    "class-unchecked": "finds objects under any class (objects)",
    "attr-crash": "falls over attributes that no class has",
    "attr-served": "answers null-data for attributes that no class has",
    "attribute-0-short": "leaves out all but the first attribute of attribute 0 (objects)",
    "rights-lie": "grants what its object list denies (objects)",
    "settype-unchecked": "writes values of any type (objects)",
    "overflow": "writes values of any length (objects)",
    "list-order": "answers a list in reverse order",
    "list-unnegotiated": "serves lists in associations that did not agree on them",
    "list-errors-dropped": "leaves out of a list what it refuses",
    "block-number-from-0": "counts the blocks of a GET from 0",
    "last-block-missing": "does not mark the last block of a GET",
    "block-number-unchecked": "takes any block number",
    "next-crash": "falls over a request for a next block without a transfer",
    "block-mix": "goes on with a transfer when another request comes between, mixing both",
    "partial-set": "writes what has come of a value before its last block",
    "gbt-window": "sends all blocks at once, whatever the client can take",
    "tag-crash": "falls over APDUs with unknown tags",
    "trunc-crash": "falls over truncated requests",
    "len-bomb": "falls over deep nesting and over lengths of 4294967295",
    "oversize-crash": "falls over APDUs longer than it takes",
    "access-order": "answers ACCESS in reverse order, and does not stop at an error",
}
"""Area C7: access rights and services."""

ROBUSTNESS: dict[str, str] = {
    "fuzz-apdu-crash": "falls over a long APDU with an unknown tag",
    "ber-len-crash": "falls over a length of 4294967295 in an AARQ",
    "ber-nested-crash": "falls over fields nested deep in an AARQ",
    "block-state-persist": "goes on with a block transfer in the next association",
    "hls-state-persist": "waits for the proof of a client that has gone, deaf to AARQs",
    "push-plain": "pushes in clear, against the policy",
    "push-authenticated-only": "pushes authenticated and not encrypted, against the policy",
    "push-same-invoke-id": "gives every notification the same long invoke id",
}
"""Area C9, as far as the application process is concerned."""

OBJECTS: dict[str, str] = {
    "assoc-mechanism-lie": "shows another mechanism in the association object",
    "title-differs": "shows another system title in the security setup than in the AARE",
    "sap-mismatch": "names another SAP in the SAP assignment",
}
"""Area C8, as far as associations, SAP assignment and security setup are concerned."""

RULES: dict[str, str] = {
    **ASSOCIATION,
    **AUTHENTICATION,
    **SECURITY,
    **SERVICES,
    **ROBUSTNESS,
    **OBJECTS,
}
"""All of them, by name."""
