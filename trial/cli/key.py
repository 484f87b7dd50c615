"""`trial key`: secret keys, one file each."""

from pathlib import Path

import click

from trial.console import say


@click.group()
def key() -> None:
    """Make secret key files.

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
