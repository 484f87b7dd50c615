"""The commands, from a person's side: import, replay, status, feasibility."""

import json
from datetime import date

import pytest
from click.testing import CliRunner

from tests.trial.infection.made import span, wide
from trial.cli import main
from trial.infection.series import CASES, TESTED
from trial.infection.synthetic import synthetic_series

DAYS = ["--from", "2021-02-01", "--to", "2021-09-01"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    found = tmp_path_factory.mktemp("published")
    for name, content in synthetic_series(3, date(2021, 1, 1), date(2021, 9, 1)).items():
        (found / name).write_bytes(content)
    (found / "readme.txt").write_text("not one of ours")
    return found


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments, exit_code=0):
        found = CliRunner().invoke(main, ["infection", *map(str, arguments)])
        assert found.exit_code == exit_code, found.output
        return found

    return invoke


def test_import_then_replay(run, folder, tmp_path):
    first = json.loads(run("import", folder, "--json").stdout)
    assert (first["new"], first["known"], len(first["passed_over"])) == (3, 0, 1)
    assert set(first["publications"][0]) == {"kind", "name", "sha256", "vintage_on", "published_at"}
    again = run("import", folder, "--json")
    assert (json.loads(again.stdout)["new"], json.loads(again.stdout)["known"]) == (0, 3)
    assert "readme.txt" in again.stderr
    kept = run("replay", "--rule", "trial-pause-2021", *DAYS, "--vintage", "latest", "--json").stdout
    read = run(
        "replay", "--rule", "trial-pause-2021", *DAYS, "--vintage", "latest", "--json", "--data", folder
    ).stdout
    assert kept == read
    closures = json.loads(kept)["closures"]
    assert len(closures) > 10
    assert list(closures[0]) == [
        "municipality_code", "municipality", "decided_on", "closed_on", "reopened_on", "value", "cases"
    ]  # fmt: skip
    assert (tmp_path / "trial.db").exists()


def test_the_real_folder_gives_the_closures_of_2021(run, shared_data):
    run("import", shared_data / "ssi")
    found = run("replay", "--rule", "municipal-closure-2021", *DAYS, "--vintage", "latest", "--json")
    assert [one["municipality"] for one in json.loads(found.stdout)["closures"]] == ["Ishøj", "Hørsholm"]


def test_a_dry_run_counts_what_would_be_new_and_writes_nothing(run, folder, tmp_path):
    assert "3 new, 0 known already; nothing was written" in run("import", folder, "--dry-run").stderr
    assert not (tmp_path / "trial.db").exists()
    run("import", folder)
    kept = (tmp_path / "trial.db").read_bytes()
    again = json.loads(run("import", folder, "--dry-run", "--json").stdout)
    assert (again["new"], again["known"]) == (0, 3)
    assert (tmp_path / "trial.db").read_bytes() == kept


def test_a_dry_run_refuses_what_would_be_refused(run, folder, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    for name, content in synthetic_series(4, date(2021, 1, 1), date(2021, 9, 1)).items():
        (other / name).write_bytes(content)
    run("import", folder)
    refused = run("import", other, "--dry-run", exit_code=15)
    assert refused.stderr == run("import", other, exit_code=15).stderr
    assert "infection-vintage" in refused.stderr


def test_replay_without_data_says_what_to_do(run, tmp_path):
    found = run("replay", "--rule", "trial-pause-2021", *DAYS, exit_code=15)
    assert "trial infection import" in found.stderr
    assert not (tmp_path / "trial.db").exists()


def test_orders_by_hand_are_replayed_beside_the_rule(run, folder, tmp_path):
    (tmp_path / "orders.toml").write_text(
        'format = "lodtraek-orders/1"\n[[orders]]\narea = "DK"\ndecided_on = 2021-08-20\nclosed_on = 2021-08-21\n'
        'reopened_on = 2021-08-25\nreason = "test"\ndecided_by = ["A", "B"]\n'
    )
    found = run(
        "replay", "--rule", "municipal-closure-2021", *DAYS, "--data", folder, "--orders", "orders.toml", "--json"
    )
    assert len(json.loads(found.stdout)["closures"]) == 98


def test_status_names_every_municipality(run, folder):
    found = run("status", "--rule", "municipal-closure-2021", "--on", "2021-06-14", "--vintage", "latest", "--json",
                "--data", folder)  # fmt: skip
    rows = json.loads(found.stdout)["municipalities"]
    assert len(rows) == 98
    assert {row["status"].split()[-1] for row in rows} <= {"nedlukket", "Nedlukket"}


def test_feasibility_gives_a_table_and_a_figure(run, folder, tmp_path):
    arguments = ["feasibility", "--rule", "trial-pause-2021", *DAYS, "--vintage", "latest", "--data", folder]
    found = json.loads(run(*arguments, "--json", "--figure", "map.svg", "--lang", "en").stdout)
    assert [period["period"] for period in found["periods"]] == ["2021 Q1", "2021 Q2", "2021 Q3", "all"]
    assert "municipality-days paused" in (tmp_path / "map.svg").read_text(encoding="utf-8")
    assert "expected lost" in run(*arguments).stdout


def test_a_broken_file_ends_with_its_exit_status(run, tmp_path):
    days = span("2021-06-01", 10)
    (tmp_path / "cases.csv").write_bytes(wide(CASES, days, {}).replace(b"2021-06-03;0", b"2021-06-03;-4"))
    (tmp_path / "tested.csv").write_bytes(wide(TESTED, days, {}))
    found = run("import", tmp_path, exit_code=15)
    assert "cases.csv:4" in found.stderr
    assert "Mend:" in found.stderr
    assert not (tmp_path / "trial.db").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("replay", "--rule", "trial-pause-2021", "--from", "2021-09-01", "--to", "2021-02-01"),
        ("replay", "--rule", "trial-pause-2021", "--from", "1 May", "--to", "2021-02-01"),
        ("replay", "--from", "2021-09-01", "--to", "2021-09-01"),
        ("import", "/no/such/path"),
        ("import", "--published-at", "soon", "."),
    ],
)
def test_wrong_usage_is_exit_2(run, arguments):
    run(*arguments, exit_code=2)


@pytest.mark.parametrize("command", [(), ("import",), ("replay",), ("status",), ("feasibility",)])
def test_every_command_has_help_with_an_example(run, command):
    assert "Example: trial infection" in run(*command, "--help").stdout
