"""`trial rebuild`: every table that follows from the ledger, made anew."""

import click

from trial.cli.connection import Connection, connected, with_earlier_keys
from trial.console import json_option, say, show_json, show_table


@click.command()
@with_earlier_keys
@connected("trial")
@json_option
@click.pass_context
def rebuild(ctx: click.Context, connection: Connection, *, as_json: bool) -> None:
    """Drop the tables that follow from the ledger and make them anew; say what differed before.

    Exit 0: nothing differed; 1: a table had drifted and is mended. A ledger that does not hold is refused.

    Example: trial rebuild --key trial.key
    """
    from dataclasses import asdict

    from trial.clock import system_clock, utc_text
    from trial.ledger.proof import rebuild as made_anew

    drifted = made_anew(connection.store("rebuild"), connection.keys().need("trial"), utc_text(system_clock()))
    if as_json:
        show_json({"drifted": [asdict(one) for one in drifted]})
    elif drifted:
        show_table(("where", "what must hold"), [(one.where, one.problem) for one in drifted])
    say(f"Made anew from the ledger. {f'Rows that differed: {len(drifted)}' if drifted else 'Nothing differed'}.")
    ctx.exit(1 if drifted else 0)
