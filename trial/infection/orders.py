"""Closures that no threshold decided, and how all closures of a municipality are joined.

1. An order closes a municipality, every municipality of a region, or the whole country ("DK"), on declared days.
2. It counts from the day it was decided: before that day nobody knew it.
3. Closures of one municipality that overlap or touch are one closure: it begins with the first, on whose decision it
   rests, and ends with the last; it is open-ended when one of them is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from trial.infection.regions import COUNTRY, municipalities_of
from trial.infection.rule import Order


@dataclass(frozen=True)
class Span:
    """A municipality closed on the days from closed_on to the day before reopened_on, and by what."""

    code: str
    decided_on: date
    closed_on: date
    reopened_on: date | None
    basis: str


def ordered_spans(orders: Sequence[Order], known_by: date) -> list[Span]:
    """Give the closures of the orders decided by a day."""
    return [
        Span(code, order.decided_on, order.closed_on, order.reopened_on, _basis(order))
        for order in orders
        if order.decided_on <= known_by
        for code in municipalities_of(order.area)
    ]


def joined(spans: Iterable[Span]) -> list[Span]:
    """Join the closures of each municipality that overlap or touch."""
    found: list[Span] = []
    for _, of_one in groupby(
        sorted(spans, key=lambda one: (one.code, one.closed_on, one.decided_on)), lambda s: s.code
    ):
        current: Span | None = None
        for span in of_one:
            if current is None or (current.reopened_on is not None and span.closed_on > current.reopened_on):
                found += [current] if current else []
                current = span
            else:
                current = _over(current, span)
        found += [current] if current else []
    return found


def _over(first: Span, second: Span) -> Span:
    ends = (first.reopened_on, second.reopened_on)
    reopened_on = None if None in ends else max(end for end in ends if end is not None)
    return Span(first.code, first.decided_on, first.closed_on, reopened_on, first.basis)


def _basis(order: Order) -> str:
    level = (
        "national"
        if order.area == COUNTRY
        else "region"
        if len(municipalities_of(order.area)) > 1
        else "municipality"
    )
    decided_by = f"source: {order.source}" if order.source else " and ".join(order.decided_by)
    return f"order ({level}): {order.reason} [{decided_by}]"
