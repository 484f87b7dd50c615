"""The share of arrivals a pause rule would have lost, from a replay of the rule on a past infection series.

1. Input is what `trial infection replay --json` prints, and the days that were replayed, both included.
2. Arrivals are taken to be even over those days and as people live: a municipality's weight is its population on
   1 January 2020. A closure still open at the end counts to the last day replayed.
"""

import datetime as dt
import json
from pathlib import Path

from analysis.design.power import refused
from trial.errors import FileError
from trial.protocol import load_municipalities


def share_lost(path: Path, first: dt.date, last: dt.date) -> float:
    """Give the share of arrivals that the closures of a replay would have met."""
    if last < first:
        raise refused("the last day replayed must not come before the first", f"{first} to {last}", "turn them round")
    population = {one.code: one.population_2020q1 for one in load_municipalities()}
    end = last + dt.timedelta(days=1)
    closed: dict[str, set[dt.date]] = {}
    for code, from_on, to_on in _closures(path):
        if code not in population:
            raise refused("a closure must name a municipality", code, "replay the rule with this version")
        low, high = max(from_on, first), min(to_on or end, end)
        closed.setdefault(code, set()).update(low + dt.timedelta(days=day) for day in range((high - low).days))
    days = (end - first).days
    return sum(population[code] * len(own) for code, own in closed.items()) / (sum(population.values()) * days)


def _closures(path: Path) -> list[tuple[str, dt.date, dt.date | None]]:
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["closures"]
        return [
            (
                str(row["municipality_code"]),
                dt.date.fromisoformat(row["closed_on"]),
                None if row["reopened_on"] is None else dt.date.fromisoformat(row["reopened_on"]),
            )
            for row in rows
        ]
    except (OSError, UnicodeDecodeError, ValueError, KeyError, TypeError) as error:
        raise FileError(
            "closures must be the JSON that `trial infection replay --json` prints",
            found=f"{type(error).__name__}: {error}",
            where=str(path),
            mend="trial infection replay --rule RULE --from D --to D --json > closures.json",
            code="closures-file",
        ) from error
