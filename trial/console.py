"""Command-line manners shared by `trial` and `analysis`: lazy commands, errors, data on stdout, words on stderr.

1. A command module is imported when its command is asked for, never for another command or for `--version`.
2. Data goes to stdout (a table for people, JSON with `--json`), everything said about it to stderr.
3. A LodtraekError ends the command with its own exit status; nothing else is ever swallowed.
"""

import importlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import click

from trial.clock import danish_time
from trial.errors import LodtraekError


class _Day(click.DateTime):
    """A calendar date, YYYY-MM-DD."""

    def __init__(self) -> None:
        super().__init__(["%Y-%m-%d"])

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        found = super().convert(value, param, ctx)
        return found.date() if isinstance(found, datetime) else found

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """Show the form to write it in."""
        del param, ctx
        return "YYYY-MM-DD"


class Moment(click.ParamType[datetime, Any]):
    """A time, `2021-06-14T14:00`: Danish where it has no offset; a day alone means midnight, or the hour declared."""

    name = "time"

    def __init__(self, hour: str = "00:00") -> None:
        self._hour = hour

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            return danish_time(f"{value}T{self._hour}" if len(value) == len("2021-06-14") else value)
        except ValueError as error:
            self.fail(f"{value!r} is not one time, as 2021-06-14T14:00 is: {error}", param, ctx)


DAY = _Day()
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
dry_run_option = click.option("--dry-run", is_flag=True, help="Say what would be done and write nothing.")


class LazyGroup(click.Group):
    """A group whose commands are named as `module:attribute` and imported when asked for."""

    def __init__(self, *args: Any, lazy: Mapping[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lazy = dict(lazy or {})

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name every command, imported or not, in the order they were declared."""
        return [*self.lazy, *(name for name in super().list_commands(ctx) if name not in self.lazy)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module on first use."""
        if cmd_name not in self.lazy:
            return super().get_command(ctx, cmd_name)
        module, attribute = self.lazy[cmd_name].split(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)  # noqa: S101 - a wrong declaration is a bug, not an input
        return command


class Program(LazyGroup):
    """The root group: turns an error of the tree into its message and exit status."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an error of the tree is printed on stderr and becomes the exit status."""
        try:
            return super().invoke(ctx)
        except LodtraekError as error:
            say(str(error))
            ctx.exit(error.exit_status)


def say(text: str) -> None:
    """Say something to the person at the terminal (stderr)."""
    click.echo(text, err=True)


def plain(value: object) -> object:
    """Give a value as JSON knows it: dates as ISO 8601, fractions as "1/3", paths as text."""
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, (Fraction, Path)):
        return str(value)
    raise TypeError(f"no JSON form for {type(value).__name__}")


def show_json(data: object) -> None:
    """Print one JSON document on stdout, keys in their own order, Danish letters as they are."""
    click.echo(json.dumps(data, ensure_ascii=False, indent=2, default=plain, allow_nan=False))


def show_json_lines(rows: Iterable[Mapping[str, object]]) -> None:
    """Print one JSON object a line on stdout."""
    for row in rows:
        click.echo(json.dumps(row, ensure_ascii=False, default=plain, allow_nan=False))


def show_table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str | None = None) -> None:
    """Print a table for people on stdout; numbers are right-aligned. Nothing is cut, however narrow the terminal."""
    from rich.console import Console  # noqa: PLC0415 - 50 ms that --help need not pay
    from rich.table import Table  # noqa: PLC0415

    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    body = [list(row) for row in rows]
    for index, name in enumerate(columns):
        numeric = bool(body) and all(isinstance(row[index], (int, float, Fraction)) for row in body)
        table.add_column(name, justify="right" if numeric else "left", no_wrap=True)
    for row in body:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    console = Console(highlight=False)
    if console.is_terminal:
        console.print(table)
        return
    console = Console(width=10_000, highlight=False)
    with console.capture() as text:
        console.print(table)
    click.echo("\n".join(line.rstrip() for line in text.get().splitlines()))
