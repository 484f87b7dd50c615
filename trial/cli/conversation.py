"""`trial conversation`: what became of the conversations."""

from pathlib import Path

import click

from trial.cli.connection import Connection, connected
from trial.console import dry_run_option, json_option, say, show_json


@click.group()
def conversation() -> None:
    """Record which conversations were summoned and held, in which mode, and why another than assigned.

    Example: trial conversation import conversations-2021-03.csv --db sqlite:///trial.db
    """


@conversation.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@connected("identity", "signing")
@dry_run_option
@json_option
def import_(connection: Connection, *, file: Path, dry_run: bool, as_json: bool) -> None:
    """Record the conversations of a CSV file; importing it again changes nothing.

    Columns: citizen or participant_id, number, due_on, assigned_mode (the arm), summoned_mode, held_mode (none when
    it was not held, empty while it is to come), held_on, override_reason, in_pause (yes or no).

    Example: trial conversation import conversations-2021-03.csv --identity-key identity.key
    """
    from trial.conduct import read_conversations

    trial = connection.open(rehearsal=dry_run)
    records = read_conversations(file, trial.protocol, connection.pseudonymiser())
    new = trial.record_conversations(records.conversations)
    rows = len(records.conversations)
    if as_json:
        summary = {"file": str(file), "rows": rows, "new": new, "encoding": records.encoding}
        show_json({**summary, "delimiter": records.delimiter, "sha256": records.sha256})
    else:
        done = "would be" if dry_run else "were"
        say(f"{file}: {new} conversations {done} recorded, {rows - new} known before.")
