"""What was done: how conversations were held in each arm, and where they left what was drawn."""

from analysis.report.figures import draw_forms
from analysis.report.page import Block, Context, Numbering, Paragraph, Plate, Row, Section, Table
from analysis.report.sections.people import count_and_share


def compliance(context: Context, numbering: Numbering) -> Section:
    """Tell how conversations were held."""
    words, forms = context.words, context.facts.forms
    columns = [words("compliance.held"), *context.arms.values()]
    rows = [
        Row([words.capital(words.known(f"mode.{row}", row)), *count_and_share(context, forms, row)])
        for row in forms.rows
    ]
    rows.append(Row([words("total"), *(words.count(forms.counts["", arm]) for arm in context.arms)], head=True))
    blocks: list[Block] = []
    if any(forms.counts["", arm] for arm in context.arms):
        picture = draw_forms(forms, context.arms, words)
        blocks.append(Plate(numbering.next("figure"), words("compliance.caption"), picture))
    blocks.append(Table(numbering.next("table"), words("compliance.table"), columns, rows))
    return Section("compliance", words("compliance.title"), blocks)


def deviations(context: Context, numbering: Numbering) -> Section:
    """Tell the deviations: citizens, overridden conversations by reason, other events."""
    words, facts = context.words, context.facts
    arms = list(context.arms.values())
    citizens = [
        Row([words.capital(words(f"flow.{row}")), *count_and_share(context, facts.compliance, row)])
        for row in facts.compliance.rows
        if row != "any-held"
    ]
    reasons = [
        Row(
            [
                words.capital(words.known(f"override.{row}", row)),
                *(words.count(facts.overrides.counts[row, arm]) for arm in context.arms),
            ]
        )
        for row in facts.overrides.rows
    ]
    total = Row([words("total"), *(words.count(facts.overrides.counts["", arm]) for arm in context.arms)], head=True)
    blocks: list[Block] = [
        Paragraph(words("deviations.lead"), "lead"),
        Table(numbering.next("table"), words("deviations.citizens"), [words("deviation"), *arms], citizens),
        Table(numbering.next("table"), words("deviations.overrides"), [words("reason"), *arms], [*reasons, total]),
    ]
    if facts.events:
        rows = [
            Row([words.capital(words.known(f"event.{kind}", kind)), words.count(n)])
            for kind, n in facts.events.items()
        ]
        columns = [words("deviation"), words("number")]
        blocks.append(Table(numbering.next("table"), words("deviations.events"), columns, rows))
    return Section("deviations", words("deviations.title"), blocks)
