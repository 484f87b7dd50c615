"""Damaged files: the same numbers as before, or an error that names file, line and mend; never other numbers."""

from datetime import date
from functools import cache

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.trial.infection.made import at_two
from trial.errors import InfectionError
from trial.infection.publication import recognise
from trial.infection.synthetic import synthetic_series

NAMES = (
    "Municipality_cases_time_series.csv",
    "Municipality_tested_persons_time_series.csv",
    "Municipality_test_pos.csv",
)
PUBLISHED_AT = at_two(date(2021, 4, 1))


@cache
def original(name: str) -> bytes:
    return synthetic_series(7, date(2021, 3, 1), date(2021, 4, 1))[name]


def numbers(content: bytes) -> np.ndarray | None:
    """Read a file's numbers; None when it is refused as it should be."""
    try:
        found = recognise(content, "damaged.csv", PUBLISHED_AT)
    except InfectionError as error:
        for problem in error.problems():
            assert problem.where.startswith("damaged.csv")
            assert problem.must
            assert problem.mend
        return None
    if found is None:
        return None
    return getattr(found.data, "counts", None) if hasattr(found.data, "counts") else found.data.population


files = st.sampled_from(NAMES)
quick = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)


@quick
@given(files, st.data())
def test_a_file_cut_anywhere_is_refused_or_a_whole_number_of_its_rows(name, data):
    content = original(name)
    cut = data.draw(st.integers(0, len(content) - 1))
    found = numbers(content[:cut])
    if found is not None:
        whole = numbers(content)
        assert content[cut - 1 : cut] == b"\n"
        assert np.array_equal(found, whole[: len(found)])


@quick
@given(files, st.data())
def test_a_changed_byte_is_refused_or_changes_no_more_than_one_number(name, data):
    content = bytearray(original(name))
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] = data.draw(st.integers(0, 255))
    found, whole = numbers(bytes(content)), numbers(original(name))
    if found is not None and found.shape == whole.shape:
        assert (found != whole).sum() <= 1
        assert (found >= 0).all()
    elif found is not None:
        assert len(found) == len(whole) - 1  # the first or last day was moved: the date itself was changed


@quick
@given(st.sampled_from(NAMES[:2]), st.randoms())
def test_shuffled_columns_and_rows_are_the_same_numbers(name, random):
    lines = [line.split(";") for line in original(name).decode().splitlines()]
    order = list(range(len(lines[0])))
    random.shuffle(order)
    body = lines[1:]
    random.shuffle(body)
    text = "\n".join(";".join(line[cell] for cell in order) for line in [lines[0], *body]) + "\n"
    assert np.array_equal(numbers(text.encode()), numbers(original(name)))


@quick
@given(files, st.sampled_from(["utf-16", "utf-16-le", "utf-32", "cp037", "latin-1", "utf-8-sig"]))
def test_another_encoding_is_the_same_numbers_or_nothing(name, encoding):
    found = numbers(original(name).decode("utf-8-sig").encode(encoding))
    assert found is None or np.array_equal(found, numbers(original(name)))


@quick
@given(files, st.data())
def test_a_repeated_row_is_refused(name, data):
    lines = original(name).splitlines()
    again = data.draw(st.integers(1, len(lines) - 1))
    place = data.draw(st.integers(1, len(lines)))
    assert numbers(b"\n".join([*lines[:place], lines[again], *lines[place:]]) + b"\n") is None


@quick
@given(st.sampled_from(NAMES[:2]), st.data())
def test_a_removed_column_or_inner_row_is_refused(name, data):
    lines = [line.split(";") for line in original(name).decode().splitlines()]
    cells = [cell for cell, head in enumerate(lines[0]) if head not in ('"NA"', "Christiansø")]
    column = data.draw(st.sampled_from(cells))
    text = "\n".join(";".join(line[:column] + line[column + 1 :]) for line in lines) + "\n"
    assert numbers(text.encode()) is None
    row = data.draw(st.integers(2, len(lines) - 2))
    text = "\n".join(";".join(line) for line in lines[:row] + lines[row + 1 :]) + "\n"
    assert numbers(text.encode()) is None


@quick
@given(files, st.data())
def test_a_negative_or_broken_number_is_refused(name, data):
    lines = [line.split(";") for line in original(name).decode("utf-8-sig").splitlines()]
    row = data.draw(st.integers(1, len(lines) - 1))
    used = (
        [4]
        if name == NAMES[2]
        else [c for c, head in enumerate(lines[0]) if c and head not in ('"NA"', "Christiansø")]
    )
    cell = data.draw(st.sampled_from(used))
    lines[row][cell] = data.draw(st.sampled_from(["-1", "1,5", "", "NA", "1e3", "٣", "0x1", "1 000", "12.34"]))
    text = "\n".join(";".join(line) for line in lines) + "\n"
    assert numbers(text.encode()) is None


@pytest.mark.parametrize("name", NAMES)
def test_the_undamaged_file_is_read(name):
    assert numbers(original(name)) is not None
