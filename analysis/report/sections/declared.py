"""What was declared before the first citizen was drawn: the protocol in plain words."""

from collections.abc import Iterator

from analysis.report.page import Context, Numbering, Paragraph, Row, Section, Table, Terms
from analysis.report.sections.units import unit_of
from trial.protocol import Arm, Estimand, Period


def declared(context: Context, numbering: Numbering) -> Section:
    """Tell the protocol: question, arms, population, procedure, estimands, legal basis."""
    words = context.words
    return Section(
        "declared",
        words("declared.title"),
        [
            Paragraph(words("declared.lead"), "lead"),
            Terms(list(_terms(context))),
            Table(
                numbering.next("table"),
                words("estimands.caption"),
                [words(key) for key in ("estimand", "role", "outcome", "summary", "margin", "intercurrent")],
                [_estimand(context, estimand) for estimand in context.protocol.estimands],
                numeric_from=6,
            ),
        ],
    )


def _terms(context: Context) -> Iterator[tuple[str, list[str]]]:
    words, protocol = context.words, context.protocol
    yield words("declared.question"), [protocol.trial.question.get(words.lang)]
    arms = [words("declared.arm", label=context.arms[arm.name], modes=_modes(context, arm)) for arm in protocol.arms]
    ratio = ":".join(str(arm.ratio) for arm in protocol.arms)
    yield words("declared.arms"), [*arms, words("declared.ratio", ratio=ratio)]
    groups = [group.label.get(words.lang) for group in protocol.population.target_groups]
    yield words("declared.population"), [
        *groups, words("declared.max-spell", weeks=protocol.population.max_spell_weeks),
    ]  # fmt: skip
    yield words("declared.enrolment"), [_period(context, protocol.trial.enrolment)]
    yield (
        words("declared.strata"),
        [" × ".join(words(f"factor.{factor.factor}") for factor in protocol.stratification)],
    )
    parameters = ", ".join(f"{name} = {value}" for name, value in protocol.randomisation.parameters.items())
    cluster = protocol.randomisation.cluster
    drawn = [] if cluster is None else [words("declared.cluster", cluster=words(f"factor.{cluster}"))]
    yield words("declared.procedure"), [f"{protocol.randomisation.procedure} ({parameters})", *drawn]
    yield words("declared.pause"), [protocol.infection.rule]
    due = ", ".join(str(week) for week in protocol.conversations.due_weeks)
    yield words("declared.conversations"), [words("declared.due", weeks=due), _summons(context)]
    yield words("declared.follow-up"), [words("declared.weeks", weeks=protocol.follow_up.weeks)]
    inference = protocol.inference
    yield words("declared.inference"), [
        words(
            "declared.inference-text", se=inference.se_type, level=words.percent(inference.level, 0),
            ni=words.percent(inference.non_inferiority_level, 0),
        )
    ]  # fmt: skip
    yield words("declared.legal"), [_legal(context)]
    yield words("declared.digest"), [str(context.manifest["protocol_digest"])]


def _summons(context: Context) -> str:
    words, summons = context.words, context.protocol.conversations.summons
    mode = words("mode.none" if summons.short_notice == "not-held" else f"mode.{summons.short_notice}")
    return words("declared.summons", days=summons.notice_days, mode=mode)


def _modes(context: Context, arm: Arm) -> str:
    return ", ".join(context.words(f"mode.{mode}") for mode in arm.modes)


def _legal(context: Context) -> str:
    words, legal = context.words, context.protocol.legal
    if legal.status == "example":
        return words("declared.legal-example")
    first, last = words.day(legal.period.from_), words.day(legal.period.to)
    return words(
        "declared.legal-text", order=legal.order, derogates=", ".join(legal.derogates), first=first, last=last
    )


def _period(context: Context, period: Period) -> str:
    words = context.words
    return words("declared.period", first=words.day(period.from_), last=words.day(period.to))


def _estimand(context: Context, estimand: Estimand) -> Row:
    words = context.words
    outcome = next(one for one in context.protocol.outcomes if one.name == estimand.outcome)
    unit = unit_of(outcome.variable, estimand.summary)
    margin = "" if estimand.margin is None else f"{unit.show(words, estimand.margin)} {words(unit.key)}"
    strategies: dict[str, list[str]] = {}
    for event, strategy in estimand.intercurrent.items():
        strategies.setdefault(strategy, []).append(words.known(f"intercurrent.{event}", event))
    events = "; ".join(
        f"{', '.join(names)}: {words(f'strategy.{strategy}')}" for strategy, names in strategies.items()
    )
    return Row(
        [
            estimand.label.get(words.lang), words(f"role.{estimand.role}"), outcome.label.get(words.lang),
            words(f"summary.{estimand.summary}"), margin, events,
        ]
    )  # fmt: skip
