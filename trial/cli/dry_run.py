"""`trial dry-run`: try the protocol before anybody real is drawn."""

import click

from trial.cli.connection import Connection, connected
from trial.console import dry_run_option, json_option, say, show_json, show_table


@click.command("dry-run")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Seed of the citizens.")
@connected("signing")
@dry_run_option
@json_option
@click.pass_context
def dry_run(ctx: click.Context, connection: Connection, *, seed: int, dry_run: bool, as_json: bool) -> None:
    """Draw 1,000 synthetic citizens under the protocol in force, check everything, and record what was found.

    Nothing real is drawn: the keys are made for it and thrown away. A production trial answers nobody before a dry
    run has passed. Exit 0: it passed; 1: it did not. With --dry-run nothing is recorded.

    Example: trial dry-run --signing-key signing.key --checkpoint-dir checkpoints
    """
    from trial.simulator import dry_run as try_out

    trial = connection.open()
    trial.signer.check()  # what cannot be recorded is refused before the work
    found = try_out(trial, seed, progress=lambda what: say(f"{what} ..."))
    payload = found.payload()
    if not dry_run:
        trial.record_dry_run(payload)
    if as_json:
        show_json(payload)
    else:
        show_table(("check", "holds"), [(name, "yes" if holds else "NO") for name, holds in found.checks.items()])
        show_table(("figure", "value"), found.figures.items())
    for check, mend in found.mends.items():
        say(f"{check} does not hold. Mend: {mend}")
    say(f"{found.arrivals} synthetic arrivals: the dry run {'passed' if payload['passed'] else 'did not pass'}.")
    say("Nothing was written." if dry_run else "It stands in the ledger.")
    ctx.exit(0 if payload["passed"] else 1)
