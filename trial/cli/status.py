"""`trial status`: how the trial stands."""

import click

from trial.cli.connection import Connection, connected
from trial.console import json_option, show_json, show_table


@click.command()
@connected()
@json_option
def status(connection: Connection, *, as_json: bool) -> None:
    """Show enrolment, pauses, balance and compliance.

    Example: trial status --json
    """
    from trial.monitor import status as monitored

    facts = monitored(connection.open()).to_json()
    if as_json:
        show_json(facts)
    else:
        show_table(("what", "value"), [(name.replace("_", " "), _words(value)) for name, value in facts.items()])


def _words(value: object) -> object:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_words(part)}" for name, part in value.items()) or "none"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or "none"
    return value
