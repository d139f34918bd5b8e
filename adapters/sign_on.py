"""Signs on to a meter in mode E when a link is opened (IEC 62056-21): from 300 Bd to HDLC.

The link option is `start=mode-e`, with `address=` for one meter of several and `baud=` for another
speed than the one that the meter proposes.
"""

from adapters.base import Link, LinkUrl
from adapters.options import choice, whole_number
from bench.core.errors import AdapterUnavailable, UsageError
from bench.protocols.iec62056_21 import BAUD_BD, START_LINE, encode_request
from bench.protocols.iec62056_21_sign_on import (
    ClientOptions,
    Event,
    Failed,
    Failure,
    Identified,
    SignedOn,
    SignOnClient,
)

#: the link options that belong to the sign-on
OPTIONS = ("start", "address")
_MOST_OCTETS = 4096

_REMEDIES = {
    Failure.NO_IDENTIFICATION: "it said nothing: check the position of the probe, and that the "
    "device is a meter whose address is the one in the link",
    Failure.WRONG_IDENTIFICATION: "check the position of the probe, and that nothing else sends",
    Failure.NO_MODE_E: "leave start=mode-e out if it speaks HDLC at once",
    Failure.NO_CONFIRMATION: "it did not repeat the option select; ask for a lower speed with "
    "baud=",
    Failure.WRONG_CONFIRMATION: "ask for a lower speed with baud=",
}


def sign_on_options(url: LinkUrl) -> ClientOptions | None:
    """Return how to sign on, None for a link that does not; UsageError for a bad option."""
    if choice(url, "start", "direct", ("direct", "mode-e")) == "direct":
        if "address" in url.options:
            raise UsageError(f"link {url.text!r}: address= is for start=mode-e only")
        return None
    address = url.options.get("address", "")
    encode_request(address)
    baud_bd = None
    if "baud" in url.options:
        baud_bd = whole_number(url, "baud", 9600, 300, 19200)
        if baud_bd not in BAUD_BD.values():
            known = ", ".join(str(speed) for speed in BAUD_BD.values())
            raise UsageError(f"link {url.text!r}: mode E has no speed {baud_bd}; it has {known}")
    return ClientOptions(address=address, baud_bd=baud_bd)


def sign_on(link: Link, options: ClientOptions) -> SignedOn:
    """Sign on over an open link and leave its line as agreed; AdapterUnavailable says what failed.

    The link needs WRITE and LINE_SPEED.
    """
    client, clock = SignOnClient(options), link.clock
    link.set_line(START_LINE)
    client.start(clock.now())
    said, count = b"", 0
    while count < _MOST_OCTETS:
        if out := client.outgoing():
            link.write(out)
        at = client.next_event()
        if at is None:
            break
        chunk = link.read(at)
        events: list[Event]
        if chunk is None:
            events = client.advance(clock.now())
        else:
            count += len(chunk.octets)
            said += chunk.octets
            events = client.receive(chunk.octets, chunk.at_ns)
        for event in events:
            if isinstance(event, SignedOn):
                link.set_line(event.line)
                return event
            if isinstance(event, Failed):
                raise _failure(link.url, event, said)
            if isinstance(event, Identified):
                said = b""
    raise AdapterUnavailable(
        f"cannot open {link.url}: the sign-on at 300 Bd did not come to an end; "
        f"the meter said {said[:40]!r}"
    )


def _failure(url: LinkUrl, failed: Failed, said: bytes) -> AdapterUnavailable:
    octets = failed.octets or said
    heard = f"; it said {octets[:40]!r}" if octets else ""
    remedy = _REMEDIES.get(failed.why, "try again")
    if octets and failed.why is Failure.NO_IDENTIFICATION:
        remedy = "what came is no identification: check the position of the probe"
    return AdapterUnavailable(
        f"cannot open {url}: no sign-on in mode E: {failed.why}{heard}; {remedy}"
    )
