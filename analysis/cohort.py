"""The cohort: participants of the bundle joined to the registers through the link table; nobody is silently dropped.

1. Week 0 is the ISO week of randomisation; follow-up week w is the w-th ISO week after it.
2. A participant without a link, or whose person is not in DREAM, stays in the cohort without follow-up and is
   counted in the flow with the reason.
3. Weeks outside the registers are UNSEEN, never empty. Definition (b) also ends where the income register ends:
   without it nobody can be told from a person without income.
4. Who changed CPR number has several keys: a week has the code of the first key that has one, hours are added.
5. Not being found unemployed in week 0 is reported, not repaired: who was randomised is analysed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.registers.codes import State
from analysis.registers.read import Dream, Pay, read_dream, read_link, read_pay
from analysis.registers.weeks import THURSDAY, column_of, month_of, week_of, weeks_in_month
from analysis.spells import FollowUp
from trial.errors import RegisterError


@dataclass(frozen=True)
class FlowStep:
    """A step of the flow: how many citizens, by arm where there is one, and why they are counted here."""

    name: str
    n: int
    per_arm: dict[str, int]
    reason: str


@dataclass(frozen=True)
class Cohort:
    """Participants (rows as in the assignments) with their follow-up; `lost` holds the reason or None.

    keys: how many keys of the registers a participant has; week_0: the state in the week of randomisation.
    """

    lost: NDArray[Any]
    keys: NDArray[np.int64]
    week_0: NDArray[np.uint8]
    follow_up: FollowUp
    last_week: date


def link_cohort(assignments: pd.DataFrame, folder: Path, table: NDArray[np.uint8], earnings: bool = False) -> Cohort:
    """Follow every participant through the registers; `table` gives the state of each code.

    earnings: follow the narrow pay too.
    """
    link = linked(assignments, folder)
    mondays = [week_of(day) for day in pd.to_datetime(assignments["assigned_on"]).dt.date]
    dream = read_dream(folder, table, link["pnr"].to_numpy(dtype=object), since=min(mondays, default=None))
    check_coverage(dream.mondays, min(mondays), "from the first randomisation on", folder / "dream")
    link["there"] = pd.Index(dream.pnr).get_indexer(link["pnr"])
    codes, found = joined_codes(len(assignments), link, dream)
    lost = np.full(len(assignments), "not-linked", dtype=object)
    lost[link["row"]] = "not-in-dream"
    lost[found] = None
    states = np.where(found[:, None], table[codes], np.uint8(State.UNSEEN))
    pay = read_pay(folder, link["pnr"].to_numpy(dtype=object), earnings)
    by_key, last_paid = hours_by_week(pay, dream.mondays)
    start = np.array([(monday - dream.mondays[0]).days // 7 for monday in mondays])
    states = _from_own_week_0(states, start, State.UNSEEN)
    hours = _from_own_week_0(_by_person(by_key, link, len(assignments)), start, 0)
    whole_month = _whole_month(dream.mondays)[np.minimum(start, len(dream.mondays) - 1)]
    month_weeks = np.array([weeks_in_month(monday) for monday in dream.mondays], dtype=np.uint8)
    month_weeks = _from_own_week_0(np.broadcast_to(month_weeks, states.shape), start, 1)
    until = np.maximum(last_paid - start, 0)
    paid = None
    if pay.earnings is not None:
        by_key = by_week(pay.earnings, pay.first_month, dream.mondays)[0]
        paid = _from_own_week_0(_by_person(by_key, link, len(assignments)), start, 0)[:, 1:]
    follow_up = FollowUp(states[:, 1:], hours[:, 1:], until, whole_month, month_weeks[:, 1:], paid)
    keys = np.bincount(link["row"], minlength=len(assignments))
    return Cohort(lost, keys, states[:, 0], follow_up, dream.mondays[-1])


def linked(assignments: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """Give the keys of the participants: participant_id, pnr, and the row of the assignments."""
    link = read_link(folder).to_pandas()
    link["row"] = pd.Index(assignments["participant_id"]).get_indexer(link["participant_id"])
    return link[link["row"] >= 0].sort_values(["row", "pnr"], ignore_index=True)


def check_coverage(mondays: Sequence[date], first: date, weeks: str, where: Path) -> None:
    """Raise RegisterError where DREAM's weeks (their Mondays) do not reach back to a first one."""
    if not mondays or mondays[0] > first:
        raise RegisterError(
            f"DREAM must cover the weeks {weeks}, which begin with {column_of(first)}",
            found=f"{column_of(mondays[0])} as its first" if mondays else "none of them",
            where=str(where),
            mend="deliver a longer extract, or ask for fewer weeks",
            code="register-coverage",
        )


def joined_codes(persons: int, link: pd.DataFrame, dream: Dream) -> tuple[NDArray[np.int16], NDArray[np.bool_]]:
    """Join the weeks of all keys of a participant: a week has the code of the first key that has one."""
    codes = np.zeros((persons, len(dream.mondays)), dtype=np.int16)
    there = link[link["there"] >= 0]
    found = np.zeros(persons, dtype=np.bool_)
    found[there["row"]] = True
    turn = there.groupby("row").cumcount()
    for _, rows in there.groupby(turn):
        at = rows["row"].to_numpy()
        codes[at] = np.where(codes[at] == 0, dream.codes[rows["there"].to_numpy()], codes[at])
    return codes, found


def _whole_month(mondays: tuple[date, ...]) -> NDArray[np.int64]:
    """Give for each week how many weeks later the next month begins."""
    month = np.array([month_of(monday + THURSDAY) for monday in mondays])
    begins = np.append(np.flatnonzero(np.diff(month)) + 1, len(month))
    return np.asarray(begins[np.searchsorted(begins, np.arange(len(month)), side="right")] - np.arange(len(month)))


def hours_by_week(pay: Pay, mondays: tuple[date, ...]) -> tuple[NDArray[np.float32], int]:
    """Give each week the hours of its Thursday's month, and the last week the income register covers (-1: none)."""
    return by_week(pay.hours, pay.first_month, mondays)


def by_week(months: NDArray[Any], first_month: int, mondays: tuple[date, ...]) -> tuple[NDArray[Any], int]:
    """Give each week what its Thursday's month has, and the last week that has one (-1: none)."""
    month = np.array([month_of(monday + THURSDAY) - first_month for monday in mondays])
    covered = (month >= 0) & (month < months.shape[1])
    weeks = np.zeros((len(months), len(mondays)), dtype=months.dtype)
    weeks[:, covered] = months[:, month[covered]]
    return weeks, int(np.flatnonzero(covered)[-1]) if covered.any() else -1


def _by_person(by_key: NDArray[Any], link: pd.DataFrame, persons: int) -> NDArray[Any]:
    """Add up what the keys of each participant have."""
    total = np.zeros((persons, by_key.shape[1]), dtype=by_key.dtype)
    np.add.at(total, link["row"].to_numpy(), by_key)
    return total


def _from_own_week_0(cells: NDArray[Any], start: NDArray[np.int64], beyond: object) -> NDArray[Any]:
    """Shift every person's weeks so that column w is the w-th week after randomisation (column 0: week 0)."""
    weeks = cells.shape[1]
    column = start[:, None] + np.arange(weeks)
    shifted = np.take_along_axis(cells, np.minimum(column, weeks - 1), axis=1)
    return np.where(column < weeks, shifted, np.asarray(beyond, dtype=cells.dtype))


def flow_of_cohort(arms: "pd.Series[str]", cohort: Cohort) -> list[FlowStep]:
    """Count the participants from randomisation to follow-up, by arm."""
    steps = [step("randomised", arms, np.full(len(arms), True), "an arm was drawn")]
    reasons = {"not-linked": "no row in the link table", "not-in-dream": "linked, but no row in DREAM"}
    for name, reason in reasons.items():
        steps.append(step(name, arms, cohort.lost == name, reason))
    followed = cohort.lost == None  # noqa: E711 - elementwise
    steps.append(step("followed", arms, followed, f"linked and in DREAM; last week {column_of(cohort.last_week)}"))
    elsewhere = followed & (cohort.week_0 != State.UNEMPLOYED) & (cohort.week_0 != State.NEUTRAL)
    steps.append(step("not-unemployed-in-week-0", arms, elsewhere, "followed, but without such benefit in week 0"))
    steps.append(step("several-keys", arms, cohort.keys > 1, "changed CPR number; the weeks of all keys are joined"))
    return steps


def step(name: str, arms: "pd.Series[str]", rows: NDArray[np.bool_], reason: str) -> FlowStep:
    """Make a step of the flow from the rows it counts."""
    per_arm = {str(arm): int(rows[(arms == arm).to_numpy()].sum()) for arm in sorted(arms.unique())}
    return FlowStep(name, int(rows.sum()), per_arm, reason)
