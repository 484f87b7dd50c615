"""What came out: the answer in short, the table of effects, the margin, the curves."""

from itertools import groupby

from analysis.disclosure import WITHHELD
from analysis.plan.effects import FirstStageRow
from analysis.plan.effects import Row as Effect
from analysis.report.figures import draw_margin, draw_survival
from analysis.report.figures.margin import Bar, Margin
from analysis.report.figures.survival import Survival
from analysis.report.page import Block, Context, Numbering, Paragraph, Plate, Row, Section, Table
from analysis.report.sections.questions import correction, questions
from analysis.report.sections.units import Unit, unit_of


def unit_of_row(context: Context, row: Effect) -> Unit:
    """Give the unit of an effect."""
    variable = next(one.variable for one in context.protocol.outcomes if one.name == row.outcome)
    return unit_of(variable, row.summary)


def answer(context: Context) -> list[str]:
    """Say the primary effect and what it means for the margin, in two sentences."""
    words = context.words
    row = next((row for row in context.released.effects.rows if row.role == "primary"), None)
    if row is None:
        return []
    if row.status == WITHHELD:
        return [words("answer.withheld")]
    if row.status != "estimated" or row.level is None:
        return [words("answer.none", reason=words.reason(row.reason or ""))]
    unit = unit_of_row(context, row)
    arms = {"of": context.arms[row.of], "against": context.arms[row.against].lower(), "unit": words(unit.key)}
    estimate, low, high = (unit.show(words, value) for value in (row.estimate, row.ci_low, row.ci_high))
    level = words.percent(row.level, 0)
    said = [words("answer.effect", **arms, estimate=estimate, low=low, high=high, level=level)]
    if row.conclusion is not None:
        said.append(words(f"conclusion.{row.conclusion}", **arms, margin=unit.show(words, row.margin)))
    return said


def _declared(context: Context) -> list[Effect]:
    """Give the effects the protocol declared; the others have a section of their own."""
    return [row for row in context.released.effects.rows if row.role != "exploratory"]


def effects(context: Context, numbering: Numbering) -> Section:
    """Tell every effect as declared, and the primary one against its margin."""
    words, rows = context.words, _declared(context)
    primary = next((words.label(row.label) for row in rows if row.role == "primary"), "")
    first = rows[0] if rows else None
    of, against = (context.arms[first.of], context.arms[first.against].lower()) if first else ("", "")
    corrected = correction(context)
    lead = words("effects.lead-corrected" if corrected else "effects.lead", of=of.lower(), against=against,
                 primary=primary, **(corrected or {}))  # fmt: skip
    blocks: list[Block] = [Paragraph(lead, "lead")]
    plate = _margin(context, numbering)
    blocks += [plate] if plate else []
    blocks.append(_table(context, numbering))
    blocks += [Paragraph(_first_stage(context, stage)) for stage in context.released.effects.first_stage if stage.f]
    blocks += questions(context, numbering)
    blocks.append(Paragraph(_displacement(context), "note"))
    return Section("effects", words("effects.title"), blocks)


def _displacement(context: Context) -> str:
    words, cluster = context.words, context.protocol.randomisation.cluster
    if cluster is None:
        return words("effects.displacement")
    return words("effects.displacement-clusters", cluster=words(f"factor.{cluster}"))


def _table(context: Context, numbering: Numbering) -> Table:
    words = context.words
    level = words.percent(context.protocol.inference.level, 0)
    heads = [words("estimator"), words("effect"), words("se"), words("interval", level=level), words("p")]
    heads += [words("p-adjusted")] if _corrected(context) else []
    columns = [*heads, *(words("n", arm=label.lower()) for label in context.arms.values())]
    rows: list[Row] = []
    for _, group in groupby(_declared(context), key=lambda row: row.estimand):
        members = list(group)
        rows.append(_head(context, members[0], len(columns)))
        rows += [_effect(context, row) for row in members]
    pooled = next((row.pooled_strata for row in context.released.effects.rows if row.role == "primary"), 0)
    note = words("effects.pooled", strata=words.count(pooled)) if pooled else ""
    return Table(numbering.next("table"), words("effects.caption"), columns, rows, note=note)


def _head(context: Context, row: Effect, width: int) -> Row:
    words = context.words
    outcome = next(one.label.get(words.lang) for one in context.protocol.outcomes if one.name == row.outcome)
    text = (
        f"{words.label(row.label)} · {outcome} · {words(unit_of_row(context, row).key)} · {words(f'role.{row.role}')}"
    )
    return Row([text, *[""] * (width - 1)], head=True)


def _effect(context: Context, row: Effect) -> Row:
    words, unit = context.words, unit_of_row(context, row)
    name = words.capital(words.known(f"estimator.{row.estimator}", row.estimator))
    if row.status == WITHHELD:
        return Row([name, words("withheld")], span=True)
    if row.status != "estimated":
        return Row([name, words("not-estimable", reason=words.reason(row.reason or ""))], span=True)
    estimate, se, low, high = (unit.show(words, value) for value in (row.estimate, row.se, row.ci_low, row.ci_high))
    interval = words("interval-text", low=low, high=high)
    sizes = [words.count(row.n.get(arm)) for arm in context.arms]
    p = [words.p_value(row.p), *([words.p_value(row.p_adjusted)] if _corrected(context) else [])]
    return Row([name, estimate, f"{se} ({row.se_type})", interval, *p, *sizes])


def _corrected(context: Context) -> bool:
    return any(row.p_adjusted is not None for row in context.released.effects.rows)


def _first_stage(context: Context, stage: FirstStageRow) -> str:
    words = context.words
    estimate, low, high = (
        words.number(None if value is None else 100 * value, 1)
        for value in (stage.estimate, stage.ci_low, stage.ci_high)
    )
    f, of = words.number(stage.f, 0), context.arms[stage.of].lower()
    said = words("first-stage", of=of, estimate=estimate, low=low, high=high, f=f)
    return f"{said} {words('first-stage.weak')}" if stage.weak else said


def _margin(context: Context, numbering: Numbering) -> Plate | None:
    """Draw the estimands that declare a margin; they share one scale when they share an outcome."""
    words = context.words
    judged = [
        row for row in context.released.effects.rows
        if row.conclusion is not None and row.margin is not None and row.bound is not None
    ]  # fmt: skip
    if not judged:
        return None
    first = judged[0]
    judged = [row for row in judged if row.outcome == first.outcome]
    unit = unit_of_row(context, first)
    bars = [
        Bar(words.capital(words.known(f"estimator.{row.estimator}", row.estimator)),
            *(unit.factor * (value or 0.0) for value in (row.estimate, row.ci_low, row.ci_high, row.bound)))
        for row in judged
    ]  # fmt: skip
    better = first.higher_is_better is not False
    limit = unit.factor * (first.margin or 0.0) * (-1 if better else 1)
    of, against = context.arms[first.of].lower(), context.arms[first.against].lower()
    axis = words("ni.axis", of=of, against=against, unit=words(unit.key))
    level, bound = words.percent(first.level, 0), words.percent(first.bound_level, 0)
    drawing = draw_margin(Margin(bars, limit, better, axis, words(unit.key)), words)
    return Plate(numbering.next("figure"), words("ni.caption"), drawing, words("ni.legend", level=level, bound=bound))


def curves(context: Context, numbering: Numbering) -> Section:
    """Tell the survival curves of every time-to-exit outcome."""
    words, released = context.words, context.released
    blocks: list[Block] = []
    for outcome in context.protocol.outcomes:
        found = [item.curve for item in released.effects.curves if item.outcome == outcome.name and item.curve.points]
        if not found:
            continue
        at_risk = {curve.arm: released.at_risk[outcome.name, curve.arm] for curve in found}
        picture = draw_survival(Survival(outcome.name, found, context.arms, at_risk, outcome.by_week), words)
        caption = words("curves.caption", label=outcome.label.get(words.lang))
        level = words.percent(found[0].level, 0)
        note = words("curves.band", level=level, threshold=context.facts.threshold)
        blocks.append(Plate(numbering.next("figure"), caption, picture, note))
    return Section("curves", words("curves.title"), blocks or [Paragraph(words("curves.none"))])
