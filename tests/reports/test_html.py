import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from bench.core.check import Deviation, Outcome, Place
from bench.core.trace import Frame
from reports.html import octet_rows, render_html
from reports.model import build_report
from reports.records import AnnotatedFrame

HOSTILE = [
    "<script>alert(1)</script>",
    "</td></tr></table><img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "</style><script>alert(1)</script>",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)",
    "\x00\x01\x1b[2J\x7f\x9b",
    "right \u202e tfel \u2066 isolate",
    "lone \ud800 half",
    "not UTF-8 \ufffd\xff",
]


class Page(HTMLParser):
    """Collects elements, attributes and text, and checks that elements nest."""

    VOID = frozenset({"meta", "input", "br"})

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))


def page_of(folder: Path, *, signed: bool = False) -> Page:
    return Page(render_html(build_report(folder), signed=signed).decode("utf-8"))


def assert_harmless(page: Page) -> None:
    """Nothing in the page runs, loads or submits."""
    assert not page.open
    for tag, attributes in page.elements:
        assert tag not in {
            "script",
            "img",
            "svg",
            "iframe",
            "object",
            "embed",
            "link",
            "base",
            "form",
        }
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            assert name not in {"src", "style", "action", "srcset", "background"}, (tag, name)
            if name == "href":
                assert value is not None
                assert value.startswith("#")


def test_an_ordinary_report_is_harmless_and_whole(mixed: Any) -> None:
    page = page_of(mixed.write())
    assert_harmless(page)
    for words in (
        "Does not conform",
        "UNSIGNED",
        "supplied by the customer",
        "relate only to the item tested",
        "no answer came, and no clause sets a time limit for it",
        "not among the selected cases",
        "92 of 92 seeded faults",
        "End of report",
        "meterbench verify RUN --trust",
    ):
        assert words in page.text


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_device_sends_stays_text(passing: Any, build: Any, text: str) -> None:
    octets = text.encode("utf-8", "surrogatepass") + bytes(range(256))
    deviation = Deviation(Place(7, 2, 9, 1), text, text)
    check = build.check(
        Outcome.MISSED,
        expected=text,
        observed=text,
        deviations=(deviation,),
        deviating=1,
        unit=text,
    )
    row = build.frame_row(octets, text=text)
    row["fields"][0].update(path=text, problem=text)
    passing.add(build.case("P1-X-001", text, purpose=text), check, frames=[row])
    passing.brackets[0]["closing"] = {"ok": False, "message": text}
    passing.review.append(text)
    html = render_html(build_report(passing.write()), signed=False).decode("utf-8")
    page = Page(html)
    assert_harmless(page)
    assert not re.search(
        r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]", html
    )
    assert html.count("<style") == 1


def test_a_hostile_declaration_stays_text(passing: Any, build: Any) -> None:
    evil = "</title><script>alert(1)</script>"
    passing.device_toml = build.device_toml.replace("Acme Metering", evil)
    page = page_of(passing.write())
    assert_harmless(page)
    assert evil in page.text


def test_a_hostile_run_name_stays_inside_the_style_sheet(passing: Any, build: Any) -> None:
    folder = passing.write()
    evil = '"; } body { display: none } </style><script>'
    build.rewrite(folder / "plan.json", lambda plan: plan.update(run=evil))
    html = render_html(build_report(folder), signed=False).decode()
    assert_harmless(Page(html))
    footer = re.search(r'@bottom-left \{ content: "([^\n]*?)"; font', html)
    assert footer is not None
    assert not set(footer[1]) & set("\"'\\<>{};")


def test_the_page_allows_its_own_style_and_nothing_else(mixed: Any) -> None:
    html = render_html(build_report(mixed.write()), signed=False).decode()
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"default-src &#39;none&#39;; style-src &#39;sha256-{digest}&#39;" in html.replace(
        "'", "&#39;"
    )
    assert "url(" not in style[1]
    assert "@import" not in style[1]
    assert not re.search(r"https?://", style[1])


def test_a_signed_page_says_how_to_check_it(passing: Any) -> None:
    folder = passing.write()
    signed = page_of(folder, signed=True)
    assert "UNSIGNED" not in signed.text
    assert "covered by attestation.json" in signed.text
    html = render_html(build_report(folder), signed=True).decode()
    assert "UNSIGNED" not in html
    assert "UNSIGNED" in render_html(build_report(folder), signed=False).decode()


def test_failures_come_before_everything_else(mixed: Any) -> None:
    text = page_of(mixed.write()).text
    order = [
        text.index(words)
        for words in (
            "Does not conform",
            "What does not meet its requirement",
            "What could not be decided",
            "Identification",
            "What was not run, and why",
            "How to verify",
        )
    ]
    assert order == sorted(order)


def test_links_lead_to_cases_that_are_there(mixed: Any) -> None:
    page = page_of(mixed.write())
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))
    hrefs = {a["href"] for _, a in page.elements if "href" in a}
    assert hrefs
    assert hrefs <= {f"#{name}" for name in ids}


def test_a_device_that_did_not_survive_is_told_up_front(mixed: Any) -> None:
    mixed.brackets[0].update(
        closing={"ok": False, "message": "no telegram in 25 s"}, suspects=["P1-A-021"]
    )
    mixed.review.append("P1/GAS must be yes")
    text = page_of(mixed.write()).text
    assert text.index("Static review: P1/GAS must be yes") < text.index("Identification")
    assert "did not survive, the last known-good exchange failed: no telegram in 25 s" in text


def test_simulated_runs_say_so(passing: Any) -> None:
    passing.simulated = True
    assert "says nothing about any real device" in page_of(passing.write()).text


def test_deviating_octets_are_marked_in_rows_of_16() -> None:
    frame = Frame(1, 0, 0, bytes(range(0x41, 0x41 + 20)))
    deviation = Deviation(Place(1, 14, 4), "", "")
    beyond = Deviation(Place(1, 400, 4), "", "")
    first, second = octet_rows(AnnotatedFrame(frame, (deviation, beyond)))
    assert [(s.marked, s.hex) for s in first.stretches] == [
        (False, bytes(range(0x41, 0x4F)).hex(" ")),
        (True, "4f 50"),
    ]
    assert [(s.marked, s.ascii) for s in second.stretches] == [(True, "QR"), (False, "ST")]
    assert (second.offset, second.padding) == (16, 12)


def test_a_score_of_another_suite_is_not_passed_off_as_this_ones(passing: Any, build: Any) -> None:
    folder = passing.write()
    assert "of another version of the suite" not in page_of(folder).text
    build.rewrite(
        folder / "environment.json", lambda data: data["self_test"].update(digests={"p1": "0" * 64})
    )
    assert "This score is of another version of the suite" in page_of(folder).text
