"""general-signing: any APDU, ciphered or not, with a digital signature (IEC 62056-5-3 §5.3.7.4)."""

from bench.protocols.dlms.ciphered import GeneralSigning
from bench.protocols.dlms.security import ecdsa
from bench.protocols.dlms.security.agreement import curve_of
from bench.protocols.dlms.security.header import GeneralHeader
from bench.protocols.dlms.security.options import STANDARD, SecurityOptions, SignedContent
from bench.protocols.dlms.security.suite import SecuritySuite
from bench.protocols.dlms.writer import encode_length


def sign_apdu(
    suite: SecuritySuite,
    private: bytes,
    header: GeneralHeader,
    content: bytes,
    options: SecurityOptions = STANDARD,
) -> GeneralSigning:
    """Return the signed APDU; UsageError if the suite has no curve or `private` is no key of it."""
    signature = ecdsa.sign(curve_of(suite), private, _signed(header, content, options))
    return GeneralSigning(*header.fields, content=content, signature=signature)


def verify_apdu(
    suite: SecuritySuite,
    public: bytes,
    record: GeneralSigning,
    options: SecurityOptions = STANDARD,
) -> bytes | None:
    """Return the content; None if the signature or the key is wrong, or the suite has no curve."""
    if suite.curve is None:
        return None
    message = _signed(GeneralHeader.of(record), record.content, options)
    valid = ecdsa.verify(suite.curve, public, message, record.signature)
    return record.content if valid else None


def _signed(header: GeneralHeader, content: bytes, options: SecurityOptions) -> bytes:
    """Return what the signature covers."""
    if options.signed_content is SignedContent.WITHOUT_LENGTH:
        return header.octets + content
    return header.octets + encode_length(len(content)) + content
