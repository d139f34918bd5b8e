"""The meter's side of a mode E sign-on that breaks the rules it is told to."""

from dataclasses import replace

from bench.core.clock import MILLISECOND
from bench.protocols.iec62056_21 import ACK, HDLC, START_LINE, decode_request, encode_option
from bench.protocols.iec62056_21_sign_on import Event, Failed, MeterOptions, SignedOn, SignOnMeter

_SLOW_NS, _HASTY_NS = 2000 * MILLISECOND, 5 * MILLISECOND


class FaultySignOn(SignOnMeter):
    """A meter's side with `breaks`, the names of the rules that it does not keep."""

    def __init__(self, options: MeterOptions, breaks: frozenset[str]) -> None:
        if "mode-e-slow" in breaks:
            options = replace(options, reaction_ns=_SLOW_NS)
        if "mode-e-hasty" in breaks:
            options = replace(options, reaction_ns=_HASTY_NS)
        if "mode-e-hasty-lower-case" in breaks:
            flag = options.flag_id[:2] + options.flag_id[2:].lower()
            options = replace(options, reaction_ns=_HASTY_NS, flag_id=flag)
        if "mode-e-not-offered" in breaks:
            options = replace(options, enhanced="")
        super().__init__(options)
        self._breaks = breaks
        self._hung = False

    def receive(self, octets: bytes, now: int) -> list[Event]:
        """Take octets, unless nothing is heard any more."""
        if self._hung or "mode-e-silent" in self._breaks:
            return []
        return self._checked(super().receive(octets, now))

    def advance(self, now: int) -> list[Event]:
        """Let what is due happen."""
        events = super().advance(now)
        if "mode-e-no-option-hang" in self._breaks:
            self._hung |= any(isinstance(event, Failed) for event in events)
        return self._checked(events)

    def _checked(self, events: list[Event]) -> list[Event]:
        if "mode-e-keeps-300-bd" not in self._breaks:
            return events
        kept: list[Event] = []
        for event in events:
            if isinstance(event, SignedOn):
                self.line = START_LINE
                event = replace(event, line=replace(START_LINE, data_bits=8, parity="N"))
            kept.append(event)
        return kept

    def _asked(self, message: bytes, now: int) -> None:
        if "mode-e-any-address" in self._breaks and decode_request(message) is not None:
            message = b"/?!\r\n"
        super()._asked(message, now)

    def _selected(self, message: bytes, at: int, now: int) -> list[Event]:
        if "mode-e-wrong-option-taken" in self._breaks and message.startswith(ACK):
            message = encode_option("5", HDLC, HDLC)
        events = super()._selected(message, at, now)
        if any(isinstance(event, Failed) for event in events):
            self._hung |= "mode-e-wrong-option-hang" in self._breaks
        if "mode-e-confirms-another-speed" in self._breaks and self._due is not None:
            self._due = (self._due[0], encode_option("0"))
        return events
