"""What the link `simulated:s1?options` names; apart, since only it needs NumPy."""

from adapters.base import LinkUrl
from adapters.options import choice, number, whole_number
from bench.core.clock import MILLISECOND
from bench.core.line import LineSettings
from bench.simulator.faults import Alteration
from bench.simulator.metering_system import Systems
from bench.simulator.ports.s1 import (
    BLOCK_NS,
    DEFAULT_HOUSEHOLD,
    DEFAULT_MODE,
    DEFAULT_PROFILE,
    DEFAULT_START,
    S1Port,
    s1_port,
)
from bench.simulator.ports.s1_sampling import MODES
from bench.simulator.recordings import replayed

_OPTIONS = (
    *("profile", "seed", "fault", "start", "household"),
    *("mode", "rate", "neutral", "replay", "block_ms"),
)


def s1_of(
    url: LinkUrl, systems: Systems, seed: int, alterations: tuple[Alteration, ...]
) -> tuple[S1Port, LineSettings]:
    """Return the port that a link names, and how the bench listens: at the profile's line rate."""
    url.check_options(_OPTIONS)
    options = url.options
    home = options.get("household", "")
    source = replayed(options["replay"], home) if options.get("replay") else None
    port = s1_port(
        options.get("profile", DEFAULT_PROFILE),
        seed=seed,
        start=options.get("start", DEFAULT_START),
        alterations=alterations,
        systems=systems,
        home=home or (source.home if source else DEFAULT_HOUSEHOLD),
        mode=choice(url, "mode", DEFAULT_MODE, MODES),
        rate=whole_number(url, "rate", 0, 1, 127) or None,
        neutral=choice(url, "neutral", "yes", ("yes", "no")) == "yes",
        source=source,
        block_ns=round(number(url, "block_ms", BLOCK_NS / MILLISECOND, 1, 1000) * MILLISECOND),
    )
    return port, LineSettings(port.profile.line_rate_bps)
