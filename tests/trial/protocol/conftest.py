"""The shipped protocol, edited: what each room of the protocol tests starts from."""

from collections.abc import Callable
from pathlib import Path

import pytest

from trial.errors import LodtraekError
from trial.protocol import load_protocol, shipped

SHIPPED = shipped("digital-samtaler.toml")
Refused = Callable[[str], list[LodtraekError]]
Edited = Callable[..., str]


@pytest.fixture(scope="session")
def shipped_text() -> str:
    return SHIPPED.read_text("utf-8")


@pytest.fixture
def refused(tmp_path: Path) -> Refused:
    """Load a text as a protocol file that must be refused; give the problems, their places as `line`."""

    def load(text: str) -> list[LodtraekError]:
        path = tmp_path / "trial.toml"
        path.write_text(text, "utf-8", newline="")
        with pytest.raises(LodtraekError) as caught:
            load_protocol(path)
        problems = caught.value.problems()
        for problem in problems:
            assert problem.where is not None
            problem.where = problem.where.removeprefix(f"{path}:")
            assert_words(problem)
        return problems

    return load


@pytest.fixture
def edited(shipped_text: str) -> Edited:
    """Give the shipped text with each old text replaced, once unless told otherwise; the old must be there."""

    def edit(*changes: tuple[str, str], every: bool = False) -> str:
        text = shipped_text
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new) if every else text.replace(old, new, 1)
        return text

    return edit


def assert_words(problem: LodtraekError) -> None:
    """A message has all its parts, and none of the words of the libraries beneath."""
    message = str(problem)
    assert problem.must and problem.mend and problem.stable_code
    for foreign in ("pydantic", "Input should", "field required", "Traceback", "errors.pydantic", "tomllib", "tuple"):
        assert foreign.lower() not in message.lower()
