"""`analysis experiment`: what analysts and verdict say where the truth is known."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from trial.console import json_option, say, show_json, show_table

if TYPE_CHECKING:
    from analysis.experiment.declare import Experiment


@click.command("experiment")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--replications", default=20, show_default=True, type=click.IntRange(2), help="Data sets of each regime."
)
@click.option("--judged", type=click.IntRange(0), help="How many of them are judged; by default all.")
@click.option("--spells", type=click.IntRange(500), help="Spells of a data set; by default as declared.")
@click.option("--jobs", type=click.IntRange(1), help="Processes; by default as many as there are cores.")
@click.option(
    "--published", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Compare with a table."
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the table as JSON.")
@click.option("--markdown", type=click.Path(dir_okay=False, path_type=Path), help="Write the table as Markdown.")
@click.option("--page", type=click.Path(dir_okay=False, path_type=Path), help="Write the verdicts as a page instead.")
@click.option("--write", type=click.Path(file_okay=False, path_type=Path), help="Write a regime's spells instead.")
@click.option(
    "--regime", "regimes", multiple=True, default=("calendar-2020-21", "trial"), help="For --page and --write."
)
@click.option("--lang", type=click.Choice(["da", "en"]), default="da", show_default=True, help="Danish or English.")
@json_option
@click.pass_context
def experiment(
    ctx: click.Context,
    file: Path | None,
    *,
    replications: int,
    judged: int | None,
    spells: int | None,
    jobs: int | None,
    published: Path | None,
    out: Path | None,
    markdown: Path | None,
    page: Path | None,
    write: Path | None,
    regimes: tuple[str, ...],
    lang: str,
    as_json: bool,
) -> None:
    """Simulate four regimes with a planted effect; show bias, coverage, size, and how often a verdict lets print.

    FILE declares the experiment; by default protocols/experiments/conversation-mode.toml. Exit 1 where an expectation
    declared in it does not hold, or a figure contradicts a published table.

    Example: analysis experiment --replications 20 --spells 4000
    Example: analysis experiment --page verdict.html --lang en
    Example: analysis experiment --write covid --regime calendar-2020-21
    """
    import json
    import os
    import sys

    from analysis.experiment import show
    from analysis.experiment.declare import load_experiment
    from analysis.experiment.expect import ERRORS, check_expectations, contradictions
    from analysis.experiment.run import run, tasks
    from analysis.experiment.table import read_table, summarise

    declared = load_experiment(file)
    declared = declared.sized(spells) if spells else declared
    if page is not None or write is not None:
        _instead(declared, regimes, page, write, lang)
        return
    total = sum(1 for _ in tasks(declared, replications, judged=0))
    with click.progressbar(length=total, label="simulated data sets", file=sys.stderr) as bar:
        done = run(
            declared, replications, judged=judged, jobs=jobs or os.cpu_count(), progress=lambda _: bar.update(1)
        )
    table = summarise(declared, done)
    shown = check_expectations(declared, table)
    apart = list(contradictions(read_table(published), table, 2 * ERRORS)) if published else []
    if out is not None:
        out.write_text(json.dumps(table.to_json(), indent=1) + "\n", encoding="utf-8")
    if markdown is not None:
        show.write_between_marks(markdown, show.to_markdown(table))
    if as_json:
        show_json({**table.to_json(), "expectations": [one.to_json() for one in shown], "contradictions": apart})
    else:
        show_table(show.VERDICTS, show.verdict_rows(table))
        show_table(show.COLUMNS, show.rows(table))
    for line in apart:
        say(line)
    say(show.summary(shown))
    ctx.exit(0 if all(one.holds for one in shown) and not apart else 1)


def _instead(
    declared: "Experiment", regimes: tuple[str, ...], page: Path | None, write: Path | None, lang: str
) -> None:  # fmt: skip
    """Write a page of verdicts, or the data of the first regime, instead of running all of it."""
    from analysis.experiment.folder import write_folder
    from analysis.experiment.page import judged_regimes
    from analysis.experiment.regimes import REGIMES
    from analysis.report.verdict import render_verdict

    for name in regimes:
        if name not in REGIMES:
            raise click.UsageError(f"--regime is one of {', '.join(REGIMES)}; found {name}")
    if write is not None:
        write_folder(declared, regimes[0], write)
        say(f"Wrote {write}; judge it with: analysis identify {write} --plan {declared.judged.registers}")
    if page is not None:
        report = render_verdict(list(judged_regimes(declared, regimes)), "da" if lang == "da" else "en")
        page.write_text(report.html, encoding="utf-8")
        say(f"Wrote {page}")
