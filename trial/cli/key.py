"""`trial key`: secret keys, one file each."""

from pathlib import Path

import click

from trial.cli.connection import Connection, connected, with_earlier_keys
from trial.console import say


@click.group()
def key() -> None:
    """Make secret key files; reveal the key of an epoch that is over.

    Example: trial key new trial.key --purpose trial --mode test
    """


@key.command("new")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--purpose", type=click.Choice(["trial", "identity", "signing"]), required=True, help="What it is for.")
@click.option(
    "--mode", type=click.Choice(["test", "training", "production"]), required=True, help="Where it may be used."
)
@click.option("--seed", type=int, help="Make the same key again: anybody can, so only with --mode test.")
def new(file: Path, purpose: str, mode: str, seed: int | None) -> None:
    """Make a new key file, readable by its owner alone.

    Example: trial key new trial.key --purpose trial --mode production
    """
    from trial.keys import new_key_file, seeded_key_file

    if seed is not None and mode != "test":
        raise click.UsageError("--seed makes a key that anybody can make: use it with --mode test only.")
    made = new_key_file(file, purpose, mode) if seed is None else seeded_key_file(file, purpose, seed)
    say(f"{file}: {purpose} key for {mode}. Commitment {made.commitment}")
    say("Keep a copy where nobody else can read it: a lost key cannot be replaced.")


@key.command("reveal")
@click.option("--epoch", type=click.IntRange(1), required=True, help="The epoch that is over.")
@with_earlier_keys
@connected("trial")
def reveal(connection: Connection, *, epoch: int) -> None:
    """Print the key of an epoch, to be published: whoever has it can draw the arms of that epoch anew, and no other.

    In production not before enrolment has ended: until then the next arms would be known.

    Example: trial key reveal --epoch 1 --key trial.key > epoch-1.key
    """
    revealed = connection.open().reveal(epoch)
    click.echo(revealed.line())
    say(f"The key of epoch {epoch} of {revealed.trial_id}. The row that began the epoch holds its SHA-256.")
