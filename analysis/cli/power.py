"""`analysis power`: what the declared trial can find, and what it would need."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from trial.console import DAY, json_option, say, show_json, show_table

if TYPE_CHECKING:
    from analysis.design.declared import Line

VALUES = "NAME=VALUE"


@click.command("power")
@click.argument("file", metavar="FILE")
@click.option(
    "--arrivals", type=click.IntRange(min=2), required=True, help="Citizens expected in the enrolment period."
)
@click.option("--power", type=click.FloatRange(0.5, 0.999), required=True, help="Power wanted, e.g. 0.80.")
@click.option("--share", "shares", metavar=VALUES, multiple=True, help="Share with an exit by the outcome's week.")
@click.option("--deviation", "deviations", metavar=VALUES, multiple=True, help="Standard deviation of an outcome.")
@click.option("--effect", "effects", metavar=VALUES, multiple=True, help="A true effect to size the trial for.")
@click.option(
    "--hazard-ratio", "hazard_ratios", metavar=VALUES, multiple=True, help="A true ratio of hazards of exit."
)
@click.option("--margin", "margins", metavar=VALUES, multiple=True, help="A margin where the protocol has none.")
@click.option("--lost-to-pauses", type=float, help="Share of arrivals that meet a pause.")
@click.option("--closures", type=click.Path(path_type=Path), help="Or: JSON of `trial infection replay --json`...")
@click.option("--replayed", type=DAY, nargs=2, metavar="FROM TO", help="...and the days it replayed.")
@click.option("--lost-to-follow-up", type=float, help="Share without an outcome.")
@click.option("--uptake", type=float, help="Difference between the arms in the share held as assigned.")
@click.option("--explained", type=float, help="Share of the variance that strata explain.")
@click.option("--cluster-size", type=float, help="Citizens of a cluster: if whole ones were drawn...")
@click.option("--icc", type=float, help="...with this correlation within them.")
@click.option(
    "--plot", "plot_to", type=click.Path(path_type=Path), help="Draw power against arrivals into this PNG file."
)
@json_option
def power(*, file: str, plot_to: Path | None, as_json: bool, **options: Any) -> None:
    """Say which effects the declared trial can find, and how many citizens it needs.

    Level, sides, margins and arms are the protocol's. What is not given is not assumed in silence: it is shown. Where
    the protocol draws clusters, --cluster-size and --icc must be given and hold for every number.

    Example: analysis power digital-samtaler --arrivals 20000 --power 0.8 --deviation weeks_employed_52=18
    --share exit_26=0.35 --effect exit_26=0.02
    """
    from analysis.design import lines
    from trial.protocol import find_protocol, load_protocol

    protocol = load_protocol(find_protocol(file))
    assumed = _assumed(protocol, options)
    found = lines(protocol, assumed)
    if plot_to:
        from analysis.design.plot import plot

        drawn = plot(protocol, assumed, plot_to)
        say(
            f"drawn: {plot_to}" if drawn else "Nothing to draw: give an effect, or a deviation for a declared margin."
        )
    if as_json:
        known = [dict(zip(("assumption", "value", "origin"), row, strict=True)) for row in assumed.shown()]
        show_json({"trial": protocol.trial.id, "assumed": known, "rows": [line.to_json() for line in found]})
        return
    show_table(("assumed", "", ""), assumed.shown(), title=f"Power of {protocol.trial.id}")
    show_table(
        ("estimand", "question", "smallest found", "asked", "power", "needed an arm", "expected an arm", "reached"),
        [_row(line) for line in found],
        title="\nWhat can be found",
    )
    for line in found:
        if line.missing:
            say(f"{line.estimand}: not computed; give {line.missing}")
        if line.needed_in_clusters:
            say(f"{line.estimand}, {line.question}: {line.needed_in_clusters:,} an arm if whole clusters were drawn")


def _assumed(protocol: Any, options: dict[str, Any]) -> Any:
    """Read the options as assumptions."""
    from analysis.design import Assumed, named_values, share_lost

    closures, replayed, lost = options["closures"], options["replayed"], options["lost_to_pauses"]
    if (closures is None) != (replayed is None) or (closures is not None and lost is not None):
        raise click.UsageError("give --lost-to-pauses, or --closures with --replayed, or neither")
    if closures is not None and replayed is not None:
        lost = share_lost(closures, *replayed)
    plain = {name: options[name] for name in ("lost_to_follow_up", "uptake", "explained", "cluster_size", "icc")}
    plain = {name: value for name, value in (plain | {"lost_to_pauses": lost}).items() if value is not None}
    named: dict[str, Any] = {
        name: named_values(options[name], protocol, f"--{name[:-1].replace('_', '-')}")
        for name in ("shares", "deviations", "effects", "hazard_ratios", "margins")
    }
    return Assumed(options["arrivals"], options["power"], frozenset(plain), **plain, **named)


def _row(line: "Line") -> list[object]:
    """Give a line as cells."""
    from analysis.design import planning

    points = line.scale == "share"

    def size(value: float | None) -> str:
        if value is None:
            return ""
        return f"{100 * value:.2f} points" if points else f"{value:.3f}" + ("" if line.scale == "mean" else " ratio")

    asked = size(line.asked)
    if line.question == "non-inferiority":
        asked += " declared" if line.declared else " as asked"
    needed = "" if line.needed is None else f"{planning(line.needed):,}"
    exits = "" if line.needed_exits is None else f" ({planning(line.needed_exits):,} exits)"
    return [
        line.estimand,
        f"{line.question}, {line.sided} {1 - line.level:.0%}",
        size(line.smallest),
        asked,
        "" if line.power is None else f"{line.power:.1%}",
        needed + exits,
        f"{min(line.expected.values()):,}",
        ("" if line.needed is None else "not in the period")
        if line.reached_on is None
        else line.reached_on.isoformat(),
    ]
