"""The whole history under a rule: 98 municipalities, three years of days, beside reading the same files with pandas.

The figures are invented, in the published layouts, so that the benchmark runs anywhere.
"""

import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, time

import pandas as pd

from bench.harness import Row, pair
from trial.infection import closures, load_rule, recognise, synthetic_series

MUNICIPALITIES = 98


def measure() -> Iterator[Row]:
    """Measure the replay of a rule over every day it was in force."""
    rule = load_rule("raw-incidence-200")
    first, last = rule.in_force.from_, rule.in_force.to
    files = synthetic_series(2021, date(2020, 3, 1), last)
    at = datetime.combine(last, time(12), UTC)
    found = [recognise(content, name, at) for name, content in files.items()]
    publications = [one for one in found if one is not None]

    def ours() -> object:
        return closures(rule, publications, first, last, "latest")

    def peer() -> object:
        return [pd.read_csv(io.BytesIO(content), sep=";") for content in files.values()]

    yield pair(
        "rule over the whole history", MUNICIPALITIES * (last - first).days, ours, peer, "pandas, reading alone"
    )
