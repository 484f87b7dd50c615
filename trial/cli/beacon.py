"""`trial beacon`: the value of the declared round of public randomness."""

import click

from trial.cli.connection import Connection, connected
from trial.console import say


@click.command()
@click.argument("value", metavar="HEX")
@connected("trial", "signing")
def beacon(connection: Connection, *, value: str) -> None:
    """Enter the value of the round the protocol declares, when it is out: before it nobody is answered.

    HEX is the round's randomness, 64 hex digits, as the beacon publishes it. Nothing is fetched.

    Example: trial beacon 8430af445106f217a174b9265093cb82bf3f6aa5cd5ee5cd4b7ae2d7e1e7a3d4 --key trial.key
    """
    trial = connection.open()
    trial.enter_beacon(value)
    declared = trial.protocol.randomisation.beacon
    assert declared is not None  # noqa: S101 - else nothing could be entered
    say(f"{declared.name} round {declared.round} is in the ledger. Citizens can be answered now.")
