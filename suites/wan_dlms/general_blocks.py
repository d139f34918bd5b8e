"""General block transfer from the client's side (IEC 62056-5-3): windows, streaming, lost blocks.

A whole APDU, ciphered or not, goes in numbered blocks. Each side says with every block how many
the other may send before it waits, and which was the last that came in order.
"""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bench.protocols.dlms.apdu import decode_apdu, encode_apdu
from bench.protocols.dlms.general_block_transfer import BlockControl, GeneralBlockTransfer
from suites.wan_dlms.answer import Ending, Reply

if TYPE_CHECKING:
    from suites.wan_dlms.association import Association

GENERAL_BLOCK = 0xE0
MOST_BLOCKS = 4096
MOST_OCTETS = 1 << 20
_TRIES = 4  # how often a block is sent that the meter does not acknowledge


@dataclass(slots=True)
class GeneralBlocks:
    """One exchange in blocks, and how the client takes its part in it.

    `size` cuts the request into blocks of so many octets (None: it goes whole), `window` is how
    many blocks the meter may send at once. `lose_sent` are numbers of the request's blocks that are
    not sent the first time, `lose_received` those of the answer that are taken as lost the first
    time. `acknowledgements` and `blocks` are what came from the meter, in order; `replies` all.
    """

    size: int | None = None
    window: int = 1
    lose_sent: frozenset[int] = frozenset()
    lose_received: frozenset[int] = frozenset()
    acknowledgements: list[GeneralBlockTransfer] = field(default_factory=list)
    blocks: list[GeneralBlockTransfer] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    _own: int = 0  # number of the last block that was sent

    def exchange(self, aa: "Association", octets: bytes, timeout_s: float | None = None) -> Reply:
        """Send an APDU, protected already; return the APDU that comes back, put together."""
        if self.size is None:
            return self.gather(aa, aa.transport.exchange(octets, timeout_s))
        return self.gather(aa, self._send(aa, octets, self.size))

    # -- the request

    def _send(self, aa: "Association", octets: bytes, size: int) -> Reply:
        parts = [octets[at : at + size] for at in range(0, max(len(octets), 1), size)]
        lost = set(self.lose_sent)
        done, window, tries = 0, 1, 0
        while True:
            end = min(done + window, len(parts))
            reply = self._send_window(aa, parts, done, end, lost)
            record = reply.record
            if not _acknowledges(record) or end == done:
                return reply
            self.replies.append(reply)
            self.acknowledgements.append(record)
            tries = tries + 1 if record.acknowledged <= done else 0
            if tries >= _TRIES or record.acknowledged > end:
                return replace(reply, note=f"acknowledges block {record.acknowledged}")
            done, window = max(record.acknowledged, done), max(record.control.window, 1)
            if done == len(parts):
                return aa.transport.further()

    def _send_window(
        self, aa: "Association", parts: list[bytes], start: int, end: int, lost: set[int]
    ) -> Reply:
        """Send blocks from `start` to `end`, all but the last as a stream; return what came."""
        reply = Reply(Ending.NOTHING_ASKED)
        for index in range(start, end):
            number, goes_on = index + 1, index + 1 < end
            self._own = max(self._own, number)
            if number in lost:
                lost.discard(number)
                if goes_on:
                    continue
            control = BlockControl(number == len(parts), goes_on, self.window)
            octets = encode_apdu(GeneralBlockTransfer(control, number, 0, parts[index]))
            reply = aa.transport.send(octets) if goes_on else aa.transport.exchange(octets)
        return reply

    # -- the answer

    def gather(self, aa: "Association", reply: Reply) -> Reply:
        """Return the APDU that general blocks make, asking for the rest; any other as it is."""
        if reply.octets[:1] != bytes((GENERAL_BLOCK,)):
            return reply
        have: dict[int, bytes] = {}
        last: int | None = None
        lost = set(self.lose_received)
        current, in_order, octets = reply, 0, 0
        while True:
            self.replies.append(current)
            record = current.record
            if not isinstance(record, GeneralBlockTransfer):
                return current
            self.blocks.append(record)
            if record.number in lost:
                lost.discard(record.number)
            else:
                octets += len(record.octets)
                have[record.number] = record.octets
                last = record.number if record.control.last else last
            while in_order + 1 in have:
                in_order += 1
            if last is not None and in_order >= last:
                return self._whole(reply, current, b"".join(have[n + 1] for n in range(last)))
            if len(self.blocks) >= MOST_BLOCKS or octets > MOST_OCTETS or aa.hurry():
                note = f"{len(self.blocks)} general blocks, and they do not come to an end"
                return replace(current, ending=Ending.ENDLESS, note=note, decoded=None)
            current = self._next(aa, record, in_order)

    def _next(self, aa: "Association", record: GeneralBlockTransfer, in_order: int) -> Reply:
        if record.control.streaming and not record.control.last:
            further = aa.transport.further()
            if further.came:
                return further
        self._own += 1
        control = BlockControl(True, False, self.window)
        ask = GeneralBlockTransfer(control, self._own & 0xFFFF, in_order)
        return aa.transport.exchange(encode_apdu(ask))

    def _whole(self, first: Reply, last: Reply, octets: bytes) -> Reply:
        return replace(
            last,
            octets=octets,
            plain=octets,
            decoded=decode_apdu(octets),
            parts=first.parts,
            sent_ns=first.sent_ns,
            first_ns=first.first_ns,
        )


def _acknowledges(record: object) -> bool:
    """Whether what came is a block that acknowledges and carries nothing."""
    return isinstance(record, GeneralBlockTransfer) and not record.octets
