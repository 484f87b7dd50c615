"""Synthetic registers: DREAM, monthly income, background and the link table, from life courses with a planted effect.

1. Everything follows from the seed and the participants; persons are made in chunks with a generator each, so a
   register of any size needs the memory of one chunk.
2. A participant is unemployed from the start of the spell to the week of randomisation, whatever the life before;
   from the next week on the dose of the arm drawn works on the hazard of finding a job.
3. The registers also hold people outside the trial. A few participants lack a link, a few are not in DREAM and a few
   change CPR number on the way.
4. Keys are made up (`R000000001`), in an order that tells nothing; no CPR number, plausible or not, is written.
5. Files appear whole, by rename.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from analysis.registers import life as life_course
from analysis.registers.files import Writers, write_text
from analysis.registers.life import Bools, Floats, Ints, Life, Traits
from analysis.registers.pay import Income
from analysis.registers.people import Participants
from analysis.registers.planted import FROM_WORK, Measure, Outcome, Truth, planted_truth, spell_so_far
from analysis.registers.renumber import NewKey, renumbered
from analysis.registers.scenario import Scenario
from analysis.registers.truth import truth_document
from analysis.registers.weeks import column_of, weeks_between

CHUNK = 50_000
NO_LINK = 0.003
NOT_IN_DREAM = 0.001
NEW_NUMBER = 0.002
YEARS_BEFORE = 2
WEEKS_BEFORE = 8  # weeks before the spell in which a participant works or studies
_NEVER = 30_000
_START = ((Life.WORK, 0.77), (Life.UNEMPLOYED, 0.06), (Life.SELF_SUPPORT, 0.08), (Life.SICK, 0.03),
          (Life.STUDY, 0.05), (Life.LEAVE, 0.01))  # fmt: skip


@dataclass(frozen=True)
class _Persons:
    """Rows of the register: participants (`week_0` is the column of randomisation) and others (`week_0` is -1)."""

    insured: Bools
    age_from: Floats
    age_to: Floats
    week_0: Ints
    dose: Floats
    place: Ints

    def take(self, rows: NDArray[np.int64]) -> "_Persons":
        return _Persons(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class _World:
    """The calendar, what is planted in it, and which municipality is paused in which week."""

    mondays: tuple[date, ...]
    planted: Scenario
    closed: Bools


def synthesise(
    people: Participants,
    out: Path,
    *,
    seed: int,
    planted: Scenario,
    outcomes: Sequence[Outcome],
    measure: Measure,
    follow_up_weeks: int,
    estimands: Sequence[Any] = (),
    others: int | None = None,
    replicates: int = 8,
    progress: Callable[[int, int], None] | None = None,
) -> list[Truth]:
    """Write the registers and `truth.json` into a folder and give the true effects."""
    mondays = _calendar(people, follow_up_weeks)
    rng = np.random.default_rng([seed, 1])
    persons = _persons(people, mondays, len(people) // 20 + 100 if others is None else others, rng)
    order = rng.permutation(len(persons.week_0))
    keys = np.array([f"R{number:09d}" for number in range(1, len(order) + 1)])
    key_of = np.empty(len(order), dtype=keys.dtype)
    key_of[order] = keys
    fate = rng.random(len(people))
    absent = key_of[: len(people)][fate < NOT_IN_DREAM]
    changes = _new_keys(people, key_of, rng)
    world = _World(mondays, planted, people.pauses.table(mondays))
    with Writers(out) as writers:
        writers.write({"link": _link(people, key_of, fate < 1 - NO_LINK, changes)})
        for start in range(0, len(order), CHUNK):
            rows = order[start : start + CHUNK]
            chunk = _chunk(persons.take(rows), keys[start : start + CHUNK], world, [seed, 2, start // CHUNK])
            there = {name: _without(absent, table) for name, table in chunk.items()}
            writers.write(renumbered(there, changes))
            if progress:
                progress(start + len(rows), len(order))
    truth = planted_truth(people, outcomes, measure, planted=planted, seed=seed, replicates=replicates)
    document = truth_document(people, truth, estimands, seed=seed, planted=planted, replicates=replicates)
    write_text(out / "truth.json", json.dumps(document, indent=2) + "\n")
    return truth


def _calendar(people: Participants, follow_up_weeks: int) -> tuple[date, ...]:
    first = date.fromisocalendar(min(people.week_0).isocalendar().year - YEARS_BEFORE, 1, 1)
    last_year = (max(people.week_0) + timedelta(weeks=follow_up_weeks)).isocalendar().year
    return weeks_between(first, date(last_year, 12, 28))  # 28 December always lies in the last ISO week


def _persons(people: Participants, mondays: tuple[date, ...], others: int, rng: np.random.Generator) -> _Persons:
    week_0 = np.array([(day - mondays[0]).days // 7 for day in people.week_0], dtype=np.int16)
    dose = np.array([people.dose[arm][row] for row, arm in enumerate(people.arm)], dtype=np.float64)
    age = rng.uniform(18, 66, others)
    return _Persons(
        insured=np.concatenate([people.insured, rng.random(others) < 0.7]),
        age_from=np.concatenate([people.age_from, age]),
        age_to=np.concatenate([people.age_to, age]),
        week_0=np.concatenate([week_0, np.full(others, -1, dtype=np.int16)]),
        dose=np.concatenate([dose, np.ones(others)]),
        place=np.concatenate([people.pauses.place, np.full(others, -1, dtype=np.int16)]),
    )


def _chunk(persons: _Persons, keys: NDArray[Any], world: "_World", seed: list[int]) -> dict[str, pa.Table]:
    rng, mondays = np.random.default_rng(seed), world.mondays
    traits = life_course.draw_traits(rng, persons.insured, persons.age_from, persons.age_to, world.planted.recalls)
    ends = _ends(persons, traits, rng)
    codes = np.zeros((len(mondays), len(keys)), dtype=np.int16)
    income = Income.over(mondays, len(keys))
    for column, life, since in _live(persons, traits, world, rng):
        number = int(mondays[column].isocalendar().week)
        coding = rng.random(len(keys))
        codes[column] = _with_ends(life_course.code(life, since, traits, number, coding), ends, column)
        ended = (column >= ends).any(axis=0)
        income.add(column, np.where(ended, 0.0, life_course.weekly_hours(life, traits)))
    columns: dict[str, Any] = {"pnr": pa.array(keys)}
    for monday, row in zip(mondays, codes, strict=True):
        columns[column_of(monday)] = pa.array(row, mask=row == 0)
    columns |= income.ratios()
    birth_year = mondays[0].year + YEARS_BEFORE - np.floor(traits.age).astype(np.int16)
    background = {"pnr": keys, "sex": rng.integers(1, 3, len(keys)).astype(np.int8), "birth_year": birth_year}
    return {"dream": pa.table(columns), "bfl": income.table(keys, rng), "background": pa.table(background)}


def _live(
    persons: _Persons, traits: Traits, world: _World, rng: np.random.Generator
) -> Iterator[tuple[int, NDArray[np.int8], Ints]]:
    n = len(traits)
    takes_part = persons.week_0 >= 0
    spell_start = persons.week_0 - spell_so_far(rng, n)
    before = np.where(rng.random(n) < FROM_WORK, Life.WORK, Life.STUDY).astype(np.int8)
    states, shares = zip(*_START, strict=True)
    life = rng.choice(np.array(states, dtype=np.int8), size=n, p=shares)
    since = rng.integers(0, 150, n).astype(np.int16)
    factor = world.planted.factor(persons.dose, since, np.zeros(n, dtype=np.bool_))
    for column, monday in enumerate(world.mondays):
        if world.planted.varies:
            factor = world.planted.factor(persons.dose, since, world.closed[column, persons.place])
        effect = np.where(takes_part & (column > persons.week_0), factor, 1.0)
        life, since = life_course.advance(
            life, since, traits, effect=effect, week=int(monday.isocalendar().week), u=rng.random(n)
        )
        early = takes_part & (column >= spell_start - WEEKS_BEFORE) & (column < spell_start)
        spell = takes_part & (column >= spell_start) & (column <= persons.week_0)
        life = np.where(early, before, np.where(spell, Life.UNEMPLOYED, life)).astype(np.int8)
        since = np.where(early, 30, np.where(spell, column - spell_start, since)).astype(np.int16)
        yield column, life, since


def _ends(persons: _Persons, traits: Traits, rng: np.random.Generator) -> Ints:
    """Give the columns from which a person is emigrated, pensioned or dead; a participant not before week 1."""
    n = len(traits)
    reference = np.maximum(persons.week_0, 0)
    emigrated = reference + rng.geometric(life_course.EMIGRATION, n)
    pension = reference + np.ceil((life_course.PENSION_AGE - traits.age) * 52.18)
    dead = reference + rng.geometric(life_course.DEATH, n)
    return np.asarray(np.minimum(np.stack([emigrated, pension, dead]), _NEVER), dtype=np.int16)


def _with_ends(codes: Ints, ends: Ints, column: int) -> Ints:
    emigrated, pension, dead = column >= ends
    return np.where(dead, 999, np.where(emigrated, 997, np.where(pension, 998, codes))).astype(np.int16)


def _without(absent: NDArray[Any], table: pa.Table) -> pa.Table:
    gone = pc.is_in(table["pnr"], value_set=pa.array(absent, pa.string()))
    return table.filter(pc.invert(gone))


def _new_keys(people: Participants, key_of: NDArray[Any], rng: np.random.Generator) -> dict[str, NewKey]:
    """Draw the participants who change CPR number, and when: in the two years after randomisation."""
    rows = np.flatnonzero(rng.random(len(people)) < NEW_NUMBER)
    weeks = rng.integers(1, 104, len(rows))
    return {
        str(key_of[row]): NewKey(f"R{len(key_of) + at + 1:09d}", people.week_0[row] + timedelta(weeks=int(after)))
        for at, (row, after) in enumerate(zip(rows, weeks, strict=True))
    }


def _link(people: Participants, key_of: NDArray[Any], linked: Bools, changes: dict[str, NewKey]) -> pa.Table:
    rows = [(people.ids[row], str(key_of[row])) for row in np.flatnonzero(linked)]
    rows += [(one, changes[key].key) for one, key in rows if key in changes]
    rows.sort()
    schema = pa.schema([("participant_id", pa.string()), ("pnr", pa.string())])
    return pa.Table.from_pylist([{"participant_id": one, "pnr": key} for one, key in rows], schema=schema)
