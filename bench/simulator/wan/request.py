"""One request on its way through the services: who asks, of whom, and how long an answer may be."""

from dataclasses import dataclass

from bench.simulator.cosem.access import Asker
from bench.simulator.wan.association import Association


@dataclass(slots=True)
class Request:
    """A deciphered request APDU.

    `limit` is the longest answer in octets before it is protected, so that the client takes it;
    `room` the longest one that need not be cut into the blocks of its service, which is more
    where general block transfer cuts it.
    """

    octets: bytes
    asker: Asker
    association: Association
    limit: int
    room: int
