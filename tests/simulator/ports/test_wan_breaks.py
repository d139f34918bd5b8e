"""Each rule of the link layers that the WAN port can break shows on the wire where it should."""

import pytest

from bench.core.clock import MILLISECOND, SECOND
from bench.core.line import LineSettings
from bench.protocols.dlms.wrapper import build_wpdu, encode_wpdu
from bench.protocols.hdlc.address import client, server
from bench.protocols.hdlc.control import information, receive_ready
from bench.protocols.hdlc.encode import build_frame, encode_frame, flipped
from bench.protocols.hdlc.llc import COMMAND
from bench.protocols.hdlc.parameters import LinkParameters, encode_parameters
from bench.protocols.iec62056_21 import START_LINE, encode_option
from bench.simulator.faults.fault import Alteration
from bench.simulator.faults.wan_edit import breaks
from bench.simulator.ports.wan import wan_port
from bench.simulator.ports.wan_stages import Stage

S, C = server(1, 17), client(16)
AARQ = bytes.fromhex("601DA109060760857405080101BE10040E01000000065F1F0400007E1F04B0")
LDN = bytes.fromhex("C001C1000100002A0000FF0200")
LIST = bytes.fromhex("C001C1000F0000280000FF0200")
FLAGGED = bytes.fromhex("C001C1000100007E0000FF0200")
SNRM, DISC = encode_frame(S, C, 0x93), encode_frame(S, C, 0x53)
PAUSE = 100 * MILLISECOND


def i_frame(apdu, ns=0, nr=0, llc=COMMAND, **more):
    return build_frame(S, C, information(ns, nr), llc + apdu, **more)


def snrm(parameters, to=S, **widths):
    return encode_frame(to, C, 0x93, encode_parameters(parameters, **widths))


def rr(nr):
    return encode_frame(S, C, receive_ready(nr))


OPENED = (SNRM, i_frame(AARQ))
LISTED = (*OPENED, i_frame(LIST, 1, 1), *(rr(n % 8) for n in range(2, 6)))
PARTS = [(COMMAND + AARQ)[at : at + 12] for at in range(0, 34, 12)]
SEGMENTED = (
    SNRM,
    *(
        encode_frame(S, C, information(n, 0), part, part is not PARTS[-1])
        for n, part in enumerate(PARTS)
    ),
)
WINDOW = LinkParameters(64, 64, 3, 3)
TEN = (SNRM,) * 12

#: what shows that a rule is broken: octets one after the other, or seconds to wait
HDLC = {
    "no-ua": (SNRM,),
    "ua-no-final": (SNRM,),
    "seq-not-reset": (*OPENED, SNRM, rr(0)),
    "disc-ignored": (SNRM, DISC),
    "dm-missing": (DISC,),
    "answers-in-ndm": (rr(0), i_frame(AARQ)),
    "fcs-ignored": (build_frame(S, C, 0x93, fcs=flipped(3)), SNRM),
    "hcs-ignored": (SNRM, i_frame(AARQ, hcs=flipped(3))),
    "crc-ignored": (build_frame(S, C, 0x93, fcs=flipped(3)),),
    "hcs-always": (SNRM,),
    "crc-wrong-answer": TEN,
    "length-off-by-one": TEN,
    "type-unchecked": (build_frame(S, C, 0x93, format_type=9),),
    "length-unchecked": (build_frame(S, C, 0x93, length=lambda n: n + 1), 1),
    "length-hang": (build_frame(S, C, 0x93, length=lambda n: n - 1), SNRM),
    "flag-hang": (SNRM[1:], 1, SNRM),
    "shared-flag": (SNRM + rr(0)[1:],),
    "idle-flags": (b"\x7e\x7e\x7e" + SNRM,),
    "flag-in-info": (*OPENED, i_frame(FLAGGED, 1, 1)),
    "addr-size-mismatch": (snrm(LinkParameters(), server(1, 17, 4)),),
    "addr-3-accepted": (build_frame(b"\x02\x22\x23", C, 0x93),),
    "answers-any-address": (encode_frame(server(5, 17), C, 0x93),),
    "answers-broadcast": (encode_frame(server(127, 127), C, 0x13, COMMAND + AARQ),),
    "crash-unknown-control": (SNRM, build_frame(S, C, 0xFF), SNRM),
    "frmr-wrong-bits": (SNRM, i_frame(bytes(200))),
    "ns-unchecked": (SNRM, i_frame(AARQ, 1)),
    "nr-unchecked": (SNRM, rr(5), i_frame(AARQ)),
    "no-segmentation": SEGMENTED,
    "llc-every-segment": LISTED,
    "oversize-info": LISTED,
    "llc-unchecked": (SNRM, i_frame(AARQ, llc=b"\xe6\xe7\x00")),
    "negotiation-ignored": (snrm(LinkParameters(64, 64)), *LISTED[1:]),
    "negotiation-raises": (snrm(LinkParameters(64, 64)),),
    "width-fixed": (snrm(LinkParameters(64, 64), widths=4),),
    "window-overrun": (snrm(WINDOW), *LISTED[1:]),
    "param-crash": (encode_frame(S, C, 0x93, bytes.fromhex("818004050505")), SNRM),
    "timeout-never": (SNRM, 130, rr(0)),
    "timeout-short": (SNRM, 100, rr(0)),
    "interoctet-stuck": (SNRM[:6], 1, SNRM),
    # the first three requests of an association are answered in time
    "slow-response": (*OPENED, *(i_frame(LDN, n, n) for n in range(1, 5))),
    "exceptions-late": (SNRM, i_frame(LDN)),
    "client-mixup": (SNRM, encode_frame(S, client(32), 0x93), encode_frame(S, client(32), 0x11)),
    "leak": (SNRM,) * 60,
    "fuzz-crash": (bytes(range(1, 100)) * 20, 1, SNRM),
}
TCP = {
    "wr-ports-not-swapped": (encode_wpdu(16, 1, AARQ),),
    "wr-version-unchecked": (build_wpdu(16, 1, AARQ, version=2),),
    "wr-one-read-one-pdu": (encode_wpdu(16, 1, AARQ) + encode_wpdu(16, 1, LDN),),
    "wr-any-port": (encode_wpdu(16, 0x2222, AARQ),),
    "wr-len-hang": (encode_wpdu(16, 1, AARQ)[:12], 2, encode_wpdu(16, 1, AARQ)[12:]),
    "wr-zero-crash": (encode_wpdu(16, 1, b""), encode_wpdu(16, 1, AARQ)),
    "hasty-client-ignored": (encode_wpdu(16, 1, LDN), encode_wpdu(16, 1, AARQ)),
    "slow-response": (encode_wpdu(16, 1, AARQ), *(encode_wpdu(16, 1, LDN),) * 4),
}
ASK, SELECT = b"/?!\r\n", encode_option("5")
MODE_E = {
    "mode-e-slow": (ASK,),
    "mode-e-hasty": (ASK,),
    "mode-e-hasty-lower-case": (ASK,),
    "mode-e-not-offered": (ASK,),
    "mode-e-silent": (ASK,),
    "mode-e-any-address": (b"/?77!\r\n",),
    "mode-e-confirms-another-speed": (ASK, 1, SELECT),
    "mode-e-wrong-option-taken": (ASK, 1, encode_option("9")),
    "mode-e-wrong-option-hang": (ASK, 1, encode_option("9"), 1, ASK),
    "mode-e-no-option-hang": (ASK, 4, ASK),
}


class Far:
    """The bench's end of a connection: what is sent to it, with the instants."""

    def __init__(self, device, now=0):
        self.port = device.accept(now)
        self.now = now
        self.heard = []

    def let(self, ns):
        end = self.now + ns
        while (at := self.port.next_event()) is not None and at <= end:
            self.now = max(self.now, at)
            if octets := self.port.emit(self.now):
                self.heard.append((self.now, octets))
        self.now = end

    def play(self, steps, sent=None):
        for step in steps:
            if isinstance(step, bytes):
                if sent is None:
                    self.port.receive(step, self.now)
                else:
                    self.port.hear(step, sent, self.now)
                self.let(PAUSE if sent is None else SECOND)
            else:
                self.let(step * SECOND)
        self.let(4 * SECOND)
        return self.heard


def heard(kind, rule, steps, line=None, sent=None):
    altered = [breaks(rule)] if rule else []
    return Far(wan_port(kind, line=line, alterations=altered)).play(steps, sent)


@pytest.mark.parametrize("rule", HDLC)
def test_a_broken_rule_shows_on_the_hdlc_line(rule):
    assert heard("hdlc", rule, HDLC[rule]) != heard("hdlc", "", HDLC[rule])


@pytest.mark.parametrize("rule", TCP)
def test_a_broken_rule_shows_on_a_tcp_connection(rule):
    assert heard("wrapper", rule, TCP[rule]) != heard("wrapper", "", TCP[rule])


@pytest.mark.parametrize("rule", MODE_E)
def test_a_broken_rule_shows_at_the_optical_start(rule):
    line, steps = LineSettings(9600), MODE_E[rule]
    broken = heard("hdlc", rule, steps, line, START_LINE)
    assert broken != heard("hdlc", "", steps, line, START_LINE)


def test_a_second_connection_may_end_the_first():
    device = wan_port("wrapper", alterations=[breaks("tcp-second-kills-first")])
    first = Far(device)
    device.accept(0)
    first.let(SECOND)
    assert first.port.ended


def test_a_stuck_device_serves_nobody_beside_half_a_unit():
    for altered, served in (([], True), ([breaks("stuck-single-client")], False)):
        device = wan_port("wrapper", alterations=altered)
        slow, other = Far(device), Far(device)
        slow.play((encode_wpdu(16, 1, AARQ)[:9],))
        other.now = slow.now
        assert bool(other.play((encode_wpdu(32, 1, AARQ),))) == served


def test_an_association_may_outlive_its_connection():
    for altered, tag in (([], 0xD8), ([breaks("stale-association")], 0xC4)):
        device = wan_port("wrapper", alterations=altered)
        first = Far(device)
        first.play((encode_wpdu(16, 1, AARQ),))
        first.port.end(first.now)
        again = Far(device, first.now)
        [(_, answer)] = again.play((encode_wpdu(16, 1, LDN),))
        assert answer[8] == tag


def test_a_request_that_came_twice_may_be_executed_twice():
    for rules, times in (((), 1), (("duplicate-executed",), 2)):
        seen = []

        def keep(apdu, _, seen=seen):
            seen.append(apdu)
            return apdu

        altered = [breaks(*rules), Alteration(Stage.REQUEST, keep)]
        far = Far(wan_port("hdlc", line=None, alterations=altered))
        far.play((*OPENED, i_frame(LDN, 1, 1), i_frame(LDN, 1, 1)))
        assert seen.count(LDN) == times


def test_octets_without_sense_may_fell_the_device_for_others():
    for rules, served in (((), True), (("fuzz-crash",), False)):
        device = wan_port("wrapper", alterations=[breaks(*rules)])
        far, other = Far(device), Far(device)
        far.port.receive(bytes(range(1, 256)) * 3, 0)
        assert bool(other.play((encode_wpdu(16, 1, AARQ),))) == served


def test_a_crash_passes():
    far = Far(wan_port("hdlc", line=None, alterations=[breaks("crash-unknown-control")]))
    assert far.play((SNRM, build_frame(S, C, 0xFF), SNRM))[1:] == []
    assert far.play((30, SNRM))[1:] != []
