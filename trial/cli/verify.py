"""`trial verify`: does everything hold?"""

from pathlib import Path

import click

from trial.cli.connection import Connection, connected, with_earlier_keys
from trial.console import json_option, say, show_json, show_table


@click.command()
@click.option("--bundle", type=click.Path(path_type=Path), help="Verify this bundle instead of the database.")
@click.option("--checkpoint", type=click.Path(path_type=Path), help="Compare with this checkpoint.")
@click.option("--proof", type=click.Path(path_type=Path), help="Check this proof file; no database and no key.")
@with_earlier_keys
@connected("trial")
@json_option
@click.pass_context
def verify(
    ctx: click.Context,
    connection: Connection,
    *,
    bundle: Path | None,
    checkpoint: Path | None,
    proof: Path | None,
    as_json: bool,
) -> None:
    """Replay the ledger and compare everything with it; with the key every arm is drawn anew.

    Where a checkpoint folder is named, the database is compared with the newest checkpoint in it. A bundle ends where
    it was exported, and brings its own; another is named with --checkpoint.

    Exit 0: it holds; 1: it does not, and the first wrong row is named.

    Example: trial verify --key trial.key --checkpoint-dir checkpoints
    """
    from dataclasses import asdict

    from trial.bundle import verify_bundle
    from trial.ledger.proof import verify_store

    if proof is not None:
        if bundle is not None or checkpoint is not None:
            raise click.UsageError("--proof stands alone: the file brings its checkpoint.")
        _check_proof(ctx, proof, as_json)
        return
    key = connection.keys().trial
    if bundle is None:
        store = connection.store("verify")
        found = verify_store(store, key, checkpoint or connection.newest_checkpoint(store))
    else:
        found = verify_bundle(bundle, key, checkpoint)
    if as_json:
        show_json({"holds": found.holds, **asdict(found)})
    elif not found.holds:
        show_table(("where", "what must hold"), [(one.where, one.problem) for one in found.findings])
    arms = "every arm drawn anew" if found.arms_drawn_anew else "arms not drawn anew: no key"
    folder = connection.settings.checkpoint_dir if bundle is None else None
    none = "no checkpoint" if folder is None else f"no checkpoint of this trial in {folder}"
    against = none if found.checkpoint_length is None else f"checkpoint at row {found.checkpoint_length}"
    say(f"{found.length} rows, head {found.head}; {arms}; {against}.")
    say(
        "The ledger holds."
        if found.holds
        else f"It does not hold: {found.findings[0].where}: {found.findings[0].problem}."
    )
    ctx.exit(0 if found.holds else 1)


def _check_proof(ctx: click.Context, path: Path, as_json: bool) -> None:
    """Show what a proof file proves; exit 1 where it proves nothing."""
    import json

    from trial.errors import LedgerError
    from trial.ledger.inclusion import check_proof

    try:
        content = path.read_bytes()
    except OSError:
        raise click.UsageError("--proof must be a readable file.") from None
    try:
        found = check_proof(content, str(path))
    except LedgerError as error:
        say(str(error))
        ctx.exit(1)
    signed = found.checkpoint
    facts = {"trial_id": signed.trial_id, "rows": signed.length, "root": signed.root, "public_key": signed.public_key}
    if found.entry is not None:
        facts |= {"row": found.entry.seq, "kind": found.entry.kind, "at": found.entry.at}
        shown = json.loads(found.entry.payload)
        facts |= {"participant_id": found.participant_id, "record": shown["participant_id"]}
        facts |= {name: shown[name] for name in ("on", "arm", "reason") if name in shown}
    if found.earlier is not None:
        facts |= {"earlier_rows": found.earlier.length, "earlier_root": found.earlier.root}
    if as_json:
        show_json({"holds": True, **facts})
    else:
        show_table(("what", "value"), facts.items())
    say("The proof holds, if that public key is the one published when the trial was opened.")
