"""From what the authorities published to lawful pauses: which number, published when, under which rule, closed whom.

is_closed(day) = rule(indicators published up to that day)
"""

from trial.infection.collect import Collected, collect, import_paths
from trial.infection.load import load_rule, shipped_rules
from trial.infection.manual import ByHand
from trial.infection.publication import Publication, recognise
from trial.infection.replay import Closure, closures
from trial.infection.rule import Order, Rule
from trial.infection.synthetic import synthetic_series

__all__ = [
    "ByHand",
    "Closure",
    "Collected",
    "Order",
    "Publication",
    "Rule",
    "closures",
    "collect",
    "import_paths",
    "load_rule",
    "recognise",
    "shipped_rules",
    "synthetic_series",
]
