"""`trial correct`: what turned out about a citizen, recorded beside the assignment."""

from collections.abc import Callable, Mapping
from datetime import date
from functools import wraps
from typing import Any

import click

from trial.cli.citizen import citizen_options, pseudonym_of
from trial.cli.connection import Connection, connected
from trial.console import DAY, dry_run_option, json_option, say, show_json, show_table

COLUMNS = ("seq", "participant", "what", "on", "scope", "about", "recorded_by", "reason")


@click.group()
def correct() -> None:
    """Record what turned out about an assigned citizen: arm and stratum stand, analyses see both.

    Example: trial correct list --json
    """


def correction(command: Callable[..., Any]) -> Callable[..., None]:
    """Give a command what every correction has; the command gives what, details and scope."""

    @wraps(command)
    @connected("identity", "signing")
    @citizen_options
    @dry_run_option
    def record(
        connection: Connection,
        *,
        participant: str,
        on: date | None,
        reason: str,
        recorded_by: str,
        about: int | None,
        dry_run: bool,
        **options: Any,
    ) -> None:
        from trial.service import Correction

        trial = connection.open(rehearsal=dry_run)
        what, details, scope = command(connection, **options)
        day = trial.day(on)
        found = Correction(participant, what, day, reason, recorded_by, details, scope, about)
        row = trial.correct(found)
        if dry_run:
            say(f"{participant}: {what} could be recorded. Nothing was written.")
        else:
            say(f"{participant}: {what}, {f'row {row}' if row else 'recorded before'}. The assignment stands.")

    for option in (
        click.option("--reason", required=True, metavar="TEXT", help="Why; kept sealed, it can be erased."),
        click.option("--by", "recorded_by", required=True, metavar="TEXT", help="Who records it: a role or a name."),
        click.option("--on", type=DAY, help="The day it turned out; of a withdrawal its day. Today if not named."),
        click.option("--entry", "about", type=click.IntRange(1), help="The correction it is about, by its row."),
    ):
        record = option(record)
    return record


Told = tuple[str, Mapping[str, str], str | None]


@correct.command("level")
@click.option("--field", required=True, metavar="FACTOR", help="The stratification factor that was wrong.")
@click.option("--value", required=True, metavar="LEVEL", help="The right level.")
@correction
def level(_connection: Connection, *, field: str, value: str) -> Told:
    """Record the right level of a factor; the stratum of the draw stays what it was.

    Example: trial correct level --participant SYN-000123 --field age_group --value 30-49 --by "trial office"
    --reason "wrong date of birth in the file"
    """
    return "level", {"field": field, "value": value}, None


@correct.command("ineligible")
@click.option("--criterion", required=True, metavar="NAME", help="The exclusion of the protocol that held.")
@correction
def ineligible(_connection: Connection, *, criterion: str) -> Told:
    """Record that a citizen should not have been randomised; the arm stands.

    Example: trial correct ineligible --participant SYN-000123 --criterion interpreter --by "trial office"
    --reason "found at the first conversation"
    """
    return "ineligible", {"criterion": criterion}, None


@correct.command("duplicate")
@click.option("--of", "other", required=True, metavar="ID", help="The same person's other pseudonym, or own id.")
@correction
def duplicate(connection: Connection, *, other: str) -> Told:
    """Record that a citizen is the same person as another one; both assignments stand.

    Example: trial correct duplicate --participant SYN-000124 --of SYN-000123 --by "trial office"
    --reason "changed CPR number"
    """
    return "duplicate", {"duplicate_of": pseudonym_of(connection, other, None)}, None


@correct.command("withdrawn")
@click.option(
    "--scope",
    type=click.Choice(["conversations", "follow-up"]),
    required=True,
    help="From the arm's conversations alone, or from follow-up as well.",
)
@correction
def withdrawn(_connection: Connection, *, scope: str) -> Told:
    """Record that a citizen withdrew, on which day and from what.

    Example: trial correct withdrawn --participant SYN-000123 --scope conversations --on 2021-04-12
    --by caseworker --reason "asked for it"
    """
    return "withdrawn", {}, scope


@correct.command("retract")
@correction
def retract(_connection: Connection) -> Told:
    """Record that an earlier correction, named by --entry, was itself wrong: it stands no more.

    Example: trial correct retract --participant SYN-000123 --entry 812 --by "trial office" --reason "another citizen"
    """
    return "retracted", {}, None


@correct.command("list")
@connected()
@json_option
def list_(connection: Connection, *, as_json: bool) -> None:
    """List the corrections that stand; of an erased citizen only their kind and day are left.

    Example: trial correct list --json
    """
    rows = connection.open().corrections()
    if as_json:
        show_json(rows)
        return
    shown = sorted({name for row in rows for name in row} - set(COLUMNS))
    show_table([*COLUMNS, *shown], [[row.get(name) for name in (*COLUMNS, *shown)] for row in rows])
