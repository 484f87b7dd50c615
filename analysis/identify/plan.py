"""The identification plan: what is judged, against which thresholds, under which declared assumptions.

1. Every threshold stands in the plan. A gate whose table is missing is not assessed; nothing here has a default that
   decides.
2. An assumption is made only where it is declared, with the reason why it is believed.
3. A randomisation that a study states, without a ledger, is declared with its source; it is then tested, not taken.
4. An unknown key is an error, at its line; so are a name declared twice and a table that the source does not need.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from analysis.identify.assumptions import AssumptionName
from analysis.identify.thresholds import Thresholds
from trial.errors import FileError
from trial.protocol import Fault, Part, read_as, shipped, toml_value
from trial.protocol.values import Column, Label, Level95, Slug, Weeks, Words, declared_as

Name = Annotated[str, declared_as("the name of a column", "re75", min_length=1, max_length=200)]
Share = Annotated[float, declared_as("a number above 0 and below 1", 0.5, gt=0, lt=1, allow_inf_nan=False)]


class SourcePart(Part):
    """What is judged: spells by week, a plain table of units, or a trial's bundle with its registers."""

    kind: Annotated[
        Literal["panel", "cross-section", "bundle"],
        declared_as('"panel", "cross-section" or "bundle"', "panel"),
    ]
    study: Annotated[Slug | None, declared_as("the name of a shipped replication file", "nsw-dehejia-wahba")] = None
    table: Annotated[Slug | None, declared_as("the name of a table of that file", "experiment")] = None


class Columns(Part):
    """The columns of a cross-section."""

    treatment: Name
    outcome: Name
    covariates: Annotated[tuple[Name, ...], declared_as("a list of column names", ["age"])]
    placebo: Annotated[tuple[Name, ...], declared_as("a list of column names, outcomes before treatment", ["re75"])]
    stratum: Name | None = None
    period: Name | None = None
    cluster: Name | None = None
    received: Name | None = None


class Landmark(Part):
    """How spells by week become a comparison: by the week in which the first talk must have been held."""

    by_week: Weeks
    talk_weeks: Annotated[tuple[Weeks, ...], declared_as("a list of weeks", [4, 8, 13], min_length=1)]
    horizons: Annotated[tuple[Weeks, ...], declared_as("a list of weeks, the first decides", [13, 26], min_length=1)]


class InferencePart(Part):
    """The margin that matters and the errors that are allowed."""

    margin: Annotated[float, declared_as("a number above 0, in the outcome's units", 0.02, gt=0, allow_inf_nan=False)]
    level: Level95
    sidedness: Annotated[Literal["two-sided", "one-sided"], declared_as('"two-sided" or "one-sided"', "two-sided")]
    power: Level95
    seed: Annotated[int, declared_as("a whole number of at least 0", 1, ge=0, le=2**53 - 1)]


class OutcomeRange(Part):
    """The least and the largest value an outcome can have; without it no bounds exist."""

    lowest: Annotated[float, declared_as("a number", 0.0, allow_inf_nan=False)]
    highest: Annotated[float, declared_as("a number above the lowest", 1.0, allow_inf_nan=False)]


class Assumption(Part):
    """An assumption the author is prepared to defend."""

    name: Annotated[AssumptionName, declared_as("a known assumption", "unconfoundedness")]
    why: Label


class Instrument(Part):
    """An instrument: a column of a cross-section, or of weeks in a panel."""

    name: Annotated[Column, declared_as("the name of an instrument of the data", "closure")]
    label: Label


class Randomised(Part):
    """A randomisation as a study states it; `share` is the chance of treatment where one was stated."""

    by: Words
    source: Words
    share: Share | None = None


class IdentificationPlan(Part):
    """The whole plan."""

    format: Annotated[
        Literal["lodtraek-identification/1"], declared_as('"lodtraek-identification/1"', "lodtraek-identification/1")
    ]
    id: Slug
    title: Label
    question: Label
    source: Annotated[SourcePart, declared_as("a [source] table", {})]
    columns: Annotated[Columns | None, declared_as("a [columns] table", {})] = None
    landmark: Annotated[Landmark | None, declared_as("a [landmark] table", {})] = None
    inference: Annotated[InferencePart, declared_as("an [inference] table", {})]
    outcome: Annotated[OutcomeRange | None, declared_as("an [outcome] table", {})] = None
    assumptions: Annotated[tuple[Assumption, ...], declared_as("a list of [[assumptions]] tables", [])] = ()
    instruments: Annotated[tuple[Instrument, ...], declared_as("a list of [[instruments]] tables", [])] = ()
    randomised: Annotated[Randomised | None, declared_as("a [randomised] table", {})] = None
    thresholds: Annotated[Thresholds, declared_as("a [thresholds] table", {})]

    def assumes(self, name: str) -> bool:
        """Tell whether the plan declares an assumption."""
        return any(one.name == name for one in self.assumptions)

    @property
    def claims_randomised(self) -> bool:
        """Whether the source says that arms were drawn; it must then be proved."""
        return self.source.kind == "bundle" or self.randomised is not None


def load_plan(path: str | Path) -> IdentificationPlan:
    """Read and check a plan. Raises FileError or ProtocolError with every problem at its file:line."""
    return read_as(IdentificationPlan, Path(path), _contradictions)


def find_plan(name: str | Path) -> Path:
    """Find a plan given as a file, or by the name of a shipped one such as `covid-registers`."""
    path = Path(name)
    if path.is_file():
        return path
    if path.suffix or len(path.parts) > 1 or path.name not in shipped_plans():
        raise FileError(
            "a plan must be a file, or the name of a shipped plan", found=str(name),
            mend=f"one of {', '.join(shipped_plans())}, or a file of your own", code="file-missing",
        )  # fmt: skip
    return shipped(f"identification/{path.name}.toml")


def shipped_plans() -> tuple[str, ...]:
    """Name the shipped plans."""
    return tuple(sorted(path.stem for path in shipped("identification").glob("*.toml")))


def _contradictions(plan: IdentificationPlan) -> Iterator[Fault]:
    crossing = plan.source.kind == "cross-section"
    needed = "columns" if crossing else "landmark"
    if getattr(plan, needed) is None:
        yield _fault((), f"needs a [{needed}] table: its source is a {plan.source.kind}", "none", f"add [{needed}]")
    idle = "landmark" if crossing else "columns"
    if getattr(plan, idle) is not None:
        yield _fault((idle,), f"must not stand in a plan for a {plan.source.kind}", "it does", f"remove [{idle}]")
    if plan.source.kind == "bundle" and plan.randomised is not None:
        yield _fault(("randomised",), "must not stand beside a bundle: its ledger is the proof", "both", "remove it")
    if (plan.source.study is None) != (plan.source.table is None):
        yield _fault(("source",), "must name study and table together", "one of them", "add the other")
    for key, names in (("assumptions", plan.assumptions), ("instruments", plan.instruments)):
        for name, times in Counter(one.name for one in names).items():
            if times > 1:
                yield _fault((key,), "must have each name once", toml_value(name), "remove one of the two")
    if plan.outcome is not None and not plan.outcome.lowest < plan.outcome.highest:
        yield _fault(("outcome", "highest"), "must lie above the lowest", plan.outcome.highest, "highest = 1.0")
    overlap = plan.thresholds.overlap
    if overlap is not None and not overlap.lower < overlap.upper:
        yield _fault(("thresholds", "overlap", "upper"), "must lie above lower", overlap.upper, "upper = 0.9")


def _fault(path: tuple[str, ...], must: str, found: object, mend: str) -> Fault:
    return Fault(path, must, found=found, mend=mend, code="protocol-conflict")
