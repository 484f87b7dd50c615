"""`trial simulate`: a whole trial with seeded citizens, through the real code."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trial.cli.connection import Connection, connected
from trial.console import DAY, dry_run_option, json_option, say, show_json, show_table

if TYPE_CHECKING:
    from trial.infection import Closure, Publication
    from trial.service import Trial
    from trial.simulator import Arrivals, Conduct, Simulation, Vintage

FILE = click.Path(path_type=Path)
FOLLOWS = 200  # days after the last arrival within which the last conversation falls


@click.command()
@click.option("--arrivals", type=click.IntRange(1, 1_000_000), default=20_000, show_default=True, help="Citizens.")
@click.option("--seed", type=click.IntRange(0), required=True, help="The same seed gives the same citizens.")
@click.option("--from", "from_on", type=DAY, help="First day; that of enrolment if not named.")
@click.option("--to", "to_on", type=DAY, help="Last day; that of enrolment if not named.")
@click.option(
    "--canary", metavar="TEXT", help="A citizen's number that must be found nowhere but in the intake files."
)
@click.option("--intake-dir", type=FILE, default=Path("intake"), show_default=True, help="Folder of the daily files.")
@click.option("--conduct", type=FILE, help="Parquet file of both doses of every citizen, for synthetic registers.")
@click.option(
    "--data",
    type=click.Path(exists=True, path_type=Path),
    multiple=True,
    help="Infection file, folder or zip archive to import first; repeat for several.",
)
@click.option(
    "--vintage",
    type=click.Choice(["as-published", "latest"]),
    default="latest",
    show_default=True,
    help="What was known on each day, or the newest of all.",
)
@connected("trial", "identity", "signing")
@dry_run_option
@json_option
def simulate(
    connection: Connection,
    *,
    arrivals: int,
    seed: int,
    from_on: date | None,
    to_on: date | None,
    canary: str | None,
    intake_dir: Path,
    conduct: Path | None,
    data: tuple[Path, ...],
    vintage: "Vintage",
    dry_run: bool,
    as_json: bool,
) -> None:
    """Run a trial opened in mode test or training with simulated citizens, day by day, from file to ledger.

    Example: trial simulate --arrivals 20000 --seed 2021 --intake-dir demo/intake --conduct demo/conduct.parquet
    """
    from trial.simulator import Arrivals, SimulatedClock, run_trial

    clock = SimulatedClock(date.max)
    trial = connection.open(clock)
    _check_mode(trial)
    trial.require("simulate")
    trial.role = None  # the designer plays every part
    clock.on, last = _days(trial, from_on, to_on)
    citizens = Arrivals(trial.protocol, arrivals, seed, from_on=clock.on, to_on=last)
    published = _published(connection, data)
    closures = _closures(trial, published, citizens, vintage)
    if dry_run:
        rows = sum(file.rows for file in citizens.files())
        say(f"{rows} rows of {arrivals} citizens, {len(closures)} pauses. Nothing was written.")
        return
    trial.import_infection((one, one.content) for one in published)
    with _progress((last - clock.on).days + FOLLOWS) as progress:
        simulation = run_trial(
            trial,
            clock,
            connection.pseudonymiser(),
            citizens,
            closures=closures,
            intake_dir=intake_dir,
            canary=canary,
            progress=progress,
        )
    if conduct is not None:
        _write(conduct, [arm.name for arm in trial.protocol.arms], simulation.conduct)
    _show(simulation, intake_dir, as_json)


def _days(trial: "Trial", from_on: date | None, to_on: date | None) -> tuple[date, date]:
    enrolment = trial.protocol.trial.enrolment
    first, last = from_on or enrolment.from_, to_on or enrolment.to
    if last < first or first not in enrolment or last not in enrolment:
        raise click.UsageError(f"--from and --to must lie within enrolment, {enrolment.from_} to {enrolment.to}.")
    return first, last


def _check_mode(trial: "Trial") -> None:
    from trial.errors import StateError

    if trial.mode == "production":
        raise StateError(
            "a simulated trial must be of mode test or training",
            found=trial.mode,
            mend="open another database: trial init FILE --mode test --db sqlite:///test.db",
            code="simulate-production",
        )


def _closures(
    trial: "Trial", published: "Sequence[Publication]", citizens: "Arrivals", vintage: "Vintage"
) -> "list[Closure]":
    """Decide the pauses of the whole calendar, until the last conversation."""
    from datetime import timedelta

    from trial.simulator import decided

    return decided(trial, published, citizens.from_on, citizens.to_on + timedelta(days=FOLLOWS), vintage)


def _published(connection: Connection, data: Sequence[Path]) -> "list[Publication]":
    from trial.infection.archive import Archive
    from trial.infection.collect import collect

    if data:
        return list(collect(data).publications)
    archive = Archive(connection.settings.db)
    try:
        return archive.publications()
    finally:
        archive.close()


@contextmanager
def _progress(days: int) -> Iterator[Callable[[date], None]]:
    """Show how far the calendar has come, when somebody is watching."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("simulating", total=days)
        yield lambda on: bar.update(task, advance=1, description=f"simulating {on}")


def _write(path: Path, arms: Sequence[str], conduct: "Sequence[Conduct]") -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns: dict[str, list[object]] = {"participant_id": [one.participant_id for one in conduct]}
    columns |= {f"dose_physical_if_{arm}": [one.doses[arm] for one in conduct] for arm in arms}
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)


def _show(simulation: "Simulation", intake_dir: Path, as_json: bool) -> None:
    for message in simulation.refused:
        say(f"The canary's file was refused, as it must be:\n{message}")
    if as_json:
        show_json(simulation.to_json())
        return
    rows: list[tuple[str, object]] = [
        ("intake rows", simulation.rows),
        ("answered before", simulation.answered_before),
    ]
    rows += [(f"randomised: {arm}", n) for arm, n in sorted(simulation.per_arm.items())]
    rows += [(f"not randomised: {reason}", n) for reason, n in simulation.not_randomised.most_common()]
    rows += [(f"conversations {kind}", n) for kind, n in sorted(simulation.conversations.items())]
    show_table(("what", "count"), rows)
    say(f"{simulation.from_on} to {simulation.to_on}; the daily files are in {intake_dir}.")
