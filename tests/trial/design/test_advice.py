"""The advice on the declared trial and its variations: figures, warnings, forecast files, the command."""

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import CliRunner

from trial.cli.design import design
from trial.design import Forecast, advise, read_forecast, spread
from trial.errors import FileError, IntakeError
from trial.protocol import find_protocol, load_protocol


@pytest.fixture(scope="module")
def protocol():
    return load_protocol(find_protocol("digital-samtaler"))


def declaring(protocol, procedure, **parameters):
    budget = protocol.randomisation.predictability_budget
    kind = type(protocol.randomisation)
    randomisation = kind.model_validate({"procedure": procedure, "predictability_budget": budget, **parameters})
    return protocol.model_copy(update={"randomisation": randomisation})


def few(protocol, arrivals, jobcentres=("0101", "0461")):
    """Forecast a few jobcentres only, evenly."""
    whole = spread(protocol, arrivals)
    kept = [levels for levels in whole.shares if levels[0] in jobcentres]
    return Forecast(arrivals, whole.factors, dict.fromkeys(kept, 1 / len(kept)), "test")


def guess(advice, knows, guesser="converges"):
    return next(one for one in advice.guesses if (one.guesser, one.knows) == (guesser, knows))


def test_the_exact_guess_rate_is_the_simulated_one(protocol):
    """Two routes: dynamic programming over counts, and the product's own draws with what was recorded."""
    advice = advise(protocol, few(protocol, 600), 12, 1)
    exact, simulated = guess(advice, "own stratum"), guess(advice, "everything recorded", "counts")
    assert exact.se == 0
    assert abs(exact.correct - simulated.correct) < 4 * simulated.se
    assert advice.imbalance["stratum largest"].largest <= 3
    lead = next(one for one in advice.alternatives if one.declared).imbalance
    assert abs(lead - advice.imbalance["stratum mean"].mean) < 4 * advice.imbalance["stratum mean"].se
    assert advice.predictability == max(one.correct for one in advice.guesses if one.knows != "everything recorded")


def test_one_stratum_of_two_hundred_by_simulation(protocol):
    whole = few(protocol, 200)
    one = replace(whole, shares={next(iter(whole.shares)): 1.0})
    advice = advise(protocol, one, 10, 1)
    assert guess(advice, "own stratum").correct == pytest.approx(0.582, abs=0.01)
    assert advice.strata["expected_empty"] == 0


def test_margins_are_balanced_by_minimisation_and_not_by_strata(protocol):
    """What the field found at 1,692 strata, here in small: Pocock-Simon holds the margins, the stratum is loose."""
    forecast = few(protocol, 500, ("0101", "0461", "0751"))
    stratified = advise(protocol, forecast, 4, 1)
    minimised = advise(declaring(protocol, "pocock-simon@1", probability=0.8), forecast, 4, 1)
    assert minimised.imbalance["overall"].mean < stratified.imbalance["overall"].mean
    assert (
        minimised.imbalance["margin largest jobcentre"].mean < stratified.imbalance["margin largest jobcentre"].mean
    )
    assert minimised.guesses[0].method == "monte-carlo"
    assert minimised.by_position == ()


def test_warnings(protocol):
    """More strata than arrivals / (2 x block); a guess rate above the budget; a block of two; a cluster known."""
    over = advise(declaring(protocol, "permuted-block@1", sizes=[2]), few(protocol, 40), 2, 1)
    assert [warning.split()[0] for warning in over.warnings] == ["12", "a", "in"]
    fine = advise(protocol, few(protocol, 400), 2, 1)
    assert fine.warnings == ()
    among = {"procedure": "big-stick@1", "tolerance": 1}
    cluster = advise(declaring(protocol, "cluster@1", factor="jobcentre", among=among), few(protocol, 100), 2, 1)
    assert any("cluster" in warning for warning in cluster.warnings)
    assert cluster.predictability > 0.9
    assert cluster.power["lost_share"] < 0.5  # strata of a cluster have one arm: they are not what is compared


@pytest.mark.parametrize(
    ("procedure", "parameters"),
    [
        ("matched-pairs@1", {}),
        ("rerandomisation@2", {"candidates": 3, "probability": 0.8}),
        ("balancing-walk@1", {"alpha": 20, "phi": 0.5}),
        ("hu-hu@1", {"probability": 0.8, "overall": 1, "margin": 1, "stratum": 1}),
        (
            "saturation@1",
            {"factor": "jobcentre", "shares": ["1/4", "3/4"], "within": {"procedure": "simple@1"}},
        ),
    ],
)
def test_every_kind_of_procedure_gets_advice(protocol, procedure, parameters):
    advice = advise(declaring(protocol, procedure, **parameters), few(protocol, 120), 2, 1)
    assert 0.4 < advice.predictability < 1
    assert 0 <= advice.power["lost_share"] < 1
    assert advice.power["power_of_80"] <= 0.8
    json.dumps(advice.to_json(), default=str, allow_nan=False)


def test_the_same_seed_gives_the_same_advice(protocol):
    first, second, other = (advise(protocol, few(protocol, 80), 2, seed) for seed in (1, 1, 2))
    assert first == second
    assert first.imbalance != other.imbalance


def test_power_lost_is_the_textbook_loss(protocol):
    """Simple randomisation loses about one citizen a stratum to imbalance (Atkinson): D^2 / n has mean 1."""
    advice = advise(declaring(protocol, "simple@1"), few(protocol, 1200), 40, 1)
    assert advice.power["lost_citizens"] == pytest.approx(12, abs=4 * 1200 * advice.power["lost_share_se"])


def test_a_forecast_file(protocol, tmp_path):
    path = tmp_path / "forecast.csv"
    path.write_text("arrivals,jobcentre,target_group,age_group\n30,0101,dagpenge,18-29\n10.5,0461,dagpenge,50+\n")
    forecast = read_forecast(path, protocol)
    assert forecast.arrivals == 40
    assert forecast.shares["0101", "dagpenge", "18-29"] == pytest.approx(30 / 40.5)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "jobcentre,arrivals\n0101,3\n",
        "jobcentre,target_group,age_group,arrivals\n0101,dagpenge,18-29,-3\n",
        "jobcentre,target_group,age_group,arrivals\n101,dagpenge,18-29,3\n",
        "jobcentre,target_group,age_group,arrivals\n0101,dagpenge,18-29,0\n",
        "jobcentre,target_group,age_group,arrivals\n0101,dagpenge,18-29,3\n0101,dagpenge,18-29,3\n",
    ],
)
def test_a_forecast_that_does_not_fit_is_refused(protocol, tmp_path, text):
    path = tmp_path / "forecast.csv"
    path.write_text(text)
    with pytest.raises(IntakeError):
        read_forecast(path, protocol)


def test_a_forecast_that_is_not_there_is_refused(protocol, tmp_path):
    with pytest.raises(FileError):
        read_forecast(tmp_path / "none.csv", protocol)


def test_the_command(tmp_path):
    forecast, picture = tmp_path / "f.csv", tmp_path / "design.png"
    forecast.write_text("jobcentre,target_group,age_group,arrivals\n0101,dagpenge,18-29,60\n0461,dagpenge,50+,40\n")
    command = ["digital-samtaler", "--forecast", str(forecast), "--runs", "2"]
    found = CliRunner().invoke(design, [*command, "--json", "--plot", str(picture)])
    assert found.exit_code == 0, found.output
    data = json.loads(found.stdout)
    assert data["arrivals"] == 100
    assert data["budget"] == 0.6
    assert (
        data["predictability"]
        == data["decisive"]["correct"]
        == max(one["correct"] for one in data["guesses"] if one["knows"] != "everything recorded")
    )
    assert {one["method"] for one in data["guesses"]} == {"exact", "monte-carlo"}
    assert picture.read_bytes().startswith(b"\x89PNG")
    table = CliRunner().invoke(design, command)
    told = data["decisive"]
    [row] = [line for line in table.stdout.splitlines() if "decisive" in line]
    assert row.split()[:3] == [told["guesser"], *told["knows"].split()]
    assert CliRunner().invoke(design, ["digital-samtaler"]).exit_code == 2


@pytest.mark.slow
def test_the_declared_trial_at_twenty_thousand(protocol):
    advice = advise(protocol, spread(protocol, 20_000), 3, 1)
    assert advice.warnings == ()
    assert advice.predictability == pytest.approx(0.576, abs=0.002)
    assert Path(find_protocol("digital-samtaler")).exists()


def test_a_figure_says_how_far_it_is_exact(protocol):
    whole = few(protocol, 1500)
    one = replace(whole, shares={next(iter(whole.shares)): 1.0})
    found = guess(advise(protocol, one, 2, 1), "own stratum")
    assert found.method == "exact to citizen 1000 of a stratum"
    assert found.correct == pytest.approx(0.583, abs=0.001)


def saturated(protocol, shares, factor="jobcentre"):
    return declaring(protocol, "saturation@1", factor=factor, shares=shares, within={"procedure": "simple@1"})


def test_who_knows_the_own_jobcentre_is_wrong_of_pure_markets_once_each_at_most(protocol):
    """Oracle: N arrivals, wrong half the time of the first of each jobcentre that anybody comes to."""
    forecast = few(protocol, 120, ("0101", "0461", "0751"))
    advice = advise(saturated(protocol, [0, 1]), forecast, 8, 1)
    jobcentres_met = 3 * (1 - (2 / 3) ** 120)
    assert advice.decisive.words == "counts, own jobcentre" and advice.decisive.method == "exact"
    assert advice.predictability == pytest.approx(1 - jobcentres_met / 2 / 120, abs=1e-9)
    [warning] = [warning for warning in advice.warnings if warning.startswith("a guesser")]
    assert "(counts, own jobcentre)" in warning
    assert "choose less extreme shares" in warning and "raise randomisation.predictability_budget" in warning
    assert guess(advice, "everything recorded", "counts").correct == 1


@pytest.mark.parametrize(
    "shares", [["1/10", "9/10"], pytest.param(["1/4", "1/2", "3/4"], marks=pytest.mark.slow)], ids=len
)
def test_the_exact_rate_of_a_market_is_the_best_the_simulated_guesser_of_the_stratum_does(protocol, shares):
    """One stratum a jobcentre: who repeats there is simulated, who counts is exact; after 300 they agree."""
    whole = few(protocol, 900, ("0101", "0461", "0751"))
    kept = {levels: 1 / 3 for levels in whole.shares if levels[1:] == ("dagpenge", "18-29")}
    advice = advise(saturated(protocol, shares), replace(whole, shares=kept), 12, 1)
    exact, simulated = guess(advice, "own jobcentre", "counts"), guess(advice, "own stratum", "repeats")
    largest = sum(max(float(Fraction(one)), 1 - float(Fraction(one))) for one in shares) / len(shares)
    assert exact.correct == pytest.approx(largest, abs=0.02)
    assert abs(exact.correct - simulated.correct) < 4 * simulated.se + 0.005
    assert advice.predictability >= exact.correct


def test_shares_near_each_other_keep_the_budget(protocol):
    assert advise(saturated(protocol, ["2/5", "3/5"]), few(protocol, 400), 2, 1).warnings == ()


def test_the_place_of_a_market_is_its_own_factor_wherever_it_stands(protocol):
    advice = advise(saturated(protocol, [0, 1], "age_group"), few(protocol, 300), 2, 1)
    assert advice.decisive.words == "counts, own age_group"
    assert advice.predictability == pytest.approx(1 - 3 / 2 / 300, abs=1e-9)


def test_a_market_without_a_chain_is_guessed_by_who_repeats(protocol):
    within = {"procedure": "complete@1", "total": 2000}
    declared = declaring(protocol, "saturation@1", factor="jobcentre", shares=["1/10", "9/10"], within=within)
    advice = advise(declared, few(protocol, 300), 4, 1)
    assert advice.decisive.words == "repeats, own jobcentre" and advice.decisive.method == "monte-carlo"
    assert advice.predictability == pytest.approx(0.9, abs=0.03)


def test_nobody_in_the_field_holds_the_whole_record_unless_there_is_one_jobcentre(protocol):
    minimised = declaring(protocol, "pocock-simon@1", probability=0.95)
    many = advise(minimised, few(protocol, 300, ("0101", "0461", "0751")), 4, 1)
    one = advise(minimised, few(protocol, 300, ("0461",)), 4, 1)
    assert many.decisive.knows == "own jobcentre"
    assert many.predictability < guess(many, "everything recorded", "counts").correct
    assert one.decisive.words == "counts, everything recorded"


def test_who_names_the_larger_arm_is_held_against_the_budget(protocol):
    arms = tuple(arm.model_copy(update={"ratio": ratio}) for arm, ratio in zip(protocol.arms, (1, 2), strict=True))
    advice = advise(declaring(protocol, "simple@1").model_copy(update={"arms": arms}), few(protocol, 100), 2, 1)
    assert advice.predictability == pytest.approx(2 / 3, abs=0.02)
    assert "who always names the larger arm is right in 0.667" in advice.warnings[0]
