"""Area C1, addresses: sizes, strangers, everybody, and several clients (IEC 62056-46 §6.4.2)."""

from bench.core.case import Case, Kind, case
from bench.core.check import Deviation
from bench.engine.checks import Checks
from bench.protocols.hdlc.address import ALL_STATION, server
from bench.protocols.hdlc.control import Kind as Frame
from bench.protocols.hdlc.control import information, receive_ready, unnumbered
from bench.protocols.hdlc.llc import COMMAND
from suites.wan_dlms.declared import Declared
from suites.wan_dlms.hdlc_judging import judge_answer, judge_recovery, judge_silence
from suites.wan_dlms.hdlc_link import SNRM, HdlcLink
from suites.wan_dlms.hdlc_wire import Heard
from suites.wan_dlms.wrapper_wire import get_request, plain_aarq, reads

_ADDRESS = "IEC-62056-46:6.4.2"
_STRANGERS = (0x5D, 0x5B)  # addresses that hardly a meter has, as logical or physical device
_UI, _UI_POLL = unnumbered(Frame.UI, False), unnumbered(Frame.UI)
_ALL_IN_FOUR = 0x3FFF


def _is_swapped(hdlc: HdlcLink, heard: Heard) -> bool:
    frame = heard.frame
    return (frame.destination, frame.source) == (hdlc.client, hdlc.server)


@case(
    Case(
        id="DLMS-HDLC-16",
        version=1,
        interface="wan",
        title="Server addresses of each declared size",
        purpose="Ensure that the meter answers with the address that it was called by.",
        stimulus="SNRM and RR to the server's address in each declared size (1, 2, 4 octets).",
        criterion="UA and RR whose source is the address that was called, octet for octet, and "
        "whose destination is the client.",
        kind=Kind.VALID,
        clauses=(_ADDRESS,),
        ics="WAN/HDLC",
        detects=("wan.addr-size-mismatch", "wan.addr-upper-alone"),
    )
)
def test_address_sizes(hdlc: HdlcLink, declared: Declared, verify: Checks) -> None:
    """A client recognises the answer by the address."""
    expected = "source as it was called, destination the client"
    wrong: list[Deviation] = []
    usual, frames = hdlc.server, 0
    for size in declared.hdlc_address_sizes:
        hdlc.server = declared.server_address(size=size)
        for what, said in (
            ("SNRM", hdlc.snrm()),
            ("RR", hdlc.say(hdlc.frame(receive_ready(0)))),
        ):
            frames += 1
            found = said.find(Frame.UA if what == "SNRM" else Frame.RR)
            if found is None or not _is_swapped(hdlc, found):
                ends = (
                    f"from {found.frame.source} ({len(found.frame.source.octets)} octets) "
                    f"to {found.frame.destination}"
                    if found
                    else str(said)
                )
                wrong.append(Deviation(said.place, expected, f"{what} to {size} octets: {ends}"))
            if what == "SNRM" and found is not None:
                hdlc.connected(found)
        hdlc.disconnect()
    hdlc.server = usual
    verify.none_of("same-address", wrong, examined=frames, expected=expected, things="frames sent")


@case(
    Case(
        id="DLMS-HDLC-17",
        version=1,
        interface="wan",
        title="Address fields of illegal size",
        purpose="Ensure that a frame with a server address of 3 octets, or a client address of 2, "
        "is dropped.",
        stimulus="SNRM to the server in 3 octets (its upper address in one or two of them), and "
        "from a client in 2 octets.",
        criterion="No answer; UA to a right SNRM after it.",
        kind=Kind.INVALID,
        clauses=(_ADDRESS,),
        ics="WAN/HDLC",
        detects=("wan.addr-3-accepted", "wan.addr-2-client-accepted"),
        bound_s=120,
    )
)
def test_illegal_sizes(hdlc: HdlcLink, declared: Declared, verify: Checks) -> None:
    """Such a frame is invalid, not addressed to somebody else."""
    upper, lower = declared.server_sap & 0x7F, declared.hdlc_lower & 0x7F
    one_and_two = bytes((upper << 1, 0, lower << 1 | 1))
    two_and_one = bytes((0, upper << 1, lower << 1 | 1))
    wide_client = b"\x00" + hdlc.client.octets
    wide_zero = bytes((hdlc.client.octets[0] & 0xFE, 0x01))
    short = declared.server_address(size=1)
    tried = [
        ("3 octets, lower address in two", hdlc.trial(server=one_and_two)),
        ("3 octets, upper address in two", hdlc.trial(server=two_and_one)),
        ("client in 2 octets", hdlc.trial(client=wide_client)),
        ("client and 00", hdlc.trial(server=short, client=wide_zero)),
    ]
    judge_silence(verify, tried, expected="no answer to an address field of illegal size")
    judge_recovery(verify, hdlc)


@case(
    Case(
        id="DLMS-HDLC-18",
        version=1,
        interface="wan",
        title="Unknown server address",
        purpose="Ensure that the meter is silent where another one is called.",
        stimulus="SNRM to another logical device, to another physical device, to both, and to the "
        "address of no station (other: 5Dh, or 5Bh where that is its own; no physical ones where "
        "the address has one octet).",
        criterion="No answer, not even DM; UA to a right SNRM after it.",
        kind=Kind.INVALID,
        clauses=(_ADDRESS,),
        ics="WAN/HDLC",
        detects=("wan.answers-any-address", "wan.answers-any-lower", "wan.dm-for-strangers"),
        bound_s=120,
    )
)
def test_unknown_server(hdlc: HdlcLink, declared: Declared, verify: Checks) -> None:
    """Several meters may share a line."""
    size = declared.hdlc_address_octets
    upper, lower = declared.server_sap, declared.hdlc_lower
    other_upper, other_lower = _stranger_to(upper), _stranger_to(lower)
    if size == 1:
        called = {"another logical device": server(other_upper), "no station": server(0)}
    else:
        called = {
            "another logical device": server(other_upper, lower, size),
            "another physical device": server(upper, other_lower, size),
            "another of both": server(other_upper, other_lower, size),
            "no station": server(0, 0, size),
        }
    tried = [(what, hdlc.trial(server=to)) for what, to in called.items()]
    judge_silence(verify, tried, expected="no answer to a frame for another server")
    judge_recovery(verify, hdlc)


def _stranger_to(own: int) -> int:
    """Return an address that is not this one."""
    return next(one for one in _STRANGERS if one != own)


@case(
    Case(
        id="DLMS-HDLC-19",
        version=1,
        interface="wan",
        title="Frames to all stations",
        purpose="Ensure that the meter does not answer what is for all stations.",
        stimulus="UI with and without P, SNRM, I and RR with P to the all-station address (upper, "
        "lower and both parts).",
        criterion="No answer: on a shared line all would speak at once.",
        kind=Kind.INVALID,
        clauses=(_ADDRESS, "IEC-62056-46:6.4.5"),
        ics="WAN/HDLC",
        detects=("wan.answers-broadcast",),
        bound_s=120,
    )
)
def test_broadcast(hdlc: HdlcLink, declared: Declared, verify: Checks) -> None:
    """Nobody answers a broadcast."""
    size = declared.hdlc_address_octets
    every = _ALL_IN_FOUR if size == 4 else ALL_STATION
    upper, lower = declared.server_sap, declared.hdlc_lower
    everybody = server(every) if size == 1 else server(every, every, size)
    half = (everybody,) if size == 1 else (server(upper, every, size), server(every, lower, size))
    get = COMMAND + get_request()
    tried = [
        (what, hdlc.say(hdlc.frame(control, octets, server=to)))
        for what, control, octets, to in (
            ("UI without P", _UI, get, everybody),
            ("UI with P", _UI_POLL, get, everybody),
            ("SNRM", SNRM, b"", everybody),
            ("I", information(0, 0), get, everybody),
            *(("RR", receive_ready(0), b"", to) for to in half),
        )
    ]
    judge_silence(verify, tried, expected="no answer to a frame for all stations")
    expected = "no UI frame in answer to one for all stations"
    verify.none_of(
        "no-ui",
        [
            Deviation(again.unasked[0].place, expected, f"{what}: {again.unasked[0]}, twice")
            for (what, said), control in zip(tried, (_UI, _UI_POLL), strict=False)
            # once may be what the meter sends by itself
            if said.unasked
            and (again := hdlc.say(hdlc.frame(control, get, server=everybody))).unasked
        ],
        examined=2,
        expected=expected,
        things="UI frames sent",
    )
    judge_recovery(verify, hdlc)


@case(
    Case(
        id="DLMS-HDLC-38",
        version=1,
        interface="wan",
        title="SNRM of another client on a connected line",
        purpose="Ensure that the links of two clients are kept apart.",
        stimulus="The public client opens its association; another client sends SNRM and then, "
        "without AARQ, a GET; the public client reads again.",
        criterion="The other client gets UA, DM or silence, all of it addressed to it, and never "
        "data. Where several clients are declared to be served at the same time it gets UA and "
        "the public client goes on reading. Otherwise the public client is served again, at the "
        "latest after a new SNRM.",
        kind=Kind.INOPPORTUNE,
        clauses=("IEC-62056-46:6.4.4",),
        ics="WAN/HDLC and WAN/PUBLIC",
        detects=("wan.client-mixup", "wan.client-steals-association", "wan.clients-taken-as-one"),
        bound_s=90,
    )
)
def test_second_client(hdlc: HdlcLink, declared: Declared, verify: Checks) -> None:
    """One association on one link, for whoever opened it."""
    hdlc.associate()
    other = hdlc.sibling(declared.client_address(_other_client(declared)))
    several = declared.answers.get("WAN/MULTIPLE-CLIENTS", False)
    kinds = {Frame.UA} if several else {Frame.UA, Frame.DM}
    said = other.snrm()
    ua = judge_answer(verify, "second-client", said, kinds, silence=not several)
    heard = list(said.frames)
    if ua is not None and ua.kind is Frame.UA:
        other.connected(ua)
        unit = other.ask(get_request())
        heard += unit.frames
        verify.that(
            "no-data",
            not reads(unit.apdu),
            expected="no data for a client that opened no association",
            observed=str(unit),
            place=unit.place,
        )
    expected = f"frames from {other.server} to {other.client}"
    verify.none_of(
        "addressed",
        [
            Deviation(h.place, expected, f"{h} from {h.frame.source} to {h.frame.destination}")
            for h in heard
            if h.frame.valid and not _is_swapped(other, h)
        ],
        examined=len(heard) or 1,
        expected=expected,
        things="frames",
    )
    unit = hdlc.ask(get_request())
    goes_on = reads(unit.apdu)
    if several:
        verify.that(
            "first-goes-on",
            goes_on,
            expected="the first client goes on reading",
            observed=str(unit),
            place=unit.place,
        )
    other.disconnect()
    if not goes_on:
        hdlc.disconnect()
        hdlc.connect()
        unit = hdlc.ask(plain_aarq())
        unit = hdlc.ask(get_request())
    verify.that(
        "first-served",
        reads(unit.apdu),
        expected="the first client is served, at the latest after a new SNRM",
        observed=str(unit),
        place=unit.place,
    )


def _other_client(declared: Declared) -> int:
    """Return the SAP of another client than the public one, a declared one if there is any."""
    public = declared.association("public").client
    others = [one.client for one in declared.associations.values() if one.client != public]
    return next(iter(others), public + 1)
