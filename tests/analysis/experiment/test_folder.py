"""A simulated policy written as a folder is read back as the panel it was; a trial has a ledger instead."""

import pytest
from click.testing import CliRunner
from numpy.testing import assert_allclose, assert_array_equal

from analysis.cli.experiment import experiment as command
from analysis.experiment.declare import load_experiment
from analysis.experiment.folder import write_folder
from analysis.experiment.regimes import REGIMES
from analysis.experiment.run import PLANTED, Task
from analysis.identify.folder import panel_of_folder
from trial.errors import PlanError

SMALL = load_experiment().sized(800)


@pytest.mark.parametrize("regime", ["pre-2020", "calendar-2020-21"])
def test_what_is_written_is_read_back(regime, tmp_path):
    write_folder(SMALL, regime, tmp_path)
    panel = REGIMES[regime](SMALL, Task(SMALL, regime, PLANTED, 0, judged=False).seed()).panel
    read = panel_of_folder(tmp_path, panel.weeks)
    for name in ("talk", "first_week", "last_week", "cause"):
        assert_array_equal(getattr(read, name), getattr(panel, name), err_msg=name)
    places = read.labels["jobcentre"]
    assert [places[one] for one in read.jobcentre] == [panel.labels["jobcentre"][one] for one in panel.jobcentre]
    for name, values in panel.covariates.items():
        assert_allclose(read.covariates[name], values)
    assert set(read.past) == set(panel.past)
    assert (tmp_path / "closures.csv").exists() == (regime == "calendar-2020-21")


def test_a_trial_is_not_written_as_spells(tmp_path):
    with pytest.raises(PlanError, match="without a lottery"):
        write_folder(SMALL, "trial", tmp_path)


def test_the_command_says_how_to_judge_it(tmp_path):
    done = CliRunner().invoke(command, ["--write", str(tmp_path / "covid"), "--spells", "600"])
    assert done.exit_code == 0, done.output
    assert "--plan covid-registers" in done.output
    assert (tmp_path / "covid" / "spells.csv").is_file()
