"""A procedure within a procedure: declared as a table of its own, `{ procedure = "big-stick@1", tolerance = 3 }`.

1. Among clusters, and within markets, one of the procedures with a count for a state serves; it is built for the
   arms and ratio of the place it stands in, and refused where it cannot keep them.
"""

from collections.abc import Callable, Mapping
from typing import Any

from trial.procedures.arms import Arms, Factor
from trial.procedures.parameters import check_names, refuse
from trial.procedures.procedure import Procedure
from trial.procedures.shelf import COUNTING


def inner(name: str, value: object) -> Callable[[Arms], Procedure]:
    """Read the table of a procedure within; give what builds it for some arms."""
    table: dict[str, Any] = dict(value) if isinstance(value, Mapping) else {}
    kind = COUNTING.get(str(table.pop("procedure", None)))
    if kind is None:
        must = f"a table with procedure = one of {', '.join(COUNTING)}"
        raise refuse(name, must, value, f'{name} = {{ procedure = "big-stick@1", tolerance = 1 }}')
    check_names(kind, table, f"{name}.{kind.name}@{kind.version}")
    return lambda arms: kind(arms, **table)


def check_factor(factor: str, factors: tuple[Factor, ...]) -> None:
    """Refuse a factor that is not declared."""
    names = [one.name for one in factors]
    if factor not in names:
        raise refuse("factor", f"one of the declared factors {', '.join(names)}", factor, f'factor = "{names[0]}"')
