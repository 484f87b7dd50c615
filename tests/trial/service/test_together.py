"""Batches drawn as one, through the ledger: pairs, rerandomisation, clusters and markets, on both databases."""

import random
from collections import Counter
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from tests.bundles import ANY_RATIO, SATURATION, TOGETHER, open_with, run_trial, someone
from tests.opened import BY, DAY, KEYS, arms, arrival, arrivals, payloads
from trial import verifier as alone
from trial.bundle import export_bundle, verify_bundle
from trial.errors import StateError
from trial.ledger.epoch import Epoch
from trial.ledger.proof import verify_store
from trial.ledger.seal import citizen_content, seal_of
from trial.procedures import Draws, build, epoch_key
from trial.procedures.arms import Arms, Factor

KEY = {"format": "lodtraek-key/1", "purpose": "trial", "mode": "test", "key": (b"T" * 32).hex()}
DESIGNS = {**TOGETHER, "cluster": ANY_RATIO["cluster"], "saturation": SATURATION}
PEOPLE = [someone(number) for number in range(22)] + [someone(number) for number in range(23, 41)]  # nobody excluded


@pytest.mark.parametrize("name", DESIGNS)
def test_drawn_recorded_verified_and_repeated(database_url: str, tmp_path: Path, name: str) -> None:
    trial = open_with(tmp_path, DESIGNS[name], database_url)
    first = arms(trial.assign(PEOPLE[:20], DAY))
    second = arms(trial.assign(PEOPLE[10:], DAY + timedelta(days=1)))  # half of them answered the day before
    assert {who: second[who] for who in second if who in first} == {who: first[who] for who in first if who in second}
    assert arms(trial.assign(PEOPLE, DAY + timedelta(days=2))) == {**first, **second} and trial.head.length == 41
    for key in (KEYS.trial, None):
        assert verify_store(trial.store, key).holds
    export_bundle(trial, tmp_path / "bundle")
    assert verify_bundle(tmp_path / "bundle", KEYS.trial).holds
    assert "40 of 40 arms drawn anew" in alone.verify_bundle(tmp_path / "bundle", KEY)
    trial.close()


@pytest.mark.parametrize("name", DESIGNS)
def test_permuting_the_rows_of_a_batch_changes_no_arm(tmp_path: Path, name: str) -> None:
    found = []
    for number in range(3):
        folder = tmp_path / str(number)
        folder.mkdir()
        rows = random.Random(number).sample(PEOPLE, len(PEOPLE))
        trial = open_with(folder, DESIGNS[name])
        found.append((arms(trial.assign(rows[:], DAY)), [row["stratum"] for row in payloads(trial, _kind(name))]))
        trial.close()
    assert found[0] == found[1] == found[2]


def _kind(name: str) -> str:
    return "assigned-together@1" if name in TOGETHER else "assigned@1"


def test_the_arms_are_those_the_procedure_draws_for_the_pseudonyms(tmp_path: Path) -> None:
    """The room of procedures alone, with the same key and the same units, gives the same arms."""
    trial = open_with(tmp_path, TOGETHER["pairs"])
    drawn = arms(trial.assign(PEOPLE, DAY))
    factors = tuple(Factor.of(one) for one in trial.protocol.stratification)
    procedure = build("matched-pairs@1", {}, Arms(("physical", "digital"), (1, 1)), factors)
    draws = Draws(epoch_key(b"T" * 32, "digital-samtaler", 1), "digital-samtaler", 1, "")
    assigned = procedure.assign(procedure.begin(), PEOPLE, draws, 0)
    assert {who: one.arm for who, one in assigned.drawn.items()} == drawn


def test_a_batch_is_as_even_as_its_procedure_promises(tmp_path: Path) -> None:
    for name, shares in (("pairs", {"1/2"}), ("rerandomisation", {"1/5", "1/2", "4/5"})):
        folder = tmp_path / name
        folder.mkdir()
        trial = open_with(folder, TOGETHER[name])
        for day in range(5):
            trial.assign(PEOPLE[day * 8 : day * 8 + 8], DAY + timedelta(days=day))
        rows = payloads(trial, "assigned-together@1")
        batches = [start for start in range(0, 40, 8) for _ in range(8)]
        assert [(row["batch"], row["size"]) for row in rows] == [(start, 8) for start in batches]
        assert {chance for row in rows for chance in row["probabilities"].values()} <= shares  # type: ignore[attr-defined]
        per_day = [Counter(row["arm"] for row in rows[start : start + 8]) for start in range(0, 40, 8)]
        assert all(counts == {"physical": 4, "digital": 4} for counts in per_day)
        margins = Counter((row["levels"]["age_group"], row["arm"]) for row in rows)  # type: ignore[index]
        for level in ("18-29", "30-49", "50+"):
            assert abs(margins[level, "physical"] - margins[level, "digital"]) <= 5
        trial.close()


def test_unequal_ratios_are_kept_by_pairs_of_three(tmp_path: Path) -> None:
    trial = open_with(tmp_path, TOGETHER["pairs"], ratio=(1, 2))
    trial.assign(PEOPLE[:39], DAY)
    rows = payloads(trial, "assigned-together@1")
    assert Counter(row["arm"] for row in rows) == {"physical": 13, "digital": 26}
    assert {Fraction(row["probabilities"]["digital"]) for row in rows} == {Fraction(2, 3)}  # type: ignore[index]


def test_one_citizen_alone_is_refused_clearly_and_a_batch_of_one_is_not(tmp_path: Path) -> None:
    trial = open_with(tmp_path, TOGETHER["pairs"])
    with pytest.raises(StateError, match="send the file of the day") as caught:
        trial.assign(arrivals([1]), DAY, alone=True)
    assert caught.value.stable_code == "batch-only" and trial.head.length == 1
    [answer] = trial.assign(arrivals([1]), DAY)
    assert trial.assign(arrivals([1]), DAY, alone=True)[0].arm == answer.arm  # who was answered is answered again
    assert verify_store(trial.store, KEYS.trial).holds


def test_who_is_excluded_or_paused_is_in_no_batch(tmp_path: Path) -> None:
    trial = open_with(tmp_path, TOGETHER["rerandomisation"])
    trial.open_pause("0101", DAY, BY, decided_on=DAY)
    asked = [arrival(1, exclusion="interpreter"), arrival(2, "0101"), *arrivals(range(3, 9))]
    outcomes = trial.assign(asked, DAY)
    assert [one.reason for one in outcomes[:2]] == ["excluded:interpreter", "paused:0101"]
    assert {row["size"] for row in payloads(trial, "assigned-together@1")} == {6}
    assert [one.reason for one in trial.assign([arrival(20, "0101")], DAY)] == ["paused:0101"]  # a batch of nobody
    assert verify_store(trial.store, KEYS.trial).holds


def test_nobody_is_drawn_where_one_of_the_batch_is_refused(tmp_path: Path) -> None:
    trial = open_with(tmp_path, TOGETHER["pairs"])
    wrong = arrival(99)._replace(stratum="0461/dagpenge/unknown")
    with pytest.raises(Exception, match="levels of an arrival"):
        trial.assign([*PEOPLE, wrong], DAY)
    assert trial.head.length == 1


@pytest.mark.parametrize(
    ("change", "where", "must"),
    [
        (lambda rows: rows[3].update(arm=_other(rows[3]["arm"])), 5, "its arm must be the one the key draws"),
        (lambda rows: rows[2].update(probabilities={"physical": "1/3", "digital": "2/3"}), 4, "probabilities"),
        (lambda rows: rows[4].update(size=7), 6, "a batch must be recorded whole"),
        (lambda rows: rows[4].update(batch=1), 6, "a batch must be recorded whole"),
        (lambda rows: rows.pop(), 9, "must go on with the batch"),
        (lambda rows: rows.pop(0), 2, "a batch must be recorded whole"),
    ],
)
def test_a_forged_batch_is_found_and_its_first_wrong_row_named(tmp_path: Path, change, where, must) -> None:  # type: ignore[no-untyped-def]
    trial = open_with(tmp_path, TOGETHER["pairs"])
    trial.assign(PEOPLE[:8], DAY)
    rows = payloads(trial, "assigned-together@1")
    change(rows)
    folder = tmp_path / "forged"
    folder.mkdir()
    other = open_with(folder, TOGETHER["pairs"])
    with other.store.write("2021-03-01T09:00:00.000000Z") as transaction:
        for row in rows:
            transaction.append("assigned-together@1", row)
    found = verify_store(other.store, KEYS.trial).findings[0]
    assert found.where == f"ledger row {where}" and must in found.problem


def _other(arm: object) -> str:
    return "digital" if arm == "physical" else "physical"


def test_a_single_draw_does_not_slip_in_under_a_batch_procedure(tmp_path: Path) -> None:
    trial = open_with(tmp_path, TOGETHER["pairs"])
    trial.assign(PEOPLE[:1], DAY)
    [row] = payloads(trial, "assigned-together@1")
    single = {name: value for name, value in row.items() if name not in {"batch", "size"}}
    record = seal_of(citizen_content("p9"), bytes(16))
    with trial.store.write("2021-03-01T09:00:00.000000Z") as transaction:
        transaction.append("assigned@1", {**single, "participant_id": record, "step": 1})
    found = verify_store(trial.store, KEYS.trial).findings[0]
    assert found.where == "ledger row 3" and "a batch must be drawn as one" in found.problem


def test_a_day_by_day_trial_with_a_pause(tmp_path: Path) -> None:
    trial = open_with(tmp_path, TOGETHER["rerandomisation"])
    run_trial(trial)
    assert verify_store(trial.store, KEYS.trial).holds


def test_a_batch_out_of_keyed_order_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever could choose the order could choose the arms: replay alone would not see it, the key does."""
    trial = open_with(tmp_path, TOGETHER["pairs"])
    monkeypatch.setattr(Epoch, "in_order", lambda epoch, participants: sorted(participants))
    trial.assign(PEOPLE[:12], DAY)
    monkeypatch.undo()
    [found] = verify_store(trial.store, KEYS.trial).findings
    assert found.where == "ledger row 2" and "keyed order" in found.problem
    assert verify_store(trial.store).holds  # without the key nobody can tell
