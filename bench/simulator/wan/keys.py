"""The secrets of the simulated meter, derived from its seed, and the titles of both sides.

Each device has its own. A client that knows the seed knows them all; nothing of a real device is
here.
"""

import hashlib
import re
from functools import lru_cache

from bench.core.errors import UsageError
from bench.protocols.dlms.security import ecdsa
from bench.protocols.dlms.security.suite import Curve
from bench.simulator.ports.p1_encryption import system_title

CLIENT_TITLE = bytes.fromhex("4D42580000000001")
"""The system title that the reference clients send."""

_SYMMETRIC = re.compile(r"suite([012])_(encryption|authentication|broadcast|master|dedicated)")
_PRIVATE = re.compile(r"(?:client|meter)_(?:signing|agreement)(_p384)?")
_HLS = {"hls2_secret": 16, "hls3_secret": 16, "hls4_secret": 16, "hls6_secret": 32}


def server_title(seed: int) -> bytes:
    """Return the system title of the simulated meter with this seed, the same on every port."""
    return system_title(seed)


@lru_cache(maxsize=1024)
def wan_secret(seed: int, name: str) -> bytes:
    """Return the secret called `name`; private keys are big-endian numbers of the curve's size.

    Names: lls_password hls2_secret hls3_secret hls4_secret hls6_secret, suiteN_encryption
    suiteN_authentication suiteN_broadcast suiteN_master suiteN_dedicated (N = 0, 1, 2),
    client_signing meter_signing client_agreement meter_agreement, each also with `_p384`.
    UsageError for any other name.
    """
    digest = hashlib.sha512(b"meterbench simulated wan %d %s" % (seed, name.encode())).digest()
    if name == "lls_password":
        return digest.hex()[:12].encode()
    if name in _HLS:
        return digest[: _HLS[name]]
    if symmetric := _SYMMETRIC.fullmatch(name):
        return digest[: 32 if symmetric[1] == "2" else 16]
    if private := _PRIVATE.fullmatch(name):
        return ecdsa.private_key_of(Curve.P_384 if private[1] else Curve.P_256, digest)
    raise UsageError(f"the simulated meter has no secret called {name!r}; lls_password is one")
