"""Signed checkpoints outside the database: in production every change leaves one, and nothing is done without."""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from errno import ENOSPC
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.opened import (
    DAY,
    KEYS,
    PRODUCTION,
    PROTOCOL,
    EveryRole,
    TickingClock,
    arrivals,
    dry_run,
    in_production,
    open_trial,
    url,
)
from tests.writes import READS, WRITES, lived
from trial.cli import main
from trial.errors import FileError, KeyFileError, LodtraekError, StateError
from trial.keys import Keys, new_key_file
from trial.ledger.checkpoint import read_checkpoint
from trial.roles import Role
from trial.service import Trial

UNSIGNED = replace(PRODUCTION, signing=None)


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    """A trial in production that has lived a little, and its checkpoints."""
    trial = in_production(tmp_path, tmp_path / "kept")
    trial.record_dry_run(dry_run(trial))
    lived(trial).close()
    return tmp_path


@pytest.fixture(params=["no folder", "no key", "a file where the folder should be"])
def lacking(request: pytest.FixtureRequest, begun: Path) -> Iterator[tuple[Trial, str, str]]:
    """The trial without what a checkpoint takes, and what is told: the code, and the option that mends it."""
    clock = TickingClock(datetime(2021, 4, 1, 8, tzinfo=UTC))
    if request.param == "no folder":
        trial = EveryRole.open(url(begun), PRODUCTION, clock)
        yield trial, "checkpoint-folder", "--checkpoint-dir"
    elif request.param != "no key":
        trial = EveryRole.open(url(begun), PRODUCTION, clock, begun / "moved")
        (begun / "moved").write_text("")
        yield trial, "checkpoint-folder", "--checkpoint-dir"
    else:
        trial = EveryRole.open(url(begun), UNSIGNED, clock, begun / "kept")
        yield trial, "key-missing", "--signing-key"
    trial.close()


def test_every_method_is_one_that_writes_or_one_that_reads() -> None:
    assert {name for name in vars(Trial) if hasattr(getattr(Trial, name), "right")} == WRITES.keys() | READS


@pytest.mark.parametrize("name", WRITES)
def test_in_production_nothing_is_done_that_would_leave_no_checkpoint(
    lacking: tuple[Trial, str, str], begun: Path, name: str
) -> None:
    trial, code, option = lacking
    before, head = (begun / "trial.db").read_bytes(), trial.head
    with pytest.raises((StateError, KeyFileError, FileError)) as caught:
        WRITES[name](trial, begun)
    assert caught.value.stable_code == code and option in caught.value.mend
    assert trial.head == head and (begun / "trial.db").read_bytes() == before


def test_in_production_nothing_is_rehearsed_that_would_be_refused(begun: Path) -> None:
    rehearsal = EveryRole.open(url(begun), PRODUCTION, TickingClock(), rehearsal=True)
    for name in ("assign", "open_pause"):
        with pytest.raises(StateError, match="must leave a signed checkpoint"):
            WRITES[name](rehearsal, begun)
    assert len(rehearsal.preview(arrivals([0]), DAY)) == 1 and rehearsal.pauses()  # who reads needs none
    rehearsal.close()


@pytest.mark.parametrize("mode", ["test", "production"])
def test_no_trial_is_begun_where_its_checkpoints_have_no_place(tmp_path: Path, mode: str) -> None:
    (tmp_path / "kept").write_text("")
    keys = PRODUCTION if mode == "production" else KEYS
    with pytest.raises(FileError, match="a file of that name") as caught:
        Trial.init(url(tmp_path), PROTOCOL, keys, mode, checkpoint_dir=tmp_path / "kept" / "here", role=Role.DESIGNER)
    assert caught.value.stable_code == "checkpoint-folder" and caught.value.where == str(tmp_path / "kept")
    assert not (tmp_path / "trial.db").exists()


def test_who_asked_for_a_change_that_left_no_checkpoint_is_told_that_it_is_done(
    begun: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk fills up between the commit and the checkpoint."""
    trial = EveryRole.open(url(begun), PRODUCTION, TickingClock(datetime(2021, 4, 1, 8, tzinfo=UTC)), begun / "kept")
    before = len(list((begun / "kept").iterdir()))

    def full(_: int) -> None:
        raise OSError(ENOSPC, os.strerror(ENOSPC))

    with monkeypatch.context() as patched, pytest.raises(FileError, match="No space left") as caught:
        patched.setattr("trial.ledger.checkpoint.os.fsync", full)
        trial.assign(arrivals([901]), DAY)
    assert caught.value.stable_code == "checkpoint-unkept" and "what was asked is done" in caught.value.mend
    [answer] = trial.assign(arrivals([901]), DAY)
    assert answer.arm is not None and not answer.new
    trial.assign(arrivals([902]), DAY)
    kept = list((begun / "kept").iterdir())
    assert len(kept) == before + 1 and read_checkpoint(max(kept)).length == trial.head.length
    trial.close()


@pytest.mark.parametrize("keys", [PRODUCTION, UNSIGNED])
def test_in_production_no_trial_is_begun_without_checkpoints(tmp_path: Path, keys: Keys) -> None:
    kept = tmp_path / "kept" if keys is UNSIGNED else None
    with pytest.raises(LodtraekError) as caught:
        Trial.init(url(tmp_path), PROTOCOL, keys, "production", checkpoint_dir=kept, role=Role.DESIGNER)
    assert caught.value.stable_code == ("checkpoint-folder" if kept is None else "key-missing")
    assert not (tmp_path / "trial.db").exists()


def test_in_production_every_change_leaves_a_checkpoint(begun: Path) -> None:
    kept = [read_checkpoint(path) for path in sorted((begun / "kept").iterdir())]
    assert [one.length for one in kept] == [2, 3, 4, 5, 6] and all(one.is_signed() for one in kept)


@pytest.mark.parametrize("mode", ["test", "training"])
def test_outside_production_one_may_go_without(tmp_path: Path, mode: str) -> None:
    trial_key, identity_key = (replace(one, mode=mode) for one in (KEYS.trial, KEYS.identity) if one)
    trial = Trial.init(url(tmp_path), PROTOCOL, Keys(trial_key, identity_key), mode, clock=TickingClock())
    assert trial.assign(arrivals([1]), DAY)[0].new and trial.checkpoint() is None


def test_by_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The opening and a pause are refused with how to mend it; with the folder both are done and signed."""
    monkeypatch.chdir(tmp_path)
    for purpose in ("trial", "identity", "signing"):
        new_key_file(Path(f"{purpose}.key"), purpose, "production")
    Path("trial.toml").write_text('key_file = "trial.key"\nidentity_key_file = "identity.key"\n')
    init = ("init", str(PROTOCOL), "--mode", "production", "--role", "designer")
    pause = ("pause", "open", "0101", "--from", "2021-03-01", "--decided-by", "A", "--confirmed-by", "B",
             "--reason", "outbreak", "--role", "pause-authority")  # fmt: skip
    folder, key = ("--checkpoint-dir", "kept"), ("--signing-key", "signing.key")
    run = CliRunner().invoke

    def refused(words: tuple[str, ...], status: int, option: str) -> None:
        found = run(main, words)
        assert found.exit_code == status and f"name {'its file' if status == 18 else 'one'}: {option}" in found.stderr

    for words in (init, (*init, "--dry-run")):
        refused((*words, *key), 17, "--checkpoint-dir DIR")
        refused((*words, *folder), 18, "--signing-key FILE")
    assert not Path("trial.db").exists() and not Path("kept").exists()
    assert run(main, (*init, *key, *folder)).exit_code == 0
    for words in (pause, (*pause, "--dry-run"), ("dry-run", "--role", "designer")):
        refused((*words, *key), 17, "--checkpoint-dir DIR")
        refused((*words, *folder), 18, "--signing-key FILE")
    assert len(list(Path("kept").iterdir())) == 1
    assert run(main, (*pause, *key, *folder)).exit_code == 0
    assert len(list(Path("kept").iterdir())) == 2


def test_verify_compares_with_the_newest_checkpoint_of_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An older database passes by itself: only what is kept elsewhere tells that it is older."""
    monkeypatch.chdir(tmp_path)
    trial = open_trial(tmp_path, checkpoint_dir=tmp_path / "kept")
    trial.assign(arrivals([1]), DAY)
    older = (tmp_path / "trial.db").read_bytes()
    trial.assign(arrivals([2]), DAY)
    trial.close()
    run = CliRunner().invoke
    found = run(main, ["verify", "--checkpoint-dir", "kept"])
    assert found.exit_code == 0 and "checkpoint at row 3." in found.stderr
    Path("trial.db").write_bytes(older)
    assert "no checkpoint." in run(main, ["verify"]).stderr
    found = run(main, ["verify", "--checkpoint-dir", "kept"])
    assert found.exit_code == 1 and "the ledger has 2 rows where the checkpoint has 3" in found.stderr
    named = str(min(Path("kept").iterdir()))
    assert run(main, ["verify", "--checkpoint-dir", "kept", "--checkpoint", named]).exit_code == 0
    none = run(main, ["verify", "--checkpoint-dir", "empty"])
    assert none.exit_code == 0 and "no checkpoint of this trial in empty." in none.stderr
