"""`analysis estimate`: from a bundle and the registers to the declared effects."""

from pathlib import Path

import click

from trial.console import dry_run_option, json_option, say, show_json, show_table


@click.command("estimate")
@click.argument("bundle", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("registers", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for effects and manifest.")
@click.option("--exploratory", is_flag=True, help="Add what the protocol does not declare, labelled so.")
@click.option("--draws", default=2000, show_default=True, type=click.IntRange(1), help="Replays of the procedure.")
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0), help="Seed of the replays.")
@click.option("--look", type=click.IntRange(1), help="Which planned look this is; the last when not given.")
@json_option
@dry_run_option
def estimate(
    *, bundle: Path, registers: Path, out: Path | None, exploratory: bool, draws: int, seed: int, look: int | None,
    as_json: bool, dry_run: bool,
) -> None:  # fmt: skip
    """Compute every effect the protocol declares; write effects.parquet, effects.json and manifest.json.

    The bundle is judged first: where it does not prove that arms were drawn, no effect has a number, every row says
    why, and the exit status is 1. The files are for the secure side: `analysis report` releases what may leave it.

    Example: analysis estimate bundle registers --out effects
    """
    from analysis.outcomes import build_analysis_set
    from analysis.plan import Chance, Sources
    from analysis.plan.judged import BY_DESIGN, judged_effects
    from analysis.plan.manifest import hashes
    from trial.bundle import read_bundle

    read = read_bundle(bundle)
    built = build_analysis_set(read, registers, read.protocol)
    chance = Chance(seed, draws) if exploratory else None
    effects, verdict = judged_effects(read, built, look=look, chance=chance)
    say(f"{verdict.headline.en} ({verdict.slug})")
    if out is not None and not dry_run:
        inputs = {**hashes(bundle, "manifest.json"), **hashes(registers, "*.parquet")}
        made = Sources(
            read.manifest["protocol_digest"],
            read.manifest["ledger_head"],
            inputs,
            seed if exploratory else None,
            verdict.slug,
        )
        effects.write(out, made)
        say(f"Wrote effects.parquet, effects.json and manifest.json in {out}")
    if as_json:
        show_json(effects.to_json())
    else:
        show_table(*effects.table())
    click.get_current_context().exit(0 if verdict.slug == BY_DESIGN else 1)
