"""`trial erase`: what leads from the ledger to one citizen is deleted, for good."""

from datetime import date

import click

from trial.cli.citizen import citizen_options
from trial.cli.connection import Connection, connected
from trial.console import DAY, dry_run_option, json_option, say, show_json


@click.command()
@click.option("--reason", required=True, metavar="TEXT", help="The ground; it stays, and must not name the citizen.")
@click.option("--by", "recorded_by", required=True, metavar="TEXT", help="Who decides it: a role or a name.")
@click.option("--confirm", metavar="CODE", help="The code that --dry-run told.")
@click.option("--on", type=DAY, help="The day of the decision; today if not named.")
@connected("identity", "signing")
@citizen_options
@dry_run_option
@json_option
def erase(
    connection: Connection,
    *,
    participant: str,
    reason: str,
    recorded_by: str,
    confirm: str | None,
    on: date | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Erase a citizen: pseudonym, salts and everything told in words. It takes two steps and cannot be undone.

    With --dry-run it tells what would be erased, and a code; with --confirm CODE it is done. The ledger, its proofs
    and every later draw hold as before.

    Example: trial erase --participant SYN-000123 --reason "objection, GDPR article 21" --by "key holder" --dry-run
    """
    from dataclasses import asdict

    if dry_run == (confirm is not None):
        raise click.UsageError("First --dry-run, which tells a code; then --confirm CODE.")
    trial = connection.open()
    if confirm is None:
        found = trial.erasable(participant)
    else:
        day = trial.day(on)
        found = trial.erase(participant, day, reason=reason, recorded_by=recorded_by, code=confirm)
    if as_json:
        show_json({"erased": not dry_run, **asdict(found)})
    done = "would be" if dry_run else "was"
    stay = f"{found.conversations} conversations stay, nameless"
    say(f"The pseudonym {done} erased, with {found.sealed} notes; {stay}.")
    say(f"Out of reach: {'; '.join(found.remaining)}.")
    if dry_run:
        say(f"Nothing was erased. To erase for good: --confirm {found.code}")
