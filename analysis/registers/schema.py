"""The registers, each declared once: file, key, columns with type, range and label. All else derives from here.

1. A column is named outright or by a pattern (a week, a month, a year); a column nobody declared is an error.
2. Types are few: key, code, date, number, flag, text. A range is inclusive.
3. Reading, checking, synthetic data and documentation use this declaration; labels are Danish and English.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from trial.errors import RegisterError

Type = Literal["key", "code", "date", "number", "flag", "text"]


@dataclass(frozen=True)
class Column:
    """A declared column, or a family of them when `pattern` is set (`name` then shows what it stands for)."""

    name: str
    type: Type
    da: str
    en: str
    required: bool = True
    pattern: str | None = None
    range: tuple[float, float] | None = None

    def fits(self, name: str) -> bool:
        """Say whether a column of a file is this one; case does not matter."""
        if self.pattern is None:
            return name.lower() == self.name.lower()
        return re.fullmatch(self.pattern, name, re.IGNORECASE) is not None


@dataclass(frozen=True)
class Register:
    """A declared register: the stem of its file, its key and its columns."""

    name: str
    da: str
    en: str
    unit: str
    columns: tuple[Column, ...]
    one_row_a_key: bool = True

    @property
    def key(self) -> str:
        """The column that names a person."""
        return next(column.name for column in self.columns if column.type == "key")

    def column(self, name: str) -> Column | None:
        """Find the declaration of a column of a file."""
        return next((column for column in self.columns if column.fits(name)), None)

    def check_columns(self, names: Sequence[str], where: str) -> None:
        """Raise RegisterError for columns that are missing, repeated or declared nowhere."""
        faults = list(self._faults(names, where))
        if faults:
            raise RegisterError.gather(faults)

    def _faults(self, names: Sequence[str], where: str) -> Iterable[RegisterError]:
        lower = [name.lower() for name in names]
        for column in self.columns:
            if column.required and not any(column.fits(name) for name in names):
                yield _fault(f"{self.name} must have the column {column.name}", "no such column", where, "deliver it")
        for name in sorted({name for name in lower if lower.count(name) > 1}):
            yield _fault(f"{self.name} has each column once", name, where, "remove the repeated column")
        for name in names:
            if self.column(name) is None:
                known = ", ".join(column.name for column in self.columns)
                yield _fault(f"{self.name} has the columns {known}", name, where, "remove or rename the column")


def _fault(must: str, found: str, where: str, mend: str) -> RegisterError:
    return RegisterError(must, found=found, where=where, mend=mend, code="register-column")


PNR = Column("pnr", "key", "Personens nøgle i registrene", "The person's key in the registers")

DREAM = Register(
    "dream",
    "DREAM, offentlige forsørgelsesydelser uge for uge",
    "DREAM, public transfer payments week by week",
    "person",
    (
        PNR,
        Column("y_YYWW", "code", "Ydelseskode i ugen, tom uden ydelse", "Benefit code of the week, empty if none",
               pattern=r"y_\d{4}", range=(1, 999)),
        Column("grad_YYYY_MM", "number", "Beskæftigelsesgrad i måneden", "Employment ratio of the month",
               required=False, pattern=r"grad_\d{4}_\d{2}", range=(0, 10)),
        Column("branche_YYYY_MM", "text", "Branche i måneden", "Industry of the month",
               required=False, pattern=r"branche_\d{4}_\d{2}"),
        Column("akYY", "text", "A-kasse i året", "Unemployment insurance fund of the year",
               required=False, pattern=r"ak\d{2}"),
    ),
)  # fmt: skip

DREAM_LONG = Register(
    "dream_long",
    "DREAM i langt format, en række pr. person og uge",
    "DREAM in long form, a row a person and week",
    "person x week",
    (
        PNR,
        Column("week", "text", "Uge, fx 2020-W53", "Week, e.g. 2020-W53"),
        Column("code", "code", "Ydelseskode i ugen", "Benefit code of the week", range=(1, 999)),
    ),
    one_row_a_key=False,
)

BFL = Register(
    "bfl",
    "Beskæftigelse for lønmodtagere, måned for måned",
    "Employment of wage earners, month by month",
    "person x workplace x month",
    (
        PNR,
        Column("AJO_JOB_START_DATO", "date", "Jobperiodens start", "Start of the paid period"),
        Column("AJO_JOB_SLUT_DATO", "date", "Jobperiodens slut, samme måned", "End of the paid period, same month"),
        Column("AJO_LOENTIMER", "number", "Løntimer", "Paid hours", range=(0, 744)),
        Column("AJO_LOENTIME_KODE", "flag", "Løntimer indberettet (1) eller imputeret (0)",
               "Paid hours reported (1) or imputed (0)", required=False, range=(0, 1)),
        Column("AJO_SMALT_LOENBELOEB", "number", "Smalt lønbeløb i kroner", "Narrow pay in kroner", required=False,
               range=(0, 1e8)),
        Column("AJO_FULDTID_BESKAEFTIGET", "number", "Fuldtidsandel, løntimer / 160,33",
               "Full-time equivalent, hours / 160.33", required=False, range=(0, 10)),
    ),
    one_row_a_key=False,
)  # fmt: skip

BACKGROUND = Register(
    "background",
    "Baggrundsoplysninger",
    "Background",
    "person",
    (
        PNR,
        Column("sex", "code", "Køn (1 mand, 2 kvinde)", "Sex (1 man, 2 woman)", range=(1, 2)),
        Column("birth_year", "number", "Fødselsår", "Year of birth", range=(1900, 2010)),
        Column("municipality_code", "text", "Bopælskommune", "Municipality of residence", required=False),
    ),
)

LINK = Register(
    "link",
    "Nøgle fra forsøgets deltagere til registrenes personer",
    "Key from participants of the trial to persons of the registers",
    "participant",
    (Column("participant_id", "text", "Deltager i forsøget", "Participant of the trial"), PNR),
    one_row_a_key=False,
)

REGISTERS = (DREAM, DREAM_LONG, BFL, BACKGROUND, LINK)
FULL_TIME_HOURS = 160.33
