"""`trial pause`: which municipalities are closed to randomisation, since when, and why."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trial.cli.connection import Connection, connected
from trial.console import dry_run_option, json_option, say, show_json, show_table

if TYPE_CHECKING:
    from trial.service import PauseChange

DAY = click.DateTime(["%Y-%m-%d"])
EVIDENCE = click.option(
    "--evidence",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File it rests on; kept word for word.",
)
COLUMNS = (
    "municipality_code",
    "closed_on",
    "reopened_on",
    "decided_on",
    "known_at",
    "rule",
    "basis",
    "value",
    "cases",
)


@click.group()
def pause() -> None:
    """Open, close and list pauses of municipalities; both arms pause together.

    Example: trial pause list --json
    """


@pause.command("open")
@click.argument("municipality")
@click.option("--from", "from_on", type=DAY, required=True, help="First day that is paused.")
@EVIDENCE
@connected("signing")
@dry_run_option
def open_(
    connection: Connection, *, municipality: str, from_on: datetime, evidence: Path | None, dry_run: bool
) -> None:
    """Open a pause by hand.

    Example: trial pause open 0461 --from 2021-03-01 --evidence decision.pdf
    """
    trial = connection.open()
    day = from_on.date()
    if not dry_run:
        trial.open_pause(municipality, day, _evidence(evidence))
    say(f"{municipality} {'would be' if dry_run else 'is'} paused from {day}.")


@pause.command("close")
@click.argument("municipality")
@click.option("--reopen", "reopened_on", type=DAY, required=True, help="First day that is no longer paused.")
@EVIDENCE
@connected("signing")
@dry_run_option
def close(
    connection: Connection, *, municipality: str, reopened_on: datetime, evidence: Path | None, dry_run: bool
) -> None:
    """Close the open pause of a municipality.

    Example: trial pause close 0461 --reopen 2021-03-15
    """
    trial = connection.open()
    day = reopened_on.date()
    if not dry_run:
        trial.close_pause(municipality, day, _evidence(evidence))
    say(f"{municipality} {'would be' if dry_run else 'is'} open again from {day}.")


@pause.command("apply")
@click.option("--on", type=DAY, help="Day to decide for; today in Denmark if not named.")
@connected("signing")
@json_option
def apply(connection: Connection, *, on: datetime | None, as_json: bool) -> None:
    """Open and close what the declared rule decides on the imported infection files, as known on a day.

    Example: trial pause apply --on 2021-03-01
    """
    trial = connection.open()
    day = on.date() if on else trial.today()
    changes = trial.decide_pauses(day)
    rows = [_change(change) for change in changes]
    if as_json:
        show_json({"on": day, "changes": rows})
    else:
        show_table(("municipality_code", "closed_on", "reopened_on"), [list(row.values()) for row in rows])
    say(f"{day}: {len(changes)} pauses opened or closed.")


@pause.command("list")
@click.option("--on", type=DAY, help="Only the pauses that cover this day.")
@connected()
@json_option
def list_(connection: Connection, *, on: datetime | None, as_json: bool) -> None:
    """List the pauses the ledger knows.

    Example: trial pause list --on 2021-03-01 --json
    """
    from dataclasses import asdict

    found = [pause for pause in connection.open().pauses() if on is None or pause.covers(on.date())]
    if as_json:
        show_json([asdict(pause) for pause in found])
    else:
        show_table(COLUMNS, [[getattr(pause, name) for name in COLUMNS] for pause in found])


def _evidence(path: Path | None) -> tuple[str, bytes] | None:
    return None if path is None else (path.name, path.read_bytes())


def _change(change: "PauseChange") -> dict[str, object]:
    return {
        "municipality_code": change.municipality_code,
        "closed_on": change.closed_on,
        "reopened_on": change.reopened_on,
    }
