"""From released results to one page: self-contained HTML, its figures inside it and beside it.

1. Everything passes the disclosure control before a section sees it; the finished page is searched once more.
2. The page asks nothing of a network: style, figures and words are in it.
3. The same bundle, analysis set, effects and language give the same bytes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from analysis.disclosure import DEFAULT_THRESHOLD, check_text, release_effects
from analysis.identify.verdict import Verdict
from analysis.plan.effects import Effects
from analysis.plan.manifest import Sources
from analysis.report import sections
from analysis.report.facts import gather
from analysis.report.figures import Picture
from analysis.report.page import Context, Numbering, Plate, Section
from analysis.report.words import Lang, Words

_IMAGE = re.compile(r"data:image/svg\+xml;base64,[A-Za-z0-9+/=]+")


@dataclass(frozen=True)
class Report:
    """A rendered report: the page and its figures."""

    html: str
    pictures: tuple[Picture, ...]

    def write(self, out: Path) -> Path:
        """Write report.html and figures/*.png into a folder; give the path of the page."""
        (out / "figures").mkdir(parents=True, exist_ok=True)
        for picture in self.pictures:
            (out / "figures" / f"{picture.name}.png").write_bytes(picture.png)
        page = out / "report.html"
        page.write_text(self.html, encoding="utf-8")
        return page


def render(
    bundle: Any,
    analysis_set: Any,
    effects: Effects,
    lang: Lang,
    *,
    sources: Sources | None = None,
    truth: Mapping[str, Any] | None = None,
    threshold: int = DEFAULT_THRESHOLD,
    verdict: Verdict | None = None,
) -> Report:
    """Render the report of a trial.

    bundle: as read by trial.bundle. analysis_set: its `frame` and `flow`. sources: what else went in, for the
    manifest. truth: the planted effects of synthetic registers, where there are any. verdict: what the effects stand
    under; it opens the page. Raises DisclosureError when
    the page would hold an identifier.
    """
    words = Words(lang)
    facts = gather(bundle, analysis_set.frame, analysis_set.flow, threshold)
    released = release_effects(effects, threshold)
    planted = None if truth is None else dict(truth)
    context = Context(bundle.protocol, _manifest(bundle.manifest, sources), facts, released, planted, words)
    parts = _sections(context)
    html = template("report.html.jinja").render(
        lang=lang, words=words, context=context, answer=_answer(context, verdict), sections=parts,
        trial=bundle.protocol.trial, example=bundle.protocol.legal.status == "example", threshold=threshold,
    )  # fmt: skip
    check_text(without_images(html), "the report")
    pictures = [block.picture for part in parts for block in part.blocks if isinstance(block, Plate)]
    return Report(html, tuple(pictures))


def _answer(context: Context, verdict: Verdict | None) -> list[str]:
    """Say the answer in short and what it rests on; without identification the reasons are the whole answer."""
    if verdict is None:
        return sections.answer(context)
    if not verdict.is_identified:
        return [verdict.because(context.words.lang)]
    return [*sections.answer(context), verdict.headline.get(context.words.lang)]


def _manifest(manifest: Mapping[str, Any], sources: Sources | None) -> dict[str, Any]:
    """Join the bundle's manifest with the registers' hashes and the versions computed with."""
    if sources is None:
        return dict(manifest)
    made: dict[str, Any] = sources.manifest({})
    files = {**manifest.get("files", {}), **sources.inputs}
    return {**manifest, "files": files, "versions": {**manifest.get("versions", {}), **made["versions"]}}


def _sections(context: Context) -> list[Section]:
    numbering = Numbering(context.words)
    order = (
        sections.declared, sections.flow, sections.pauses, sections.balance, sections.effects, sections.curves,
        sections.exploratory, sections.compliance, sections.deviations, sections.truth, sections.manifest,
    )  # fmt: skip
    made = [section(context, numbering) for section in order]
    return [section for section in made if section is not None]


def without_images(html: str) -> str:
    """Give a page without the bytes of its figures: what is searched for identifiers."""
    return _IMAGE.sub("", html)


def template(name: str) -> Any:
    """Give a template of the report."""
    page = Environment(
        loader=PackageLoader("analysis.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    return page.get_template(name)
