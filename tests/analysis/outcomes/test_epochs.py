"""Several epochs in the analysis: the epoch is a column, strata are those of an epoch, nothing is pooled across."""

import numpy as np
import pandas as pd
import pytest

from analysis.estimate.result import DegenerateError
from analysis.outcomes.assemble import by_epoch
from analysis.plan.data import Observed, pool
from analysis.plan.replays import replay_of
from trial.protocol import load_protocol, shipped

PROTOCOL = load_protocol(shipped("digital-samtaler.toml"))


def rows(epochs: list[int]) -> pd.DataFrame:
    return pd.DataFrame({"epoch": epochs, "stratum": ["0461/dagpenge/18-29"] * len(epochs)})


def test_strata_are_those_of_an_epoch_where_the_protocol_was_amended() -> None:
    frame = rows([1, 1, 2])[["stratum"]].copy()
    by_epoch(frame, rows([1, 1, 2]))
    assert frame["stratum"].tolist() == ["1:0461/dagpenge/18-29"] * 2 + ["2:0461/dagpenge/18-29"]
    assert frame["epoch"].tolist() == [1, 1, 2]


def test_without_an_amendment_strata_keep_their_names() -> None:
    frame = rows([1, 1])[["stratum"]].copy()
    by_epoch(frame, rows([1, 1]))
    assert frame["stratum"].tolist() == ["0461/dagpenge/18-29"] * 2


def test_small_strata_are_not_joined_across_an_amendment() -> None:
    frame = pd.DataFrame(
        {
            "epoch": [1] * 8 + [2] * 8,
            "stratum": [f"{epoch}:{name}" for epoch in "12" for name in "aaabbbcc"],
            "target_group": ["dagpenge"] * 16,
            "age_group": ["18-29"] * 16,
        }
    )
    treated = np.array([True, False] * 8)
    pooled = pool(Observed(frame, treated, ("physical", "digital"), ()), PROTOCOL)
    labels = pooled.labels()
    assert not set(labels[:8]) & set(labels[8:]) and len(pooled.joined) == 2
    assert all(len({member[0] for member in one.members}) == 1 for one in pooled.joined)


def test_an_epoch_too_small_for_a_stratum_of_its_own_is_joined_like_a_small_stratum() -> None:
    names = ["1:a"] * 8 + ["2:a"]
    frame = pd.DataFrame({"epoch": [1] * 8 + [2], "stratum": names, "target_group": "dagpenge", "age_group": "50+"})
    treated = np.array([True, False] * 4 + [True])
    pooled = pool(Observed(frame, treated, ("physical", "digital"), ()), PROTOCOL)
    assert len(set(pooled.labels())) == 1


def test_an_amended_design_is_not_replayed_under_its_last_protocol() -> None:
    order = pd.DataFrame({"epoch": [1, 2]})
    with pytest.raises(DegenerateError, match="the protocol was amended"):
        replay_of(PROTOCOL, order, "digital")
