"""What holds for all octets: everything opens again, no damage passes, nothing raises."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from bench.protocols.dlms.apdu import decode_apdu, encode_apdu
from bench.protocols.dlms.ciphered import (
    AgreedKey,
    GeneralCiphering,
    GeneralSigning,
    IdentifiedKey,
    Protected,
    SecurityControl,
    WrappedKey,
)
from bench.protocols.dlms.security.agreement import (
    ephemeral_point,
    key_agreement_point,
    shared_secret,
)
from bench.protocols.dlms.security.apdus import (
    CipheredRecord,
    Ciphering,
    Opened,
    protect_apdu,
    unprotect_apdu,
    unprotect_record,
)
from bench.protocols.dlms.security.ecdsa import private_key_of, public_key_of, sign, verify
from bench.protocols.dlms.security.gcm import protect, unprotect
from bench.protocols.dlms.security.general import AsymmetricKeys, GeneralParty, OpenedGeneral
from bench.protocols.dlms.security.hls import HlsParty, response_counter
from bench.protocols.dlms.security.key_wrap import unwrap_key, wrap_key
from bench.protocols.dlms.security.keys import SymmetricKeys
from bench.protocols.dlms.security.signing import verify_apdu
from bench.protocols.dlms.security.suite import SUITES, Curve

keys = st.sampled_from((16, 32)).flatmap(lambda size: st.binary(min_size=size, max_size=size))
titles = st.binary(min_size=8, max_size=8)
counters = st.integers(0, 0xFFFFFFFF)
controls = st.integers(0, 255).map(SecurityControl.of)
texts = st.binary(max_size=300)
anything = st.binary(max_size=200)
protected_records = st.builds(Protected, controls, counters, anything)

PRIVATE = {curve: private_key_of(curve, b"property") for curve in Curve}
PUBLIC = {curve: public_key_of(curve, key) for curve, key in PRIVATE.items()}


@given(controls, titles, counters, keys, anything, texts, anything)
def test_what_is_protected_opens_again(control, title, counter, key, authentication_key, text, aad):
    protected = protect(control, title, counter, key, authentication_key, text, aad)
    assert unprotect(protected, title, key, authentication_key, aad) == text
    assert len(protected.octets) == len(text) + (12 if control.authenticated else 0)
    assert len(protected.tag) == (12 if control.authenticated else 0)


def flipped(octets, bit):
    """Return the octets with one bit the other way."""
    return octets[: bit // 8] + bytes((octets[bit // 8] ^ 1 << bit % 8,)) + octets[bit // 8 + 1 :]


@given(st.data(), controls, titles, counters, keys, keys, texts)
def test_one_damaged_bit_is_noticed_under_authentication(
    data, control, title, counter, key, authentication_key, text
):
    control = replace(control, authenticated=True)
    header = b"header"
    protected = protect(control, title, counter, key, authentication_key, text, header)

    def draw(octets):
        return flipped(octets, data.draw(st.integers(0, 8 * len(octets) - 1)))

    assert unprotect(protected, title, key, authentication_key, header) == text
    other = replace(protected, octets=draw(protected.octets))
    assert unprotect(other, title, key, authentication_key, header) is None
    damaged = int.from_bytes(draw(counter.to_bytes(4, "big")), "big")
    other = replace(protected, invocation_counter=damaged)
    assert unprotect(other, title, key, authentication_key, header) is None
    for bit in (0x01, 0x02, 0x04, 0x08, 0x20, 0x40, 0x80):
        other = replace(protected, control=SecurityControl.of(control.octet ^ bit))
        assert unprotect(other, title, key, authentication_key, header) is None
    assert unprotect(protected, draw(title), key, authentication_key, header) is None
    assert unprotect(protected, title, draw(key), authentication_key, header) is None
    assert unprotect(protected, title, key, draw(authentication_key), header) is None
    assert unprotect(protected, title, key, authentication_key, draw(header)) is None


def test_every_single_bit_of_an_apdu_counts():
    symmetric = SymmetricKeys(bytes(range(16)), bytes(range(16, 32)))
    text = bytes.fromhex("C0010000080000010000FF0200")
    for flags in (0x10, 0x30):
        octets = protect_apdu(
            text,
            Ciphering.GENERAL_GLO,
            control=SecurityControl.of(flags),
            title=b"MMM\0\0\0\0\1",
            counter=5,
            keys=symmetric,
        )
        start = octets.index(flags.to_bytes(1, "big"), 10)
        for bit in range(8 * start, 8 * len(octets)):
            damaged = unprotect_apdu(flipped(octets, bit), b"", symmetric)
            if bit == 8 * start + 4:
                # Without the bit for authentication nothing is verified: the caller must see that.
                assert damaged is not None
                assert not damaged.control.authenticated
            else:
                assert damaged is None, bit


@given(protected_records, anything, anything, anything, anything)
def test_opening_never_raises(protected, title, key, authentication_key, aad):
    opened = unprotect(protected, title, key, authentication_key, aad)
    assert opened is None or isinstance(opened, bytes)


@given(protected_records, titles, keys, keys)
def test_nobody_guesses_a_tag(protected, title, key, authentication_key):
    if protected.control.authenticated:
        assert unprotect(protected, title, key, authentication_key) is None


ciphered_tags = st.sampled_from((0x21, 0x28, 0x41, 0xC8, 0xCC, 0xD0, 0xD7, 0xDB, 0xDC))


@given(
    anything
    | st.tuples(ciphered_tags, anything).map(lambda pair: bytes(pair[:1]) + pair[1])
    | st.tuples(ciphered_tags, anything).map(
        lambda pair: bytes((pair[0], len(pair[1]) & 0x7F)) + pair[1][: len(pair[1]) & 0x7F]
    ),
    anything,
    anything,
)
def test_opening_any_octets_never_raises(octets, title, key):
    opened = unprotect_apdu(octets, title, SymmetricKeys(key, key, key, key, key))
    assert opened is None or isinstance(opened, Opened)


@given(
    st.sampled_from(list(Ciphering)),
    controls,
    titles,
    counters,
    keys,
    st.sampled_from((0x01, 0x08, 0xC0, 0xC1, 0xC3, 0xC4, 0xC5, 0xC7)),
    texts,
)
def test_whole_apdus_open_again(how, control, title, counter, key, tag, text):
    symmetric = SymmetricKeys(key, key, key, key, key)
    apdu = bytes((tag,)) + text
    octets = protect_apdu(apdu, how, control=control, title=title, counter=counter, keys=symmetric)
    opened = unprotect_apdu(octets, title, symmetric)
    assert opened == Opened(apdu, how, control, counter, title, octets[0])
    assert opened.agrees
    decoded = decode_apdu(octets)
    assert decoded.problems == ()
    assert encode_apdu(decoded.value) == octets


@given(
    st.sampled_from(list(Ciphering)),
    controls,
    st.integers(0, 4),
    texts,
    st.integers(0, 40),
    st.binary(max_size=3) | st.none(),
)
def test_apdus_are_read_as_the_decoder_reads_them(how, control, longer, text, at, change):
    symmetric = SymmetricKeys(bytes(16), bytes(16), bytes(16), bytes(16), bytes(16))
    title = b"MMM\0\0\0\0\1"
    apdu = b"\xc0" + text
    octets = protect_apdu(apdu, how, control=control, title=title, counter=1, keys=symmetric)
    octets = encode_apdu(decode_apdu(octets).value, length_octets=longer)
    if change is not None:
        octets = octets[:at] + change + octets[at + len(change) :]
    decoded = decode_apdu(octets)
    expected = None
    if isinstance(decoded.value, CipheredRecord) and set(decoded.codes()) <= {"length-form"}:
        expected = unprotect_record(decoded.value, title, symmetric)
    assert unprotect_apdu(octets, title, symmetric) == expected


@given(keys, st.integers(2, 8), st.data())
def test_wrapped_keys(master, blocks, data):
    key = data.draw(st.binary(min_size=8 * blocks, max_size=8 * blocks))
    wrapped = wrap_key(master, key)
    assert unwrap_key(master, wrapped) == key
    bit = data.draw(st.integers(0, 8 * len(wrapped) - 1))
    assert unwrap_key(master, flipped(wrapped, bit)) is None


@given(anything, anything)
def test_unwrapping_never_raises(master, wrapped):
    assert unwrap_key(master, wrapped) is None or len(wrapped) >= 24


@settings(max_examples=40)
@given(st.sampled_from(list(Curve)), anything, st.data())
def test_signatures(curve, message, data):
    signature = sign(curve, PRIVATE[curve], message)
    assert len(signature) == 2 * curve.octets
    assert signature == sign(curve, PRIVATE[curve], message)
    assert verify(curve, PUBLIC[curve], message, signature)
    damaged = flipped(signature, data.draw(st.integers(0, 8 * len(signature) - 1)))
    assert not verify(curve, PUBLIC[curve], message, damaged)
    assert not verify(curve, PUBLIC[curve], message + b"\x00", signature)


sized = st.sampled_from((64, 96, 128, 192)).flatmap(lambda n: st.binary(min_size=n, max_size=n))
lengthy = anything | sized


@given(st.sampled_from(list(Curve)), lengthy, anything, lengthy)
def test_nobody_guesses_a_signature(curve, public, message, signature):
    assert verify(curve, public, message, signature) is False
    assert verify(curve, PUBLIC[curve], message, signature) is False
    assert shared_secret(curve, PRIVATE[curve], public) is None


@given(st.sampled_from((1, 2)), lengthy, lengthy, st.integers(0, 255))
def test_data_of_key_agreement_never_raises(number, data, public, key_id):
    suite = SUITES[number]
    own = PUBLIC[suite.curve]
    for signer in (public, own):
        assert key_agreement_point(suite, key_id, data, signer) is None
        assert key_agreement_point(suite, key_id, own + data, signer) is None
        assert ephemeral_point(suite, data, signer) is None


@given(st.integers(2, 7), lengthy, anything, anything, anything, st.sampled_from((1, 2)))
def test_judging_any_response_never_raises(mechanism, response, sent, received, title, suite):
    curve = SUITES[suite].curve
    key = bytes(SUITES[suite].key_octets)
    party = HlsParty(
        b"MMM\0\0\0\0\1",
        title,
        b"secret",
        SymmetricKeys(key, key),
        suite,
        PRIVATE[curve],
        PUBLIC[curve],
    )
    assert party.verify(mechanism, response, sent, received) is False
    assert party.verify(mechanism, b"", sent, received) is False
    counter = response_counter(response)
    assert counter is None or 0 <= counter <= 0xFFFFFFFF


key_infos = (
    st.none()
    | st.builds(IdentifiedKey, st.integers(0, 255))
    | st.builds(WrappedKey, st.integers(0, 255), anything)
    | st.builds(AgreedKey, st.sampled_from((b"\x01", b"\x02", b"\x03", b"", b"\x01\x02")), lengthy)
)
short = st.binary(max_size=20)


@given(
    st.builds(GeneralCiphering, short, short, short, short, short, key_infos, protected_records),
    st.sampled_from((0, 1, 2)),
    anything,
    st.booleans(),
)
def test_general_ciphering_of_anybody_never_raises(record, number, key, asymmetric):
    suite = SUITES[number]
    own = AsymmetricKeys()
    if asymmetric and suite.curve is not None:
        private, public = PRIVATE[suite.curve], PUBLIC[suite.curve]
        own = AsymmetricKeys(private, private, public, public)
    party = GeneralParty(suite, SymmetricKeys(key, key, key, key), own)
    opened = party.unprotect(record)
    assert opened is None or isinstance(opened, OpenedGeneral)
    if record.protected.control.authenticated:
        assert opened is None


@given(
    st.builds(GeneralSigning, short, short, short, short, short, anything, lengthy),
    st.sampled_from((0, 1, 2)),
    lengthy,
)
def test_signed_apdus_of_anybody_never_raise(record, number, public):
    assert verify_apdu(SUITES[number], public, record) is None
    if number:
        assert verify_apdu(SUITES[number], PUBLIC[SUITES[number].curve], record) is None
