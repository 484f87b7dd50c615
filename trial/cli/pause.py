"""`trial pause`: which municipalities are closed to randomisation, since when, and why."""

from collections.abc import Callable
from datetime import date, datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from trial.cli.connection import Connection, connected
from trial.console import DAY, Moment, dry_run_option, json_option, say, show_json, show_table

if TYPE_CHECKING:
    from trial.infection import ByHand
    from trial.service import PauseChange

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
    "end_known_at",
    "rule",
    "basis",
    "reason",
    "value",
    "cases",
)


@click.group()
def pause() -> None:
    """Open, close and list pauses of municipalities; both arms pause together.

    Example: trial pause list --json
    """


def by_hand(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of a decision by hand; it takes them joined, as `by`."""

    @wraps(command)
    def decided(connection: Connection, *, decided_by: str, confirmed_by: str, reason: str, **options: Any) -> None:
        from trial.infection import ByHand

        command(connection, by=ByHand(decided_by, confirmed_by, reason), **options)

    for flag, words in (
        ("--reason", "Why; kept in the ledger."),
        ("--confirmed-by", "Who confirmed it: another person of the pause authority."),
        ("--decided-by", "Who decided: a person of the pause authority."),
    ):
        decided = click.option(flag, required=True, metavar="TEXT", help=words)(decided)
    return decided


@pause.command("open")
@click.argument("municipality")
@click.option("--from", "from_on", type=DAY, required=True, help="First day that is paused; it may be past.")
@click.option("--decided-on", type=DAY, help="Day of the decision; left out: the day by the clock.")
@EVIDENCE
@connected("signing")
@by_hand
@dry_run_option
def open_(
    connection: Connection,
    *,
    municipality: str,
    from_on: date,
    decided_on: date | None,
    by: "ByHand",
    evidence: Path | None,
    dry_run: bool,
) -> None:
    """Open a pause by hand: two persons, with a reason. No assignment changes, whatever the first day.

    Example: trial pause open 0461 --from 2021-03-01 --decided-by "A. Holm" --confirmed-by "B. Lund" --reason outbreak
    """
    trial = connection.open(rehearsal=dry_run)
    change = trial.open_pause(municipality, from_on, by, _evidence(evidence), decided_on)
    say(f"{municipality} {'would be' if dry_run else 'is'} paused from {from_on}.{_assigned_before(change)}")


@pause.command("close")
@click.argument("municipality")
@click.option("--reopen", "reopened_on", type=DAY, required=True, help="First day that is no longer paused.")
@EVIDENCE
@connected("signing")
@by_hand
@dry_run_option
def close(
    connection: Connection,
    *,
    municipality: str,
    reopened_on: date,
    by: "ByHand",
    evidence: Path | None,
    dry_run: bool,
) -> None:
    """Close the open pause of a municipality.

    Example: trial pause close 0461 --reopen 2021-03-15 --decided-by "A. Holm" --confirmed-by "B. Lund" --reason over
    """
    connection.open(rehearsal=dry_run).close_pause(municipality, reopened_on, by, _evidence(evidence))
    say(f"{municipality} {'would be' if dry_run else 'is'} open again from {reopened_on}.")


@pause.command("correct")
@click.argument("municipality")
@click.option("--from", "from_on", type=DAY, required=True, help="First day of the pause whose end was wrong.")
@click.option("--reopen", "reopened_on", type=DAY, help="Its right end; left out: it has not ended after all.")
@EVIDENCE
@connected("signing")
@by_hand
@dry_run_option
def correct(
    connection: Connection,
    *,
    municipality: str,
    from_on: date,
    reopened_on: date | None,
    by: "ByHand",
    evidence: Path | None,
    dry_run: bool,
) -> None:
    """Record the right end of a closed pause beside the one given before; nothing is taken back.

    Example: trial pause correct 0461 --from 2021-03-01 --reopen 2021-03-12 --decided-by "A. Holm"
    --confirmed-by "B. Lund" --reason "wrong date in the letter"
    """
    trial = connection.open(rehearsal=dry_run)
    change = trial.correct_pause(municipality, from_on, reopened_on, by, _evidence(evidence))
    words = f"{municipality}: the pause from {from_on} {'would end' if dry_run else 'ends'}"
    say(f"{words} {f'on {reopened_on}' if reopened_on else 'at a day not yet known'}.{_assigned_before(change)}")


@pause.command("apply")
@click.option("--on", type=DAY, help="Day to decide for; today in Denmark if not named.")
@connected("signing")
@json_option
def apply(connection: Connection, *, on: date | None, as_json: bool) -> None:
    """Open and close what the declared rule decides on the imported infection files, as known on a day.

    Example: trial pause apply --on 2021-03-01
    """
    trial = connection.open()
    day = trial.day(on)
    changes = trial.decide_pauses(day)
    rows = [_change(change) for change in changes]
    if as_json:
        show_json({"on": day, "changes": rows})
    else:
        show_table(("municipality_code", "closed_on", "reopened_on"), [list(row.values()) for row in rows])
    say(f"{day}: {len(changes)} pauses opened or closed.")


@pause.command("list")
@click.option("--on", type=DAY, help="Only the pauses that cover this day.")
@click.option(
    "--known-at",
    type=Moment(),
    help="As known then: 2021-03-01T14:00 in Denmark.",
)
@connected()
@json_option
def list_(connection: Connection, *, on: date | None, known_at: datetime | None, as_json: bool) -> None:
    """List the pauses the ledger knows, or knew at an earlier time.

    Example: trial pause list --on 2021-03-01 --known-at 2021-02-26T16:00 --json
    """
    from dataclasses import asdict

    found = [one for one in connection.open().pauses(known_at) if on is None or one.covers(on)]
    if as_json:
        show_json([asdict(one) for one in found])
    else:
        show_table(COLUMNS, [[getattr(one, name) for name in COLUMNS] for one in found])


def _assigned_before(change: "PauseChange | None") -> str:
    if change is None or not change.assigned_before:
        return ""
    return f" Citizens assigned on its days before this was known: {change.assigned_before}; their arms stand."


def _evidence(path: Path | None) -> tuple[str, bytes] | None:
    return None if path is None else (path.name, path.read_bytes())


def _change(change: "PauseChange") -> dict[str, object]:
    return {
        "municipality_code": change.municipality_code,
        "closed_on": change.closed_on,
        "reopened_on": change.reopened_on,
    }
