"""`analysis identify`: whether an effect can be learnt from a data set, and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from trial.console import json_option, say, show_json, show_table

if TYPE_CHECKING:
    import polars as pl

    from analysis.identify.evidence import Evidence
    from analysis.identify.judge import Judgement
    from analysis.identify.plan import IdentificationPlan

LANGUAGE = click.Choice(["da", "en"])


@click.command("identify")
@click.argument("source")
@click.option("--plan", required=True, help="A plan file, or the name of a shipped plan such as covid-registers.")
@click.option("--registers", type=click.Path(exists=True, file_okay=False, path_type=Path), help="With a bundle.")
@click.option("--replay/--no-replay", default=True, help="Replay a bundle's whole ledger, or follow its hashes only.")
@click.option("--lang", type=LANGUAGE, default="da", show_default=True, help="Danish or English.")
@click.option("--page", type=click.Path(dir_okay=False, path_type=Path), help="Write the verdict as a page, too.")
@json_option
@click.pass_context
def identify(
    context: click.Context, *, source: str, plan: str, registers: Path | None, replay: bool, lang: str,
    page: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Say whether the effect can be learnt from a data set: the verdict, and every gate with its figure.

    SOURCE is a trial's bundle (with --registers), a folder with spells and conversations, a CSV or Parquet table, or
    the name of a replication file. Exit status 0: identified; 1: not.

    Example: analysis identify nsw-dehejia-wahba --plan nsw-psid1 --lang en
    """
    from analysis.identify.judge import judge
    from analysis.identify.plan import find_plan, load_plan

    declared = load_plan(find_plan(plan))
    evidence = gather(source, declared, registers, replay=replay)
    judgement = judge(evidence, declared)
    if page is not None:
        _write_page(page, source, declared, evidence, judgement, lang)
    if as_json:
        show_json({"plan": declared.id, "source": source, **judgement.to_json()})
    else:
        show(judgement, lang)
    context.exit(0 if judgement.verdict.is_identified else 1)


def _write_page(  # noqa: PLR0917 - everything a page tells of
    page: Path, source: str, plan: IdentificationPlan, evidence: Evidence, judgement: Judgement, lang: str
) -> None:  # fmt: skip
    from analysis.identify.usual import usual_tools
    from analysis.report.verdict import Judged, render_verdict

    units = evidence.comparison
    chosen = units is not None and not plan.claims_randomised
    printed = tuple(usual_tools(units, level=plan.inference.level)) if chosen and units is not None else ()
    name = Path(source).name if Path(source).exists() else source
    one = Judged(name, plan, judgement.findings, judgement.verdict, printed)
    page.write_text(render_verdict([one], "da" if lang == "da" else "en").html, encoding="utf-8")
    say(f"Wrote {page}")


def gather(source: str, plan: IdentificationPlan, registers: Path | None, *, replay: bool = True) -> Evidence:
    """Read what the plan's kind of source asks for."""
    from analysis.identify.judge import evidence_of_panel

    if plan.source.kind == "cross-section":
        return _table(source, plan)
    folder = _folder(source)
    if plan.source.kind == "bundle":
        return _bundle(folder, plan, registers, replay=replay)
    from analysis.identify.folder import panel_of_folder

    return evidence_of_panel(panel_of_folder(folder, _weeks(plan)), plan)


def _bundle(folder: Path, plan: IdentificationPlan, registers: Path | None, *, replay: bool) -> Evidence:
    from analysis.identify.judge import evidence_of_panel
    from analysis.identify.ledger import prove
    from analysis.identify.trial_data import arms_of, panel_of_trial
    from trial.bundle import read_bundle

    if registers is None:
        raise click.UsageError("a bundle is judged with its registers: add --registers FOLDER")
    read = read_bundle(folder)
    if replay:
        say("Replaying the ledger ...")
    proof = prove(read, arms_of(read.protocol), replay=replay)
    return evidence_of_panel(panel_of_trial(read, registers, _weeks(plan)), plan, proof)


def _table(source: str, plan: IdentificationPlan) -> Evidence:
    from analysis.identify.judge import evidence_of_comparison
    from analysis.identify.tables import comparison_of, instruments_of, read_table, received_of

    path = Path(source)
    frame = read_table(path) if path.suffix in {".csv", ".parquet"} else _replicated(source, plan)
    return evidence_of_comparison(
        comparison_of(frame, plan, source), plan, instruments=dict(instruments_of(frame, plan, source)),
        received=received_of(frame, plan, source),
    )  # fmt: skip


def _replicated(source: str, plan: IdentificationPlan):  # type: ignore[no-untyped-def]
    """Build the plan's table of a replication file, given by name or path."""
    from analysis.reproduce.study import load_study
    from analysis.reproduce.table import MissingInput, build
    from trial.errors import PlanError
    from trial.protocol import shipped

    if plan.source.table is None:
        raise PlanError(
            "the plan must name the table of the replication file", found="no table", where=f"plan {plan.id}",
            mend='add to [source]: study = "..." and table = "..."', code="plan-source",
        )  # fmt: skip
    path = Path(source) if source.endswith(".toml") else shipped(f"replications/{source}.toml")
    study = load_study(path)
    built: dict[str, pl.DataFrame] = {}
    try:
        for table in study.tables:
            built[table.name] = build(table, path.parent, built)
            if table.name == plan.source.table:
                return built[table.name]
    except MissingInput as missing:
        raise PlanError(
            "the study's data must be there", found=missing, where=source,
            mend="install the extra `replications`", code="plan-input",
        ) from None  # fmt: skip
    raise PlanError(
        f"the study must have the table {plan.source.table}", found=", ".join(built), where=source,
        mend="name one of its tables", code="plan-source",
    )  # fmt: skip


def _folder(source: str) -> Path:
    folder = Path(source)
    if not folder.is_dir():
        from trial.errors import FileError

        raise FileError(
            "the source of this plan must be a folder", found=source, mend="name a folder that exists",
            code="file-missing",
        )  # fmt: skip
    return folder


def _weeks(plan: IdentificationPlan) -> int:
    assert plan.landmark is not None  # noqa: S101 - the plan was checked
    return max(*plan.landmark.horizons, *plan.landmark.talk_weeks, plan.landmark.by_week)


def show(judgement: Judgement, lang: str) -> None:
    """Print the verdict and every gate for people."""
    from analysis.identify.words import figure

    words = WORDS[lang]
    made = judgement.verdict
    click.echo(f"{made.headline.get(lang)} ({made.slug})\n")
    rows = [
        (
            one.gate, words[one.status], "" if one.figure is None else figure(one.figure, lang),
            "" if one.threshold is None else figure(one.threshold, lang), one.sentence.get(lang),
        )
        for one in judgement.findings
    ]  # fmt: skip
    show_table(words["columns"].split("|"), rows)
    if made.reasons:
        click.echo(f"\n{words['because']}: {', '.join(one.gate for one in made.reasons)}")
    for believed in made.assumptions:
        why = "" if believed.why is None else f" ({believed.why.get(lang)})"
        click.echo(f"{words['assuming']} {believed.name}: {believed.claim.get(lang)}{why}")
    printed = judgement.would_have_been_printed()
    if printed is not None:
        click.echo(f"{words['printed']}: {figure(printed[0], lang)} ({figure(printed[1], lang)})")


WORDS = {
    "da": {
        "columns": "prøve|udfald|tal|grænse|ord", "because": "Fordi", "assuming": "Forudsat",
        "printed": "Der ville have stået på tryk (standardfejl), og det må der ikke",
        "passes": "består", "warns": "advarer", "fails": "fejler", "not-assessed": "ikke set",
    },
    "en": {
        "columns": "gate|outcome|figure|threshold|words", "because": "Because", "assuming": "Assuming",
        "printed": "Would have been printed (standard error), and must not be",
        "passes": "passes", "warns": "warns", "fails": "fails", "not-assessed": "not seen",
    },
}  # fmt: skip
