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
def new(file: Path, purpose: str, mode: str) -> None:
    """Make a new key file, readable by its owner alone.

    Example: trial key new trial.key --purpose trial --mode production
    """
    from trial.keys import new_key_file

    made = new_key_file(file, purpose, mode)
    say(f"{file}: {purpose} key for {mode}. Commitment {made.commitment}")
    say("Keep a copy where nobody else can read it: a lost key cannot be replaced.")
