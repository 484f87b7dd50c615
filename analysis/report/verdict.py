"""The verdict page: whether the effect can be learnt from a source, in words first, then gate by gate.

1. It shows findings and a verdict that were made elsewhere; nothing is computed here.
2. Several sources make one page: the answer of each stands on the first screen, side by side.
3. The page asks nothing of a network; the same findings and language give the same bytes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analysis.disclosure import check_text
from analysis.estimate.result import Estimate, Result
from analysis.identify.finding import Finding
from analysis.identify.plan import IdentificationPlan
from analysis.identify.verdict import ROUTES, Verdict
from analysis.report.figures.gates import draw_covariates_balance, draw_gate
from analysis.report.figures.gates.gauge import SHARES
from analysis.report.messages import MESSAGES
from analysis.report.page import Block, Numbering, Paragraph, Plate, Row, Section, Table, Terms
from analysis.report.render import Report, template, without_images
from analysis.report.words import DASH, Lang, Words

CALENDAR = 0.3  # from this share of the variance explained by the calendar the plain words name it
MOST_REASONS = 3


@dataclass(frozen=True)
class Judged:
    """A source with its plan, findings and verdict; `printed` is what the usual tools give on the same data.

    synthetic: the citizens are made up, and the page says so.
    """

    source: str
    plan: IdentificationPlan
    findings: Sequence[Finding]
    verdict: Verdict
    printed: Sequence[tuple[str, Result]] = ()
    synthetic: bool = False


@dataclass(frozen=True)
class Answer:
    """What the first screen says of one source."""

    title: str
    source: str
    slug: str
    badge: str
    headline: str
    reasons: Sequence[str]
    may_print: str


@dataclass(frozen=True)
class Part:
    """The sections of one source."""

    title: str
    sections: Sequence[Section]


class OfTreatment(Words):
    """The words for a table of any study: treated and untreated instead of digital and physical."""

    def __call__(self, key: str, **values: object) -> str:
        """Give the message for any treatment where there is one, else the message."""
        return super().__call__(f"{key}@treatment" if f"{key}@treatment" in MESSAGES else key, **values)


def render_verdict(judged: Sequence[Judged], lang: Lang) -> Report:
    """Render the page of one or several sources, in the order given.

    Raises DisclosureError when the page would hold an identifier.
    """
    words = Words(lang)
    numbering = Numbering(words)
    own = {id(one): words if one.plan.source.kind != "cross-section" else OfTreatment(lang) for one in judged}
    parts = [
        Part(one.plan.title.get(lang), list(_sections(one, place, own[id(one)], numbering)))
        for place, one in enumerate(judged)
    ]
    html = template("verdict.html.jinja").render(
        lang=lang, words=words, answers=[_answer(one, own[id(one)]) for one in judged], parts=parts,
        question=judged[0].plan.question.get(lang), synthetic=any(one.synthetic for one in judged),
    )  # fmt: skip
    check_text(without_images(html), "the verdict page")
    pictures = [
        block.picture for part in parts for section in part.sections for block in section.blocks
        if isinstance(block, Plate)
    ]  # fmt: skip
    return Report(html, tuple(pictures))


def _answer(one: Judged, words: Words) -> Answer:
    slug = one.verdict.slug
    return Answer(
        one.plan.title.get(words.lang), one.source, slug, words(f"slug.{slug}"), one.verdict.headline.get(words.lang),
        list(_plain(one.verdict, words))[:MOST_REASONS], words(f"print.{slug}"),
    )  # fmt: skip


def _plain(verdict: Verdict, words: Words) -> Iterator[str]:
    """Give the reasons in plain words; where there are none for them, the gates' own sentences."""
    for reason in verdict.reasons:
        key = f"why.{reason.gate}.{reason.status}"
        if reason.gate == "mode" and reason.status == "fails" and _by_calendar(reason):
            key = "why.mode.calendar"
        yield words.known(key, reason.sentence.get(words.lang))


def _by_calendar(finding: Finding) -> bool:
    share = finding.details.get("share_calendar")
    return isinstance(share, float) and share >= CALENDAR


def _sections(one: Judged, place: int, words: Words, numbering: Numbering) -> Iterator[Section]:
    mark = f"-{place}" if place else ""
    yield Section(f"gates{mark}", words("verdict.gates"), [
        Paragraph(words("verdict.gates-lead"), "lead"), _overview(one.findings, words, numbering),
    ])  # fmt: skip
    if one.printed:
        yield Section(f"usual{mark}", words("verdict.usual"), [
            Paragraph(words("verdict.usual-lead"), "lead"), _printed(one.printed, words, numbering),
        ])  # fmt: skip
    for finding in sorted(one.findings, key=lambda finding: -finding.weight):
        yield Section(
            f"{finding.gate}{mark}", words.known(f"gate.{finding.gate}", finding.gate),
            list(_gate(finding, words, numbering)),
        )  # fmt: skip
    yield _routes(one, mark, words, numbering)


def _overview(findings: Sequence[Finding], words: Words, numbering: Numbering) -> Table:
    rows = [
        Row([
            words.known(f"gate.{one.gate}", one.gate), words.known(f"asks.{one.gate}", DASH),
            words(f"status.{one.status}"), *(_value(one.gate, value, words) for value in (one.figure, one.threshold)),
        ])
        for one in sorted(findings, key=lambda one: -one.weight)
    ]  # fmt: skip
    columns = [words(f"col.{name}") for name in ("gate", "asks", "status", "figure", "threshold")]
    return Table(numbering.next("table"), words("verdict.overview"), columns, rows, numeric_from=3)


def _gate(finding: Finding, words: Words, numbering: Numbering) -> Iterator[Block]:
    """Tell a gate: what it asks, what it found, its plot."""
    yield Paragraph(words.known(f"asks.{finding.gate}", ""), "lead")
    yield Paragraph(f"{words.capital(words(f'status.{finding.status}'))}. {finding.sentence.get(words.lang)}")
    picture = draw_gate(finding, words)
    if picture is not None:
        caption = words.known(f"caption.{finding.gate}", finding.gate)
        note = words("gate.mode.note") if finding.gate == "mode" and "period" in finding.details else ""
        yield Plate(numbering.next("figure"), caption, picture, note)
    if finding.gate == "overlap":
        balance = draw_covariates_balance(finding, words)
        if balance is not None:
            yield Plate(numbering.next("figure"), words("gate.overlap.balance"), balance)


def _printed(printed: Sequence[tuple[str, Result]], words: Words, numbering: Numbering) -> Table:
    rows = []
    for tool, result in printed:
        name = words.known(f"tool.{tool}", tool)
        if isinstance(result, Estimate):
            interval = f"{number(result.ci_low, words)} – {number(result.ci_high, words)}"
            rows.append(Row([name, number(result.value, words), interval]))
        else:
            rows.append(Row([name, words.reason(result.reason)], span=True))
    columns = [words(f"col.{name}") for name in ("tool", "estimate", "interval")]
    return Table(numbering.next("table"), words("verdict.usual-table"), columns, rows)


def _routes(one: Judged, mark: str, words: Words, numbering: Numbering) -> Section:
    """Tell how the verdict follows: the routes with the status of every gate on them, and what must be believed."""
    status = {finding.gate: finding.status for finding in one.findings}

    def told(gates: Sequence[str]) -> str:
        named = ((gate, status.get(gate, "not-assessed")) for gate in gates)
        return (
            ", ".join(f"{words.known(f'gate.{gate}', gate)} ({words(f'status.{how}')})" for gate, how in named)
            or DASH
        )

    rows = [
        Row([
            words(f"route.{route.name}"), told(route.must_pass), told(route.must_not_fail),
            ", ".join(route.assumes) or DASH, words(f"slug.{route.slug}"),
        ])
        for route in ROUTES
    ]  # fmt: skip
    columns = [words(f"col.{name}") for name in ("route", "needs", "spares", "assumes", "gives")]
    blocks: list[Block] = [
        Paragraph(words("verdict.routes-lead"), "lead"),
        Table(numbering.next("table"), words("verdict.routes-table"), columns, rows, numeric_from=9),
        *_believed(one.verdict, words),
    ]
    return Section(f"routes{mark}", words("verdict.routes"), blocks)


def _believed(verdict: Verdict, words: Words) -> Iterator[Block]:
    lang = words.lang
    pairs = [
        (believed.name, [believed.claim.get(lang), *([believed.why.get(lang)] if believed.why else [])])
        for believed in verdict.assumptions
    ]
    yield Paragraph(words("verdict.assumptions") + ":")
    yield Terms(pairs) if pairs else Paragraph(words("verdict.no-assumptions"))
    if verdict.undeclared:
        yield Paragraph(words("verdict.undeclared", names=", ".join(verdict.undeclared)), "note")


def _value(gate: str, value: float | None, words: Words) -> str:
    """Write a gate's figure or threshold, shares in per cent."""
    if gate in SHARES and value is not None:
        return words.percent(value, 1 if 0 < abs(value) < 0.1 else 0)
    return number(value, words)


def number(value: float | None, words: Words) -> str:
    """Write a number of any size to about three digits."""
    if value is None or not abs(value) < float("inf"):
        return DASH
    size = abs(value)
    decimals = 0 if size >= 100 or value == int(value) else 1 if size >= 10 else 2 if size >= 1 else 3
    return words.number(value, decimals)


__all__ = ["Judged", "render_verdict"]
