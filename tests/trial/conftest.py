"""Fixtures of the trial's tests."""

from functools import cache
from typing import Any

import pytest

from trial.ledger import replay


@pytest.fixture
def protocol_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the same protocol is opened a thousand times: it is read from its text once."""
    read = replay.protocol_of

    @cache
    def once(text: str, names: tuple[tuple[str, str], ...]) -> Any:
        return read(text, dict(names))

    monkeypatch.setattr(replay, "protocol_of", lambda text, references: once(text, tuple(references.items())))
    monkeypatch.setattr(replay, "digest", cache(replay.digest))
