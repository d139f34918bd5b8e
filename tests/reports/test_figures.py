"""Figures in the report: where they are drawn, what they say, and what becomes of hostile ones."""

import json
import math
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.core.errors import EvidenceError
from bench.core.figure import (
    Axis,
    Bars,
    BarSeries,
    Envelope,
    Figure,
    Histogram,
    LimitLine,
    Lines,
    Mark,
    Phasor,
    Phasors,
    Series,
)
from reports.figures import draw
from reports.html import render_html
from reports.model import build_report, write_reports
from reports.picture import Picture, swatch
from reports.scale import number, scale, title
from reports.verification import Status
from reports.verify import verify_run

TIME, VOLTAGE = Axis("Time", "s"), Axis("Voltage", "V")
SVG = {"svg", "title", "desc", "path", "text"}


def lines(*series: Series | Envelope, limits: tuple[LimitLine, ...] = ()) -> Lines:
    return Lines("Voltage of the phases", "the first 10 s", TIME, VOLTAGE, series, limits)


def one_of_each(text: str = "U1") -> dict[str, Figure]:
    x, y = Axis(text, text), Axis(text, text)
    limits = (LimitLine(text, 253.0, 1.5), LimitLine(text, 207.0))
    return {
        "lines": Lines(
            text,
            text,
            x,
            y,
            [
                Series(text, [0, 1, 2, 3], [229.5, None, 231.25, 230]),
                Series(text, [0, 1], [215, 216], Mark.POINTS),
                Envelope(text, [0.5, 1.5, 2.5], [225, 226, None], [235, 236, None], 12000),
            ],
            limits,
        ),
        "phasors": Phasors(
            text,
            text,
            [
                Phasor(text, 230 + 0j, text),
                Phasor(text, -115 - 199j, text),
                Phasor(text, 3 - 4j, "A"),
                Phasor(text, None, "A"),
                Phasor(text, 0j, "A"),
            ],
        ),
        "bars": Bars(
            text,
            text,
            x,
            y,
            range(2, 41),
            [BarSeries(text, [5 / n for n in range(2, 41)]), BarSeries(text, 39 * [None])],
            [*[6 / n for n in range(2, 26)], *15 * [None]],
            text,
        ),
        "histogram": Histogram(text, text, x, [0.9, 1, 1.1, 1.3], [4, 0, 7], limits, text),
    }


def keep(folder: Path, figures: dict[str, Figure], interface: str = "p1") -> None:
    place = folder / "figures" / interface
    place.mkdir(parents=True)
    for name, figure in figures.items():
        (place / f"{name}.json").write_text(json.dumps(figure.to_json(), allow_nan=False), "ascii")


class Page(HTMLParser):
    """Elements, attributes and text of a page whose elements must nest."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.open[-1:] == ["svg"]:
            assert tag in SVG
        self.elements.append((tag, dict(attrs)))
        if tag not in {"meta", "input", "br"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))


def assert_harmless(page: Page) -> None:
    for tag, attributes in page.elements:
        assert tag not in {"script", "img", "iframe", "object", "embed", "link", "form", "use"}
        assert tag not in {"image", "foreignobject", "animate", "set", "style"} or tag == "style"
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            assert name not in {"src", "style", "action", "xlink:href"}, (tag, name)
            if name == "href":
                assert (value or "").startswith("#")


def measurements(html: str) -> str:
    return html[html.index('<section id="measurements">') : html.index('<section id="clauses">')]


def html_of(folder: Path) -> str:
    return render_html(build_report(folder), signed=False).decode()


def points_of(path: str) -> list[tuple[float, float]]:
    """Every corner of a path, arcs by the ends of their diameters."""
    x = y = 0.0
    found = []
    assert re.fullmatch(r"([MLHVahZ]|-?\d+(\.\d)?| )+", path), path
    for command, rest in re.findall(r"([MLHVahZ])([^MLHVahZ]*)", path):
        values = [float(value) for value in rest.split()]
        if command in "ML":
            x, y = values
        elif command == "H":
            (x,) = values
        elif command == "V":
            (y,) = values
        elif command == "h":
            assert values == [0]
        elif command == "a":
            x, y = x + values[5], y + values[6]
        found.append((x, y))
    return found


def assert_inside(picture: Picture) -> None:
    for shape in picture.shapes:
        assert re.fullmatch(r"[a-z0-9 -]+", shape.style)
        for x, y in points_of(shape.path):
            assert -0.5 <= x <= picture.width + 0.5, shape
            assert -0.5 <= y <= picture.height + 0.5, shape
    for text in picture.texts:
        assert 0 <= text.x <= picture.width, text
        assert 0 < text.y <= picture.height, text


def shapes(picture: Picture, style: str) -> list[list[tuple[float, float]]]:
    return [points_of(shape.path) for shape in picture.shapes if shape.style == style]


def texts(picture: Picture, style: str) -> list[str]:
    return [text.text for text in picture.texts if text.style == style]


# -- in the report


def test_each_kind_is_drawn_where_people_and_their_readers_find_it(passing: Any) -> None:
    folder = passing.write()
    keep(folder, one_of_each("Spannung"))
    html = html_of(folder)
    page = Page(html)
    assert_harmless(page)
    drawings = [a for tag, a in page.elements if tag == "svg" and a.get("role") == "img"]
    assert len(drawings) == 4
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))
    for attributes in drawings:
        assert set((attributes["aria-labelledby"] or "").split()) <= set(ids)
    text = page.text
    assert text.index("Measurements") > text.index("Cases")
    for words in (
        "12,000 samples drawn as 3 buckets, lowest to highest of each; 1 bucket without a number",
        "253 Spannung, U = 1.5 Spannung",
        "4 values; 1 value without a number; 229.5 to 231.25 Spannung",
        "at −120.0°",
        "5 A at −53.1°",
        "no value",
        "largest 2.5 Spannung at 2",
        "11 values in 3 bins; 0.9 to 1.3 Spannung",
        "figures/p1/phasors.json",
    ):
        assert words in text
    assert html_of(folder) == html
    assert "nan" not in measurements(html).lower()


def test_a_report_without_figures_has_no_measurements(passing: Any) -> None:
    assert "Measurements" not in html_of(passing.write())


def test_figures_come_in_the_order_of_their_names(passing: Any) -> None:
    folder = passing.write()
    keep(folder, {f"{n}-x": lines(Series(f"series {n}", [], [])) for n in (3, 1, 2)})
    found = re.findall(r'id="figures\.p1\.(.-x)"', html_of(folder))
    assert found == ["1-x", "2-x", "3-x"]


def test_report_json_names_the_files(passing: Any) -> None:
    folder = passing.write()
    keep(folder, {"rms": lines()})
    data = json.loads(write_reports(folder).json.read_text())
    assert data["profiles"][0]["figures"] == [
        {
            "file": "figures/p1/rms.json",
            "title": "Voltage of the phases",
            "caption": "the first 10 s",
        }
    ]
    assert "figures/p1/rms.json" in [row["path"] for row in data["evidence"]]


def test_a_figure_of_no_interface_of_the_plan_is_told(passing: Any) -> None:
    folder = passing.write()
    keep(folder, {"rms": lines()}, "s1")
    text = Page(html_of(folder)).text
    assert "figures/s1/rms.json is of no interface of the plan and is not shown" in text
    assert "Measurements" not in text


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "</text></svg><img src=x onerror=alert(1)>",
        '"><svg onload=alert(1)>',
        "' onmouseover='alert(1)",
        "</title></desc><style>*{}</style>",
        "{{ 7 * 7 }}{% raw %}",
        "]]> <!-- -- &#x3c;",
        "\x00\x01\x1b[2J\x7f\x9b",
        "right \u202e tfel \u2066 isolate",
        "lone \ud800 half",
        "x" * 500,
        "",
    ],
)
def test_what_a_device_sends_stays_text(passing: Any, text: str) -> None:
    folder = passing.write()
    keep(folder, one_of_each(text))
    html = html_of(folder)
    page = Page(html)
    assert_harmless(page)
    assert html.count("<style") == 1
    assert len(re.findall("<svg", html)) == len(re.findall("</svg>", html))
    assert not re.search(
        r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]", html
    )
    if text.isprintable():
        assert text[:200] in "".join(page.words)
    for figure in one_of_each(text).values():
        assert_inside(draw(figure))


# -- in verification


def outcomes(folder: Path) -> dict[str, Status]:
    return {line.name: line.status for line in verify_run(folder, ()).lines}


def test_a_run_with_figures_verifies_until_one_is_changed(passing: Any, build: Any) -> None:
    folder = passing.write()
    keep(folder, one_of_each())
    build.seal(folder)
    found = outcomes(folder)
    assert found["manifest"] is found["rendering"] is Status.OK
    build.rewrite(
        folder / "figures/p1/lines.json", lambda data: data["limits"][0].update(value=260.0)
    )
    found = outcomes(folder)
    assert found["manifest"] is found["rendering"] is Status.FAILED


def test_a_figure_that_is_taken_out_or_put_in_is_noticed(passing: Any, build: Any) -> None:
    folder = passing.write()
    keep(folder, one_of_each())
    build.seal(folder)
    path = folder / "figures/p1/bars.json"
    content = path.read_bytes()
    path.unlink()
    assert outcomes(folder)["manifest"] is Status.FAILED
    path.write_bytes(content)
    assert outcomes(folder)["manifest"] is Status.OK
    path.with_name("more.json").write_bytes(content)
    assert outcomes(folder)["manifest"] is Status.FAILED


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "figures/p1/bad.json is damaged: "),
        (b"\xff\xfe", "figures/p1/bad.json is not UTF-8 (at octet 0)"),
        (b"[]", "figures/p1/bad.json is damaged: the figure is not an object"),
        (b'{"schema": 1, "kind": "lines"}', "the figure lacks 'series'"),
        (b"[" * 100_000, "figures/p1/bad.json is damaged: "),
        (b'{"schema": 1, "kind": "phasors", "title": NaN}', "lacks 'phasors'"),
    ],
)
def test_a_damaged_figure_is_named(passing: Any, build: Any, content: bytes, words: str) -> None:
    folder = passing.write()
    build.seal(folder)
    keep(folder, {})
    (folder / "figures/p1/bad.json").write_bytes(content)
    with pytest.raises(EvidenceError, match=re.escape(words)):
        build_report(folder)
    assert outcomes(folder)["rendering"] is Status.FAILED


@pytest.mark.parametrize("name", ["p1/a b.json", 'p1/"x.json', "p 1/x.json", "p1/X.json"])
def test_a_file_that_no_figure_is_called_is_named(passing: Any, name: str) -> None:
    folder = passing.write()
    path = folder / "figures" / name
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(lines().to_json()))
    with pytest.raises(EvidenceError, match="is not named as a figure is"):
        build_report(folder)


# -- on the paper


def test_points_are_where_the_ticks_say() -> None:
    picture = draw(lines(Series("U1", [0, 5, 10], [0, 50, 100])))
    assert texts(picture, "tick") == ["0", "20", "40", "60", "80", "100"] + [
        str(n) for n in (0, 2, 4, 6, 8, 10)
    ]
    [points] = shapes(picture, "line s1")
    ticks = {t.text: t for t in picture.texts if t.style == "tick" and t.anchor == "middle"}
    assert [points[0][0], points[2][0]] == [ticks["0"].x, ticks["10"].x]
    levels = {t.text: t.y - 4 for t in picture.texts if t.style == "tick" and t.anchor == "end"}
    assert [points[0][1], points[2][1]] == [levels["0"], levels["100"]]
    assert points[1][1] == (levels["40"] + levels["60"]) / 2
    assert texts(picture, "axis-title") == ["Time (s)", "Voltage (V)"]


def test_a_gap_parts_a_line_and_a_lonely_point_is_a_dot() -> None:
    picture = draw(lines(Series("U1", range(6), [1, 2, None, 3, None, 4])))
    [dots] = shapes(picture, "dots s1")
    [line] = [s.path for s in picture.shapes if s.style == "line s1"]
    assert len(dots) == 4  # two dots, each a place and a path of no length
    assert line.count("M") == 1


def test_an_envelope_goes_around_the_highest_and_the_lowest() -> None:
    picture = draw(lines(Envelope("U1", [0, 1, 2], [0, 0, 0], [1, 100, 1], 3000)))
    [area] = shapes(picture, "area s1")
    highest, lowest = min(y for _, y in area), max(y for _, y in area)
    ticks = {t.text: t.y - 4 for t in picture.texts if t.style == "tick" and t.anchor == "end"}
    assert (highest, lowest) == (ticks["100"], ticks["0"])
    assert picture.legend[0].note.startswith("3,000 samples drawn as 3 buckets, lowest to highest")


def test_a_limit_is_drawn_with_its_band_and_named() -> None:
    limit = LimitLine("at most", 253, 1.0)
    picture = draw(lines(Series("U1", [0, 1], [230, 230]), limits=(limit,)))
    [((_, top), *_, (_, bottom), _, _)] = shapes(picture, "band")
    [((_, at), (_, same))] = shapes(picture, "limit")
    assert at == same
    assert at - min(top, bottom) == pytest.approx(abs(bottom - top) / 2, abs=0.2)
    assert texts(picture, "name") == ["at most"]
    assert picture.legend[1].note == "253 V, U = 1 V"


def test_names_of_limits_that_are_close_do_not_hide_one_another() -> None:
    limits = tuple(LimitLine(f"limit {n}", 100 + n / 100) for n in range(5))
    picture = draw(lines(Series("U1", [0, 1], [0, 100]), limits=limits))
    rows = sorted(t.y for t in picture.texts if t.style == "name")
    assert all(b - a >= 13 for a, b in pairwise(rows))


def test_bars_stand_on_zero_and_below_it() -> None:
    figure = Bars("", "", Axis("Order"), VOLTAGE, [3, 5], [BarSeries("U1", [2, -4])], [3, None])
    picture = draw(figure)
    [corners] = shapes(picture, "bar s1")
    zero = next(t.y - 4 for t in picture.texts if t.text == "0")
    assert corners[0][1] < zero
    assert corners[2][1] == zero
    assert corners[5][1] == zero
    assert corners[7][1] > zero
    assert len(shapes(picture, "limit mark")) == 1
    assert [t for t in texts(picture, "tick") if t in "35"] == ["3", "5"]


def test_a_histogram_counts_in_whole_numbers() -> None:
    picture = draw(Histogram("", "", TIME, [0, 1, 2], [1, 2]))
    left = [t.text for t in picture.texts if t.style == "tick" and t.anchor == "end"]
    assert left == ["0", "1", "2"]


def test_one_outlier_among_a_million_is_seen() -> None:
    picture = draw(Histogram("", "", TIME, [0, 1, 2, 3], [1_000_000, 0, 1]))
    [corners] = shapes(picture, "bar s1")
    assert len(corners) == 10  # two bars: the empty bin has none
    outlier = [y for _, y in corners[5:]]
    assert max(outlier) - min(outlier) >= 1.5


def test_phasors_have_a_circle_for_each_unit_and_turn_counter_clockwise() -> None:
    phasors = [Phasor("U1", 230j, "V"), Phasor("U2", -230 + 0j, "V"), Phasor("I1", 5j, "A")]
    picture = draw(Phasors("", "", phasors))
    assert texts(picture, "axis-title") == ["outer circle: 250 V", "outer circle: 5 A"]
    [((x0, y0), (x1, y1))] = shapes(picture, "line arrow s1")
    assert (y1, x1 > x0) == (y0, True)
    [((x0, y0), (x1, y1))] = shapes(picture, "line arrow s2")
    assert x1 == pytest.approx(x0, abs=0.1)
    assert y1 < y0
    [((x0, _), _)] = shapes(picture, "line arrow s3")
    assert x0 > picture.width / 2
    assert [entry.note for entry in picture.legend] == [
        "230 V at 0.0°",
        "230 V at 90.0°",
        "5 A at 0.0°",
    ]


@pytest.mark.parametrize(
    "figure",
    [
        lines(),
        lines(Series("none", [], [])),
        lines(Series("gaps", [1, 2], [None, math.nan])),
        lines(Envelope("gaps", [1, 2], [None, None], [1, None], 10)),
        Phasors("", "", []),
        Phasors("", "", [Phasor("U1", None, "V"), Phasor("U2", 230j, "V")]),
        Bars("", "", TIME, VOLTAGE, [], []),
        Bars("", "", TIME, VOLTAGE, [1, 2], [BarSeries("U1", [None, None])]),
        Histogram("", "", TIME, [], []),
    ],
)
def test_nothing_to_draw_is_said(figure: Figure) -> None:
    picture = draw(figure)
    assert "no value to draw" in texts(picture, "none")
    assert_inside(picture)


@pytest.mark.parametrize(
    "values",
    [
        [5.0],
        [230.0, 230.0, 230.0],
        [0.0, 0.0],
        [-0.0],
        [-3.0, -1.0],
        [-1e6, 1e6],
        [1e6, 1e6 + 1e-6],
        [1e30, -1e30],
        [1e-30, 3e-30],
        [5e-324],
        [1e30, 1e30],
        [123456.789, 123456.790],
    ],
)
def test_any_range_gets_round_ticks_that_tell_values_apart(values: list[float]) -> None:
    found = scale(values, 0, 100)
    assert all(-1e-6 <= found.place(value) <= 100 + 1e-6 for value in values if abs(value) > 1e-29)
    labels = [label for _, label in found.ticks]
    assert 1 <= len(labels) <= 7
    assert len(set(labels)) == len(labels)
    assert [at for at, _ in found.ticks] == sorted(at for at, _ in found.ticks)
    picture = draw(lines(Series("U1", range(len(values)), values)))
    assert_inside(picture)
    assert "no value to draw" not in texts(picture, "none")


VALUES = st.none() | st.floats(-1e30, 1e30) | st.sampled_from([0.0, -0.0, 5e-324, 1e30])
NUMBERS = st.floats(-1e30, 1e30)
LIMITS = st.lists(st.builds(LimitLine, st.just("m"), NUMBERS, st.none() | NUMBERS), max_size=3)


@st.composite
def any_figure(make: st.DrawFn) -> Figure:
    kind = make(st.sampled_from(["series", "envelope", "bars", "histogram", "phasors"]))
    values = make(st.lists(VALUES, max_size=8))
    limits = tuple(make(LIMITS))
    if kind == "series":
        xs = make(st.lists(NUMBERS, min_size=len(values), max_size=len(values)))
        mark = make(st.sampled_from(Mark))
        return lines(Series("U1", xs, values, mark), limits=limits)
    if kind == "envelope":
        pairs = [(v, None if v is None else max(v, 0)) for v in values]
        low, high = [a for a, _ in pairs], [b for _, b in pairs]
        return lines(Envelope("U1", range(len(values)), low, high, 99), limits=limits)
    if kind == "bars":
        series = [BarSeries("U1", values), BarSeries("U2", values)]
        return Bars("", "", TIME, VOLTAGE, range(len(values)), series, values)
    if kind == "histogram":
        edges = sorted(set(make(st.lists(NUMBERS, min_size=2, max_size=8))))
        counts = [make(st.integers(0, 10**30)) for _ in edges[1:]]
        return Histogram("", "", TIME, edges if counts else [], counts, limits)
    parts = zip(values, reversed(values), strict=True)
    phasors = [
        Phasor("U1", None if a is None or b is None else complex(a, b), make(st.sampled_from("VA")))
        for a, b in parts
    ]
    return Phasors("", "", phasors)


@settings(deadline=None)
@given(any_figure())
def test_whatever_is_drawn_stays_inside_its_picture(figure: Figure) -> None:
    picture = draw(figure)
    assert_inside(picture)
    assert picture == draw(figure)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_value_anywhere_in_a_figure_is_drawn_or_named(
    tmp_path_factory: Any, build: Any, data: Any
) -> None:
    home = tmp_path_factory.getbasetemp() / "figure-run"
    if not home.exists():
        writer = build.writer(home)
        writer.add(build.case("P1-A-001"), build.check())
        writer.write()
        keep(home, {})
    document = one_of_each()[data.draw(st.sampled_from(sorted(one_of_each())))].to_json()
    place: Any = document
    key: Any = data.draw(st.sampled_from(sorted(document)))
    while isinstance(place[key], dict | list) and place[key] and data.draw(st.booleans()):
        place = place[key]
        inner = sorted(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(inner))
    place[key] = data.draw(JSON)
    (home / "figures/p1/bad.json").write_text(json.dumps(document))
    try:
        html = html_of(home)
    except EvidenceError as error:
        assert str(error).startswith("figures/p1/bad.json is damaged: ")  # noqa: PT017
    else:
        assert_harmless(Page(html))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (-0.0, "0"),
        (230.1, "230.1"),
        (-324.969, "−324.97"),
        (1234567.4, "1,234,567"),
        (100, "100"),
        (0.00012, "0.00012"),
        (1.5e-9, "1.5×10⁻⁹"),
        (2.5e12, "2.5×10¹²"),
        (99999.99, "100,000"),
        (1e30, "1×10³⁰"),
    ],
)
def test_numbers_read_as_people_write_them(value: float, text: str) -> None:
    assert number(value) == text


def test_powers_of_ten_go_to_the_title_of_an_axis() -> None:
    found = scale([0, 2_000_000], 0, 100)
    assert [label for _, label in found.ticks] == ["0.0", "0.5", "1.0", "1.5", "2.0"]
    assert title("Energy", "Wh", found.exponent) == "Energy (10⁶ Wh)"
    assert title("Count", "", 0) == "Count"


@pytest.mark.parametrize("style", ["line s1", "dots s2", "area s3", "bar s4", "limit mark"])
def test_a_sample_fits_its_place_in_the_legend(style: str) -> None:
    assert all(0 < x < 28 and 0 < y < 12 for x, y in points_of(swatch(style)))
