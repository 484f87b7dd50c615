"""The dry run: it passes what is sound, names what is not, can be repeated, and opens production."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.bundles import open_with, protocol
from tests.opened import (
    DAY,
    KEYS,
    PRODUCTION,
    PROTOCOL,
    EveryRole,
    TickingClock,
    arms,
    arrivals,
    dry_run,
    in_production,
    keys_here,
    open_trial,
    url,
)
from trial.cli import main
from trial.errors import LodtraekError, StateError
from trial.keys import Keys
from trial.ledger.epoch import Epoch
from trial.ledger.proof import verify_store
from trial.ledger.replay import TRIED
from trial.service import Trial
from trial.simulator import dry_run as try_out


def test_the_shipped_protocol_passes_and_a_dry_run_can_be_repeated(tmp_path: Path) -> None:
    trial = open_trial(tmp_path)
    found = try_out(trial, seed=1)
    assert found.payload()["passed"] and found.arrivals == 1000 and found.checks.keys() >= TRIED
    assert found == try_out(trial, seed=1) and found.head != try_out(trial, seed=2).head
    assert trial.head.length == 1  # nothing of the trial was touched
    assert found.figures["bound of a stratum"] == "3"
    assert sum(int(found.figures[f"arm {arm}"]) for arm in ("physical", "digital")) == int(
        found.figures["randomised"]
    )


@pytest.mark.parametrize(
    ("table", "ratio"),
    [
        ('procedure = "big-stick@1"\ntolerance = 3\n[randomisation.beacon]\nname = "drand"\nround = 9', (1, 1)),
        ('procedure = "simple@1"', (1, 1)),
        pytest.param('procedure = "simple@1"', (2, 3), marks=pytest.mark.slow),
        pytest.param('procedure = "pocock-simon@1"\nprobability = 0.6', (1, 1), marks=pytest.mark.slow),
        pytest.param('procedure = "balancing-walk@1"\nalpha = 60\nphi = 0.5', (1, 1), marks=pytest.mark.slow),
    ],
)
def test_sound_designs_pass(tmp_path: Path, table: str, ratio: tuple[int, ...]) -> None:
    found = try_out(open_with(tmp_path, table, ratio=ratio), seed=3)
    assert [name for name, holds in found.checks.items() if not holds] == []


def test_a_design_that_can_be_guessed_does_not_pass(tmp_path: Path) -> None:
    found = try_out(open_with(tmp_path, 'procedure = "permuted-block@1"\nsizes = [4]'), seed=1)
    assert [name for name, holds in found.checks.items() if not holds] == ["predictability"]
    assert float(found.figures["correct guesses"]) == pytest.approx(0.709, abs=0.01)
    assert not found.payload()["passed"]


PURE = 'procedure = "saturation@1"\nfactor = "jobcentre"\nshares = [0, 1]\nwithin = { procedure = "simple@1" }'


def test_markets_that_show_their_share_do_not_pass_unless_the_budget_says_so(tmp_path: Path) -> None:
    """Of 200 citizens of a jobcentre only the first is in doubt: 199.5 of 200 are guessed."""
    found = try_out(open_with(tmp_path, PURE), seed=1)
    assert [name for name, holds in found.checks.items() if not holds] == ["predictability"]
    assert found.figures["correct guesses"] == "0.9975" and found.figures["guesser"] == "counts, own jobcentre"
    assert "choose less extreme shares" in found.mends["predictability"]
    assert "raise randomisation.predictability_budget" in found.mends["predictability"]
    folder = tmp_path / "allowed"
    folder.mkdir()
    path = protocol(folder, PURE)
    path.write_text(path.read_text("utf-8").replace("predictability_budget = 0.60", "predictability_budget = 1"))
    allowed = try_out(Trial.init(url(folder), path, KEYS, "test", clock=TickingClock()), seed=1)
    assert allowed.payload()["passed"] and allowed.mends == {}


def test_markets_that_show_their_share_open_no_production(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    keys_here("production")
    run = CliRunner(env={"TRIAL_ROLE": "designer"}).invoke
    assert run(main, ["init", str(protocol(tmp_path, PURE)), "--mode", "production"]).exit_code == 0
    tried = run(main, ["dry-run"])
    assert tried.exit_code == 1 and "did not pass" in tried.stderr
    assert "predictability does not hold. Mend: choose less extreme shares" in tried.stderr
    refused = run(main, ["assign", "--participant", "SYN-1", "--jobcentre", "0461", "--target-group", "dagpenge",
        "--spell-start-on", "2021-02-01", "--birth-on", "1990-01-01", "--on", "2021-03-01",
        "--role", "intake"])  # fmt: skip
    assert refused.exit_code == 17 and "none that has passed" in refused.stderr


def test_a_coin_that_is_not_fair_does_not_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Replay would not see it: the same code draws twice. The ratio does."""
    for name in ("choose", "procedure"):
        module = sys.modules[f"trial.procedures.{name}"]  # the package has a function of that name
        monkeypatch.setattr(module, "bisect_right", lambda ends, number: min(i for i, end in enumerate(ends) if end))
    found = try_out(open_with(tmp_path, 'procedure = "simple@1"'), seed=1)
    assert not found.checks["ratio"] and not found.checks["imbalance"] and not found.payload()["passed"]


def test_in_production_nobody_is_answered_before_a_dry_run_has_passed(database_url: str, tmp_path: Path) -> None:
    trial = in_production(database_url, tmp_path / "kept")
    for ask in (trial.assign, trial.preview):
        with pytest.raises(StateError, match="trial dry-run") as caught:
            ask(arrivals(range(3)), DAY)
        assert caught.value.stable_code == "dry-run-missing" and caught.value.http_status == 409
    other_process = EveryRole.open(database_url, PRODUCTION, TickingClock(), tmp_path / "kept")
    checks = {**dict.fromkeys(TRIED, True), "ratio": False}
    other_process.record_dry_run(dry_run(trial, passed=False, checks=checks))
    with pytest.raises(StateError, match="trial dry-run"):
        trial.assign(arrivals(range(3)), DAY)
    other_process.record_dry_run(try_out(trial, seed=1).payload())
    other_process.record_dry_run(dry_run(trial))
    first = trial.assign(arrivals(range(3)), DAY)
    assert set(arms(first).values()) <= {"physical", "digital"}
    assert verify_store(trial.store, PRODUCTION.trial).holds
    with trial.store.read() as transaction:
        assert transaction.newest_epoch()["dry_run_seq"] == 3
    assert arms(other_process.assign(arrivals(range(3)), DAY)) == arms(first)
    trial.close()
    other_process.close()


def test_what_is_recorded_must_be_of_the_protocol_in_force_and_true(tmp_path: Path) -> None:
    trial = open_trial(tmp_path)
    with pytest.raises(StateError) as caught:
        trial.record_dry_run(dry_run(trial, protocol="0" * 64))
    assert caught.value.stable_code == "dry-run-protocol"
    for untrue in ({"checks": {"ratio": True}}, {"arrivals": 999}, {"passed": False}):
        with pytest.raises(StateError, match="exactly when"):
            trial.record_dry_run(dry_run(trial, **untrue))
    assert trial.head.length == 1


def test_a_key_of_another_mode_opens_nothing(tmp_path: Path) -> None:
    trial = in_production(tmp_path, tmp_path / "kept")
    for keys in (KEYS, Keys(trial=KEYS.trial), Keys(identity=KEYS.identity), Keys(signing=KEYS.signing)):
        with pytest.raises(LodtraekError, match="mode") as caught:
            Trial.open(url(tmp_path), keys)
        assert caught.value.stable_code == "key-mode"
    assert trial.head.length == 1
    training = Keys(*(replace(one, mode="training") for one in (KEYS.trial, KEYS.identity, KEYS.signing) if one))
    folder = tmp_path / "training"
    folder.mkdir()
    assert Trial.init(url(folder), PROTOCOL, training, "training").assign(arrivals([1]), DAY)[0].arm
    with pytest.raises(LodtraekError, match="mode"):
        Trial.open(url(folder), PRODUCTION)


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    keys_here("production")
    run = CliRunner(env={"TRIAL_ROLE": "designer"}).invoke
    assert run(main, ["init", str(PROTOCOL), "--mode", "production"]).exit_code == 0
    tried = run(main, ["dry-run", "--dry-run", "--json"])
    assert tried.exit_code == 0 and json.loads(tried.stdout)["passed"] and "Nothing was written" in tried.stderr
    refused = run(main, ["assign", "--participant", "SYN-1", "--jobcentre", "0461", "--target-group", "dagpenge",
        "--spell-start-on", "2021-02-01", "--birth-on", "1990-01-01", "--on", "2021-03-01",
        "--role", "intake"])  # fmt: skip
    assert refused.exit_code == 17 and "trial dry-run" in refused.stderr
    passed = run(main, ["dry-run", "--seed", "2"])
    assert (
        passed.exit_code == 0 and "verification    yes" in passed.stdout and "stands in the ledger" in passed.stderr
    )
    assert run(main, ["verify"]).exit_code == 0


def test_replay_finds_who_was_answered_before_it_and_a_verdict_that_is_untrue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = in_production(tmp_path, tmp_path / "kept")
    monkeypatch.setattr(Epoch, "check_drawable", lambda epoch: None)
    trial.assign(arrivals([1]), DAY)
    [found] = verify_store(trial.store, PRODUCTION.trial).findings
    assert found.where == "ledger row 2" and "before a dry run has passed" in found.problem
    folder = tmp_path / "other"
    folder.mkdir()
    other = open_trial(folder)
    with other.store.write("2021-03-01T09:00:00.000000Z") as transaction:
        transaction.append("dry-run@1", {**dry_run(other, passed=True, arrivals=10), "epoch": 1})
    [found] = verify_store(other.store, KEYS.trial).findings
    assert found.where == "ledger row 2" and "exactly when" in found.problem
