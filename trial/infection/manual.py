"""Decisions by hand: a file of orders.

Each is decided by two different persons with a reason, or by an authority with its source.
"""

from pathlib import Path
from typing import Annotated, Literal

from trial.errors import ProtocolError
from trial.infection.load import check_order
from trial.infection.rule import Order
from trial.protocol.declared import frozen, validate
from trial.protocol.source import read_toml
from trial.protocol.values import Part, declared_as

FORMAT = "lodtraek-orders/1"


class Orders(Part):
    """A file of orders."""

    format: Annotated[Literal["lodtraek-orders/1"], declared_as(f'"{FORMAT}"', FORMAT)]
    orders: Annotated[tuple[Order, ...], declared_as("a list of [[orders]] tables", [], min_length=1)]


def load_orders(path: Path) -> tuple[Order, ...]:
    """Read orders; raises FileError or ProtocolError with every problem at its file:line."""
    source = read_toml(path)
    found, faults = validate(Orders, frozen(source.data))
    if found is not None:
        faults = [
            fault for index, order in enumerate(found.orders) for fault in check_order(order, ("orders", index))
        ]
    if found is None or faults:
        raise ProtocolError.gather(source.place(faults))
    return found.orders
