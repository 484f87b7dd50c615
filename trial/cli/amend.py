"""`trial amend`: go on with a later version of the protocol."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trial.cli.connection import Connection, connected
from trial.console import DAY, dry_run_option, json_option, say, show_json, show_table

if TYPE_CHECKING:
    from trial.service import Amendment


@click.command()
@click.argument("file", metavar="FILE")
@click.option("--on", type=DAY, help="The day it begins; today in Denmark if not named.")
@click.option("--reason", required=True, help="Why the protocol changes; it stands in the ledger.")
@click.option("--decided-by", multiple=True, metavar="WHO", help="Who decided it; may be given several times.")
@click.option("--new-key", type=click.Path(path_type=Path), help="Trial key that draws from the new epoch on.")
@connected("trial", "signing")
@dry_run_option
@json_option
def amend(
    connection: Connection,
    *,
    file: str,
    on: date | None,
    reason: str,
    decided_by: tuple[str, ...],
    new_key: Path | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Begin a new epoch under a later version of the protocol; who has an answer keeps it.

    Strata, ratios and procedure may change, forward only. Trial, arms and, once anybody has an arm, the primary
    question may not. Open blocks are closed. Requests read with the old version are refused. With --dry-run
    everything is checked, what changes is shown, and nothing is written.

    A trial key that may have leaked is exchanged with --new-key. Keep both: the old one proves what it drew.

    Example: trial amend digital-samtaler-2.toml --on 2021-04-01 --reason "order prolonged" --key trial.key
    """
    from trial.keys import read_key_file
    from trial.protocol import find_protocol
    from trial.service import Request

    trial = connection.open(rehearsal=dry_run)
    day = trial.day(on)
    key = None if new_key is None else read_key_file(new_key, "trial", trial.mode)
    made = trial.amend(Request(find_protocol(file), day, reason, decided_by, key))
    if as_json:
        show_json(_facts(made))
    else:
        show_table(("key", "before", "after"), made.changes)
    say(f"Epoch {made.epoch} from {made.on}: protocol {made.protocol}.")
    say(f"Epoch {made.epoch - 1} has {made.closed_citizens} citizens in {made.closed_scopes} scopes, all closed.")
    if key is not None and not dry_run:
        say(f"From now on arms are drawn with {new_key}; whoever looks back adds --earlier-key.")
    if dry_run:
        say("Nothing was written.")
    elif trial.epoch.awaits_dry_run:
        say("Nobody is answered before a dry run of it has passed: trial dry-run")


def _facts(made: "Amendment") -> dict[str, object]:
    changes = [{"key": key, "before": before, "after": after} for key, before, after in made.changes]
    return {**vars(made), "changes": changes}
