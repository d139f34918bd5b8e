"""The two sides of a mode E sign-on as state machines (IEC 62056-21 §6.3, Annex E).

Sans-io: the caller brings octets and instants (nanoseconds), sends `outgoing()` and keeps his line
as `line` says, which changes when `SignedOn` or `Failed` is returned.
"""

from dataclasses import dataclass
from enum import StrEnum

from bench.core.line import LineSettings
from bench.protocols.iec62056_21 import (
    BAUD_BD,
    HDLC,
    START_LINE,
    Identification,
    Messages,
    OptionSelect,
    baud_character,
    decode_identification,
    decode_option,
    decode_request,
    encode_identification,
    encode_option,
    encode_request,
)

REACTION_MAX_NS = 1_500_000_000
FAST_REACTION_NS, REACTION_NS = 20_000_000, 200_000_000  # at least


class Failure(StrEnum):
    """Why there is no link."""

    NO_IDENTIFICATION = "no identification"
    WRONG_IDENTIFICATION = "wrong identification"
    NO_MODE_E = "the meter does not offer mode E"
    NO_CONFIRMATION = "no confirmation"
    WRONG_CONFIRMATION = "wrong confirmation"
    NO_OPTION = "no option select"
    WRONG_OPTION = "wrong option select"


@dataclass(frozen=True, slots=True)
class Identified:
    """An identification came; it began `reaction_ns` after the request's end."""

    at_ns: int
    identification: Identification
    reaction_ns: int


@dataclass(frozen=True, slots=True)
class SignedOn:
    """Both sides go on with `line` at once; for the meter, `option` is what was selected."""

    at_ns: int
    line: LineSettings
    option: OptionSelect | None
    reaction_ns: int = 0


@dataclass(frozen=True, slots=True)
class Failed:
    """The sign-on ended without a link; the line is at its first settings again."""

    at_ns: int
    why: Failure
    octets: bytes = b""


Event = Identified | SignedOn | Failed


class _Side:
    """What both sides have in common: the line, messages, and octets that leave at an instant."""

    def __init__(self, first: bytes) -> None:
        self.line = START_LINE
        self._messages = Messages(first)
        self._out = bytearray()
        self._due: tuple[int, bytes] | None = None  # what is to be sent, and when
        self._quiet_ns = 0  # when the last octet sent has left

    def outgoing(self) -> bytes:
        """Return the octets to send that were not returned before."""
        octets = bytes(self._out)
        self._out.clear()
        return octets

    def _say(self, octets: bytes, now: int) -> None:
        self._out += octets
        self._quiet_ns = now + round(len(octets) * self.line.character_ns)

    def _say_due(self, now: int) -> bool:
        """Send what is due by `now`; return whether something was."""
        if self._due is None or self._due[0] > now:
            return False
        at, octets = self._due
        self._due = None
        self._say(octets, at)
        return True

    def _reaction_ns(self, at: int) -> int:
        """Return the time from the last octet sent to the start of the one that came at `at`."""
        return at - round(self.line.character_ns) - self._quiet_ns

    def _hear(self, octets: bytes, now: int) -> list[tuple[int, bytes]]:
        return self._messages.feed(octets, now, self.line.character_ns)


@dataclass(frozen=True, slots=True)
class ClientOptions:
    """How a client signs on.

    `baud_bd` is the speed to ask for, None the one that the meter proposes. Not every meter
    confirms the option select: without `confirmation` the client goes on after `silence_ns`. Where
    the probe gives back what is sent (`echo`), that is not taken for an answer.
    """

    address: str = ""
    baud_bd: int | None = None
    confirmation: bool = True
    echo: bool = False
    reaction_max_ns: int = REACTION_MAX_NS
    silence_ns: int = REACTION_NS


class SignOnClient(_Side):
    """Asks a meter for HDLC; ends in `SignedOn` or `Failed`."""

    def __init__(self, options: ClientOptions | None = None) -> None:
        super().__init__(b"/")
        self.options = options or ClientOptions()
        self._request = encode_request(self.options.address)
        self._option = b""
        self._echo = bytearray()
        self._deadline: int | None = None

    def start(self, now: int) -> None:
        """Send the request at the first settings of the line."""
        self.line = START_LINE
        self._messages = Messages(b"/")
        self._option = b""
        self._due = None
        self._echo.clear()
        self._say(self._request, now)
        self._await()

    def receive(self, octets: bytes, now: int) -> list[Event]:
        """Take octets of which the last arrived at `now`; return what they caused."""
        events: list[Event] = []
        for at, message in self._hear(self._without_echo(octets), now):
            if self._deadline is None or self._due is not None:
                break
            if self._option:
                events.append(self._confirmed(message, at, now))
            elif decode_request(message) is None:
                events += self._identified(message, at, now)
        return [*events, *self.advance(now)]

    def next_event(self) -> int | None:
        """Return when `advance` has something to do, None while nothing can happen by itself."""
        if self._due is not None:
            return self._due[0]
        until = self._messages.under_way_until
        if self._deadline is None or until is None:
            return self._deadline
        return max(self._deadline, until)

    def advance(self, now: int) -> list[Event]:
        """Let what is due by `now` happen."""
        if self._say_due(now):
            self._await()
        at = self.next_event()
        if self._due is not None or at is None or at > now:
            return []
        if not self._option:
            return [self._fail(Failure.NO_IDENTIFICATION, at)]
        if self.options.confirmation:
            return [self._fail(Failure.NO_CONFIRMATION, at)]
        return [self._signed_on(at, None, 0)]

    def _say(self, octets: bytes, now: int) -> None:
        super()._say(octets, now)
        if self.options.echo:
            self._echo += octets

    def _without_echo(self, octets: bytes) -> bytes:
        count = 0
        while count < min(len(octets), len(self._echo)) and self._echo[count] == octets[count]:
            count += 1
        del self._echo[:count]
        return octets[count:]

    def _await(self) -> None:
        patient = not self._option or self.options.confirmation
        limit = self.options.reaction_max_ns if patient else self.options.silence_ns
        self._deadline = self._quiet_ns + limit

    def _identified(self, message: bytes, at: int, now: int) -> list[Event]:
        found = decode_identification(message)
        events: list[Event] = [Identified(now, found, self._reaction_ns(at))]
        if found.problems:
            return [*events, self._fail(Failure.WRONG_IDENTIFICATION, now, message)]
        if not found.hdlc:
            return [*events, self._fail(Failure.NO_MODE_E, now, message)]
        wanted = self.options.baud_bd
        character = found.baud_character if wanted is None else baud_character(wanted)
        if character not in BAUD_BD:
            return [*events, self._fail(Failure.WRONG_IDENTIFICATION, now, message)]
        self._option = encode_option(character)
        self._messages = Messages(b"\x06")
        pause = FAST_REACTION_NS if found.fast else REACTION_NS
        self._due = (now + pause, self._option)
        return events

    def _confirmed(self, message: bytes, at: int, now: int) -> Event:
        found, wanted = decode_option(message), decode_option(self._option)
        if found[1:4] != wanted[1:4]:
            return self._fail(Failure.WRONG_CONFIRMATION, now, message)
        return self._signed_on(now, found, self._reaction_ns(at))

    def _signed_on(self, at: int, option: OptionSelect | None, reaction_ns: int) -> Event:
        self._deadline = None
        self.line = LineSettings(BAUD_BD[decode_option(self._option).baud_character])
        return SignedOn(at, self.line, option, reaction_ns)

    def _fail(self, why: Failure, at: int, octets: bytes = b"") -> Event:
        self._deadline = self._due = None
        self.line = START_LINE
        return Failed(at, why, octets)


@dataclass(frozen=True, slots=True)
class MeterOptions:
    """What a meter says of itself, and how fast it reacts.

    The reaction time is at least that of `flag_id`: 20 ms if its third letter is lower case, else
    200 ms. Without `confirms` the meter changes over without repeating the option select.
    """

    flag_id: str = "MBX"
    text: str = "BENCH"
    address: str = ""
    baud_bd: int = 9600
    enhanced: str = HDLC
    reaction_ns: int = REACTION_NS
    confirms: bool = True


class SignOnMeter(_Side):
    """Answers requests at 300 Bd, and changes over to HDLC when it is asked to."""

    def __init__(self, options: MeterOptions | None = None) -> None:
        super().__init__(b"/")
        self.options = options or MeterOptions()
        self._option: OptionSelect | None = None  # selected; its confirmation is on its way
        self._deadline: int | None = None  # for the option select
        self._change_at: int | None = None

    def fall_back(self) -> None:
        """Go back to 300 Bd and wait for a request, as after the end of the HDLC link."""
        self.line = START_LINE
        self._messages = Messages(b"/")
        self._option = self._deadline = self._change_at = self._due = None

    def receive(self, octets: bytes, now: int) -> list[Event]:
        """Take octets of which the last arrived at `now`; return what they caused."""
        events = self.advance(now)
        for at, message in self._hear(octets, now):
            if self._deadline is not None:
                events += self._selected(message, at, now)
            elif self._due is None and self._change_at is None:
                self._asked(message, now)
        return events

    def next_event(self) -> int | None:
        """Return when `advance` has something to do, None while nothing can happen by itself."""
        if self._due is not None:
            return self._due[0]
        return self._deadline if self._change_at is None else self._change_at

    def advance(self, now: int) -> list[Event]:
        """Let what is due by `now` happen."""
        if self._say_due(now):
            if self._option is None:
                self._messages = Messages(b"\x06/")
                self._deadline = self._quiet_ns + REACTION_MAX_NS
            else:
                self._change_at = self._quiet_ns
        if self._change_at is not None and self._change_at <= now and self._option is not None:
            at, option = self._change_at, self._option
            self._change_at = None
            self.line = LineSettings(BAUD_BD[option.baud_character])
            return [SignedOn(at, self.line, option)]
        if self._deadline is not None and self._deadline <= now:
            at = self._deadline
            self.fall_back()
            return [Failed(at, Failure.NO_OPTION)]
        return []

    def _asked(self, message: bytes, now: int) -> None:
        address = decode_request(message)
        own = self.options.address.lstrip("0")
        if address is None or (address and address.lstrip("0") != own):
            return
        said = encode_identification(
            self.options.flag_id,
            baud_character(self.options.baud_bd),
            self.options.text,
            self.options.enhanced,
        )
        self._due = (now + self.options.reaction_ns, said)

    def _selected(self, message: bytes, at: int, now: int) -> list[Event]:
        if decode_request(message) is not None:  # the client begins anew
            self.fall_back()
            self._asked(message, now)
            return []
        option = decode_option(message)
        reaction_ns = self._reaction_ns(at)
        offered = BAUD_BD.get(option.baud_character, 0)
        mode_e = (option.protocol, option.mode) == (HDLC, HDLC) and HDLC in self.options.enhanced
        if not mode_e or not 0 < offered <= self.options.baud_bd or reaction_ns > REACTION_MAX_NS:
            self.fall_back()
            return [Failed(now, Failure.WRONG_OPTION, message)]
        self._option = option
        self._deadline = None
        if self.options.confirms:
            self._due = (now + self.options.reaction_ns, message)
        else:
            self._change_at = now
        return self.advance(now)
