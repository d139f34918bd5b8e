"""The clients that the meter knows: for each client SAP the association that it may open."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bench.protocols.dlms.acse import ApplicationContext, Mechanism


@dataclass(frozen=True, slots=True)
class Client:
    """What one client must bring: `suite` is that of a ciphered context, None without ciphering.

    `instance` is the value group E of the association's object 0.0.40.0.e.255; `pre_established`
    associations are always open and answer nothing.
    """

    name: str
    sap: int
    mechanism: Mechanism
    context: ApplicationContext = ApplicationContext.LN
    suite: int | None = None
    instance: int = 1
    pre_established: bool = False

    @property
    def ciphered(self) -> bool:
        """Whether the application context is one with ciphering."""
        return self.context in (ApplicationContext.LN_CIPHERED, ApplicationContext.SN_CIPHERED)


UNKNOWN = "unknown"
"""The name of a client whose SAP the meter does not know, and which it rejects."""

_CIPHERED = ApplicationContext.LN_CIPHERED

REFERENCE_CLIENTS: tuple[Client, ...] = (
    Client("public", 16, Mechanism.LOWEST, instance=1),
    Client("lls", 32, Mechanism.LLS, instance=2),
    Client("hls2", 37, Mechanism.HLS, instance=3),
    Client("hls3", 33, Mechanism.HLS_MD5, instance=4),
    Client("hls4", 34, Mechanism.HLS_SHA1, instance=5),
    Client("hls6", 36, Mechanism.HLS_SHA256, instance=6),
    Client("suite0", 1, Mechanism.HLS_GMAC, _CIPHERED, 0, instance=7),
    Client("suite1", 3, Mechanism.HLS_ECDSA, _CIPHERED, 1, instance=8),
    Client("suite2", 4, Mechanism.HLS_GMAC, _CIPHERED, 2, instance=9),
    Client("broadcast", 102, Mechanism.LOWEST, _CIPHERED, 0, instance=10, pre_established=True),
)
"""The reference associations of the simulated meter."""


def clients_with(saps: Mapping[str, int]) -> tuple[Client, ...]:
    """Return the reference clients, those named in `saps` with another client SAP."""
    return tuple(
        replace(client, sap=saps.get(client.name, client.sap)) for client in REFERENCE_CLIENTS
    )
