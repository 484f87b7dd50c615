"""`trial export`: the bundle for the analysis."""

from pathlib import Path

import click

from trial.cli.connection import Connection, connected
from trial.console import json_option, say, show_json, show_table


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@connected("signing")
@json_option
def export(connection: Connection, *, folder: Path, as_json: bool) -> None:
    """Write the bundle: tables, protocol, ledger and manifest; no CPR number, no key.

    Example: trial export bundle --signing-key signing.key
    """
    from trial.bundle import export_bundle

    manifest = export_bundle(connection.open(), folder)
    if as_json:
        show_json(manifest)
    else:
        show_table(("file", "rows"), manifest["rows"].items())
    signed = "signed checkpoint" if manifest["checkpoint"] else "no checkpoint: no signing key was given"
    say(f"{folder}: {manifest['ledger_length']} ledger rows, head {manifest['ledger_head']}, {signed}.")
