"""The letters' figures: what follows from public inputs, what is consistent, what cannot be known."""

from fractions import Fraction

import pytest
from statsmodels.stats.proportion import proportion_confint

from analysis.economics import break_even_effect, employment_cost, figures, shared_factor, time_saved, wilson
from trial.errors import FileError, PlanError
from trial.protocol import shipped

LETTERS = {figure.name: figure for figure in figures(shipped("economics/ministry-letters.toml"), 0.95)}


def test_every_figure_has_its_expected_status() -> None:
    assert {f.name: f.status for f in LETTERS.values()} == {f.name: f.expected for f in LETTERS.values()}


def test_85_and_130_share_a_factor_of_850_to_875_million_a_minute() -> None:
    low, high = shared_factor([85, 130], [10, 15], 5) or (0, 0)
    assert (Fraction(low), Fraction(high)) == (Fraction(17, 2), Fraction(35, 4))
    assert shared_factor([85, 150], [10, 15], 5) is None


def test_92_is_all_but_8_percent() -> None:
    assert LETTERS["interested-citizens"].computed == "92"
    low, high = LETTERS["interested-citizens"].interval or (0, 0)
    assert (high - low) / 2 == pytest.approx(0.007, abs=0.0005)  # the facts' +-0.7 points


def test_a_missing_input_is_named_and_nothing_is_computed() -> None:
    figure = LETTERS["employment-loss-of-the-extension"]
    assert figure.status == "inputs-missing"
    assert figure.computed is None
    assert {m.split(":")[0] for m in figure.missing} == {"persons", "weeks_lost_a_person", "dkk_a_week"}


@pytest.mark.parametrize(("k", "n"), [(0, 20), (1, 20), (50, 100), (5315, 5778)])
def test_wilson_agrees_with_statsmodels(k: int, n: int) -> None:
    assert wilson(k / n, n, 0.95) == pytest.approx(proportion_confint(k, n, 0.05, "wilson"), abs=1e-12)


def test_break_even_is_where_cost_equals_saving() -> None:
    saving = time_saved(conversations_a_year=1_300_000, minutes=15, dkk_an_hour=400)
    assert saving == pytest.approx(130)
    effect = break_even_effect(saving, persons=200_000, dkk_a_week=4_000)
    assert employment_cost(200_000, effect, 4_000) == pytest.approx(saving)


def test_break_even_of_nobody_is_refused() -> None:
    with pytest.raises(PlanError, match="must be positive"):
        break_even_effect(100, persons=0, dkk_a_week=4_000)


def test_a_file_without_figures_is_refused(tmp_path) -> None:
    (tmp_path / "x.toml").write_text("format = 'lodtraek-economics/1'")
    with pytest.raises(FileError, match="must be TOML"):
        figures(tmp_path / "x.toml", 0.95)
