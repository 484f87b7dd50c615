"""`trial init`: open a trial."""

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

import click

from trial.cli.connection import Connection, connected
from trial.console import DAY, dry_run_option, json_option, say, show_json, show_table

if TYPE_CHECKING:
    from trial.clock import Clock


@click.command()
@click.argument("file", metavar="FILE")
@click.option("--mode", type=click.Choice(["test", "training", "production"]), required=True, help="What it is for.")
@click.option("--on", type=DAY, help="The day it begins, in a simulation; never production.")
@click.option("--beacon-value", metavar="HEX", help="Value of the declared beacon's round, where it is out already.")
@connected("trial", "identity", "signing")
@json_option
@dry_run_option
def init(
    connection: Connection,
    *,
    file: str,
    mode: str,
    on: date | None,
    beacon_value: str | None,
    as_json: bool,
    dry_run: bool,
) -> None:
    """Lock a protocol and commit to the keys: the first entry of a new ledger.

    FILE is a path, or the name of a shipped protocol.

    Example: trial init digital-samtaler --mode test --key trial.key --identity-key identity.key
    """
    from trial.protocol import find_protocol
    from trial.roles import check
    from trial.service import Trial
    from trial.service.opening import opening

    clock = _clock(mode, on)
    keys, protocol_file, settings = connection.keys(mode), find_protocol(file), connection.settings
    check("open", connection.role, mode)
    if dry_run:
        opened = opening(protocol_file, keys, mode, settings.checkpoint_dir)
    else:
        trial = Trial.init(
            settings.db,
            protocol_file,
            keys,
            mode,
            clock=clock,
            checkpoint_dir=settings.checkpoint_dir,
            beacon_value=beacon_value,
            role=connection.role,
        )
        opened = trial.opened
        trial.checkpoint()
        trial.close()
    names = (
        "trial_id",
        "mode",
        "protocol",
        "procedure",
        "key_commitment",
        "epoch_key_commitment",
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


def _clock(mode: str, on: date | None) -> "Clock":
    """Give the clock of the trial: the machine's, or one that stands at the begin of a simulated day."""
    from trial.clock import system_clock

    if on is None:
        return system_clock
    if mode == "production":
        raise click.UsageError("--on is for simulations: a production trial begins when it begins.")
    return lambda: datetime.combine(on, time(), UTC)
