"""Many questions: declared subgroups with their interaction test, planned looks, spillovers, one correction."""

from itertools import groupby

from analysis.plan.effects import InteractionRow, LookRow, SpilloverRow
from analysis.plan.effects import Row as Effect
from analysis.report.page import Block, Context, Numbering, Row, Table
from analysis.report.sections.units import Unit, unit_of


def correction(context: Context) -> dict[str, str] | None:
    """Say how many questions are one family and after whom they are corrected; None where nothing is declared."""
    part = context.protocol.inference.multiplicity
    if part is None:
        return None
    words = context.words
    return {"number": words.count(len(part.family)), "method": words(f"method.{part.method}")}


def questions(context: Context, numbering: Numbering) -> list[Block]:
    """Tell subgroups, looks and spillovers, those that are declared."""
    effects = context.released.effects
    blocks: list[Block] = []
    if effects.subgroups:
        blocks.append(_subgroups(context, numbering))
    if effects.looks:
        blocks.append(_looks(context, numbering, effects.looks))
    if effects.spillovers:
        blocks.append(_spillovers(context, numbering))
    return blocks


def _subgroups(context: Context, numbering: Numbering) -> Table:
    words, effects = context.words, context.released.effects
    level = words.percent(context.protocol.inference.level, 0)
    columns = [words("subgroups.level"), words("effect"), words("se"), words("interval", level=level), words("p")]
    tests = {(one.estimand, one.factor): one for one in effects.interactions}
    rows: list[Row] = []
    for (estimand, factor), group in groupby(effects.subgroups, key=_asked):
        test, members = tests[estimand, factor], list(group)
        unit = words(_unit(context, members[0]).key)
        name = f"{words.label(test.label)} · {words.label(members[0].label)} · {unit}"
        rows.append(Row([name, *[""] * (len(columns) - 1)], head=True))
        rows += [_level(context, row) for row in members]
        rows.append(_equal(context, test))
    return Table(numbering.next("table"), words("subgroups.caption"), columns, rows, note=words("subgroups.note"))


def _asked(row: Effect) -> tuple[str, str]:
    return row.estimand, row.population.partition("=")[0]


def _level(context: Context, row: Effect) -> Row:
    words, unit = context.words, _unit(context, row)
    level = row.population.partition("=")[2]
    groups = {group.name: group.label.get(words.lang) for group in context.protocol.population.target_groups}
    name = groups.get(level, level)
    if row.status != "estimated":
        told = words("not-estimable", reason=words.reason(row.reason)) if row.reason else words("withheld")
        return Row([name, told], span=True)
    estimate, se, low, high = (unit.show(words, value) for value in (row.estimate, row.se, row.ci_low, row.ci_high))
    return Row([name, estimate, se, words("interval-text", low=low, high=high), words.p_value(row.p)])


def _unit(context: Context, row: Effect) -> Unit:
    return _unit_of(context, row.outcome, row.summary)


def _unit_of(context: Context, outcome: str, summary: str) -> Unit:
    return unit_of(next(one.variable for one in context.protocol.outcomes if one.name == outcome), summary)


def _equal(context: Context, test: InteractionRow) -> Row:
    words = context.words
    if test.status != "estimated":
        told = words("not-estimable", reason=words.reason(test.reason)) if test.reason else words("withheld")
        return Row([words("subgroups.equal"), told], span=True)
    return Row([words("subgroups.equal"), "", "", "", words.p_value(test.p)])


def _looks(context: Context, numbering: Numbering, looks: tuple[LookRow, ...]) -> Table:
    words = context.words
    estimand = next(one for one in context.protocol.estimands if one.name == looks[0].estimand)
    unit = _unit_of(context, estimand.outcome, estimand.summary)
    rows = []
    for look in looks:
        planned = [str(look.look), words.percent(look.information, 0), words.number(look.boundary, 3)]
        if look.status != "estimated":
            rows.append(Row([*planned, "", "", words.reason(look.reason or "")]))
            continue
        low, high = unit.show(words, look.anytime_low), unit.show(words, look.anytime_high)
        crossed = words("yes" if look.crossed else "no")
        rows.append(Row([*planned, words.number(look.z, 3), crossed, words("interval-text", low=low, high=high)]))
    columns = [words(f"looks.{key}") for key in ("look", "information", "boundary", "z", "crossed", "anytime")]
    caption = words("looks.caption", estimand=estimand.label.get(words.lang))
    note = words("looks.note", spending=words(f"spending.{looks[0].spending}"))
    return Table(numbering.next("table"), caption, columns, rows, note=note)


def _spillovers(context: Context, numbering: Numbering) -> Table:
    words, found = context.words, context.released.effects.spillovers
    level = words.percent(context.protocol.inference.level, 0)
    of = context.arms[context.protocol.arms[1].name]
    heads = [words("spillovers.share", of=of.lower()), words("spillovers.kind"), words("effect"), words("se")]
    columns = [*heads, words("interval", level=level), words("p")]
    rows: list[Row] = []
    for estimand, group in groupby(found, key=lambda row: row.estimand):
        label = next(one.label.get(words.lang) for one in context.protocol.estimands if one.name == estimand)
        rows.append(Row([label, *[""] * (len(columns) - 1)], head=True))
        rows += [_spillover(context, row) for row in group]
    return Table(numbering.next("table"), words("spillovers.caption"), columns, rows, numeric_from=2)


def _spillover(context: Context, row: SpilloverRow) -> Row:
    words = context.words
    estimand = next(one for one in context.protocol.estimands if one.name == row.estimand)
    unit = _unit_of(context, row.outcome, estimand.summary)
    what = [words.percent(row.saturation, 0), words(f"spillovers.{row.effect}")]
    if row.status != "estimated":
        told = words("not-estimable", reason=words.reason(row.reason)) if row.reason else words("withheld")
        return Row([*what, told], span=True)
    estimate, se, low, high = (unit.show(words, value) for value in (row.estimate, row.se, row.ci_low, row.ci_high))
    return Row([*what, estimate, se, words("interval-text", low=low, high=high), words.p_value(row.p)])
