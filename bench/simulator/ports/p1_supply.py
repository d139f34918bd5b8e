"""The 5 V supply of a P1 port under a load (DSMR 5.0.2 §5.3, §5.5.2)."""

from bench.core.link import Supply

_OPEN_V = 5.20
_INNER_OHM = 0.8
_TRIP_MA = 280.0  # the text: between 260 and 300 mA
_FOLDED_MA = 40.0  # the text: at most 50 mA into a short circuit


def supply(load_ma: float | None) -> Supply:
    """Return what the pin gives: 4.9 V and more to 250 mA, folded back beyond the trip point.

    None is a short circuit. The port recovers by itself, so a load leaves no trace.
    """
    if load_ma is None:
        return Supply(0.0, _FOLDED_MA)
    if load_ma > _TRIP_MA:
        return Supply(round(_OPEN_V * _FOLDED_MA / load_ma, 3), _FOLDED_MA)
    return Supply(round(_OPEN_V - _INNER_OHM * load_ma / 1000, 3), load_ma)
