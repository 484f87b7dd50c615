"""Every key of the shipped protocol, left out or misspelt, and the file torn at random.

1. A protocol with a key left out or misspelt is refused at the line of that key, or of its table; a key that need
   not be written is refused misspelt.
2. Whatever the file, it is read or refused by an error of the tree: no other exception, no crash.
"""

import json
import re
import tomllib
from pathlib import Path

from click.testing import CliRunner
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from trial.cli import main
from trial.errors import LodtraekError, ProtocolError
from trial.protocol import load_protocol, shipped
from trial.protocol.lines import Key, line_map, line_of

TEXT = shipped("digital-samtaler.toml").read_text("utf-8")
ROWS = TEXT.split("\n")
LINES = line_map(TEXT)
KEYS = [path for path in LINES if path and isinstance(path[-1], str)]
VALUES = ["1", "-1", '""', '"x"', "[]", "{}", "true", "2021-01-01", "nan", "[[1]]", "[{}]", "0.5"]
PAIRED = {"margin": "higher_is_better", "higher_is_better": "margin"}  # one left out is the other's problem
UNWRITTEN = {"predictability_budget"}  # has a value where it is left out


def value_at(path: Key) -> object:
    value: object = tomllib.loads(TEXT)
    for part in path:
        value = value[part]  # type: ignore[index]
    return value


SINGLE = [path for path in KEYS if not isinstance(value_at(path), dict) or "{" in ROWS[LINES[path] - 1]]
SINGLE = [path for path in SINGLE if re.match(rf"\s*(\[|.*\b{re.escape(str(path[-1]))} =)", ROWS[LINES[path] - 1])]
SINGLE = [path for path in SINGLE if not ROWS[LINES[path] - 1].startswith("[")]


def problems_of(tmp_path: Path, text: str) -> dict[int, str]:
    """Check a text; give the line and message of each problem. What a procedure lacks only the command can tell."""
    path = tmp_path / "trial.toml"
    path.write_text(text, "utf-8")
    try:
        load_protocol(path)
    except ProtocolError as error:
        problems = [problem.to_json() for problem in error.problems()]
    else:
        result = CliRunner().invoke(main, ["protocol", "check", str(path), "--json"])
        assert result.exit_code == 12, result.output
        problems = json.loads(result.stdout)["problems"]
    assert all(str(problem["where"]).startswith(f"{path}:") for problem in problems)
    return {int(str(problem["where"]).rpartition(":")[2]): str(problem["must"]) for problem in problems}


def without(path: Key) -> str:
    """Take a key and its value out of the text, leaving every other line where it was."""
    at, key = LINES[path] - 1, str(path[-1])
    row = ROWS[at]
    if row.startswith(f"{key} ="):
        row = ""
    else:  # in a table in braces, perhaps the second of its name
        row = re.sub(rf'([{{,] ){re.escape(key)} = ("[^"]*"|\[[^]]*\]|[-0-9]+)(, )?', r"\1", row)
        row = re.sub(r", +}", " }", row)
    return "\n".join([*ROWS[:at], row, *ROWS[at + 1 :]])


def misspelt(path: Key, new: str) -> str:
    """Write a key otherwise where it stands."""
    at, key = LINES[path] - 1, str(path[-1])
    row = re.sub(rf"(^|[{{,] ){re.escape(key)} =", rf"\g<1>{new} =", ROWS[at], count=1)
    return "\n".join([*ROWS[:at], row, *ROWS[at + 1 :]])


def test_the_keys_are_those_of_the_file() -> None:
    assert len(SINGLE) > 150
    headers = {path for path in KEYS if ROWS[LINES[path] - 1].startswith("[")}
    assert len(set(KEYS) - headers - set(SINGLE)) == 0


def test_a_key_left_out_is_told_at_its_table(tmp_path: Path) -> None:
    silent = []
    for path in (one for one in SINGLE if one[-1] not in UNWRITTEN):
        assert tomllib.loads(without(path)) != tomllib.loads(TEXT)
        places = {line_of(LINES, path[:-1]), LINES.get((*path[:-1], PAIRED.get(str(path[-1]), "")), 0)}
        if not places & set(problems_of(tmp_path, without(path))):
            silent.append(path)
    assert silent == []


def test_a_misspelt_key_is_told_on_its_line(tmp_path: Path) -> None:
    silent = []
    for path in SINGLE:
        told = problems_of(tmp_path, misspelt(path, f"{path[-1]}x")).get(LINES[path], "")
        if f"{path[-1]}x" not in told and "only parameters it has" not in told:
            silent.append(path)
    assert silent == []


def test_a_misspelt_header_is_told_on_its_line(tmp_path: Path) -> None:
    silent = []
    for row in (no for no, row in enumerate(ROWS) if row.startswith("[")):
        name = ROWS[row].strip("[]").split("]")[0]
        text = "\n".join([*ROWS[:row], ROWS[row].replace(name, f"{name}x"), *ROWS[row + 1 :]])
        problems = problems_of(tmp_path, text)
        # [estimands.intercurrent] without its [[estimands]] makes a later header the contradiction
        if row + 1 not in problems and not any("declared once" in told for told in problems.values()):
            silent.append(ROWS[row])
    assert silent == []


def load(tmp: Path, content: bytes) -> None:
    """Read a file; anything but a protocol or an error of the tree with a place and a mend is a failure."""
    path = tmp / "torn.toml"
    path.write_bytes(content)
    try:
        load_protocol(path)
    except LodtraekError as error:
        for problem in error.problems():
            assert str(path) in str(problem.where)
            assert problem.exit_status in (11, 12)
            assert problem.must and problem.mend


fixture_is_only_a_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@fixture_is_only_a_folder
@given(path=st.sampled_from(SINGLE), data=st.data())
def test_any_misspelling_of_any_key_is_told_on_its_line(tmp_path: Path, path: Key, data: st.DataObject) -> None:
    key = str(path[-1])
    at = data.draw(st.integers(0, len(key) - 1))
    new = data.draw(
        st.sampled_from(
            [
                key[:at] + key[at + 1 :],  # a letter left out
                key[:at] + key[at] + key[at:],  # doubled
                key[:at] + "z" + key[at + 1 :],  # replaced
                key[:at] + key[at:][:2][::-1] + key[at + 2 :],  # exchanged
                key.upper(),
            ]
        )
    )
    siblings = {other[-1] for other in KEYS if other[:-1] == path[:-1]} | {"levels", "dose", "margin", "cut"}
    if new and new not in siblings:
        assert LINES[path] in problems_of(tmp_path, misspelt(path, new))


@fixture_is_only_a_folder
@given(
    at=st.integers(0, len(TEXT)),
    length=st.sampled_from([0, 1, 2, 10, 500]),
    new=st.text(st.sampled_from("[]{}\"'=.,#\n\t -+09aeæ\\\x00\U0001f600"), max_size=5),
)
@example(at=TEXT.index("[[population.") + 12, length=0, new="=")  # a header broken where it names what is there
def test_a_file_torn_anywhere_is_read_or_refused(tmp_path: Path, at: int, length: int, new: str) -> None:
    load(tmp_path, (TEXT[:at] + new + TEXT[at + length :]).encode())


@fixture_is_only_a_folder
@given(value=st.sampled_from(VALUES), path=st.sampled_from(KEYS))
def test_any_value_anywhere_is_read_or_refused(tmp_path: Path, path: Key, value: str) -> None:
    at, key = LINES[path] - 1, str(path[-1])
    row = re.sub(rf"^{re.escape(key)} = .*", f"{key} = {value}", ROWS[at])
    load(tmp_path, "\n".join([*ROWS[:at], row, *ROWS[at + 1 :]]).encode())


@fixture_is_only_a_folder
@given(content=st.binary(max_size=50))
def test_any_bytes_are_refused(tmp_path: Path, content: bytes) -> None:
    load(tmp_path, content)


@fixture_is_only_a_folder
@given(drop=st.lists(st.integers(0, len(ROWS) - 1), max_size=8, unique=True))
def test_any_lines_left_out_are_read_or_refused(tmp_path: Path, drop: list[int]) -> None:
    load(tmp_path, "\n".join(row for no, row in enumerate(ROWS) if no not in drop).encode())
