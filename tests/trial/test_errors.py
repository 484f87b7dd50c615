"""The error tree: one shape of message, stable codes, distinct exit statuses, no CPR number."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trial import errors
from trial.errors import LodtraekError, ProtocolError, withhold

CLASSES = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, LodtraekError)]


def test_message_reads_where_must_found_mend_code() -> None:
    error = ProtocolError(
        "randomisation.tolerance must be a whole number of at least 1",
        found='"three"',
        where="protocols/digital-samtaler.toml:31",
        mend="tolerance = 3",
    )
    assert str(error) == (
        "protocols/digital-samtaler.toml:31: randomisation.tolerance must be a whole number of at least 1; "
        'found "three".\n  Mend: tolerance = 3\n  (protocol-value, exit 12)'
    )


def test_every_class_has_its_own_exit_status_and_code() -> None:
    assert len({c.exit_status for c in CLASSES}) == len(CLASSES)
    assert len({c.code for c in CLASSES}) == len(CLASSES)
    assert min(c.exit_status for c in CLASSES) >= 10  # 0, 1 and 2 mean done, no, wrong usage


def test_the_tree_in_the_prose_is_the_tree_in_the_code() -> None:
    prose = dict(re.findall(r"^ +(\w+Error) +(\d+)", errors.__doc__ or "", flags=re.MULTILINE))
    assert prose == {c.__name__: str(c.exit_status) for c in CLASSES}


def test_errors_of_one_file_are_listed_together() -> None:
    joined = ProtocolError.gather([ProtocolError(f"rule {i}", mend="mend it") for i in range(3)])
    assert [p.must for p in joined.problems()] == ["rule 0", "rule 1", "rule 2"]
    assert str(joined).count("Mend:") == 3


@pytest.mark.parametrize("written", ["311370-4321", "3113704321", "311370 4321"])
def test_what_looks_like_a_cpr_number_is_withheld(written: str) -> None:
    error = LodtraekError(f"row of {written}", found=written, where=f"x.csv:{written}", mend=f"remove {written}")
    assert "4321" not in str(error)
    assert "4321" not in str(error.to_json())


@given(st.text(alphabet="0123456789- abc", max_size=40))
def test_withholding_leaves_no_ten_digit_run(text: str) -> None:
    assert not re.search(r"(?<!\d)\d{6}-?\d{4}(?!\d)", withhold(text))


def test_the_readme_lists_every_exit_status() -> None:
    text = (Path(__file__).resolve().parents[2] / "README.md").read_text("utf-8")
    listed = {int(status) for status in re.findall(r"^\| (\d+) \|", text, flags=re.MULTILINE)}
    assert listed == {0, 1, 2} | {c.exit_status for c in CLASSES}
