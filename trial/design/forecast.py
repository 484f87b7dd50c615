"""The intake forecast: how many citizens are expected, and how they spread over the strata.

1. A forecast file has one column a stratification factor and `arrivals`, a row a stratum; a stratum it leaves out
   is expected to stay empty. Unknown columns, unknown levels, repeated strata and negative numbers are refused.
2. Without a file the number of arrivals is spread: jobcentres by their municipality's population (1 January 2020),
   the levels of every other factor evenly, independently of each other. The advice says which of the two it rests
   on.
"""

import csv
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from pathlib import Path

from trial.errors import FileError, IntakeError
from trial.procedures import Factor, Subject, Unit
from trial.protocol import Protocol, load_municipalities


@dataclass(frozen=True)
class Forecast:
    """The expected number of arrivals and each stratum's share of them."""

    arrivals: int
    factors: tuple[Factor, ...]
    shares: Mapping[tuple[str, ...], float]
    basis: str

    def units(self) -> list[Unit]:
        """Give one citizen of every stratum with a share."""
        names = [factor.name for factor in self.factors]
        return [
            Subject("forecast", dict(zip(names, levels, strict=True)), "/".join(levels))
            for levels, share in self.shares.items()
            if share > 0
        ]

    def by(self, factor: Factor) -> "Forecast":
        """Give the same arrivals by the levels of one factor."""
        at, found = self.factors.index(factor), defaultdict[tuple[str, ...], float](float)
        for levels, share in self.shares.items():
            found[levels[at],] += share
        return replace(self, factors=(factor,), shares=dict(found))


def factors_of(protocol: Protocol) -> tuple[Factor, ...]:
    """Give the protocol's stratification factors."""
    return tuple(Factor.of(one) for one in protocol.stratification)


def spread(protocol: Protocol, arrivals: int) -> Forecast:
    """Spread a number of arrivals over the strata (rule 2)."""
    factors = factors_of(protocol)
    population = {one.code: one.population_2020q1 for one in load_municipalities()}
    weights = []
    for factor in factors:
        by_population = factor.name == "jobcentre" and all(level in population for level in factor.levels)
        own = {level: float(population[level]) if by_population else 1.0 for level in factor.levels}
        weights.append({level: weight / sum(own.values()) for level, weight in own.items()})
    shares = {
        levels: prod(weight[level] for weight, level in zip(weights, levels, strict=True))
        for levels in product(*(factor.levels for factor in factors))
    }
    return Forecast(arrivals, factors, shares, "jobcentres by population, other factors evenly")


def read_forecast(path: Path, protocol: Protocol) -> Forecast:
    """Read a forecast file (rule 1)."""
    factors = factors_of(protocol)
    names = [factor.name for factor in factors]
    try:
        rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(
            "a forecast must be a readable UTF-8 CSV file", found=str(error), where=str(path), mend="correct the path"
        ) from error
    columns = set(rows[0]) if rows else set()
    if columns != {*names, "arrivals"}:
        raise IntakeError(
            f"a forecast must have rows and exactly the columns {', '.join([*names, 'arrivals'])}",
            found=", ".join(str(column) for column in rows[0]) if rows else "no row",
            where=str(path),
            mend="name the columns so, and leave others out",
            code="forecast-columns",
        )
    found: dict[tuple[str, ...], float] = {}
    for line, row in enumerate(rows, start=2):
        levels = tuple(row[name] for name in names)
        found[levels] = found.get(levels, 0.0) + _expected(row, factors, levels in found, f"{path}:{line}")
    total = sum(found.values())
    if total <= 0:
        raise IntakeError("a forecast must expect somebody", found="0 arrivals", where=str(path), mend="correct it")
    shares = {levels: number / total for levels, number in found.items()}
    return Forecast(round(total), factors, shares, f"forecast {path.name}")


def _expected(row: Mapping[str, str], factors: tuple[Factor, ...], again: bool, where: str) -> float:
    """Give the arrivals of a row."""
    for factor in factors:
        if row[factor.name] not in factor.known:
            raise IntakeError(
                f"{factor.name} must be one of its declared levels",
                found=row[factor.name],
                where=where,
                mend="correct the level",
                code="unknown-level",
            )
    text = row["arrivals"] or ""
    if again or not text.replace(".", "", 1).isdigit():
        raise IntakeError(
            "a stratum must stand once, with a number of arrivals of at least 0",
            found="a repeated stratum" if again else text or "nothing",
            where=where,
            mend="join the rows of a stratum, and write arrivals as 12 or 12.5",
            code="forecast-value",
        )
    return float(text)
