"""The page: whole in both languages, self-contained, without a number that was not released."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from matplotlib.figure import Figure

from analysis.plan import Chance, explore, run_plan
from analysis.report.render import render
from trial.errors import DisclosureError

VOID = {"meta", "img", "br", "link", "hr"}
TRUTH = {"estimands": [{"estimand": "itt-weeks-employed", "effect": -0.25}]}


class Page(HTMLParser):
    """Checks that elements close in order, and keeps text, images, headers and addresses."""

    def __init__(self, html):
        super().__init__()
        self.open, self.images, self.addresses, self.ids, self.text = [], [], [], [], []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.addresses += [attrs[name] for name in ("src", "href") if name in attrs]
        self.ids += [attrs["id"]] if "id" in attrs else []
        self.images += [attrs] if tag == "img" else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text.append(data)


def rendered(made, lang, **more):
    return render(made.bundle, made.analysis_set, made.effects, lang, **more)


@pytest.fixture
def undrawn(monkeypatch):
    """Figures are laid out in words and places, but not drawn."""
    monkeypatch.setattr(Figure, "savefig", lambda *_, **__: None)


@pytest.fixture(scope="module")
def pages(made):
    return {lang: rendered(made, lang, truth=TRUTH) for lang in ("da", "en")}


@pytest.mark.parametrize("lang", ["da", "en"])
def test_the_page_is_whole_and_needs_no_network(pages, lang):
    page = Page(pages[lang].html)
    assert f'<html lang="{lang}">' in pages[lang].html
    assert all(address.startswith(("data:image/svg+xml;base64,", "#")) for address in page.addresses)
    assert {address[1:] for address in page.addresses if address.startswith("#")} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))
    assert len(page.images) == len(pages[lang].pictures) == 6
    assert all(len(image["alt"]) > 20 for image in page.images)
    assert "http" not in re.sub(r"data:image[^\"]+", "", pages[lang].html).replace("http-equiv", "")


def test_the_languages_do_not_mix(pages):
    danish, english = (" ".join(Page(pages[lang].html).text) for lang in ("da", "en"))
    assert "Digitale eller fysiske samtaler" in danish
    assert "Digital or physical conversations" in english
    for word in ("Effects", "Pauses", "weeks", "citizens", "Standard error", "to exit"):
        assert word in english
        assert not re.search(rf"\b{word}\b", danish), word
    for word in ("Effekter", "uger", "borgere", "Standardfejl", "Arm", "ikke"):
        assert not re.search(rf"\b{word}\b", english), word


@pytest.mark.parametrize("lang", ["da", "en"])
def test_the_numbers_are_the_effects(made, pages, lang):
    row = made.effects.row("itt-weeks-employed", "stratified-difference")
    numbers = [f"{abs(value):.2f}" for value in (row.estimate, row.se, row.ci_low, row.ci_high)]
    text = " ".join(Page(pages[lang].html).text)
    for number in numbers:
        assert number.replace(".", "," if lang == "da" else ".") in text


def test_the_same_input_gives_the_same_bytes(made, pages):
    again = rendered(made, "da", truth=TRUTH)
    assert again.html == pages["da"].html
    assert [one.png for one in again.pictures] == [one.png for one in pages["da"].pictures]


def test_small_counts_are_nowhere_on_the_page(made, undrawn):
    """Three arrivals under 18 and seven emigrants: their numbers, and those that give them away, are dashes."""
    text = Page(rendered(made, "en").html).text
    row = next(index for index, piece in enumerate(text) if piece == "Not randomised: Under 18 years")
    assert next(piece.strip() for piece in text[row + 1 : row + 8] if piece.strip()) == "–"
    emigrated = next(index for index, piece in enumerate(text) if piece == "Emigrated")
    assert [piece.strip() for piece in text[emigrated + 1 : emigrated + 6] if piece.strip()][:2] == ["–", "–"]


def test_a_trial_without_pauses_conversations_or_truth_has_a_page(made, without, undrawn):
    empty = {name: getattr(made.bundle, name).to_pandas().iloc[:0] for name in ("conversations", "pauses", "events")}
    found = rendered(without(**empty), "en")
    assert "No municipality was paused." in found.html
    assert "Planted truth" not in found.html
    assert {picture.name for picture in found.pictures} == {
        "flow", "margin", "survival-time-to-exit", "survival-time-to-benefit-free",
    }  # fmt: skip


def test_what_cannot_be_estimated_has_its_reason_in_danish(made, undrawn):
    frame = made.analysis_set.frame.assign(weeks_employed_52=np.nan)
    found = render(made.bundle, made.analysis_set, run_plan(made.bundle.protocol, frame), "da")
    assert "ingen borger har et observeret udfald" in found.html or "har ingen borger med observeret" in found.html
    assert "nan" not in found.html.lower().replace("finans", "")


@pytest.mark.parametrize(("lang", "title"), [("da", "Eksplorativt"), ("en", "Exploratory")])
def test_what_was_not_declared_stands_apart(made, pages, undrawn, lang, title):
    frame, assignments = made.analysis_set.frame, made.bundle.assignments.to_pandas()
    more = explore(made.effects, made.bundle.protocol, frame, assignments, Chance(seed=1, draws=50))
    found = render(made.bundle, made.analysis_set, more, lang)
    text = " ".join(Page(found.html).text)
    assert title in text
    assert "Manski" in text
    assert "Anderson-Rubin" in text
    assert {"da": "Randomiseringstest", "en": "Randomisation test"}[lang] in text
    assert title not in " ".join(Page(pages[lang].html).text)


def test_an_identifier_stops_the_report(made, undrawn):
    manifest = {**made.bundle.manifest, "files": {"SYN-000123": "ab" * 32}}
    with pytest.raises(DisclosureError):
        rendered(replace(made, bundle=replace(made.bundle, manifest=manifest)), "en")


def test_names_from_outside_are_escaped(made, undrawn):
    manifest = {**made.bundle.manifest, "files": {"<script>alert(1)</script>": "ab" * 32}}
    found = rendered(replace(made, bundle=replace(made.bundle, manifest=manifest)), "en")
    assert "<script" not in found.html


def test_it_is_written_with_its_figures(pages, tmp_path):
    page = pages["en"].write(tmp_path / "report")
    assert page.read_text(encoding="utf-8") == pages["en"].html
    assert len(list((tmp_path / "report" / "figures").glob("*.png"))) == 6
