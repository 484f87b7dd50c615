"""The money behind a change of conversation form, from declared inputs only.

1. Time saved: conversations a year x minutes / 60 x cost an hour.
2. Employment cost: persons x weeks lost a person x cost a week.
3. Break-even effect: the weeks lost a person at which 2 eats up 1. An effect worse than it costs more than it saves.
4. A printed figure is `reproduced` when its inputs give it to the printed rounding, `consistent-within-rounding` when
   several printed figures can share one factor, `inputs-missing` when an input is not public, else `differs`.
5. A missing input is named, with the reason. It is never solved for.

Intervals of shares are Wilson's (1927), JASA 22, 209-212; they know nothing of a survey's design.
"""

import tomllib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import NormalDist
from typing import Any

from trial.errors import FileError, PlanError


def time_saved(conversations_a_year: float, minutes: float, dkk_an_hour: float) -> float:
    """Give the saving a year in million DKK."""
    return conversations_a_year * minutes / 60 * dkk_an_hour / 1e6


def employment_cost(persons: float, weeks_lost_a_person: float, dkk_a_week: float) -> float:
    """Give the cost of lost employment in million DKK."""
    return persons * weeks_lost_a_person * dkk_a_week / 1e6


def break_even_effect(saving_million_dkk: float, persons: float, dkk_a_week: float) -> float:
    """Give the weeks of employment lost a person at which the saving is eaten up."""
    if persons <= 0 or dkk_a_week <= 0:
        raise PlanError(
            "persons and cost a week must be positive",
            found=f"persons {persons}, cost {dkk_a_week}",
            mend="declare both",
            code="economics-input",
        )
    return saving_million_dkk * 1e6 / (persons * dkk_a_week)


def wilson(share: float, n: int, level: float) -> tuple[float, float]:
    """Give Wilson's interval of a share seen in n answers under simple random sampling."""
    z = NormalDist().inv_cdf(0.5 + level / 2)
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * ((share * (1 - share) + z * z / (4 * n)) / n) ** 0.5 / (1 + z * z / n)
    return centre - half, centre + half


def shared_factor(printed: list[float], at: list[float], rounded_to: float) -> tuple[float, float] | None:
    """Give the range of one factor that yields every printed value at its input, or None where there is none.

    A value printed to the nearest r stands for [value - r/2, value + r/2].
    """
    low = max((value - rounded_to / 2) / x for value, x in zip(printed, at, strict=True))
    high = min((value + rounded_to / 2) / x for value, x in zip(printed, at, strict=True))
    return (low, high) if low <= high else None


@dataclass(frozen=True)
class Figure:
    """A printed figure with what could be computed of it."""

    name: str
    source: str
    printed: tuple[str, ...]
    unit: str
    status: str
    expected: str
    computed: str | None
    interval: tuple[float, float] | None
    missing: tuple[str, ...]
    note: str | None

    def to_json(self) -> dict[str, object]:
        """Give the figure as plain data."""
        return asdict(self)


FORMULAS: dict[str, Callable[..., float]] = {"time-saved": time_saved, "employment-cost": employment_cost}


def figures(path: Path, level: float) -> list[Figure]:
    """Judge every figure of a file; level is that of the intervals, e.g. 0.95."""
    try:
        declared = tomllib.loads(path.read_text("utf-8"))["figures"]
    except (OSError, tomllib.TOMLDecodeError, KeyError) as error:
        raise FileError(
            "a file of figures must be TOML with [[figures]]",
            found=error,
            where=str(path),
            mend="see ministry-letters",
        ) from error
    return [_judged(one, level) for one in declared]


def _judged(figure: dict[str, Any], level: float) -> Figure:
    inputs: dict[str, dict[str, Any]] = figure.get("inputs", {})
    missing = tuple(f"{name}: {given['why']}" for name, given in inputs.items() if given.get("missing"))
    status, computed = ("inputs-missing", None) if missing else _compared(figure, inputs)
    n = figure.get("n")
    return Figure(
        name=figure["name"],
        source=figure["source"],
        printed=tuple(figure["printed"]),
        unit=figure["unit"],
        status=status,
        expected=figure["expected"],
        computed=computed,
        interval=wilson(float(figure["printed"][0]) / 100, n, level) if n else None,
        missing=missing,
        note=figure.get("n_note") or figure.get("erratum"),
    )


def _compared(figure: dict[str, Any], inputs: dict[str, dict[str, Any]]) -> tuple[str, str]:
    printed = [float(text) for text in figure["printed"]]
    if figure["kind"] == "proportional":
        factor = shared_factor(printed, figure["at"], figure["rounded_to"])
        if factor is None:
            return "differs", "no one factor"
        return "consistent-within-rounding", f"{factor[0]:.2f} to {factor[1]:.2f} {figure['factor']}"
    values = {name: given["value"] for name, given in inputs.items()}
    if figure["kind"] == "complement":
        value = 100 - values["other_percent"]
    elif figure["kind"] == "share":
        value = 100 * values["count"] / figure["n"]
    else:
        value = FORMULAS[figure["kind"]](**values)
    same = abs(value - printed[0]) <= figure.get("rounded_to", 1) / 2
    return ("reproduced" if same else "differs"), f"{value:g}"
