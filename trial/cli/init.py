"""`trial init`: open a trial."""

from pathlib import Path

import click

from trial.cli.connection import Connection, connected
from trial.console import dry_run_option, json_option, say, show_json, show_table


@click.command()
@click.argument("protocol_file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--mode", type=click.Choice(["test", "training", "production"]), required=True, help="What it is for.")
@connected("trial", "identity", "signing")
@json_option
@dry_run_option
def init(connection: Connection, protocol_file: Path, mode: str, as_json: bool, dry_run: bool) -> None:
    """Lock a protocol and commit to the keys: the first entry of a new ledger.

    Example: trial init protocols/digital-samtaler.toml --mode test --key trial.key --identity-key identity.key
    """
    from trial.service import Trial
    from trial.service.opening import opening

    keys = connection.keys(mode)
    if dry_run:
        opened = opening(protocol_file, keys, mode)
    else:
        trial = Trial.init(
            connection.settings.db, protocol_file, keys, mode, checkpoint_dir=connection.settings.checkpoint_dir
        )
        opened = trial.opened
        trial.checkpoint()
    names = (
        "trial_id",
        "mode",
        "protocol",
        "procedure",
        "key_commitment",
        "identity_commitment",
        "signing_public_key",
    )
    facts = {name: opened[name] for name in names}
    if as_json:
        show_json(facts)
    else:
        show_table(("what", "value"), facts.items())
    say(
        "Nothing was written."
        if dry_run
        else "The protocol is locked. Keep the commitments where others can see them."
    )
