"""Reading a replication file: each problem with its line."""

import pytest

from analysis.reproduce.study import load_study
from trial.errors import FileError, ReproductionError

LAWFUL = """\
format = "lodtraek-replication/1"
id = "toy"
title = "Toy"
published_in = "nowhere"
terms = "none"

[[tables]]
name = "rows"
package = "causaldata"
dataset = "nsw_mixtape"

[[cells]]
name = "mean age"
table = "rows"
estimator = "mean"
outcome = "age"
published = { estimate = "25.37" }
seen = "M"
"""


def load(tmp_path, text):
    path = tmp_path / "toy.toml"
    path.write_text(text, encoding="utf-8")
    return load_study(path)


def test_reads(tmp_path):
    study = load(tmp_path, LAWFUL)
    assert study.cells[0].published == {"estimate": "25.37"}
    assert study.cells[0].expected_status("estimate") == "reproduced"


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ('outcome = "age"', 'outcom = "age"', 16, "outcom"),
        ('"25.37"', "25.37", 17, "quotes"),
        ('"25.37"', '"twenty"', 17, "as printed"),
        ('"25.37"', '"inf"', 17, "as printed"),
        ('seen = "M"', 'seen = "X"', 18, "'P', 'S' or 'M'"),
        ('seen = "M"', 'seen = "M"\nexpected = { se = "differs" }', 12, "se is none"),
        ('table = "rows"', 'table = "row"', 14, "declared table"),
        ('dataset = "nsw_mixtape"', "", 7, "package and dataset together"),
        ('package = "causaldata"', 'package = "causaldata"\nstack = ["rows"]', 7, "exactly one"),
        ('dataset = "nsw_mixtape"', 'dataset = "nsw_mixtape"\nsha256 = "ab"', 11, "sha256"),
        ('"nsw_mixtape"', '"../../secret"', 10, "dataset"),
        ('id = "toy"', 'id = "Toy!"', 2, "id"),
        ("lodtraek-replication/1", "lodtraek-replication/2", 1, "format"),
        ('title = "Toy"\n', "", 1, "title"),
    ],
)
def test_names_the_line(tmp_path, old, new, line, says):
    assert LAWFUL.count(old) == 1
    with pytest.raises(ReproductionError) as refused:
        load(tmp_path, LAWFUL.replace(old, new))
    assert f"toy.toml:{line}:" in str(refused.value)
    assert says in str(refused.value)


def test_tells_every_problem_at_once(tmp_path):
    with pytest.raises(ReproductionError) as refused:
        load(tmp_path, LAWFUL.replace("outcome =", "outcom =").replace('seen = "M"', 'seen = "Q"'))
    assert len(refused.value.problems()) == 2


def test_a_name_is_declared_once_and_above(tmp_path):
    twice = LAWFUL + LAWFUL[LAWFUL.index("[[cells]]") :]
    with pytest.raises(ReproductionError, match="names of their own"):
        load(tmp_path, twice)
    with pytest.raises(ReproductionError, match="declared above"):
        load(tmp_path, LAWFUL.replace('package = "causaldata"\ndataset = "nsw_mixtape"', 'stack = ["later"]'))


def test_not_toml_or_not_there(tmp_path):
    with pytest.raises(ReproductionError, match="TOML"):
        load(tmp_path, "format = ")
    with pytest.raises(FileError):
        load_study(tmp_path / "absent.toml")
