"""`trial infection`: keep published figures as evidence, replay a rule on them, and see what a rule would cost."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from trial.cli.connection import Connection, connected
from trial.console import DAY, Moment, dry_run_option, json_option, say, show_json, show_table

if TYPE_CHECKING:
    from trial.infection import Closure, Publication, Rule


data_option = click.option(
    "--data",
    "data",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="Read this file, folder or zip archive instead of the database; repeat for several.",
)
published_at_option = click.option(
    "--published-at",
    type=Moment("14:00"),
    help="When the files were published, where they cannot tell; a day alone means 14:00.",
)
rule_option = click.option(
    "--rule", required=True, metavar="RULE", help="A rule file, or the name of a shipped rule."
)
from_option = click.option("--from", "from_on", required=True, type=DAY, help="First day.")
to_option = click.option("--to", "to_on", required=True, type=DAY, help="Last day, included.")
vintage_option = click.option(
    "--vintage",
    type=click.Choice(["as-published", "latest"]),
    default="as-published",
    show_default=True,
    help="What was known on each day, or the newest of all.",
)
orders_option = click.option(
    "--orders",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file of closures decided by hand.",
)


def source_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say what a rule is replayed on; the command takes them as **source."""
    for option in (json_option, published_at_option, data_option, orders_option, vintage_option):
        command = option(command)
    return command


@click.group()
def infection() -> None:
    """Keep published infection figures as evidence, replay a closure rule on them, see what it would cost.

    Example: trial infection import ../shared/data/ssi --db sqlite:///trial.db
    """


@infection.command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@published_at_option
@dry_run_option
@json_option
@connected("signing")
def import_(
    connection: Connection, paths: tuple[Path, ...], published_at: datetime | None, dry_run: bool, as_json: bool
) -> None:
    """Keep published files: any layout, file, folder or zip archive; importing twice changes nothing.

    Example: trial infection import ../shared/data/ssi --db sqlite:///trial.db
    """
    from trial.infection.collect import collect

    found = collect(paths, published_at)
    for name in found.passed_over:
        say(f"passed over: {name} (no published layout)")
    new = _keep(connection, found.publications, dry_run)
    known = len(found.publications) - new
    rows = [_publication(one) for one in found.publications]
    if as_json:
        show_json({"publications": rows, "passed_over": list(found.passed_over), "new": new, "known": known})
    else:
        show_table(["kind", "published at", "sha256", "name"], [[row[key] for key in _SHOWN] for row in rows])
    say(f"{new} new, {known} known already{'; nothing was written' if dry_run else ''}")


@infection.command()
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@click.option("--seed", type=click.IntRange(0), required=True, help="The same seed gives the same bytes.")
@from_option
@to_option
def synthesise(out: Path, seed: int, from_on: date, to_on: date) -> None:
    """Write invented figures in exactly the published layouts, for a machine that has no real files.

    Example: trial infection synthesise infection --seed 2021 --from 2020-02-26 --to 2022-06-30
    """
    from trial.infection import synthetic_series

    out.mkdir(parents=True, exist_ok=True)
    files = synthetic_series(seed, from_on, to_on)
    for name, content in files.items():
        (out / name).write_bytes(content)
    say(f"{len(files)} files with invented figures from {from_on} to {to_on} in {out}")


@infection.command()
@rule_option
@from_option
@to_option
@source_options
@connected()
def replay(connection: Connection, rule: str, from_on: date, to_on: date, as_json: bool, **source: Any) -> None:
    """Say which municipality a rule closed when, decided on which value.

    Example: trial infection replay --rule municipal-closure-2021 --from 2021-02-01 --to 2021-09-01 --vintage latest
    """
    _, found = _replay(connection, rule, (from_on, to_on), **source)
    rows = [_closure(one) for one in found]
    if as_json:
        show_json({"closures": rows})
    else:
        show_table([name.replace("_", " ") for name in _CLOSURE], [list(row.values()) for row in rows])
        say(f"{len(rows)} closures")


@infection.command()
@rule_option
@click.option("--on", required=True, type=DAY, help="After the decisions of this day.")
@source_options
@connected()
def status(connection: Connection, rule: str, on: date, as_json: bool, **source: Any) -> None:
    """Say where every municipality stands after a day, as the published files did.

    Example: trial infection status --rule municipal-closure-2021 --on 2021-06-14 --data ../shared/data/ssi
    """
    from trial.infection.load import load_rule
    from trial.infection.status import municipal_status

    published = _publications(connection, **source)
    rows = [vars(one) for one in municipal_status(load_rule(rule), published, on, source["vintage"])]
    if as_json:
        show_json({"on": on, "municipalities": rows})
    else:
        show_table([name.replace("_", " ") for name in rows[0]], [list(row.values()) for row in rows])


@infection.command()
@rule_option
@from_option
@to_option
@source_options
@click.option(
    "--arrivals", default=20_000.0, show_default=True, type=click.FloatRange(min=0), help="Over the period."
)
@click.option(
    "--figure", type=click.Path(dir_okay=False, path_type=Path), help="Draw the week map: .png, .svg, .pdf."
)
@click.option("--lang", type=click.Choice(["da", "en"]), default="da", show_default=True, help="Of the figure.")
@connected()
def feasibility(connection: Connection, rule: str, from_on: date, to_on: date, as_json: bool, **options: Any) -> None:
    """Say what a rule would cost before it is chosen: days paused, pauses, enrolment lost; as a table and a map.

    Example: trial infection feasibility --rule trial-pause-2021 --from 2021-01-01 --to 2021-12-31 --vintage latest
    """
    from trial.infection.feasibility import costs, paused_days

    declared, found = _replay(connection, rule, (from_on, to_on), **options)
    rows = [vars(cost) for cost in costs(found, from_on, to_on, options["arrivals"])]
    if options["figure"] is not None:
        from trial.infection.heatmap import draw, save

        paused, title = paused_days(found, from_on, to_on), declared.title.get(options["lang"])
        save(draw(paused, from_on, title, options["lang"]), options["figure"])
        say(f"drawn: {options['figure']}")
    if as_json:
        show_json({"rule": declared.name, "from": from_on, "to": to_on, "periods": rows})
    else:
        show_table([name.replace("_", " ") for name in rows[0]], [list(row.values()) for row in rows])


_SHOWN = ("kind", "published_at", "sha256", "name")
_CLOSURE = ("municipality_code", "municipality", "decided_on", "closed_on", "reopened_on", "value", "cases")


def _replay(
    connection: Connection, rule: str, period: tuple[date, date], **source: Any
) -> "tuple[Rule, list[Closure]]":
    from trial.infection.load import load_rule
    from trial.infection.manual import load_orders
    from trial.infection.replay import closures

    from_on, to_on = period
    if to_on < from_on:
        raise click.BadParameter(f"{to_on} is before {from_on}", param_hint="--to")
    declared = load_rule(rule)
    by_hand = () if source["orders"] is None else load_orders(source["orders"])
    published = _publications(connection, **source)
    return declared, closures(declared, published, from_on, to_on, source["vintage"], orders=by_hand)


def _publications(
    connection: Connection, data: tuple[Path, ...], published_at: datetime | None, **_others: object
) -> "list[Publication]":
    """Read the data named, or else what was imported; raises InfectionError when there is none."""
    from trial.errors import InfectionError
    from trial.infection.archive import Archive
    from trial.infection.collect import collect

    if data:
        return list(collect(data, published_at).publications)
    archive = Archive(connection.settings.db)
    found = archive.publications()
    archive.close()
    if not found:
        raise InfectionError(
            "published figures must be there to replay a rule on",
            found="none",
            mend="run `trial infection import PATH`, or name them with --data PATH",
            code="infection-none",
        )
    return found


def _keep(connection: Connection, publications: "Sequence[Publication]", dry_run: bool) -> int:
    """Keep publications and give how many were new: by the trial begun in the database, by the archive where none is.

    dry_run: refuse and count as it would be, and keep none.
    """
    from trial.clock import system_clock
    from trial.errors import StateError
    from trial.infection.archive import Archive

    try:
        trial = connection.open(rehearsal=dry_run)
    except StateError as error:
        if error.stable_code != "trial-missing":
            raise
        archive = Archive(connection.settings.db)
        new = len(archive.new(publications)) if dry_run else archive.add(publications, system_clock())
        archive.close()
        return new
    return trial.import_infection((one, one.content) for one in publications)


def _publication(one: "Publication") -> dict[str, object]:
    return {
        "kind": one.kind,
        "name": one.name,
        "sha256": one.sha256,
        "vintage_on": one.vintage_on.isoformat(),
        "published_at": one.published_at.isoformat(),
    }


def _closure(one: "Closure") -> dict[str, object]:
    return {name: getattr(one, name) for name in _CLOSURE}
