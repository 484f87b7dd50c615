"""Covariates from before randomisation: what the registers knew of a citizen when the arm was drawn.

1. Weeks are the ISO weeks before the week of randomisation. Employed is a week without benefit in a month with paid
   work (definition b, without its four weeks); a benefit week has any benefit but holiday benefit.
2. Age is the year of randomisation minus the year of birth; sex is 1 for a woman.
3. Nothing after randomisation enters. Who is not in a register has no value there; nobody is dropped for it.
4. The registers must reach back as far as the declaration asks.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.cohort import check_coverage, hours_by_week, joined_codes, linked
from analysis.outcomes.measure import BENEFITS
from analysis.registers.cells import as_keys, as_numbers
from analysis.registers.codes import State
from analysis.registers.read import read_dream, read_pay
from analysis.registers.schema import BACKGROUND
from analysis.registers.sources import open_source
from analysis.registers.weeks import WEEK, week_of

WOMAN = 2


def history(
    covariates: Sequence[Any], assignments: pd.DataFrame, folder: Path, table: NDArray[np.uint8]
) -> dict[str, NDArray[np.float64]]:
    """Give each declared covariate, one value a citizen in the order of the assignments; NaN where unknown."""
    link = linked(assignments, folder)
    found: dict[str, NDArray[np.float64]] = {}
    weeks = [one for one in covariates if one.weeks is not None]
    if weeks:
        found |= _weeks(weeks, assignments, link, folder, table)
    others = [one for one in covariates if one.weeks is None]
    if others:
        found |= _background(others, assignments, link, folder)
    return {one.name: found[one.name] for one in covariates}


def _weeks(
    covariates: Sequence[Any], assignments: pd.DataFrame, link: pd.DataFrame, folder: Path, table: NDArray[np.uint8]
) -> dict[str, NDArray[np.float64]]:
    mondays = [week_of(day) for day in pd.to_datetime(assignments["assigned_on"]).dt.date]
    longest = max(one.weeks for one in covariates)
    persons = link["pnr"].to_numpy(dtype=object)
    dream = read_dream(folder, table, persons, since=min(mondays) - WEEK * longest)
    check_coverage(dream.mondays, min(mondays) - WEEK * longest, "the covariates ask for", folder / "dream")
    link["there"] = pd.Index(dream.pnr).get_indexer(link["pnr"])
    codes, known = joined_codes(len(assignments), link, dream)
    by_key, _ = hours_by_week(read_pay(folder, persons), dream.mondays)
    hours = np.zeros(codes.shape, dtype=np.float32)
    np.add.at(hours, link["row"].to_numpy(), by_key)
    state = table[codes]
    kinds = {
        "weeks-employed-before": (state == State.FREE) & (hours > 0),
        "benefit-weeks-before": np.isin(state, BENEFITS),
    }
    week_0 = np.array([(monday - dream.mondays[0]).days // 7 for monday in mondays])
    column = np.arange(codes.shape[1])
    return {
        one.name: np.where(
            known,
            (kinds[one.variable] & (column < week_0[:, None]) & (column >= week_0[:, None] - one.weeks)).sum(axis=1),
            np.nan,
        )
        for one in covariates
    }


def _background(
    covariates: Sequence[Any], assignments: pd.DataFrame, link: pd.DataFrame, folder: Path
) -> dict[str, NDArray[np.float64]]:
    source = open_source(folder, BACKGROUND)
    names = [source.spelt(name) for name in ("pnr", "sex", "birth_year")]
    parts = [
        pd.DataFrame({
            "pnr": as_keys(part[names[0]], f"{source.path}: pnr").to_pylist(),
            "sex": as_numbers(part[names[1]], f"{source.path}: sex"),
            "birth_year": as_numbers(part[names[2]], f"{source.path}: birth_year"),
        })
        for part in source.read(names)
    ]  # fmt: skip
    people = link.merge(pd.concat(parts), on="pnr", how="left").drop_duplicates("row").set_index("row")
    people = people.reindex(np.arange(len(assignments)))
    year = pd.to_datetime(assignments["assigned_on"]).dt.year.to_numpy()
    sex = people["sex"].to_numpy(dtype=np.float64)
    values = {
        "age": year - people["birth_year"].to_numpy(dtype=np.float64),
        "sex": np.where(np.isnan(sex), np.nan, sex == WOMAN),
    }
    return {one.name: values[one.variable] for one in covariates}
