"""`analysis economics`: the printed figures of the letters, each with its status."""

from pathlib import Path

import click

from trial.console import json_option, say, show_json, show_table


@click.command("economics")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--level", type=click.FloatRange(0.5, 0.999), required=True, help="Level of the intervals, e.g. 0.95.")
@json_option
@click.pass_context
def economics(context: click.Context, file: Path | None, level: float, as_json: bool) -> None:
    """Recompute printed money figures from declared inputs; a missing input is named, never solved for.

    Example: analysis economics --level 0.95
    """
    from analysis.economics import figures
    from trial.protocol import shipped

    found = figures(file or shipped("economics/ministry-letters.toml"), level)
    if as_json:
        show_json([figure.to_json() for figure in found])
    else:
        show_table(
            ["figure", "printed", "unit", "status", "computed", "interval"],
            [
                [
                    figure.name,
                    " / ".join(figure.printed),
                    figure.unit,
                    figure.status,
                    figure.computed or "",
                    "" if figure.interval is None else "{:.1%} to {:.1%}".format(*figure.interval),
                ]
                for figure in found
            ],
        )
        for figure in found:
            for reason in figure.missing:
                say(f"{figure.name}: {reason}")
    changed = [figure.name for figure in found if figure.status != figure.expected]
    if changed:
        say(f"Status differs from the expected one: {', '.join(changed)}")
        context.exit(1)
