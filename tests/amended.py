"""Amended protocols for tests: the shipped one, changed by hand, with its version counted up."""

import re
from datetime import date
from pathlib import Path

from tests.opened import PROTOCOL
from trial.service import Amendment, Request, Trial

AMENDED_ON = date(2021, 4, 1)
TWO_TO_ONE = ('\nratio = 1\nmodes = ["telephone"', '\nratio = 2\nmodes = ["telephone"')
COARSER = (
    'levels = ["18-29", "30-49", "50+"]\ncut = [30, 50] ',
    'levels = ["18-29", "30+"]\ncut = [30] ',
)
BLOCKS = ('procedure = "big-stick@1"\ntolerance = 3', 'procedure = "permuted-block@1"\nsizes = [6]')


def amended(folder: Path, *changes: tuple[str, str], version: int = 2, source: Path = PROTOCOL) -> Path:
    """Write a later version of a protocol, with texts changed."""
    text = source.read_text(encoding="utf-8")
    for before, after in changes:
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    text = re.sub(r"^version = \d+", f"version = {version}", text, flags=re.MULTILINE)
    path = folder / f"protocol-{version}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def amend(trial: Trial, path: Path, on: date = AMENDED_ON, reason: str = "too few citizens") -> Amendment:
    """Amend a trial whose clock has come to the day."""
    return trial.amend(Request(path, on, reason))
