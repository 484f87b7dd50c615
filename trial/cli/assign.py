"""`trial assign`: an answer for every arrival."""

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trial.cli.connection import Connection, connected
from trial.console import DAY, dry_run_option, say, show_json_lines

if TYPE_CHECKING:
    from trial.service import Outcome


@click.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--participant", metavar="ID", help="One citizen instead of a file: an own id such as SYN-000123.")
@click.option("--jobcentre", metavar="CODE", help="With --participant: four digits.")
@click.option("--target-group", metavar="NAME", help="With --participant: as the protocol names it.")
@click.option("--caseworker", metavar="CODE", help="With --participant: where the protocol has that factor.")
@click.option("--spell-start-on", metavar="DAY", help="With --participant.")
@click.option("--birth-on", metavar="DAY", help="With --participant.")
@click.option("--excluded", metavar="COLUMN", multiple=True, help="With --participant: a yes/no column that is yes.")
@click.option("--on", type=DAY, help="Day of arrival; today in Denmark if not named.")
@connected("trial", "identity", "signing")
@dry_run_option
def assign(
    connection: Connection,
    *,
    file: Path | None,
    participant: str | None,
    on: date | None,
    excluded: tuple[str, ...],
    dry_run: bool,
    **values: str | None,
) -> None:
    """Draw an arm for every citizen of a daily intake file; a repeated request gets the first answer.

    FILE is CSV, or - for standard input. Where the protocol draws the batch of a day as one, send the day's file. A
    dry run draws nothing and tells no arm that was not drawn before.

    Example: trial assign intake-2021-03-01.csv --on 2021-03-01 --key trial.key --identity-key identity.key
    """
    from trial.intake import read_intake
    from trial.intake.rows import flag_columns

    if (file is None) == (participant is None):
        raise click.UsageError("Name an intake file, or one citizen with --participant.")
    if participant is not None and not participant[:1].isalpha():
        raise click.UsageError(
            "A CPR number has no place on a command line: others see it. Use a file, or - for stdin."
        )
    trial = connection.open(rehearsal=dry_run)
    day = on or trial.day(None)  # whether a day that is named will do is asked of who is new only
    source: Path | bytes
    if file is None:
        flags = {name: "yes" if name in excluded else "no" for name in flag_columns(trial.protocol)}
        source, name = _csv({"citizen": participant, **values, **flags}), "--participant"
    else:
        source, name = (sys.stdin.buffer.read(), "stdin") if str(file) == "-" else (file, str(file))
    intake = read_intake(source, trial.protocol, connection.pseudonymiser(), day, name=name)
    outcomes = trial.assign(intake, day, alone=file is None)
    show_json_lines(_line(outcome) for outcome in outcomes)
    say(_summary(outcomes, day, dry_run))


def _csv(values: dict[str, str | None]) -> bytes:
    import csv
    import io

    row = {name: value for name, value in values.items() if value is not None}
    text = io.StringIO()
    writer = csv.DictWriter(text, row)
    writer.writeheader()
    writer.writerow(row)
    return text.getvalue().encode()


def _line(outcome: "Outcome") -> dict[str, object]:
    answer = {"reason": outcome.reason} if outcome.arm is None else {"arm": outcome.arm}
    return {"participant": outcome.participant_id, **answer, "new": outcome.new}


def _summary(outcomes: "list[Outcome]", day: date, dry_run: bool) -> str:
    new = [outcome for outcome in outcomes if outcome.new]
    drawn = sum(outcome.reason is None for outcome in new)
    words = f"{day}: {drawn} {'to be randomised' if dry_run else 'randomised'}, {len(new) - drawn} not, "
    words += f"{len(outcomes) - len(new)} answered before."
    return words + (" Nothing was drawn or written." if dry_run else "")
