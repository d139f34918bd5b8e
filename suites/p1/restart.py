"""Whether a meter has gone on undisturbed: its failure counters and registers, before and after."""

from dataclasses import dataclass, field
from decimal import Decimal

from bench.core.clock import SECOND
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.protocols.p1.profile import Profile
from bench.protocols.p1.splitter import TelegramOctets
from bench.protocols.p1.telegram import decode_telegram
from suites.p1.listening import Listener

_RATES_HZ = (1, 2, 3, 4, 5)
_SECONDS_EACH = 12
_COUNTERS = ("0-0:96.7.21", "0-0:96.7.9")
_REGISTERS = ("1-0:1.8.1", "1-0:1.8.2", "1-0:2.8.1", "1-0:2.8.2")


@dataclass(frozen=True, slots=True)
class Shown:
    """Counters and registers by OBIS code, as one telegram with a right CRC shows them."""

    counters: dict[str, Decimal] = field(default_factory=dict)
    registers: dict[str, Decimal] = field(default_factory=dict)

    @classmethod
    def of(cls, frame: TelegramOctets, profile: Profile) -> "Shown":
        """Return what a telegram shows; nothing if its CRC says that it is damaged."""
        telegram = decode_telegram(frame.octets, profile)
        if profile.has_crc and not telegram.crc.ok:
            return cls()

        def numbers(codes: tuple[str, ...]) -> dict[str, Decimal]:
            found = {obis: telegram.values(obis) for obis in codes}
            return {
                obis: values[0].value
                for obis, values in found.items()
                if len(values) == 1 and isinstance(values[0].value, Decimal)
            }

        return cls(numbers(_COUNTERS), numbers(_REGISTERS))

    @classmethod
    def heard(cls, listener: Listener) -> "Shown":
        """Return what the next telegram shows; nothing if none comes."""
        frame = listener.telegram(listener.now, listener.now + listener.patience_ns())
        return cls() if frame is None else cls.of(frame, listener.profile)


def toggle(listener: Listener) -> None:
    """Raise and release the request 1 to 5 times a second, 12 s each."""
    at = listener.now
    for rate in _RATES_HZ:
        half_ns = SECOND // (2 * rate)
        for _ in range(rate * _SECONDS_EACH):
            for active in (True, False):
                listener.request(active)
                at += half_ns
                listener.listen(at)


def judge_undisturbed(verify: Checks, before: Shown, after: Shown) -> None:
    """Record that no failure was counted and no register has gone back."""
    same = sorted(set(before.counters) & set(after.counters))
    expected = "failure counters as before"
    if not same:
        verify.note("counters", "the device shows no failure counters", expected=expected)
    else:
        changed = [
            f"{obis} went from {before.counters[obis]} to {after.counters[obis]}"
            for obis in same
            if before.counters[obis] != after.counters[obis]
        ]
        verify.that(
            "counters",
            not changed,
            expected=expected,
            observed="; ".join(changed) or "unchanged",
        )
    both = sorted(set(before.registers) & set(after.registers))
    if not both:
        verify.undecided(
            "registers",
            Reason.PRECONDITION,
            expected="registers that do not go back",
            observed="no energy register could be read before and after",
        )
        return
    gone_back = [
        f"{obis} went from {before.registers[obis]} to {after.registers[obis]}"
        for obis in both
        if after.registers[obis] < before.registers[obis]
    ]
    verify.that(
        "registers",
        not gone_back,
        expected="registers that do not go back",
        observed="; ".join(gone_back) or f"{len(both)} registers did not go back",
    )
