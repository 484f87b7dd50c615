"""The areas an order may close: a municipality, a region with its municipalities, the whole country ("DK").

The division is data: `protocols/codes/regions.csv`.
"""

import csv
from functools import cache

from trial.protocol.shipped import shipped

COUNTRY = "DK"


@cache
def _members() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    with shipped("codes/regions.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found[row["region"]] = (*found.get(row["region"], ()), row["municipality"])
            found[COUNTRY] = (*found.get(COUNTRY, ()), row["municipality"])
            found[row["municipality"]] = (row["municipality"],)
    return found


def municipalities_of(area: str) -> tuple[str, ...]:
    """Give the codes of the municipalities of an area; none when nobody knows the area."""
    return _members().get(area, ())
