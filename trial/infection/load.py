"""From a rule file to a rule, or to every problem of the file at its line.

1. A rule is named (`municipal-closure-2021`, shipped in `protocols/rules`) or given as a file.
2. Dated entries stand in the order of their days, and the first begins by the day the rule does.
3. Thresholds set something. A lower pair for reopening is of the same measures and not above the closing one.
4. Reopening comes after closing. An order names its source or two different persons, and known areas.
"""

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

from trial.errors import FileError
from trial.infection.regions import municipalities_of
from trial.infection.rule import FORMAT, Dated, Order, Rule, Thresholds, in_force
from trial.protocol.declared import read_as
from trial.protocol.shipped import PROTOCOLS
from trial.protocol.source import Fault, toml_value

Key = tuple[str | int, ...]


def load_rule(name_or_path: str | Path) -> Rule:
    """Read and check a rule. Raises FileError or ProtocolError with every problem at its file:line."""
    return read_as(Rule, find_rule(name_or_path), check_rule)


def shipped_rules() -> tuple[str, ...]:
    """Name the shipped closure rules."""
    files = (PROTOCOLS / "rules").glob("*.toml")
    return tuple(sorted(path.stem for path in files if FORMAT in path.read_text(encoding="utf-8")))


def find_rule(name_or_path: str | Path) -> Path:
    """Find the file of a rule, given as a name or a path."""
    path = Path(name_or_path)
    if path.suffix == ".toml" or path.exists():
        return path
    if (named := PROTOCOLS / "rules" / f"{name_or_path}.toml").is_file() and path.name == str(name_or_path):
        return named
    raise FileError(
        "a rule must be shipped or a file",
        found=f'"{name_or_path}"',
        mend=f"name a .toml file or one of: {', '.join(shipped_rules())}",
        code="file-missing",
    )


def check_rule(rule: Rule) -> list[Fault]:
    """Give every problem that no single value can tell."""
    return [*_check_dates(rule), *_check_thresholds(rule), *_check_waits(rule), *_check_orders(rule)]


def _dated_lists(rule: Rule) -> dict[Key, tuple[Dated, ...]]:
    return {
        ("indicator", "truncation"): rule.indicator.truncation,
        ("indicator", "adjustment"): rule.indicator.adjustment,
        ("indicator", "population"): rule.indicator.population,
        ("thresholds",): rule.thresholds,
        ("reopening", "thresholds"): rule.reopening.thresholds,
        ("parish", "thresholds"): rule.parish.thresholds if rule.parish else (),
    }


def _check_dates(rule: Rule) -> list[Fault]:
    faults = []
    for path, entries in _dated_lists(rule).items():
        for index, (before, entry) in enumerate(pairwise(entries), start=1):
            if entry.from_ <= before.from_:
                must = f"must be after the entry before it ({before.from_})"
                faults.append(_fault((*path, index, "from"), must, entry.from_, "order the entries by their days"))
        if entries and entries[0].from_ > rule.in_force.from_:
            must = "must be no later than in_force.from: something must hold on the first day"
            faults.append(_fault((*path, 0, "from"), must, entries[0].from_, f"from = {rule.in_force.from_}"))
    return faults


def _check_thresholds(rule: Rule) -> list[Fault]:
    faults = [
        _fault((*path, index), "must set a threshold", "none", "incidence = 200, or another measure")
        for path, entries in _dated_lists(rule).items()
        for index, entry in enumerate(entries)
        if isinstance(entry, Thresholds) and not entry.declared()
    ]
    for index, lower in enumerate(rule.reopening.thresholds):
        upper = in_force(rule.thresholds, lower.from_).declared()
        for measure, value in lower.declared().items():
            if value > upper.get(measure, 0):
                must = "must be a measure of the closing thresholds and not above it"
                mend = f"{measure} = {upper[measure]} or less" if measure in upper else "remove it"
                faults.append(_fault(("reopening", "thresholds", index, measure), must, value, mend))
    return faults


def _check_waits(rule: Rule) -> list[Fault]:
    if rule.reopening.days + rule.reopening.delay_days > rule.closing.delay_days:
        return []
    must = "must let reopening come after closing.delay_days"
    return [_fault(("reopening", "days"), must, rule.reopening.days, f"days = {rule.closing.delay_days + 1} or more")]


def _check_orders(rule: Rule) -> list[Fault]:
    return [fault for index, order in enumerate(rule.orders) for fault in check_order(order, ("orders", index))]


def are_two(persons: Iterable[str]) -> bool:
    """Tell whether there are two different persons; capitals and blanks around a name make no difference."""
    return len({person.strip().casefold() for person in persons if person.strip()}) > 1


def check_order(order: Order, path: Key) -> list[Fault]:
    """Give the problems of an order."""
    faults = []
    if order.source is None and not are_two(order.decided_by):
        must = "must name two different persons, unless source names the authority"
        mend = 'decided_by = ["first person", "second person"]'
        faults.append(_fault((*path, "decided_by"), must, order.decided_by, mend))
    if order.decided_on > order.closed_on:
        faults.append(_fault((*path, "closed_on"), "must not be before decided_on", order.closed_on, "decide first"))
    if order.reopened_on is not None and order.reopened_on <= order.closed_on:
        faults.append(
            _fault((*path, "reopened_on"), "must be after closed_on", order.reopened_on, "the first open day")
        )
    if not municipalities_of(order.area):
        must = "must be a municipality, a region or DK"
        faults.append(_fault((*path, "area"), must, order.area, 'area = "1084" for Region Hovedstaden'))
    return faults


def _fault(path: Key, must: str, found: object, mend: str) -> Fault:
    return Fault(path, must, found=toml_value(found), mend=mend, code="rule-value")
