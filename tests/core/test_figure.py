import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.core.errors import UsageError
from bench.core.figure import (
    Axis,
    Bars,
    BarSeries,
    Envelope,
    Histogram,
    LimitLine,
    Lines,
    Mark,
    Phasor,
    Phasors,
    Series,
    figure_from_json,
)

TIME, VOLTAGE = Axis("Time", "s"), Axis("Voltage", "V")


def lines(*series, limits=()):
    return Lines("Voltage", "the first two periods", TIME, VOLTAGE, series, limits)


FIGURES = {
    "lines": lines(
        Series("U1", [0.0, 0.1], [230.0, None]),
        Series("U2", [0.0], [229.5], Mark.POINTS),
        Envelope("U3", [0.5, 1.5], [-325.0, None], [325.0, None], 8000),
        limits=[LimitLine("upper", 253.0, 0.4), LimitLine("lower", 207.0)],
    ),
    "phasors": Phasors("Phasors", "0.2 s", [Phasor("U1", 230 + 0j, "V"), Phasor("I1", None, "A")]),
    "bars": Bars(
        "Harmonics",
        "",
        Axis("Order"),
        Axis("Share", "%"),
        [3, 5],
        [BarSeries("U1", [1.0, None])],
        [5.0, None],
    ),
    "histogram": Histogram("Intervals", "", TIME, [0.9, 1.0, 1.1], [4, 0], [LimitLine("m", 1.0)]),
}


def written(figure):
    return json.loads(json.dumps(figure.to_json(), allow_nan=False))


@pytest.mark.parametrize("kind", FIGURES)
def test_a_figure_comes_back_as_it_was_written(kind):
    data = written(FIGURES[kind])
    assert data["kind"] == kind
    assert figure_from_json(data) == FIGURES[kind]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e31, -1e300])
def test_what_cannot_be_drawn_is_kept_as_a_gap(value):
    figure = lines(
        Series("U1", [0, 1, 2], [1, value, 3]), Envelope("E", [0, 1], [0, value], [1, 2], 9)
    )
    first, second = written(figure)["series"]
    assert first["y"] == [1, None, 3]
    assert (second["low"], second["high"]) == ([0, None], [1, None])
    assert Phasor("U1", complex(1, value), "V").value is None
    assert BarSeries("U1", [value]).values == (None,)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Series("U1", [0, 1], [1]), "'U1' has columns of unequal length: 2 x, 1 y"),
        (lambda: Series("U1", [math.nan], [1]), "an x of series 'U1' is nan"),
        (lambda: Envelope("U1", [0], [2], [1], 5), "lowest value above its highest"),
        (lambda: Envelope("U1", [1, 1], [0, 0], [1, 1], 5), "not in ascending order"),
        (lambda: Envelope("U1", [0, 1], [0, 0], [1, 1], 1), "2 buckets of 1 samples"),
        (lambda: LimitLine("m", math.inf), "a limit is inf"),
        (lambda: lines(Series("U1", range(20_001), range(20_001))), "at most 20000 points"),
        (lambda: lines(*13 * [Series("U1", [], [])]), "at most 12 series, not 13"),
        (
            lambda: Bars("", "", TIME, VOLTAGE, [1, 2], [BarSeries("U1", [1])]),
            "2 places, 1 bars",
        ),
        (lambda: Bars("", "", TIME, VOLTAGE, [2, 1], []), "places of the bars"),
        (lambda: Histogram("", "", TIME, [0, 1], [1, 2]), "2 edges do not bound 2 bins"),
        (lambda: Histogram("", "", TIME, [0, 0], [1]), "edges of the bins are not in ascending"),
        (lambda: Histogram("", "", TIME, [0, 1], [-1]), "a negative or an impossible count"),
    ],
)
def test_what_only_a_wrong_program_gives_is_refused(make, words):
    with pytest.raises(UsageError) as caught:
        make()
    assert words in str(caught.value)


def test_long_texts_are_cut():
    figure = Lines("t" * 400, "c" * 3000, Axis("a" * 400), VOLTAGE, [Series("n" * 400, [], [])])
    assert figure.title == "t" * 299 + "…"
    assert len(figure.caption) == 2000
    assert len(figure.x.label) == len(figure.series[0].name) == 300


def test_an_empty_figure_is_one():
    for figure in (
        lines(),
        lines(Series("none", [], [])),
        Phasors("", "", []),
        Bars("", "", TIME, VOLTAGE, [], []),
        Histogram("", "", TIME, [], []),
    ):
        assert figure_from_json(written(figure)) == figure


@pytest.mark.parametrize(
    ("of", "degrees"),
    [
        (230j, 90.0),
        (-230 + 0j, 180.0),
        (-230 - 1e-300j, 180.0),
        (-1j, -90.0),
        (2 + 5e-324j, 0.0),
        (0j, None),
    ],
)
def test_angles_count_from_the_first_phasor(of, degrees):
    figure = Phasors("", "", [Phasor("U1", 230 + 0j, "V"), Phasor("I1", of, "A")])
    found = figure.angle_deg(figure.phasors[1])
    assert found == (None if degrees is None else pytest.approx(degrees))


def test_the_first_phasor_may_have_any_angle_itself():
    figure = Phasors("", "", [Phasor("U1", -3 - 4j, "V"), Phasor("U2", 4 - 3j, "V")])
    assert figure.angle_deg(figure.phasors[0]) == 0
    assert figure.angle_deg(figure.phasors[1]) == pytest.approx(90)


def test_without_a_first_phasor_there_is_no_angle():
    for first in (None, 0j):
        figure = Phasors("", "", [Phasor("U1", first, "V"), Phasor("I1", 1j, "A")])
        assert figure.angle_deg(figure.phasors[1]) is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d.update(schema=2), "schema 2 is not known"),
        (lambda d: d.update(kind="pie"), "kind 'pie' is not one of lines, phasors"),
        (lambda d: d.pop("caption"), "the figure lacks 'caption'"),
        (lambda d: d.update(title=7), "the figure: title is not a text"),
        (lambda d: d.update(more=1), "the figure has unknown entries: more"),
        (lambda d: d["x"].update(more=1), "the figure: x has unknown entries: more"),
        (lambda d: d.update(series={}), "the figure: series is not a list"),
        (lambda d: d.update(x=[]), "the figure: x is not an object"),
        (lambda d: d["series"][0].update(y=[1, "2"]), "series[0]: y[1] is not a finite number"),
        (lambda d: d["series"][0].update(y=[1, True]), "series[0]: y[1] is not a finite number"),
        (lambda d: d["series"][0].update(y=[1, math.nan]), "y[1] is not a finite number"),
        (lambda d: d["series"][0].update(y=[1, 10**400]), "y[1] is not a finite number"),
        (lambda d: d["series"][0].update(y=[1]), "columns of unequal length"),
        (lambda d: d["series"][0].update(mark="x"), "'x' is not a valid Mark"),
        (lambda d: d["series"][2].update(samples=-1), "samples is not a whole number from 0"),
        (lambda d: d["limits"][1].update(value=None), "limits[1]: value is not a finite number"),
    ],
)
def test_damaged_json_is_refused_with_its_place(change, words):
    data = written(FIGURES["lines"])
    change(data)
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        figure_from_json(data)
    assert words in str(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["kind", "schema", "x", "y", "series"]), inner)
    ),
    max_leaves=8,
)


@given(st.sampled_from(sorted(FIGURES)), st.data())
def test_any_json_is_a_figure_or_a_value_error(kind, data):
    document = written(FIGURES[kind])
    document[data.draw(st.sampled_from(sorted(document)))] = data.draw(JSON)
    try:
        figure = figure_from_json(document)
    except ValueError:
        return
    assert figure_from_json(written(figure)) == figure


@given(st.lists(st.floats() | st.none(), max_size=20))
def test_json_of_any_values_has_no_nan_and_reads_back(values):
    figure = lines(Series("U1", range(len(values)), values))
    assert figure_from_json(written(figure)) == figure
