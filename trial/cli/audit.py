"""`trial audit`: the rows of the ledger, as far as the role may see them."""

import click

from trial.cli.connection import Connection, connected
from trial.console import json_option, show_json_lines, show_table


@click.command()
@click.option("--kind", metavar="NAME", help="Only rows of this kind: assigned, pause-opened, corrected ...")
@click.option("--after", type=click.IntRange(0), default=0, show_default=True, help="Only rows after this one.")
@connected()
@json_option
def audit(connection: Connection, *, kind: str | None, after: int, as_json: bool) -> None:
    """Show what happened, row by row: nobody by pseudonym, and no arm to whoever is blinded.

    Example: trial audit --kind corrected --role auditor
    """
    import json

    from trial.monitor import audit as rows

    found = rows(connection.open(), after, kind)
    if as_json:
        show_json_lines(found)
        return
    head = ("row", "at", "kind")
    table = [[*(row.pop(name) for name in head), json.dumps(row, ensure_ascii=False)] for row in found]
    show_table((*head, "told"), table)
