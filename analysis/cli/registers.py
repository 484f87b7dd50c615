"""`analysis registers`: make synthetic registers, check real ones, build the analysis set."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from trial.console import dry_run_option, json_option, say, show_json, show_table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Command = TypeVar("Command", bound=Callable[..., Any])
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("registers")
def registers() -> None:
    """Make synthetic registers, check real ones, build the analysis set.

    Example: analysis registers check registers
    """


def with_codes(command: Command) -> Command:
    """Add the options that say what codes mean."""
    groups = click.option("--unknown-as", metavar="GROUP", help="Group of codes that are not declared; else refused.")
    codes = click.option(
        "--codes", "code_file", type=FILE, help="A code file of your own instead of the shipped one."
    )
    return codes(groups(command))


def code_table(code_file: Path | None, unknown_as: str | None) -> "NDArray[np.uint8]":
    """Give the state of each code, as the options say."""
    from analysis.outcomes import shipped_codes
    from analysis.registers.codes import GROUPS, look_up, read_codes

    if unknown_as is not None and unknown_as not in GROUPS:
        raise click.BadParameter(f"one of {', '.join(GROUPS)}", param_hint="--unknown-as")
    return look_up(read_codes(code_file) if code_file else shipped_codes(), unknown_as)


@registers.command("synthesise")
@click.argument("bundle", type=FOLDER)
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@click.option("--seed", type=click.IntRange(min=0), required=True, help="Everything follows from it.")
@click.option("--doses", type=FILE, help="Parquet with dose_physical_if_ARM for every participant and arm.")
@click.option("--theta", type=float, help="Log hazard ratio of all conversations digital against all physical.")
@click.option(
    "--theta-from",
    type=(click.IntRange(min=1), float),
    multiple=True,
    metavar="WEEK THETA",
    help="Another theta from this week of the spell on; may be repeated.",
)
@click.option("--theta-paused", type=float, help="Another theta while the own municipality is paused.")
@click.option(
    "--recalls", type=click.FloatRange(0, 1), default=0.0, show_default=True, help="Share waiting for a recall."
)
@click.option("--others", type=click.IntRange(min=0), help="People outside the trial; 5 % and 100 if not said.")
@click.option(
    "--replicates", type=click.IntRange(min=1), default=8, show_default=True, help="Life courses for truth."
)
@json_option
def synthesise(
    *,
    bundle: Path,
    out: Path,
    seed: int,
    doses: Path | None,
    theta: float | None,
    theta_from: tuple[tuple[int, float], ...],
    theta_paused: float | None,
    recalls: float,
    others: int | None,
    replicates: int,
    as_json: bool,
) -> None:
    """Write DREAM, income, background and link tables for a bundle, with a planted effect and its truth.

    Example: analysis registers synthesise bundle registers --seed 1 --doses conduct.parquet
    """
    import pandas as pd

    from analysis.outcomes import measure_codes, shipped_codes
    from analysis.registers.people import participants
    from analysis.registers.scenario import THETA, Scenario
    from analysis.registers.synthetic import synthesise as write
    from trial.bundle import read_bundle

    read = read_bundle(bundle)
    people = participants(
        read.assignments.to_pandas(),
        read.protocol.arms,
        None if doses is None else pd.read_parquet(doses),
        read.pauses.to_pandas(),
    )
    truth = write(
        people,
        out,
        seed=seed,
        planted=Scenario(THETA if theta is None else theta, theta_from, theta_paused, recalls),
        outcomes=read.protocol.outcomes,
        estimands=read.protocol.estimands,
        measure=measure_codes(shipped_codes()),
        follow_up_weeks=read.protocol.follow_up.weeks,
        others=others,
        replicates=replicates,
    )
    say(f"Wrote the registers of {len(people)} participants and others in {out}")
    rows = [(one.outcome, arm, one.effect[arm], one.monte_carlo_se[arm]) for one in truth for arm in one.effect]
    if as_json:
        show_json([dict(zip(("outcome", "arm", "effect", "monte_carlo_se"), row, strict=True)) for row in rows])
    else:
        shown = [(name, arm, f"{effect:.4f}", f"{error:.4f}") for name, arm, effect, error in rows]
        show_table(["outcome", "arm", "true effect", "Monte-Carlo error"], shown)


@registers.command("check")
@click.argument("folder", type=FOLDER)
@with_codes
@json_option
def check(*, folder: Path, code_file: Path | None, unknown_as: str | None, as_json: bool) -> None:
    """Check registers against their declaration; name the codes used that rest on memory alone.

    Example: analysis registers check registers
    """
    from analysis.outcomes import shipped_codes
    from analysis.registers.check import check_registers
    from analysis.registers.codes import read_codes

    codes = read_codes(code_file) if code_file else shipped_codes()
    facts = check_registers(folder, codes, code_table(code_file, unknown_as))
    if as_json:
        show_json(facts)
    else:
        show_table(["register", "found"], [(name, value) for name, value in facts.items()])


@registers.command("spells")
@click.argument("folder", type=FOLDER)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for spells.parquet.")
@click.option("--bundle", type=FOLDER, help="Also follow its participants, and count them, in the same pass.")
@click.option(
    "--definition", type=click.Choice(["a", "b"]), default="a", show_default=True, help="Of exit, with --bundle."
)
@click.option(
    "--engine", type=click.Choice(["local", "spark"]), default="local", show_default=True, help="Who does the work."
)
@with_codes
@json_option
@dry_run_option
def spells(
    *,
    folder: Path,
    out: Path | None,
    bundle: Path | None,
    definition: str,
    engine: str,
    code_file: Path | None,
    unknown_as: str | None,
    as_json: bool,
    dry_run: bool,
) -> None:
    """Find the spells of unemployment of everybody in DREAM, with what ended them.

    Example: analysis registers spells registers --out spells --bundle bundle
    """
    import os
    from dataclasses import asdict

    from analysis.outcomes.national import Gatherer, spells_task
    from analysis.spells.write import write_spells
    from trial.bundle import read_bundle

    table = code_table(code_file, unknown_as)
    rows = read_bundle(bundle).assignments.to_pandas() if bundle else None
    gatherer = None if rows is None else Gatherer.of(rows, folder, table, definition)
    task = gatherer.task if gatherer else spells_task(folder, table)
    with _bar(Path(task.layout.path)) as progress:
        census = write_spells(
            folder, task, None if dry_run else out, gatherer,
            engine=engine, threads=os.cpu_count() or 1, progress=progress,
        )  # fmt: skip
    if out is not None and not dry_run:
        beside = ", outcomes.parquet, durations.parquet and moments.parquet" if gatherer else ""
        say(f"Wrote spells.parquet{beside} in {out}")
    if as_json:
        show_json(asdict(census))
        return
    found = [(name.replace("_", " "), value) for name, value in asdict(census).items() if name != "causes"]
    show_table(["register", "found"], [*found, *((f"ended by {name}", n) for name, n in census.causes.items())])


@contextmanager
def _bar(path: Path) -> Iterator[Callable[[int], None] | None]:
    """Show the persons done where a person looks on and the file tells how many there are."""
    import sys

    if path.suffix != ".parquet" or not sys.stderr.isatty():
        yield None
        return
    import pyarrow.parquet as pq

    with click.progressbar(length=pq.read_metadata(path).num_rows, label="persons", file=sys.stderr) as bar:
        yield lambda done: bar.update(done - bar.pos)


@registers.command("build")
@click.argument("bundle", type=FOLDER)
@click.argument("folder", type=FOLDER, metavar="REGISTERS")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for the analysis set.")
@with_codes
@json_option
@dry_run_option
def build(
    *,
    bundle: Path,
    folder: Path,
    out: Path | None,
    code_file: Path | None,
    unknown_as: str | None,
    as_json: bool,
    dry_run: bool,
) -> None:
    """Join a bundle to the registers, measure the declared outcomes and show the flow.

    Example: analysis registers build bundle registers --out analysis-set
    """
    from dataclasses import asdict

    from analysis.outcomes import build_analysis_set
    from trial.bundle import read_bundle

    read = read_bundle(bundle)
    built = build_analysis_set(read, folder, read.protocol, code_table(code_file, unknown_as))
    if out is not None and not dry_run:
        built.write(out)
        say(f"Wrote analysis_set.parquet and flow.json in {out}")
    if as_json:
        show_json([asdict(one) for one in built.flow])
        return
    arms = [arm.name for arm in read.protocol.arms]
    rows = [[one.name, one.reason, one.n, *(one.per_arm.get(arm, "") for arm in arms)] for one in built.flow]
    show_table(["step", "reason", "citizens", *arms], rows)
