"""Decisions by hand: one of the moment, or a file of orders.

Each is decided by two different persons of the pause authority with a reason, or by an authority with its source.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from trial.errors import InfectionError
from trial.infection.load import are_two, check_order
from trial.infection.rule import Order
from trial.protocol.declared import read_as
from trial.protocol.source import Fault
from trial.protocol.values import Part, declared_as

FORMAT = "lodtraek-orders/1"


@dataclass(frozen=True, slots=True)
class ByHand:
    """A decision of the moment: who decided, who confirmed, and why."""

    decided_by: str
    confirmed_by: str
    reason: str

    def __post_init__(self) -> None:
        """Raise InfectionError where one person alone decides, or no reason is given."""
        if not are_two(self.persons) or not self.reason.strip():
            raise InfectionError(
                "a decision by hand must be taken by two different persons of the pause authority, with a reason",
                found="one person" if self.reason.strip() else "no reason",
                mend='--decided-by "first person" --confirmed-by "second person" --reason "why"',
                code="pause-by-hand",
            )

    @property
    def persons(self) -> tuple[str, str]:
        """Give both persons."""
        return self.decided_by, self.confirmed_by


class Orders(Part):
    """A file of orders."""

    format: Annotated[Literal["lodtraek-orders/1"], declared_as(f'"{FORMAT}"', FORMAT)]
    orders: Annotated[tuple[Order, ...], declared_as("a list of [[orders]] tables", [], min_length=1)]


def load_orders(path: Path) -> tuple[Order, ...]:
    """Read orders; raises FileError or ProtocolError with every problem at its file:line."""
    return read_as(Orders, path, _unlawful).orders


def _unlawful(file: Orders) -> Iterator[Fault]:
    for index, order in enumerate(file.orders):
        yield from check_order(order, ("orders", index))
