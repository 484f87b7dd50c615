"""One row of an intake file: what each cell must be, and what it says of the citizen.

1. A citizen is a CPR number, which gives the date of birth, or an own id beside `birth_on`.
2. Names of target groups are read without regard to capitals, and æ, ø, å as ae, oe, aa: `Jobparat-kontanthjælp` is
   `jobparat-kontanthjaelp`. A name that the protocol does not know is lawful: that citizen is not randomised.
3. Dates are ISO, from 1858 (the first year a CPR number can tell) to the day of intake. Age is in whole years on that
   day; who is born on 29 February is a year older from 1 March in other years.
4. A jobcentre or caseworker that the protocol does not know is not lawful: nobody is put into another one's stratum.
5. Reasons not to randomise, in this order: the protocol's exclusions as declared, `target-group`, `spell-too-long`
   (more than the declared weeks on the day of intake), `age-under-18`.
"""

import re
from bisect import bisect_right
from collections.abc import Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import NamedTuple

from trial.errors import IdentityError
from trial.identity import Pseudonymiser
from trial.protocol import Protocol, load_municipalities
from trial.table import Problems, Row, iso_date, shape, yes_no

CITIZEN, JOBCENTRE, TARGET_GROUP, SPELL_START, BIRTH = COLUMNS = (
    "citizen",
    "jobcentre",
    "target_group",
    "spell_start_on",
    "birth_on",
)
CASEWORKER = "caseworker"
BUILT_IN_EXCLUSIONS = TARGET_GROUP_EXCLUDED, SPELL_TOO_LONG, UNDER_18 = (
    "target-group",
    "spell-too-long",
    "age-under-18",
)
ADULT = 18
FIRST_BIRTH = date(1858, 1, 1)
_DANISH = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa", " ": "-"})
_GROUP = re.compile(r"(?!.*[0-9]{5})[a-z][a-z0-9-]{0,62}")  # a name, never a number of a person


class Arrival(NamedTuple):
    """A citizen of an intake file under the pseudonym; `exclusion` says why not to randomise, None when to.

    A tuple with names: a hundred thousand of them are made in half the time of frozen dataclasses.
    """

    participant_id: str
    jobcentre: str
    municipality_code: str
    levels: Mapping[str, str]
    stratum: str
    spell_start_on: date
    age: int
    exclusion: str | None
    line: int


class Judge:
    """Judges row after row; dates and levels are looked up once and remembered."""

    def __init__(self, protocol: Protocol, pseudonymiser: Pseudonymiser, on: date, problems: Problems) -> None:
        self.pseudonymiser, self.on, self.problems = pseudonymiser, on, problems
        self.factors = [(factor.factor, factor.levels, factor.cut) for factor in protocol.stratification]
        codes = [levels for name, levels, _ in self.factors if name == JOBCENTRE]
        self.jobcentres = frozenset(codes[0] if codes else (town.code for town in load_municipalities()))
        self.caseworkers = next((frozenset(levels) for name, levels, _ in self.factors if name == CASEWORKER), None)
        self.groups = frozenset(group.name for group in protocol.population.target_groups)
        self.exclusions = [(rule.name, rule.when) for rule in protocol.population.exclusions]
        self.flags = flag_columns(protocol)
        self.longest = timedelta(weeks=protocol.population.max_spell_weeks)
        self.dates: dict[str, date | None] = {}
        self.levels: dict[tuple[str, str, str, int], tuple[Mapping[str, str], str]] = {}
        self.declared: dict[tuple[str, ...], str | None] = {}
        self.warnings = 0

    def arrival(self, row: Row) -> Arrival | None:
        """Judge a row; None when it is not lawful, with its problems noted."""
        citizen, code, group_text, spell_start, *own, birth = row.cells
        caseworker, *flags = own if self.caseworkers is not None else ("", *own)
        before = self.problems.count
        participant_id, birth_on = self._citizen(row.line, citizen, birth)
        if code not in self.jobcentres:
            self._unknown_jobcentre(row.line, code)
        if self.caseworkers is not None and caseworker not in self.caseworkers:
            self._unknown_caseworker(row.line, caseworker)
        group = self._group(row.line, group_text)
        spell_start_on = self._date(row.line, SPELL_START, spell_start)
        declared = self._declared(row.line, tuple(flags))
        if self.problems.count > before or birth_on is None or spell_start_on is None:
            return None
        age = age_on(birth_on, self.on)
        levels, stratum = self._levels(code, group, caseworker, age)
        exclusion = declared or self._exclusion(group, spell_start_on, age)
        return Arrival(participant_id, code, code, levels, stratum, spell_start_on, age, exclusion, row.line)

    def _citizen(self, line: int, citizen: str, birth: str) -> tuple[str, date | None]:
        try:
            participant_id, cpr = self.pseudonymiser.identify(citizen)
        except IdentityError as error:
            found = str(error.found) if citizen else "an empty cell"
            self.problems.add(line, f"{CITIZEN}: {error.must}", found=found, mend=error.mend, code=error.stable_code)
            return "", None
        if cpr is None:
            return participant_id, self._date(line, BIRTH, birth)
        self.warnings += not cpr.modulus_11_ok
        born = cpr.birth_on
        if born > self.on or (birth and self._date(line, BIRTH, birth) != born):
            must = f"{BIRTH} must be the date in the CPR number, and not after the day of intake"
            mend = f"leave {BIRTH} empty for a citizen with a CPR number"
            self.problems.add(line, must, found="another date", mend=mend, code="birth")
        return participant_id, born

    def _unknown_jobcentre(self, line: int, code: str) -> None:
        self.problems.add(
            line,
            f"{JOBCENTRE} must be the four-digit code of a jobcentre of the trial",
            found="another code" if len(code) == 4 else shape(code),
            mend="see protocols/codes/municipalities.csv; keep the leading zero (import the column as text)",
            code="jobcentre",
        )

    def _unknown_caseworker(self, line: int, code: str) -> None:
        self.problems.add(
            line,
            f"{CASEWORKER} must be one of the codes the protocol declares",
            found="another code" if code else "an empty cell",
            mend="correct the code; a new caseworker needs an amended protocol",
            code="caseworker",
        )

    def _group(self, line: int, text: str) -> str:
        if text in self.groups:
            return text
        group = text.casefold().translate(_DANISH)
        if group not in self.groups and not _GROUP.fullmatch(group):
            must = f"{TARGET_GROUP} must be the name of a target group"
            mend = f"write a name such as {min(self.groups)}"
            self.problems.add(line, must, found=shape(text), mend=mend, code="target-group")
        return group

    def _date(self, line: int, column: str, text: str) -> date | None:
        if text not in self.dates:
            self.dates[text] = iso_date(text)
        day = self.dates[text]
        if day is None or not FIRST_BIRTH <= day <= self.on:
            must = f"{column} must be a date from {FIRST_BIRTH} to the day of intake, {self.on}"
            found = shape(text) if day is None else "another date"
            self.problems.add(line, must, found=found, mend="write it as 2021-03-01", code="date")
            return None
        return day

    def _yes(self, line: int, column: str, text: str) -> bool:
        answer = yes_no(text)
        if answer is None:
            must = f"{column} must be yes or no (ja or nej)"
            self.problems.add(line, must, found=shape(text), mend="write yes or no", code="yes-no")
        return bool(answer)

    def _levels(self, jobcentre: str, group: str, caseworker: str, age: int) -> tuple[Mapping[str, str], str]:
        """Give the level of each factor and the stratum; an excluded citizen may lie outside the declared levels."""
        key = (jobcentre, group, caseworker, age)
        if key not in self.levels:
            values = {JOBCENTRE: jobcentre, TARGET_GROUP: group, CASEWORKER: caseworker}
            levels: dict[str, str] = {
                name: values[name] if cut is None else _age_group(age, declared, cut)
                for name, declared, cut in self.factors
            }
            self.levels[key] = MappingProxyType(levels), "/".join(levels.values())
        return self.levels[key]

    def _declared(self, line: int, flags: tuple[str, ...]) -> str | None:
        """Give the first declared exclusion that holds."""
        if flags in self.declared:
            return self.declared[flags]
        before = self.problems.count
        answers = {name: self._yes(line, name, cell) for name, cell in zip(self.flags, flags, strict=True)}
        exclusion = next((name for name, when in self.exclusions if answers[when]), None)
        if self.problems.count == before:
            self.declared[flags] = exclusion
        return exclusion

    def _exclusion(self, group: str, spell_start_on: date, age: int) -> str | None:
        if group not in self.groups:
            return TARGET_GROUP_EXCLUDED
        if self.on - spell_start_on > self.longest:
            return SPELL_TOO_LONG
        return UNDER_18 if age < ADULT else None


def flag_columns(protocol: Protocol) -> tuple[str, ...]:
    """Name the yes/no columns that the declared exclusions ask for, each once."""
    return tuple(dict.fromkeys(rule.when for rule in protocol.population.exclusions))


def own_columns(protocol: Protocol) -> tuple[str, ...]:
    """Name the columns that this protocol asks for: the caseworker where it is a factor, then the yes/no columns."""
    asked = any(factor.factor == CASEWORKER for factor in protocol.stratification)
    return (*((CASEWORKER,) if asked else ()), *flag_columns(protocol))


def age_on(birth_on: date, on: date) -> int:
    """Give the age in whole years on a day."""
    return on.year - birth_on.year - ((on.month, on.day) < (birth_on.month, birth_on.day))


def _age_group(age: int, levels: tuple[str, ...], cut: tuple[int, ...]) -> str:
    return UNDER_18.removeprefix("age-") if age < ADULT else levels[bisect_right(cut, age)]
