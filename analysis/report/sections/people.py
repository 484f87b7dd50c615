"""Who took part: the flow from arrival to analysis, the pauses, the balance of the arms."""

from analysis.report.facts import Block as Counts
from analysis.report.figures import draw_flow, draw_pauses
from analysis.report.figures.flow import Box, Diagram
from analysis.report.page import Block, Context, Numbering, Paragraph, Plate, Row, Section, Table


def flow(context: Context, numbering: Numbering) -> Section:
    """Tell the flow as a diagram and as a table of the same numbers."""
    words = context.words
    figure = Plate(numbering.next("figure"), words("flow.caption"), draw_flow(_diagram(context)))
    columns = ["", *context.arms.values(), words("total")]
    table = Table(numbering.next("table"), words("flow.title"), columns, _flow_rows(context))
    return Section("flow", words("flow.title"), [figure, table])


def _reason(context: Context, reason: str) -> str:
    """Give why somebody was not randomised or not observed: an exclusion's label, or a known reason."""
    name = reason.removeprefix("excluded:")
    labels = {one.name: one.label.get(context.words.lang) for one in context.protocol.population.exclusions}
    return context.words.capital(labels.get(name) or context.words.known(f"reason.{name}", name))


def _losses(context: Context, arm: str) -> list[tuple[str, int | None]]:
    flow = context.facts.flow
    lost: list[tuple[str, int | None]] = [(_reason(context, name), flow.counts[name, arm]) for name in flow.losses]
    return lost + [(_reason(context, why), flow.counts["missing", why, arm]) for why in flow.missing]


def _diagram(context: Context) -> Diagram:
    words, facts = context.words, context.facts
    counts, arms = facts.flow.counts, context.arms

    def line(text: str, number: int | None) -> str:
        return f"{words.capital(text)} (n\u00a0=\u00a0{words.count(number)})"  # a number stays with its n

    exclusions = [line(_reason(context, why), counts["not-randomised", why]) for why in facts.flow.exclusions]
    allocated, lost, analysed = [], [], []
    for arm, label in arms.items():
        lines = [line(words(f"flow.{row}"), facts.compliance.counts[row, arm]) for row in facts.compliance.rows]
        heading = line(words("flow.allocated", arm=label.lower()), counts["randomised", arm])
        allocated.append(Box(heading, tuple(lines)))
        losses = [line(text, number) for text, number in _losses(context, arm) if number != 0]
        lost.append(Box(words("flow.lost"), tuple(losses) or (words.capital(words("flow.none-lost")),)))
        analysed.append(Box(line(words("flow.analysed"), counts["analysed", arm])))
    alt = words("flow.alt", arrived=words.count(counts["arrived"]), randomised=words.count(counts["randomised"]))
    return Diagram(
        Box(line(words("flow.arrived"), counts["arrived"])),
        Box(line(words("flow.turned-away"), counts["turned-away"]), tuple(exclusions)),
        Box(line(words("flow.randomised"), counts["randomised"])),
        (tuple(allocated), tuple(lost), tuple(analysed)),
        alt,
    )


def _flow_rows(context: Context) -> list[Row]:
    words, flow = context.words, context.facts.flow
    counts, arms = flow.counts, list(context.arms)
    empty = [""] * len(arms)

    def by_arm(text: str, *key: str) -> Row:
        return Row([text, *(words.count(counts[*key, arm]) for arm in arms), ""])

    rows = [Row([words("flow.arrived"), *empty, words.count(counts["arrived"])], head=True)]
    rows += [
        Row(
            [
                f"{words('flow.turned-away')}: {_reason(context, why)}",
                *empty,
                words.count(counts["not-randomised", why]),
            ]
        )
        for why in flow.exclusions
    ]
    drawn = (words.count(counts["randomised", arm]) for arm in arms)
    rows.append(Row([words("flow.randomised"), *drawn, words.count(counts["randomised"])], head=True))
    rows += [by_arm(_reason(context, name), name) for name in flow.losses]
    rows += [by_arm(_reason(context, why), "missing", why) for why in flow.missing]
    return [*rows, by_arm(words("flow.analysed"), "analysed")]


def pauses(context: Context, numbering: Numbering) -> Section:
    """Tell the pauses as a calendar."""
    words, calendar = context.words, context.facts.calendar
    blocks: list[Block] = [Paragraph(words("pauses.none"))]
    if calendar.municipalities:
        said = words(
            "pauses.text",
            pauses=words.count(calendar.pauses),
            municipalities=words.count(len(calendar.municipalities)),
            longest=words.count(calendar.longest_days),
            never=words.count(calendar.never_paused),
        )
        plate = Plate(numbering.next("figure"), words("pauses.caption"), draw_pauses(calendar, words))
        blocks = [Paragraph(said), plate]
    return Section("pauses", words("pauses.title"), blocks)


def balance(context: Context, numbering: Numbering) -> Section:
    """Tell how evenly the arms fell."""
    words, imbalance = context.words, context.facts.imbalance
    blocks: list[Block] = []
    cluster = context.protocol.randomisation.cluster
    if imbalance is not None and cluster is not None:
        said = words(
            "balance.text-clusters",
            strata=words.count(imbalance.strata),
            jobcentres=words.count(imbalance.jobcentres),
            cluster=words(f"factor.{cluster}"),
            clusters=words.count(imbalance.clusters),
        )
        blocks.append(Paragraph(said))
    elif imbalance is not None:
        said = words(
            "balance.text",
            strata=words.count(imbalance.strata),
            jobcentres=words.count(imbalance.jobcentres),
            in_stratum=words.count(imbalance.largest_in_stratum),
            in_jobcentre=words.count(imbalance.largest_in_jobcentre),
        )
        blocks.append(Paragraph(said))
    rows = [row for block in context.facts.balance for row in _balance_rows(context, block)]
    columns = [words("level"), *context.arms.values()]
    blocks.append(Table(numbering.next("table"), words("balance.caption"), columns, rows))
    return Section("balance", words("balance.title"), blocks)


def _balance_rows(context: Context, block: Counts) -> list[Row]:
    words = context.words
    groups = {group.name: group.label.get(words.lang) for group in context.protocol.population.target_groups}
    rows = [Row([words.capital(words(f"factor.{block.name}")), *[""] * len(context.arms)], head=True)]
    return rows + [Row([groups.get(row, row), *count_and_share(context, block, row)]) for row in block.rows]


def count_and_share(context: Context, block: Counts, row: str) -> list[str]:
    """Give a row's count in each arm with its share of the arm."""
    words = context.words
    told = []
    for arm in context.arms:
        share = block.share(row, arm)
        count = words.count(block.counts[row, arm])
        told.append(count if share is None else f"{count} ({words.percent(share)})")
    return told
