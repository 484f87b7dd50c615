"""`analysis reproduce`: published tables, computed again."""

from pathlib import Path

import click

from trial.console import json_option, say, show_json, show_table


@click.command("reproduce")
@click.argument("files", nargs=-1)
@click.option("--markdown", type=click.Path(path_type=Path, dir_okay=False), help="Write the table as Markdown too.")
@json_option
@click.pass_context
def reproduce(ctx: click.Context, files: tuple[str, ...], markdown: Path | None, as_json: bool) -> None:
    """Compare published tables with what their data give, to the printed digit; without FILES, every shipped one.

    FILE is a path, or the name of a shipped file.

    Example: analysis reproduce protocols/replications/nsw-dehejia-wahba.toml --json
    """
    from analysis.reproduce.run import reproduce as compute
    from analysis.reproduce.show import COLUMNS, find_file, row, shipped_files, summary, to_markdown

    results = [result for path in map(find_file, files or map(str, shipped_files())) for result in compute(path)]
    if as_json:
        show_json([result.to_json() for result in results])
    else:
        show_table(COLUMNS, [row(result) for result in results])
    if markdown is not None:
        markdown.write_text(to_markdown(results), encoding="utf-8")
    say(summary(results))
    ctx.exit(0 if all(result.as_expected for result in results) else 1)
