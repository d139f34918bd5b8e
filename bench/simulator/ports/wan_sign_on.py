"""HDLC on a line that can also be entered as at an optical port: IEC 62056-21 mode E.

The reference meter hears both: characters at 300 Bd, 7E1 are for the sign-on, others for HDLC. A
strict one knows HDLC only after a sign-on, and forgets it when the line has been idle.
"""

from typing import TYPE_CHECKING

from bench.core.line import LineSettings
from bench.protocols.iec62056_21 import START_LINE
from bench.protocols.iec62056_21_sign_on import Event, MeterOptions, SignedOn, SignOnMeter
from bench.simulator.ports.wan_faulty_sign_on import FaultySignOn
from bench.simulator.ports.wan_hdlc import HdlcConnection
from bench.simulator.uart import hear

if TYPE_CHECKING:
    from bench.simulator.ports.wan import WanDevice


class SignOnConnection(HdlcConnection):
    """A line with HDLC behind a sign-on, or beside it."""

    def __init__(
        self, device: "WanDevice", line: LineSettings, options: MeterOptions, strict: bool
    ) -> None:
        super().__init__(device, START_LINE if strict else line)
        self._direct_line = line
        self._strict = strict
        self._starting = strict
        self._meter = FaultySignOn(options, self.breaks) if self.breaks else SignOnMeter(options)
        self._heard_at = 0

    def hear(self, octets: bytes, sent: LineSettings | None, now: int) -> int:
        """Take octets at the speed at which they were sent."""
        line = sent or self._line_of(octets)
        self._heard_ns = max(now, self._heard_ns) + round(len(octets) * line.character_ns)
        self.later(self._heard_ns, lambda at: self._arrive(octets, line, at))
        return self._heard_ns

    def end(self, now: int) -> None:  # noqa: ARG002 - nothing on a line tells that nobody listens
        """Let nobody listen any more; the meter does not notice."""
        self.ended = True
        self.device.forget(self)

    def listen_again(self, now: int) -> None:
        """Let what happened meanwhile happen; what was sent meanwhile is lost."""
        self.ended = False
        while self.emit(now):
            pass

    def deadline(self) -> int | None:
        """Return when the station or the sign-on has something to do."""
        instants = (super().deadline(), self._meter.next_event(), self._idle_until())
        return min((at for at in instants if at is not None), default=None)

    def expire(self, now: int) -> None:
        """Let time-outs happen."""
        super().expire(now)
        self._signing(self._meter.advance(now), now)
        idle = self._idle_until()
        if idle is not None and idle <= now:
            self._start()

    def reset(self, now: int) -> None:
        """Begin anew."""
        super().reset(now)
        self._meter.fall_back()
        if self._strict:
            self._start()
        else:
            self._direct()

    def _line_of(self, octets: bytes) -> LineSettings:
        """Return how octets must have been sent that came without settings, through a pty."""
        if not self.station.connected():
            if octets[:1] == b"/":
                return START_LINE
            if octets[:1] == b"\x7e" and not self._strict:
                return self._direct_line
        return self.line or self._direct_line

    def _arrive(self, octets: bytes, sent: LineSettings, now: int) -> None:
        if self.ended or self.device.crashed(now):
            return
        self._heard_at = now
        if not self.station.connected():
            if sent == START_LINE and not self._starting:
                self._start()
            elif self._starting and not self._strict and sent == self._direct_line:
                self._direct()
        heard = hear(octets, sent, self.line or sent).octets
        if self._starting:
            self._signing(self._meter.receive(heard, now), now)
        else:
            self.arrived(heard, now)

    def _signing(self, events: list[Event], now: int) -> None:
        octets = self._meter.outgoing()
        if octets:
            self.put(octets, now)
        for event in events:
            if isinstance(event, SignedOn):
                self._starting = False
                self._use(event.line)

    def _start(self) -> None:
        self._meter.fall_back()
        self._starting = True
        self._use(START_LINE)

    def _direct(self) -> None:
        self._starting = False
        self._use(self._direct_line)

    def _use(self, line: LineSettings) -> None:
        self.line = line
        self.station = self.device.station(line.character_ns)

    def _idle_until(self) -> int | None:
        limit = self.device.secondary.inactivity_ns
        if not self._strict or self._starting or limit is None or self.station.connected():
            return None
        return self._heard_at + limit
