"""What the protocol did not declare, set apart: the same question asked in other ways, where the plan was told to."""

from analysis.plan.effects import BoundsRow, RegionRow, ReplayRow
from analysis.plan.effects import Row as Effect
from analysis.report.page import Block, Context, Numbering, Paragraph, Row, Section, Table
from analysis.report.sections.results import unit_of_row
from analysis.report.sections.units import Unit

EXPLORATORY = "exploratory"


def exploratory(context: Context, numbering: Numbering) -> Section | None:
    """Tell the exploratory results; None where there are none."""
    words, effects = context.words, context.released.effects
    rows = [row for row in effects.rows if row.role == EXPLORATORY]
    units = {row.estimand: unit_of_row(context, row) for row in effects.rows if row.role != EXPLORATORY}
    if not (rows or effects.bounds or effects.replays or effects.regions):
        return None
    blocks: list[Block] = [Paragraph(words("exploratory.lead"), "lead")]
    if rows:
        blocks.append(_effects(context, numbering, rows))
    if effects.bounds:
        blocks.append(_bounds(context, numbering, units))
    blocks += [Paragraph(_replay(context, row, units[row.estimand])) for row in effects.replays]
    blocks += [Paragraph(_region(context, row, units[row.estimand])) for row in effects.regions]
    return Section("exploratory", words("exploratory.title"), blocks)


def _effects(context: Context, numbering: Numbering, rows: list[Effect]) -> Table:
    words = context.words
    level = words.percent(context.protocol.inference.level, 0)
    columns = [words("estimand"), words("effect"), words("se"), words("interval", level=level), words("p")]
    return Table(numbering.next("table"), words("exploratory.rows"), columns, [_effect(context, row) for row in rows])


def _effect(context: Context, row: Effect) -> Row:
    words, unit = context.words, unit_of_row(context, row)
    name = f"{words.label(row.label)}, {words(unit.key)}"
    if row.status != "estimated":
        told = words("not-estimable", reason=words.reason(row.reason)) if row.reason else words("withheld")
        return Row([name, told], span=True)
    estimate, se, low, high = (unit.show(words, value) for value in (row.estimate, row.se, row.ci_low, row.ci_high))
    return Row([name, estimate, se, words("interval-text", low=low, high=high), words.p_value(row.p)])


def _bounds(context: Context, numbering: Numbering, units: dict[str, Unit]) -> Table:
    words = context.words
    level = words.percent(context.protocol.inference.level, 0)
    columns = [words("bounds.estimator"), words("bounds.low"), words("bounds.high"), words("interval", level=level)]
    rows = [_bound(context, row, units[row.estimand]) for row in context.released.effects.bounds]
    return Table(numbering.next("table"), words("bounds.caption"), columns, rows)


def _bound(context: Context, row: BoundsRow, unit: Unit) -> Row:
    words = context.words
    name = f"{words.known(f'estimator.{row.estimator}', row.estimator)}, {words(unit.key)}"
    if row.status != "estimated":
        return Row([name, words("not-estimable", reason=words.reason(row.reason or ""))], span=True)
    low, high, ci_low, ci_high = (unit.show(words, value) for value in (row.low, row.high, row.ci_low, row.ci_high))
    return Row([name, low, high, words("interval-text", low=ci_low, high=ci_high)])


def _replay(context: Context, row: ReplayRow, unit: Unit) -> str:
    words = context.words
    if row.status != "estimated":
        return _none(context, "estimator.randomisation-test", row.reason)
    low, high, level = unit.show(words, row.low), unit.show(words, row.high), words.percent(row.level, 0)
    return words(
        "replay",
        procedure=row.procedure,
        draws=words.count(row.draws),
        p=words.p_value(row.p),
        low=low,
        high=high,
        unit=words(unit.key),
        level=level,
    )


def _region(context: Context, row: RegionRow, unit: Unit) -> str:
    words = context.words
    if row.status != "estimated":
        return _none(context, "estimator.anderson-rubin", row.reason)
    low, high = unit.show(words, row.low), unit.show(words, row.high)
    return words(f"region.{row.kind}", low=low, high=high, unit=words(unit.key), level=words.percent(row.level, 0))


def _none(context: Context, name: str, reason: str | None) -> str:
    words = context.words
    return f"{words(name)}: {words('not-estimable', reason=words.reason(reason or ''))}."
