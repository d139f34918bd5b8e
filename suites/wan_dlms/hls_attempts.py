"""Attempts at high level security that go wrong on purpose, far from any lock that is declared.

A meter may shut a client out that fails too often. What the cases fail is counted over the whole
run; before the count gets near the declared number, the client proves itself once, which ends it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import Inconclusive
from bench.protocols.dlms.acse import Mechanism, ServiceUserDiagnostic
from bench.protocols.dlms.data_types import octet_string
from bench.protocols.dlms.security.hls import challenge_octets
from suites.wan_dlms.answer import Answer
from suites.wan_dlms.association import Association
from suites.wan_dlms.judging import judge_refused
from suites.wan_dlms.meter import LOGICAL_DEVICE_NAME, Meter
from suites.wan_dlms.opening import CURRENT_ASSOCIATION, HLS_REPLY, Opened

ASSOCIATION_LN = 15
_LATER = 1.1  # by how much longer than declared a lock is waited for: clocks differ


class Failures(dict[str, int]):
    """How often each client failed since it last proved itself."""


class Attempts:
    """Attempts at the associations of one meter with high level security.

    `allowed` failures in a row lock a client out for `lock_s` seconds; 0: they never do.
    """

    def __init__(self, meter: Meter) -> None:
        self.meter = meter
        values = meter.declared.values
        self.allowed = int(values.get("hls_failures_until_lock", 0))
        self.lock_s = float(values.get("hls_lock_s", 0.0))
        self._failures = meter.session.shared(meter.interface, "hls failures", Failures)

    def names(self, *mechanisms: Mechanism) -> list[str]:
        """Return the declared associations with these mechanisms, with any HLS if none is named.

        Inconclusive (IXIT) where there are none.
        """
        found = [
            one.name
            for one in self.meter.declared.associations.values()
            if not one.pre_established
            and one.mechanism >= Mechanism.HLS
            and (not mechanisms or one.mechanism in mechanisms)
        ]
        if not found:
            what = ", ".join(str(int(one)) for one in mechanisms) or "2 to 7"
            raise Inconclusive(Reason.IXIT, f"no association with mechanism {what} is declared")
        return found

    @contextmanager
    def pending(self, name: str, failures: int = 1) -> Iterator[Association]:
        """Give an association that waits for f(StoC), and end it afterwards.

        `failures` is how often it is going to fail. Inconclusive (PRECONDITION) where the meter
        asks for no proof.
        """
        self.make_room(name, failures)
        with self.connected(name) as aa:
            opened = aa.propose()
            if not is_pending(opened) or not has_challenge(aa):
                raise Inconclusive(Reason.PRECONDITION, opened.failed or "no challenge came")
            yield aa

    @contextmanager
    def connected(self, name: str, challenge: bytes | None = None) -> Iterator[Association]:
        """Give an association whose link is up, and end it afterwards."""
        aa = self.meter.connect(name, challenge=challenge)
        try:
            yield aa
        finally:
            aa.close()

    def fail(self, aa: Association, proof: bytes) -> Answer:
        """Send something that is not f(StoC); return what came."""
        self.failed(aa.means.name)
        answer = reply_to_hls(aa, proof)
        if not answer.ok:
            aa.opened = None  # there is nothing left to release
        return answer

    def failed(self, name: str) -> None:
        """Count a failure of a client."""
        self._failures[name] = self._failures.get(name, 0) + 1

    def succeeded(self, name: str) -> None:
        """Note that a client has proved itself, or that its lock is over."""
        self._failures.pop(name, None)

    def make_room(self, name: str, failures: int = 1) -> None:
        """See to it that so many failures lock nobody out, and wait for the end of a lock.

        Where a lock takes no more than them, the next call waits.
        """
        count = self._failures.get(name, 0)
        if not self.allowed or not count or count + failures < self.allowed:
            return
        if count >= self.allowed:
            self.wait()
        else:
            self.meter.associate(name).close()
        self.succeeded(name)

    def wait(self) -> None:
        """Wait until a lock must be over."""
        limit_s = self.meter.declared.response_limit_s
        self.meter.context.connection.wait(self.lock_s * _LATER + limit_s)


def is_pending(opened: Opened) -> bool:
    """Whether an AARE accepts, and asks for the proof (result 0, user diagnostic 14)."""
    required = ServiceUserDiagnostic.AUTHENTICATION_REQUIRED
    return opened.accepted and opened.user_diagnostic == required


def has_challenge(aa: Association) -> bool:
    """Whether StoC came, and is as long as its mechanism has it."""
    return len(aa.peer_challenge) in challenge_octets(aa.means.mechanism)


def reply_to_hls(aa: Association, proof: bytes) -> Answer:
    """Invoke reply_to_HLS_authentication with these octets; return what came."""
    return aa.action(ASSOCIATION_LN, CURRENT_ASSOCIATION, HLS_REPLY, octet_string(proof))


def judge_not_proved(
    verify: Checks, check_id: str, answer: Answer, aa: Association, *, silence: bool = True
) -> None:
    """Record that a proof was refused (`check_id`), and that nothing is read after it.

    The latter is the check `check_id`-shut. `silence` says whether no answer will do, too.
    """
    judge_refused(
        verify, check_id, answer, silence=silence, expected="the proof is refused, no success"
    )
    judge_refused(
        verify,
        f"{check_id}-shut",
        aa.get(*LOGICAL_DEVICE_NAME),
        silence=True,
        expected="the association is not open: nothing is read",
    )
