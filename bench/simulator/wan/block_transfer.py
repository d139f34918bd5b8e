"""General block transfer of the meter: any APDU in blocks, with windows and repairs.

A block that is not the next one is dropped; the acknowledgement then names the last one that came
in order, and what was lost is sent again. Blocks are counted from 1 in each direction. A block
without octets acknowledges and carries nothing (IEC 62056-5-3 cl. 7.3.12; Green Book 9.4.6.13).
"""

from bench.protocols.dlms.apdu import decode_apdu, encode_apdu
from bench.protocols.dlms.general_block_transfer import BlockControl, GeneralBlockTransfer
from bench.simulator.wan.options import WanOptions

_OVERHEAD = 7  # E0 control number(2) acknowledged(2) and one octet of length at least
_LAST_NUMBER = 0xFFFF


class BlockTransfer:
    """One exchange in blocks: a request that comes, then the answer to it that goes.

    `whole` is the request once its last block has come; `send` starts the answer.
    """

    def __init__(self, options: WanOptions) -> None:
        self._options = options
        self._breaks = options.breaks
        self.reset()

    def reset(self) -> None:
        """Forget the exchange."""
        self._octets = bytearray()
        self._taken = 0  # blocks of the request that came in order
        self._complete = False
        self._blocks: list[bytes] = []
        self._acknowledged = 0
        self._sent = 0
        self._window = 1
        self._streaming = False  # whether the client goes on without waiting
        self.running = False

    @property
    def whole(self) -> bytes | None:
        """The request, if its last block has come and no answer was started yet."""
        return bytes(self._octets) if self._complete and not self._blocks else None

    def begin(self, window: int = 1) -> None:
        """Start an exchange whose request came whole, from a client that takes `window` blocks."""
        self.reset()
        self.running = True
        self._complete = True
        self._window = window

    def take(self, octets: bytes) -> bool | None:
        """Take a block; False if it is none, None if the request is longer than allowed.

        After True, `whole` may be there; otherwise `answers` are what is to be sent.
        """
        block = decode_apdu(octets).value
        if not isinstance(block, GeneralBlockTransfer):
            return False
        again = block.number == self._taken != 1  # the end of the request, as its answer was lost
        if not self.running or (self._blocks and block.octets and not again):
            self.reset()  # a new request ends the exchange before it
            self.running = True
        self._window = block.control.window or 1
        self._streaming = block.control.streaming
        if self._blocks:
            self._acknowledge(block.acknowledged)
        elif block.number == self._taken + 1 and not self._complete:
            if len(self._octets) + len(block.octets) > self._options.long_octets:
                self.reset()
                return None
            self._octets += block.octets
            self._taken += 1
            self._complete = block.control.last
        return True

    def _acknowledge(self, number: int) -> None:
        if "gbt-loss-unrepaired" in self._breaks:
            number = self._sent
        if self._acknowledged <= number <= self._sent:
            self._acknowledged = number
        if self._acknowledged >= len(self._blocks):
            self.reset()

    def send(self, apdu: bytes, limit: int) -> None:
        """Cut the answer into blocks, so that no APDU is longer than `limit` octets."""
        room = limit - _OVERHEAD
        if room > 0x7F:
            room -= 1 if room <= 0x100 else 2
        size = max(room, -(-len(apdu) // _LAST_NUMBER), 1)
        self._blocks = [apdu[at : at + size] for at in range(0, len(apdu), size)] or [b""]

    def answers(self) -> list[bytes]:
        """Return what is to be sent now: the next blocks, an acknowledgement, or nothing."""
        if not self.running:
            return []
        if not self._blocks:
            return [] if self._streaming or self._complete else [self._acknowledgement()]
        if self._streaming:
            return []
        return self._next_window()

    def _next_window(self) -> list[bytes]:
        window = min(self._window, self._options.gbt_window)
        if not self._options.gbt_streaming:
            window = 1
        if "gbt-window" in self._breaks:
            window = len(self._blocks)
        first, count = self._acknowledged, len(self._blocks)
        end = min(first + window, count)
        self._sent = max(self._sent, end)
        return [self._block(index, end, count) for index in range(first, end)]

    def _block(self, index: int, end: int, count: int) -> bytes:
        last = index + 1 == count
        streaming = index + 1 < end
        control = BlockControl(last, streaming, self._options.gbt_window)
        octets = self._blocks[index]
        return encode_apdu(GeneralBlockTransfer(control, index + 1, self._told, octets))

    def _acknowledgement(self) -> bytes:
        control = BlockControl(False, False, self._options.gbt_window)
        return encode_apdu(GeneralBlockTransfer(control, 1, self._told))

    @property
    def _told(self) -> int:
        """The number of the last block that came in order, as the client is told it."""
        return 0 if "gbt-ack-wrong" in self._breaks else self._taken
