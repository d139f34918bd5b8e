"""What a case needs to find in the telegrams before it can say anything."""

from bench.core.verdict import Reason
from bench.engine.context import Inconclusive


def require(examined: int, what: str) -> None:
    """Raise Inconclusive when nothing was examined: an observation would look like a pass."""
    if not examined:
        raise Inconclusive(Reason.EMPTY, f"no whole telegram has {what}")
