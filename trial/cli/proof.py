"""`trial proof`: a citizen's assignment, provable to anybody."""

from pathlib import Path

import click

from trial.cli.citizen import pseudonym_of
from trial.cli.connection import Connection, connected
from trial.console import say


@click.command()
@click.option("--participant", metavar="ID", help="A pseudonym, or an own id such as SYN-000123.")
@click.option(
    "--citizen-file", type=click.Path(path_type=Path), help="A file that holds the CPR number, and no more."
)
@click.option(
    "--since", type=click.Path(path_type=Path), help="An earlier checkpoint: prove that the ledger only grew."
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The file to write.")
@connected("identity", "signing")
def proof(
    connection: Connection, *, participant: str | None, citizen_file: Path | None, since: Path | None, out: Path
) -> None:
    """Prove that one citizen's answer is in the ledger, or that the ledger only grew since a checkpoint.

    The file is checked by `trial verify --proof FILE`, or by witness.py with Python alone; it shows nobody else.

    Example: trial proof --participant SYN-000123 --out proof.json --signing-key signing.key
    """
    import json

    from trial.ledger.checkpoint import read_checkpoint

    if sum(one is not None for one in (participant, citizen_file, since)) != 1:
        raise click.UsageError("Name one of --participant, --citizen-file and --since.")
    trial = connection.open()
    if since is not None:
        found = trial.prove_growth(read_checkpoint(since))
    else:
        found = trial.prove(pseudonym_of(connection, participant, citizen_file))
    try:
        out.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise click.UsageError(f"--out must be writable: {error.strerror}.") from None
    rows = found["checkpoint"]["length"]
    say(f"{out}: {len(found['path'])} hashes, for a ledger of {rows} rows with root {found['checkpoint']['root']}.")
