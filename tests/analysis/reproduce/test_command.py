"""`analysis reproduce` as a person and a script meet it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from analysis.cli import main

REPLICATIONS = Path(__file__).resolve().parents[3] / "protocols" / "replications"
NSW = REPLICATIONS / "nsw-dehejia-wahba.toml"


def run(*arguments):
    return CliRunner().invoke(main, ["reproduce", *map(str, arguments)])


def test_every_cell_of_the_first_study_is_reproduced():
    done = run(NSW, "--json")
    cells = json.loads(done.stdout)
    assert done.exit_code == 0
    assert {cell["status"] for cell in cells} == {"reproduced"}
    found = {(cell["cell"], cell["statistic"]): cell for cell in cells}
    assert found["experiment, difference in means", "estimate"]["computed"] == pytest.approx(1794.342, abs=5e-4)
    assert found["observational CPS-1, difference in means", "estimate"]["published"] == "-8498"
    assert found["observational PSID-1, difference in means", "estimate"]["rounded"] == "-15205"
    assert found["observational PSID-1, difference in means, Stata ttest", "se"]["digits"] == 3


def test_a_shipped_file_is_known_by_its_name():
    assert run("nsw-balance", "--json").stdout == run(REPLICATIONS / "nsw-balance.toml", "--json").stdout
    assert run("no-such-study").exit_code == 11


def test_known_misses_keep_their_rows_and_are_no_news():
    done = run(REPLICATIONS / "nsw-balance.toml", "--json")
    statuses = {(cell["cell"], cell["statistic"]): cell["status"] for cell in json.loads(done.stdout)}
    assert done.exit_code == 0
    assert statuses["Table 1, Hispanic, untrained", "estimate"] == "within-tolerance"
    assert statuses["Table 1, age, untrained", "se"] == "differs"


@pytest.mark.parametrize("path", sorted(REPLICATIONS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_shipped_study_gives_what_it_declares(path):
    done = run(path, "--json")
    cells = json.loads(done.stdout)
    assert [cell for cell in cells if not cell["as_expected"]] == []
    assert {cell["status"] for cell in cells} <= {"reproduced", "within-tolerance", "differs"}
    assert done.exit_code == 0


def test_a_changed_status_exits_1(tmp_path):
    text = (REPLICATIONS / "nsw-balance.toml").read_text(encoding="utf-8")
    path = tmp_path / "changed.toml"
    path.write_text(text.replace('"25.05", se', '"25.06", se'), encoding="utf-8")
    done = run(path, "--markdown", tmp_path / "table.md")
    assert done.exit_code == 1
    assert "1 not as expected" in done.stderr
    assert "| 25.06 | 25.05 | differs | reproduced |" in (tmp_path / "table.md").read_text(encoding="utf-8")


def test_a_file_that_is_not_lawful_has_its_exit_status(tmp_path):
    (tmp_path / "bad.toml").write_text('format = "other"')
    done = run(tmp_path / "bad.toml")
    assert done.exit_code == 32
    assert "bad.toml:1" in done.stderr
