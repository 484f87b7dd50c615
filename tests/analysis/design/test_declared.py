"""Power of the shipped protocol: its questions, what was assumed, and what is missing."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from scipy import stats

from analysis.cli import main
from analysis.design import Assumed, Line, lines, named_values, planning, share_lost
from analysis.design.plot import curves
from tests.clustered import clustered
from trial.errors import FileError, PlanError
from trial.protocol import Protocol, find_protocol, load_municipalities, load_protocol


@pytest.fixture(name="protocol", scope="module")
def _protocol() -> Protocol:
    return load_protocol(find_protocol("digital-samtaler"))


def assumed(**more: Any) -> Assumed:
    options: dict[str, Any] = {"arrivals": 20_000, "power": 0.80} | more
    return Assumed(**options, given=frozenset(more))


def line(found: list[Line], estimand: str, question: str, scale: str | None = None) -> Line:
    (one,) = [x for x in found if (x.estimand, x.question) == (estimand, question) and scale in (None, x.scale)]
    return one


def test_the_planning_figures_come_out_of_the_protocol(protocol: Protocol) -> None:
    found = lines(
        protocol, assumed(shares={"exit_26": 0.35}, effects={"exit_26": 0.02}, margins={"exit_26": 0.02})
    )  # fmt: skip
    superiority, margin = (line(found, "itt-exit-26", what) for what in ("superiority", "non-inferiority"))
    assert planning(superiority.needed or 0) == 8_930
    assert planning(margin.needed or 0) == 7_030
    assert (superiority.sided, margin.sided, margin.declared) == ("two-sided", "one-sided", False)
    assert superiority.power == pytest.approx(0.843, abs=5e-4)
    assert superiority.reached_on == dt.date(2021, 11, 23)


def test_the_declared_margin_needs_only_a_deviation(protocol: Protocol) -> None:
    found = lines(protocol, assumed(deviations={"weeks_employed_52": 18}))
    one = line(found, "itt-weeks-employed", "non-inferiority")
    assert (one.asked, one.declared, one.missing) == (1.5, True, None)
    assert planning(one.needed or 0) == 1_780


def test_what_is_missing_is_named_and_gets_no_number(protocol: Protocol) -> None:
    found = lines(protocol, assumed())
    assert {one.missing for one in found} == {
        "--deviation weeks_employed_52=WEEKS", "--share exit_26=SHARE", "--deviation time_to_exit=WEEKS",
        "--deviation time_to_benefit_free=WEEKS", "--uptake DIFFERENCE",
    }  # fmt: skip
    assert all(one.smallest is None and one.needed is None for one in found)


def test_hazard_ratio_from_the_exits_expected(protocol: Protocol) -> None:
    found = lines(protocol, assumed(shares={"time_to_exit": 0.5}, hazard_ratios={"time_to_exit": 1.2}))
    one = line(found, "rmst-time-to-exit", "superiority", "hazard ratio")
    assert planning(one.needed_exits or 0) == 944
    assert one.needed == 945  # 944.5 exits of 0.5 of the citizens of two arms
    assert one.smallest == pytest.approx(1.0577, abs=1e-4)


def test_losses_dilution_strata_and_clusters_by_hand(protocol: Protocol) -> None:
    plain = {"shares": {"exit_26": 0.35}, "effects": {"exit_26": 0.02}}
    base = line(lines(protocol, assumed(**plain)), "itt-exit-26", "superiority")
    more = assumed(
        **plain, lost_to_pauses=0.29, lost_to_follow_up=0.02, uptake=0.85, explained=0.1, cluster_size=50, icc=0.02
    )
    one = line(lines(protocol, more), "itt-exit-26", "superiority")
    assert one.expected == {"physical": 7100, "digital": 7100}
    assert one.needed == pytest.approx((base.needed or 0) * 0.9 / 0.85**2 / 0.98, abs=2)
    assert one.needed_in_clusters == pytest.approx((one.needed or 0) * (1 + 49 * 0.02), abs=2)
    assert one.asked == pytest.approx(0.017)
    assert one.smallest == pytest.approx((base.smallest or 0) * (0.9 / (0.71 * 0.98)) ** 0.5)
    assert one.reached_on is None


def test_the_complier_effect_is_found_undiluted(protocol: Protocol) -> None:
    found = lines(protocol, assumed(deviations={"weeks_employed_52": 18}, uptake=0.5))
    itt, late = (line(found, name, "superiority") for name in ("itt-weeks-employed", "late-share-physical"))
    assert late.smallest == pytest.approx(2 * (itt.smallest or 0))


@pytest.mark.parametrize(
    "wrong",
    [
        {"lost_to_pauses": 1.0}, {"uptake": 0.0}, {"icc": 0.1}, {"shares": {"exit_26": 1.0}},
        {"deviations": {"weeks_employed_52": 0.0}}, {"hazard_ratios": {"time_to_exit": -1.0}},
    ],
)  # fmt: skip
def test_what_cannot_be_assumed_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(PlanError):
        assumed(**wrong)


def test_values_name_declared_outcomes(protocol: Protocol) -> None:
    assert named_values(["exit_26=0.35"], protocol, "--share") == {"exit_26": 0.35}
    for text in ("exit_27=0.35", "exit_26=much"):
        with pytest.raises(PlanError):
            named_values([text], protocol, "--share")


def closures(folder: Path, *rows: tuple[str, str, str | None]) -> Path:
    keys = ("municipality_code", "closed_on", "reopened_on")
    path = folder / "closures.json"
    path.write_text(json.dumps({"closures": [dict(zip(keys, row, strict=True)) for row in rows]}))
    return path


def test_share_lost_weighs_days_by_population(tmp_path: Path) -> None:
    path = closures(
        tmp_path,
        ("0101", "2021-01-03", "2021-01-05"),
        ("0101", "2021-01-04", "2021-01-06"),
        ("0461", "2021-01-09", None),
    )
    population = {one.code: one.population_2020q1 for one in load_municipalities()}
    lost = population["0101"] * 3 + population["0461"] * 2
    found = share_lost(path, dt.date(2021, 1, 1), dt.date(2021, 1, 10))
    assert found == pytest.approx(lost / (10 * sum(population.values())))
    assert share_lost(closures(tmp_path), dt.date(2021, 1, 1), dt.date(2021, 1, 10)) == 0


def test_other_files_are_no_closures(tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text("[]")
    with pytest.raises(FileError):
        share_lost(path, dt.date(2021, 1, 1), dt.date(2021, 1, 10))
    with pytest.raises(PlanError):
        share_lost(closures(tmp_path), dt.date(2021, 1, 2), dt.date(2021, 1, 1))
    with pytest.raises(PlanError):
        share_lost(closures(tmp_path, ("9999", "2021-01-01", None)), dt.date(2021, 1, 1), dt.date(2021, 1, 2))


def test_curves_pass_through_what_the_table_says(protocol: Protocol) -> None:
    asked = assumed(shares={"exit_26": 0.35}, effects={"exit_26": 0.02}, deviations={"weeks_employed_52": 18})
    found = curves(protocol, asked)
    assert set(found) == {
        ("itt-weeks-employed", "non-inferiority", "1.5"), ("itt-exit-26", "superiority", "2 points"),
    }  # fmt: skip
    points = dict(found["itt-exit-26", "superiority", "2 points"])
    assert list(points.values()) == sorted(points.values())
    below, above = max(n for n in points if n <= 20_000), min(n for n in points if n >= 20_000)
    expected = line(lines(protocol, asked), "itt-exit-26", "superiority").power or 0
    assert points[below] <= expected <= points[above]


@pytest.fixture(name="of_posts", scope="module")
def _of_posts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A protocol that draws forty caseworkers."""
    posts = tuple(f"0101-{number:02d}" for number in range(1, 41))
    text = clustered(
        find_protocol("digital-samtaler").read_text("utf-8"), "caseworker",
        '{ procedure = "complete@1", total = 40 }', posts=posts,
    )  # fmt: skip
    path = tmp_path_factory.mktemp("posts") / "posts.toml"
    path.write_text(text, "utf-8")
    return path


def test_drawn_clusters_have_no_power_without_their_size_and_correlation(of_posts: Path) -> None:
    protocol, known = load_protocol(of_posts), {"shares": {"exit_26": 0.35}, "arrivals": 1000}
    with pytest.raises(PlanError, match="power needs the citizens of one and the correlation within it") as caught:
        lines(protocol, assumed(**known))
    assert caught.value.stable_code == "power-value"
    with pytest.raises(PlanError, match="the citizens of one must be at least 25"):
        lines(protocol, assumed(**known, cluster_size=20, icc=0.05))
    with pytest.raises(PlanError, match="at least 4 clusters"):
        lines(protocol, assumed(**known, cluster_size=300, icc=0.05))
    with pytest.raises(PlanError, match="at least one citizen"):
        lines(protocol, assumed(**known, cluster_size=0, icc=0.05))
    command = ["power", str(of_posts), "--arrivals", "1000", "--power", "0.8", "--share", "exit_26=0.35"]
    result = CliRunner().invoke(main, command)
    assert result.exit_code != 0
    assert "--cluster-size 40 --icc 0.02" in result.output
    told = CliRunner().invoke(main, [*command, "--cluster-size", "25", "--icc", "0.05"])
    assert told.exit_code == 0, told.output
    assert "if whole clusters were drawn" not in told.output


def test_power_of_drawn_clusters_is_that_of_a_t_test_of_their_means(of_posts: Path) -> None:
    """4000 trials of forty caseworkers with 25 citizens, correlation 0.05: Monte-Carlo error 0.8 points.

    A shifted t is not the noncentral one: with 38 degrees of freedom that moves power by up to a point.
    """
    found = lines(
        load_protocol(of_posts),
        assumed(arrivals=1000, deviations={"weeks_employed_52": 18}, effects={"weeks_employed_52": 4.8},
                cluster_size=25, icc=0.05),
    )  # fmt: skip
    one, rng = line(found, "itt-weeks-employed", "superiority"), np.random.default_rng(3)
    means = rng.normal(0, 18 * (0.05 + 0.95 / 25) ** 0.5, (4000, 40))
    p = stats.ttest_ind(means[:, :20] + 4.8, means[:, 20:], axis=1).pvalue
    assert one.power == pytest.approx(float((p < 0.05).mean()), abs=4 * 0.008 + 0.01)
    assert one.needed_in_clusters is None
    reach = stats.t.ppf(0.975, 38) + stats.t.ppf(0.8, 38)
    assert one.smallest == pytest.approx(reach * 18 * ((1 + 24 * 0.05) * 4 / 1000) ** 0.5)


def test_the_curve_of_drawn_clusters_has_the_same_clusters_everywhere(of_posts: Path) -> None:
    """With more citizens of the same forty caseworkers power levels off below one."""
    own = assumed(arrivals=1000, deviations={"weeks_employed_52": 18}, effects={"weeks_employed_52": 4.8},
                  cluster_size=25, icc=0.05)  # fmt: skip
    (points,) = (
        found for (_, what, _), found in curves(load_protocol(of_posts), own).items() if what == "superiority"
    )
    powers = [power for _, power in points]
    assert powers == sorted(powers)
    least = 18 * (0.05 * 4 / 40) ** 0.5
    assert powers[-1] < stats.t.sf(stats.t.ppf(0.975, 38) - 4.8 / least, 38)
