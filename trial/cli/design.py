"""`trial design`: what the declared randomisation lets staff guess, and what balance it buys."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trial.console import json_option, say, show_json, show_table

if TYPE_CHECKING:
    from trial.design import Advice


@click.command()
@click.argument("file", metavar="FILE")
@click.option("--forecast", type=click.Path(path_type=Path), help="CSV: a column a factor, and arrivals.")
@click.option("--arrivals", type=click.IntRange(min=2), help="Expected arrivals, spread over the strata.")
@click.option("--runs", type=click.IntRange(min=2), default=10, show_default=True, help="Simulated trials.")
@click.option("--seed", type=int, default=1, show_default=True, help="Seed of the simulated trials.")
@click.option("--plot", "plot_to", type=click.Path(path_type=Path), help="Draw the advice into this PNG file.")
@json_option
def design(  # noqa: PLR0917 - click gives them by name
    file: str, forecast: Path | None, arrivals: int | None, runs: int, seed: int, plot_to: Path | None, as_json: bool
) -> None:
    """Advise on a declared randomisation: predictability, imbalance, empty strata, lost power.

    Example: trial design digital-samtaler --arrivals 20000 --plot design.png
    """
    if (forecast is None) == (arrivals is None):
        raise click.UsageError("give either --forecast CSV or --arrivals N")
    from trial.design import advise, read_forecast, spread
    from trial.protocol import find_protocol, load_protocol

    protocol = load_protocol(find_protocol(file))
    expected = read_forecast(forecast, protocol) if forecast else spread(protocol, arrivals or 0)
    with click.progressbar(length=runs, label="simulated trials", file=sys.stderr) as bar:
        advice = advise(protocol, expected, runs, seed, lambda: bar.update(1))
    if plot_to:
        from trial.design.plot import plot

        plot(advice, plot_to)
        say(f"drawn: {plot_to}")
    if as_json:
        show_json(advice.to_json())
    else:
        _show(advice)
    for warning in advice.warnings:
        say(f"Warning: {warning}")


def _show(advice: "Advice") -> None:
    """Show the advice as tables."""
    given = ", ".join(f"{name} {value}" for name, value in advice.parameters.items())
    ratio = ":".join(str(part) for part in advice.ratio.values())
    show_table(
        ("declared", ""),
        [
            ("procedure", f"{advice.procedure} {given}"),
            ("arms", f"{', '.join(advice.ratio)} ({ratio})"),
            ("arrivals", f"{advice.arrivals:,}; {advice.basis}"),
            ("strata", f"{advice.strata['declared']:.0f}, {advice.strata['arrivals_per_stratum']:.1f} citizens each"),
            ("empty strata", f"{advice.strata['expected_empty']:.1f} expected"),
            ("strata of one arm", f"{advice.strata['expected_one_armed']:.1f} expected"),
        ],
        title=f"Design of {advice.trial}",
    )
    show_table(
        ("guesser", "knows", "correct", "error", "budget"),
        [
            (
                one.guesser,
                one.knows,
                f"{one.correct:.3f}",
                f"± {1.96 * one.se:.2g}" if one.se else one.method,
                "decisive" if one == advice.decisive else "",
            )
            for one in advice.guesses
        ],
        title=f"\nPredictability {advice.predictability:.3f}, budget {advice.budget:.2f}",
    )
    _show_balance(advice)


def _show_balance(advice: "Advice") -> None:
    """Show what balance is bought, and what the usual procedures would buy."""
    figures = advice.imbalance.items()
    show_table(
        ("where", "mean", "error", "largest"),
        [(name, f"{one.mean:.2f}", f"± {1.96 * one.se:.2g}", f"{one.largest:.4g}") for name, one in figures],
        title=f"\nImbalance, citizens ({advice.runs} simulated trials)",
    )
    power = advice.power
    show_table(
        ("power", ""),
        [
            ("lost to imbalance", f"{power['lost_citizens']:.0f} citizens, {power['lost_share']:.2%} of all"),
            *((f"{size} % would be", f"{power[f'power_of_{size}']:.2%}") for size in (80, 90)),
        ],
        title="\nPower against perfect balance",
    )
    show_table(
        ("alternative", "correct", "imbalance of a stratum"),
        [(one.procedure, f"{one.correct:.3f}", f"{one.imbalance:.2f}") for one in advice.alternatives],
        title="\nThe same with the usual procedures, exact",
    )
