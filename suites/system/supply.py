"""Cutting the supply of a device, and waiting until its ports are there again."""

from dataclasses import dataclass

from bench.core.clock import SECOND, seconds
from bench.core.errors import AdapterError, ConnectionEnded
from bench.core.link import Capability
from bench.core.verdict import Reason
from bench.engine.context import Inconclusive
from suites.p1.readings import Reading
from suites.system.ports import Ports
from suites.wan_dlms.answer import Reply
from suites.wan_dlms.association import Association

OFF_S = 10.0
_PATIENCE = 2.0  # times the declared time is waited for a port
_RETRY_S = 2.0


@dataclass(frozen=True, slots=True)
class Restart:
    """When a port was heard or answered again; None if it did not in `waited_s`."""

    after_s: float | None
    limit_s: float
    waited_s: float


class Outage:
    """One power cut; `restarts` are those of the ports, `back_ns` is when the supply is back.

    `association` is the one that WAN is asked for; `replies` is what came over the first that was
    open again.
    """

    def __init__(self, ports: Ports, association: str = "main") -> None:
        self._ports = ports
        self._association = association
        self.replies: list[Reply] = []
        self.cut_ns = 0
        self.back_ns = 0
        self.restarts: dict[str, Restart] = {}

    def happen(self) -> None:
        """Cut the supply for some seconds, and wait for all ports.

        Inconclusive (PRECONDITION) where no link can.
        """
        ports = self._ports
        self.cut_ns = ports.now
        self.back_ns = ports.control("power", seconds=OFF_S)
        ports.hear_until(self.back_ns)
        limits = {name: self._limit_s(name) for name in ports.declared}
        end_ns = self.back_ns + seconds(_PATIENCE * max(limits.values()))
        if ports.has("wan"):
            self.restarts["wan"] = self._asked(limits["wan"])
        while ports.now < end_ns and not self._all_heard(limits):
            ports.hear(1.0)
        for name, heard in (("p1", self._p1_heard()), ("s1", self._s1_heard())):
            if ports.has(name):
                after_s = None if heard is None else (heard - self.back_ns) / SECOND
                waited_s = (ports.now - self.back_ns) / SECOND
                self.restarts[name] = Restart(after_s, limits[name], waited_s)

    def _limit_s(self, name: str) -> float:
        return float(self._ports.context.ixit.get(f"{name}.restart_s", 60.0))

    def _all_heard(self, limits: dict[str, float]) -> bool:
        """Whether every listening port is there again, or has had its time."""
        gone_s = (self._ports.now - self.back_ns) / SECOND
        heard = {"p1": self._p1_heard, "s1": self._s1_heard}
        return all(
            gone_s > _PATIENCE * limits[name] or heard[name]() is not None
            for name in heard
            if self._ports.has(name)
        )

    def _p1_heard(self) -> int | None:
        """Return when the first whole telegram after the cut began."""
        after = self.readings_after() if self._ports.has("p1") else ()
        return after[0].seen.frame.at_ns if after else None

    def _s1_heard(self) -> int | None:
        """Return when the first octets of S1 after the cut came."""
        if not self._ports.has("s1"):
            return None
        chunks = self._ports.ear("s1").chunks
        return next((one.at_ns for one in chunks if one.at_ns > self.back_ns), None)

    def readings_after(self) -> tuple[Reading, ...]:
        """Return P1's telegrams since the supply is back."""
        found = self._ports.readings()
        return tuple(one for one in found if one.seen.frame.at_ns > self.back_ns)

    def readings_before(self) -> tuple[Reading, ...]:
        """Return P1's telegrams until the supply was cut."""
        found = self._ports.readings()
        return tuple(one for one in found if one.seen.frame.until_ns < self.cut_ns)

    def _asked(self, limit_s: float) -> Restart:
        """Ask for an association until there is one."""
        ports = self._ports
        end_ns = self.back_ns + seconds(_PATIENCE * limit_s)
        while ports.now < end_ns:
            began_ns = ports.now
            if (aa := associated(ports, self._association)) is not None:
                aa.close()
                self.replies = aa.replies
                return Restart((ports.now - self.back_ns) / SECOND, limit_s, 0.0)
            ports.hear_until(max(ports.now, began_ns + seconds(_RETRY_S)))
        return Restart(None, limit_s, (ports.now - self.back_ns) / SECOND)


def associated(ports: Ports, name: str = "main") -> Association | None:
    """Return an open association, over a connection that is made anew if need be; else None."""
    meter = ports.meter
    link = meter.context.link
    try:
        return meter.associate(name)
    except (Inconclusive, ConnectionEnded) as failure:
        if isinstance(failure, Inconclusive) and failure.reason is Reason.BUDGET:
            raise
    meter.close()
    if Capability.CONNECTION in link.capabilities:
        try:
            meter.reconnect()
        except AdapterError:
            return None
    return None
