"""Which citizen a command is about: a pseudonym, an own id, or a file with the CPR number; never the number."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from trial.cli.connection import Connection


def pseudonym_of(connection: Connection, participant: str | None, citizen_file: Path | None) -> str:
    """Give the pseudonym of the citizen an option names; usage error for a CPR number on the command line."""
    from trial.identity import is_participant_id

    if participant is not None and is_participant_id(participant):
        return participant
    if participant is not None and not participant[:1].isalpha():
        raise click.UsageError("A CPR number has no place on a command line: others see it. Use --citizen-file FILE.")
    if citizen_file is not None:
        try:
            participant = citizen_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise click.UsageError("--citizen-file must be a readable text file.") from None
    return connection.pseudonymiser().participant(participant or "")


def citizen_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command --participant and --citizen-file, one of which must be named; it takes the pseudonym."""

    @wraps(command)
    def named(connection: Connection, *, participant: str | None, citizen_file: Path | None, **options: Any) -> None:
        if (participant is None) == (citizen_file is None):
            raise click.UsageError("Name the citizen: --participant or --citizen-file.")
        command(connection, participant=pseudonym_of(connection, participant, citizen_file), **options)

    words = "A file that holds the CPR number, and no more."
    named = click.option("--citizen-file", type=click.Path(path_type=Path), help=words)(named)
    return click.option("--participant", metavar="ID", help="A pseudonym, or an own id such as SYN-000123.")(named)
