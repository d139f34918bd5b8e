"""One request on its way through the services: who asks, and how long an answer may be."""

from dataclasses import dataclass

from bench.protocols.dlms.initiate import Conformance
from bench.simulator.cosem.access import Asker
from bench.simulator.wan.association import Association

_BY_BLOCKS = int(Conformance.GENERAL_BLOCK_TRANSFER)
LONGEST = 1 << 20
"""Octets of an answer that general block transfer cuts: as many as the meter has."""


@dataclass(slots=True)
class Request:
    """A deciphered request APDU.

    `limit` is the longest answer in octets before it is protected, so that the client takes it;
    `in_blocks` tells that the request came by general block transfer, as the answer then goes.
    """

    octets: bytes
    asker: Asker
    association: Association
    limit: int
    in_blocks: bool = False

    def room(self, bit: int = 0) -> int:
        """Return the longest answer that is not cut into blocks of its service, in octets.

        `bit` is the conformance bit of those blocks, 0 for a service without any.
        """
        if self.in_blocks:
            return LONGEST
        association = self.association
        if bit and association.has(bit):
            return self.limit
        return LONGEST if association.has(_BY_BLOCKS) else self.limit
