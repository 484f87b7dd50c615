"""`analysis report`: from a bundle and the registers to a page to read."""

from pathlib import Path

import click

from trial.console import dry_run_option, json_option, say, show_json


@click.command("report")
@click.argument("bundle", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("registers", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder for the report.")
@click.option("--lang", type=click.Choice(["da", "en"]), default="da", show_default=True, help="Danish or English.")
@click.option("--exploratory", is_flag=True, help="Also what the protocol did not declare, in a section of its own.")
@click.option("--draws", default=2000, show_default=True, type=click.IntRange(1), help="Replays of the procedure.")
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0), help="Seed of the replays.")
@click.option("--threshold", type=click.IntRange(min=3), default=5, show_default=True, help="Hide smaller counts.")
@json_option
@dry_run_option
def report(
    bundle: Path,
    registers: Path,
    *,
    out: Path,
    lang: str,
    exploratory: bool,
    draws: int,
    seed: int,
    threshold: int,
    as_json: bool,
    dry_run: bool,
) -> None:
    """Write report.html and its figures: what was declared, the flow, pauses, balance, effects, deviations.

    Without proof that the arms were drawn the report holds reasons in place of effects.

    Example: analysis report bundle registers --out report --lang en
    """
    import json

    from analysis.outcomes import build_analysis_set
    from analysis.plan import Chance, Sources
    from analysis.plan.judged import judged_effects
    from analysis.plan.manifest import hashes
    from analysis.report.render import render
    from trial.bundle import read_bundle

    read = read_bundle(bundle)
    analysis_set = build_analysis_set(read, registers, read.protocol)
    planted = registers / "truth.json"
    truth = json.loads(planted.read_text(encoding="utf-8")) if planted.is_file() else None
    chance = Chance(seed, draws) if exploratory else None
    effects, verdict = judged_effects(read, analysis_set, chance=chance, lang=lang)
    sources = Sources(read.manifest["protocol_digest"], read.manifest.get("ledger_head"), hashes(registers))
    rendered = render(
        read, analysis_set, effects, "da" if lang == "da" else "en", sources=sources, truth=truth,
        threshold=threshold, verdict=verdict,
    )  # fmt: skip
    if dry_run:
        say(f"Would write {out / 'report.html'} and {len(rendered.pictures)} figures")
        return
    page = rendered.write(out)
    if as_json:
        show_json({"report": page, "figures": [f"figures/{picture.name}.png" for picture in rendered.pictures]})
    say(f"Wrote {page} and {len(rendered.pictures)} figures")
