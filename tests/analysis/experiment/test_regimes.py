"""The regimes: the same seed the same world, the truth against brute force, the lots against the real procedure."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from numpy.random import SeedSequence

from analysis.experiment.calendar import calendar, closures, decides, jobcentres, week_of
from analysis.experiment.data import Simulated
from analysis.experiment.declare import Experiment, load_experiment
from analysis.experiment.life import NEVER, Lives, draw_lives
from analysis.experiment.lots import draw_lots
from analysis.experiment.people import draw_people
from analysis.experiment.regimes import REGIMES
from analysis.identify.panel import EMPLOYMENT, PHYSICAL, UNSEEN
from trial.errors import ProtocolError

SMALL = load_experiment().sized(2000)


@pytest.fixture(scope="module", params=list(REGIMES))
def simulated(request: pytest.FixtureRequest) -> Simulated:
    return REGIMES[request.param](SMALL, SeedSequence(7))


def test_the_same_seed_gives_the_same_panel(simulated):
    again = REGIMES[simulated.regime](SMALL, SeedSequence(7))
    other = REGIMES[simulated.regime](SMALL, SeedSequence(8))
    assert again.truth == simulated.truth
    assert (again.panel.talk == simulated.panel.talk).all()
    assert (again.panel.last_week == simulated.panel.last_week).all()
    assert not (other.panel.last_week == simulated.panel.last_week).all()


def test_nothing_is_seen_after_the_last_week(simulated):
    panel = simulated.panel
    after = ~panel.at_risk()
    assert (panel.talk[after] == UNSEEN).all()
    assert (panel.talk[~after] >= 0).all()
    assert (panel.cause[panel.last_week < panel.weeks] > 0).all()


def lives_of(experiment: Experiment, number: int) -> Lives:
    experiment = experiment.sized(number)
    random = np.random.default_rng(3)
    period = experiment.pre_2020.enrolment
    people = draw_people(experiment, period, random)
    table = calendar(experiment, period.from_, date(2020, 1, 5), None)
    talk_week = random.integers(1, 9, number)
    share = random.choice([0.0, 0.5, 1.0], number)
    return draw_lives(experiment, people, table, talk_week, random=random, share_digital=share)


def test_the_exact_gain_is_what_the_two_futures_of_the_same_citizens_show():
    lives = lives_of(load_experiment(), 200_000)
    weeks = lives.physical.hazard.shape[1]

    def left(digital: bool) -> np.ndarray:
        last, cause = lives.exits(np.full(200_000, digital))
        return (cause == EMPLOYMENT) & (last <= weeks)

    difference = left(True).astype(float) - left(False)
    error = difference.std() / np.sqrt(len(difference))
    assert abs(difference.mean() - lives.gain(weeks).mean()) < 4 * error
    met = lives.exits(np.zeros(200_000, dtype=bool))[0] >= lives.talk_week
    among = difference[met]
    assert abs(among.mean() - lives.gain_when_met(weeks)[met].mean()) < 4 * among.std() / np.sqrt(len(among))


def test_a_form_changes_nothing_before_and_in_the_week_of_the_conversation():
    lives = lives_of(load_experiment(), 500)
    row = np.arange(500)
    same = lives.physical.hazard == lives.digital.hazard
    assert same[row, lives.talk_week - 1].all()
    assert not same[row, lives.talk_week].any()


def test_without_an_effect_the_truth_is_zero():
    for simulate in REGIMES.values():
        truth = simulate(SMALL.without_effect(), SeedSequence(1)).truth
        assert all(
            abs(value) < 1e-12 for name, value in truth.items() if name not in {"first-stage", "conversation-hazard"}
        )


def test_thirty_five_per_cent_are_in_work_after_thirteen_weeks():
    panel = REGIMES["pre-2020"](load_experiment().sized(20_000), SeedSequence(1)).panel
    assert 0.33 < ((panel.cause == EMPLOYMENT) & (panel.last_week <= 13)).mean() < 0.39


def test_who_arrives_in_a_pause_is_not_drawn_and_moves_nobody():
    simulated = REGIMES["trial"](SMALL, SeedSequence(7))
    lots = simulated.lots
    assert lots is not None
    present = [unit for unit in lots.units if unit is not None]
    assert 0.1 < 1 - len(present) / len(lots.units) < 0.6
    alone = draw_lots(lots.procedure, present, lots.key)
    assert (alone.arms() == lots.arms()[lots.arms() >= 0]).all()
    assert ((simulated.panel.arm == -1) == [unit is None for unit in lots.units]).all()


def test_the_lots_replay_and_a_changed_arm_is_seen():
    for name in ("trial", "two-stage"):
        lots = REGIMES[name](SMALL, SeedSequence(7)).lots
        assert lots is not None
        assert lots.replays()
        first = replace(lots.drawn[0], arm="digital" if lots.drawn[0].arm == "physical" else "physical")
        assert not replace(lots, drawn=(first, *lots.drawn[1:])).replays()
        assert not replace(lots, key=b"\x00" * 32).replays()


def test_the_probability_of_treatment_is_that_of_the_draw():
    lots = REGIMES["two-stage"](SMALL, SeedSequence(7)).lots
    assert lots is not None
    chance = lots.probabilities()
    assert ((chance >= 0) & (chance <= 1)).all()
    centred = lots.arms() - chance
    assert abs(centred.mean()) < 4 * centred.std() / np.sqrt(len(centred)) + 1e-12
    assert ((chance == 1) <= (lots.arms() == 1)).all()


def test_two_stages_keep_their_shares():
    simulated = REGIMES["two-stage"](SMALL, SeedSequence(7))
    assert simulated.saturation is not None
    for share in (0.0, 0.25, 0.75, 1.0):
        here = simulated.saturation == share
        assert here.any()
        assert abs((simulated.panel.arm[here] == 1).mean() - share) < 0.06
    spill = [simulated.truth[f"spillover@{share}"] for share in ("0.25", "0.75", "1")]
    assert 0 > spill[0] > spill[1] > spill[2]


@pytest.mark.parametrize(
    ("day", "by"),
    [(date(2019, 6, 3), "statute"), (date(2020, 2, 3), "statute"), (date(2020, 4, 6), "nobody"),
     (date(2020, 9, 7), "authority"), (date(2021, 5, 10), "authority"), (date(2021, 8, 16), "statute")],
)  # fmt: skip
def test_who_decides_the_form_is_read_from_the_law(day, by):
    assert decides(week_of(day)) == by


def test_closed_on_the_weeks_thursday():
    table = calendar(SMALL, date(2021, 3, 29), date(2021, 5, 30), "municipal-closure-2021")
    names = [
        (jobcentres()[0][place], table.first + week) for place, week in zip(*np.nonzero(table.closed), strict=True)
    ]
    assert names == [("0183", week_of(date(2021, 4, 15))), ("0223", week_of(date(2021, 5, 13)))]
    assert table.days.sum() == 7 + 9


def test_the_shipped_closures_are_what_the_rules_give(shared_data):
    from trial.infection import closures as replay
    from trial.infection import import_paths, load_rule

    publications = [found for found, _ in import_paths([shared_data / "ssi"])]
    codes, _ = jobcentres()
    for rule in ("municipal-closure-2021", "trial-pause-2021"):
        found = replay(load_rule(rule), publications, date(2021, 1, 1), date(2021, 12, 31), vintage="latest")
        shipped = {(codes[one.place], one.closed_on, one.reopened_on) for one in closures(rule)}
        assert shipped == {(one.municipality_code, one.closed_on, one.reopened_on) for one in found}


def test_the_unlucky_are_called_in(simulated):
    """The selection that biases: among first conversations held, digital goes with better prospects, or is drawn."""
    panel = simulated.panel
    seen = (panel.talk > 0).any(axis=1)
    first = panel.talk[np.arange(len(panel)), (panel.talk > 0).argmax(axis=1)]
    past = panel.past["weeks_employed_1_years_before"]
    gap = past[seen & (first > PHYSICAL)].mean() - past[seen & (first == PHYSICAL)].mean()
    assert gap > 2 if panel.arm is None and simulated.regime == "pre-2020" else gap > -2


def test_a_problem_of_the_declaration_is_told_at_its_line(tmp_path):
    from trial.protocol import shipped

    text = shipped("experiments/conversation-mode.toml").read_text(encoding="utf-8")
    path = tmp_path / "bad.toml"
    path.write_text(text.replace("shares = [0.4, 0.6]", "shares = [0.4, 0.7]"), encoding="utf-8")
    with pytest.raises(ProtocolError, match="add up to 1"):
        load_experiment(path)
    path.write_text(text.replace("spells = 6000", 'spells = "many"'), encoding="utf-8")
    with pytest.raises(ProtocolError, match=r"bad\.toml:\d+"):
        load_experiment(path)


def test_a_conversation_never_held_has_no_effect():
    lives = lives_of(SMALL, 100)
    none = replace(lives, talk_week=np.full(100, NEVER))
    assert (none.gain_when_met(26) == lives.gain(26) / lives.physical.staying[:, 25]).all()
