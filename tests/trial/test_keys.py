"""Key files: private, bound to purpose and mode, silent."""

import json
import os
import stat
from pathlib import Path

import pytest

from trial.errors import FileError, KeyFileError
from trial.keys import MODES, PURPOSES, Keys, SecretKey, new_key_file, read_key_file


@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize("mode", MODES)
def test_a_new_key_is_private_random_and_read_back(tmp_path: Path, purpose: str, mode: str) -> None:
    old = os.umask(0)
    try:
        made = new_key_file(tmp_path / "one.key", purpose, mode)
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "one.key").stat().st_mode) == 0o600
    assert read_key_file(tmp_path / "one.key", purpose, mode) == made
    assert len(made.secret) == 32 and made.secret != new_key_file(tmp_path / "two.key", purpose, mode).secret
    record = json.loads((tmp_path / "one.key").read_text())
    assert record == {"format": "lodtraek-key/1", "purpose": purpose, "mode": mode, "key": made.secret.hex()}


def test_a_key_in_use_is_never_replaced(tmp_path: Path) -> None:
    new_key_file(tmp_path / "one.key", "trial", "test")
    before = (tmp_path / "one.key").read_bytes()
    with pytest.raises(FileError) as caught:
        new_key_file(tmp_path / "one.key", "trial", "test")
    assert caught.value.stable_code == "key-exists" and (tmp_path / "one.key").read_bytes() == before
    with pytest.raises(FileError):
        new_key_file(tmp_path / "none" / "one.key", "trial", "test")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o601])
def test_a_file_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    new_key_file(tmp_path / "one.key", "trial", "test")
    (tmp_path / "one.key").chmod(mode)
    with pytest.raises(KeyFileError) as caught:
        read_key_file(tmp_path / "one.key", "trial")
    assert caught.value.stable_code == "key-readable"


def test_another_purpose_and_another_mode_are_refused(tmp_path: Path) -> None:
    new_key_file(tmp_path / "one.key", "identity", "test")
    for purpose, mode, code in (("trial", "test", "key-purpose"), ("identity", "production", "key-mode")):
        with pytest.raises(KeyFileError) as caught:
            read_key_file(tmp_path / "one.key", purpose, mode)
        assert caught.value.stable_code == code
    with pytest.raises(KeyFileError):
        Keys(trial=SecretKey("identity", "test", b"x" * 32))


@pytest.mark.parametrize(
    "content",
    [
        "",
        "null",
        "[]",
        "abc",
        '{"format":"lodtraek-key/1"}',
        '{"format":"lodtraek-key/1","purpose":"trial","mode":"test","key":"%s"}' % ("ab" * 31),
        '{"format":"lodtraek-key/1","purpose":"trial","mode":"test","key":"%s"}' % ("zz" * 32),
        '{"format":"lodtraek-key/2","purpose":"trial","mode":"test","key":"%s"}' % ("ab" * 32),
        '{"format":"lodtraek-key/1","purpose":"trial","mode":"wild","key":"%s"}' % ("ab" * 32),
        '{"format":"lodtraek-key/1","purpose":"trial","mode":"test","key":7}',
        "\xff\xfe",
    ],
)
def test_a_file_that_is_no_key_is_refused_without_showing_it(tmp_path: Path, content: str) -> None:
    path = tmp_path / "one.key"
    path.write_bytes(content.encode("latin-1"))
    path.chmod(0o600)
    with pytest.raises(KeyFileError) as caught:
        read_key_file(path, "trial")
    assert caught.value.stable_code == "key-format"
    assert "abab" not in str(caught.value) and "zzzz" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_missing_key_is_told_with_its_option() -> None:
    with pytest.raises(KeyFileError, match="must exist") as caught:
        read_key_file(Path("no-such.key"), "trial")
    assert caught.value.stable_code == "key-missing"
    with pytest.raises(KeyFileError, match="--identity-key"):
        Keys().need("identity")


def test_no_text_of_a_key_shows_it() -> None:
    key = SecretKey("trial", "test", bytes(range(32)))
    assert key.secret.hex() not in repr(Keys(trial=key)) and "\\x01" not in f"{key}{Keys(trial=key)}"
