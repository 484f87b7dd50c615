"""Settings: options, then the environment, then trial.toml."""

from pathlib import Path

import pytest

from trial.errors import FileError
from trial.settings import load_settings


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("DB", "KEY_FILE", "IDENTITY_KEY_FILE", "SIGNING_KEY_FILE", "CHECKPOINT_DIR"):
        monkeypatch.delenv(f"TRIAL_{name}", raising=False)
    return tmp_path


def test_with_nothing_said_the_database_is_beside_and_there_are_no_keys() -> None:
    found = load_settings(db=None)
    assert found.db == "sqlite:///trial.db"
    assert [found.key_file, found.identity_key_file, found.signing_key_file, found.checkpoint_dir] == [None] * 4


def test_an_option_comes_before_the_environment_and_that_before_the_file(
    nowhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (nowhere / "trial.toml").write_text('db = "sqlite:///file.db"\nkey_file = "file.key"\n')
    assert (load_settings().db, load_settings().key_file) == ("sqlite:///file.db", Path("file.key"))
    monkeypatch.setenv("TRIAL_DB", "sqlite:///environment.db")
    assert (load_settings().db, load_settings().key_file) == ("sqlite:///environment.db", Path("file.key"))
    assert load_settings(db="sqlite:///option.db").db == "sqlite:///option.db"


@pytest.mark.parametrize("content", ['data = "x"', "key_file = 7", "db ="])
def test_a_wrong_file_is_told_without_its_values(nowhere: Path, content: str) -> None:
    (nowhere / "trial.toml").write_text(content)
    with pytest.raises(FileError, match=r"trial\.toml"):
        load_settings()
