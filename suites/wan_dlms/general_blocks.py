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


def gather(aa: "Association", reply: Reply) -> Reply:
    """Return the APDU that general blocks make, asking for the rest; any other reply as it is."""
    if reply.octets[:1] != bytes((GENERAL_BLOCK,)):
        return reply
    return Incoming(aa).take(reply)


@dataclass(slots=True)
class Incoming:
    """Puts an APDU together from general blocks; `blocks` are all that came, in order.

    `window` is how many blocks the meter may send at once. `lose` are numbers of blocks that are
    taken as lost the first time they come, so that the meter has to send them again.
    """

    aa: "Association"
    window: int = 1
    lose: frozenset[int] = frozenset()
    blocks: list[GeneralBlockTransfer] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)

    def take(self, reply: Reply) -> Reply:
        """Return the whole APDU, beginning with the reply that holds the first block."""
        have: dict[int, bytes] = {}
        last: int | None = None
        lost = set(self.lose)
        own = 1
        current = reply
        while True:
            self.replies.append(current)
            record = current.record
            if not isinstance(record, GeneralBlockTransfer):
                return replace(current, note=f"in general block {len(have) + 1}: {current.note}")
            self.blocks.append(record)
            if record.number in lost:
                lost.discard(record.number)
            else:
                have[record.number] = record.octets
                if record.control.last:
                    last = record.number
            done = self._in_order(have)
            if last is not None and done == last:
                return self._whole(current, b"".join(have[n] for n in range(1, last + 1)))
            if self._endless(have):
                note = f"{len(self.blocks)} general blocks, and no last one"
                return replace(current, ending=Ending.ENDLESS, note=note, decoded=None)
            following = self._more_waiting(record)
            if following is None:
                own += 1
                ask = GeneralBlockTransfer(BlockControl(True, False, self.window), own, done)
                following = self.aa.transport.exchange(encode_apdu(ask))
            current = following

    def _in_order(self, have: dict[int, bytes]) -> int:
        number = 0
        while number + 1 in have:
            number += 1
        return number

    def _more_waiting(self, record: GeneralBlockTransfer) -> Reply | None:
        """Return the next block of a stream that was announced; None if it is our turn."""
        if not record.control.streaming or record.control.last:
            return None
        for reply in self.aa.transport.listen(self.aa.declared.response_limit_s):
            return reply
        return None

    def _endless(self, have: dict[int, bytes]) -> bool:
        octets = sum(map(len, have.values()))
        return len(self.blocks) >= MOST_BLOCKS or octets > MOST_OCTETS or self.aa.hurry()

    def _whole(self, last: Reply, octets: bytes) -> Reply:
        first = self.replies[0]
        return replace(
            last,
            octets=octets,
            plain=octets,
            decoded=decode_apdu(octets),
            parts=first.parts,
            sent_ns=first.sent_ns,
            first_ns=first.first_ns,
        )
