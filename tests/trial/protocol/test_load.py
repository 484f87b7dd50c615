"""Hostile protocol files: each is refused at its line, in words a person can act on."""

from pathlib import Path

import pytest

from trial.errors import FileError, LodtraekError, ProtocolError
from trial.protocol import digest, document, load_protocol, protocol_schema, shipped

SHIPPED = shipped("digital-samtaler.toml")

# change -> line, code, what the message says
VALUES = [
    ("version = 1", 'version = "1"', 7, "protocol-value", 'version = 1 trial.version whole number found "1"'),
    ("version = 1", "version = true", 7, "protocol-value", "trial.version found true"),
    ("version = 1", "version = 1.0", 7, "protocol-value", "trial.version found 1.0"),
    ("version = 1", "version = 0", 7, "protocol-value", "at least 1"),
    ("version = 1", "version = 9007199254740993", 7, "protocol-number", "2^53"),
    ("version = 1", f"version = {10**300}", 7, "protocol-number", "2^53"),
    ("0.60", "nan", 86, "protocol-number", "randomisation.predictability_budget finite nan"),
    ("tolerance = 3", "tolerance = -inf", 85, "protocol-number", "randomisation.tolerance finite"),
    ("0.60", "0.4", 86, "protocol-value", "0.5 to 1"),
    ("0.60", "true", 86, "protocol-value", "found true"),
    ('id = "digital-samtaler"', 'id = "../x"', 6, "protocol-value", "trial.id"),
    ('id = "digital-samtaler"', 'id = "Digital"', 6, "protocol-value", "trial.id"),
    ('id = "digital-samtaler"', 'id = "digital\\n"', 6, "protocol-value", "trial.id"),
    ('id = "digital-samtaler"', f'id = "{64 * "a"}"', 6, "protocol-value", "63 characters"),
    ("from = 2021-01-04", 'from = "2021-01-04"', 11, "protocol-value", "trial.enrolment.from date without quotes"),
    ("from = 2021-01-04", "from = 2021-01-04T08:00:00", 11, "protocol-value", "trial.enrolment.from date"),
    ("from = 2021-01-04", "from = 2021", 11, "protocol-value", "trial.enrolment.from date"),
    ('da = "Fysisk"', 'da = ""', 18, "protocol-value", "arms[1].label.da not empty"),
    ('da = "Fysisk"', 'da = " \\t"', 18, "protocol-value", "arms[1].label.da not empty"),
    ("ratio = 1", "ratio = 0", 16, "protocol-value", "arms[1].ratio at least 1"),
    ("ratio = 1", "ratio = -1", 16, "protocol-value", "arms[1].ratio found -1"),
    ('modes = ["physical"]', "modes = []", 17, "protocol-value", "arms[1].modes at least one"),
    ('modes = ["physical"]', 'modes = "physical"', 17, "protocol-value", "arms[1].modes list"),
    ('"telephone", "video"]', '"telephone", "letter"]', 23, "protocol-value", 'arms[2].modes[2] "letter"'),
    ("lab_6 = 2", "lab_6 = 14", 37, "protocol-value", "population.target_groups[2].lab_6 13"),
    ('"18-29"', '"18/29"', 80, "protocol-value", "stratification[3].levels[1]"),
    ('"big-stick@1"', '"big-stick"', 84, "protocol-value", "name@number"),
    ("[1, 5, 9, 13, 17, 22]", '[1, "5"]', 95, "protocol-value", "conversations.due_weeks[2] weeks"),
    ("[1, 5, 9, 13, 17, 22]", "[]", 95, "protocol-value", "conversations.due_weeks"),
    ('to = "physical"', 'to = "video"', 96, "protocol-value", "one way"),
    ("weeks = 104", "weeks = 1e2", 105, "protocol-value", "follow_up.weeks"),
    ("by_week = 52", "by_week = -52", 111, "protocol-value", "outcomes[1].by_week"),
    ('definition = "b"', 'definition = "z"', 112, "protocol-value", 'outcomes[1].definition "z"'),
    ("margin = 1.5", "margin = -1.5", 149, "protocol-value", "estimands[1].margin above 0 -1.5"),
    ("margin = 1.5", "margin = 0", 149, "protocol-value", "estimands[1].margin above 0"),
    ('override-to-physical = "treatment-policy"', 'override-to-physical = "ignore"', 153, "protocol-value", "E9(R1)"),
    ('se_type = "HC2"', 'se_type = "robust"', 216, "protocol-value", "inference.se_type HC3"),
    ('se_type = "HC2"', 'se_type = "classical"', 216, "protocol-value", "robust CR1-nested"),
    ("level = 0.95", "level = 95", 217, "protocol-value", "inference.level below 1"),
    ('status = "example"', 'status = "pending"', 243, "protocol-value", "legal.status"),
    ('format = "lodtraek-protocol/1"', 'format = "lodtraek-protocol/2"', 3, "protocol-value", "lodtraek-protocol/1"),
    ("codes/municipalities.csv", "codes/nowhere.csv", 72, "protocol-reference", "code file"),
    ("codes/municipalities.csv", "../../../etc/passwd", 72, "protocol-reference", "code file"),
    ("codes/municipalities.csv", "/etc/passwd", 72, "protocol-reference", "code file"),
    ('levels_from = "', 'levels = ["0101"]\nlevels_from = "', 73, "protocol-conflict", "beside levels"),
]

KEYS = [
    ("ratio = 1", "rato = 1", 16, "arms[1].rato ratio?"),
    ("[intake]", "[intak]", 65, "intak intake?"),
    ("[[outcomes]]", "[[outcome]]", 108, "outcome outcomes?"),
    ("se_type", "se-type", 216, "inference.se-type se_type?"),
    ("minimum_per_arm", "minimum", 224, "inference.small_strata.minimum"),
    ('da = "Fysisk"', 'dk = "Fysisk"', 18, "arms[1].label.dk da"),
    ("trial]", '"tri al"]', 5, '"tri al" trial?'),
    ("\npause = ", "\npauses = ", 154, "estimands[1].intercurrent.pauses pause"),
    ("version = 1", "version = 1\nseed = 42", 8, "trial.seed remove"),
]

# What tomllib refuses: change -> line, what the message says.
SYNTAX = [
    ("version = 1", "version = 1\nversion = 2", 8, "trial.version again, given before on line 7"),
    ("version = 1", 'version = 1\n"version" = """\n2"""', 8, "trial.version again, given before on line 7"),
    ("[intake]", "[trial]", 65, "declared once [trial]"),
    ("[intake]", "[[trial]]", 65, "declared once [[trial]]"),
    ("version = 1", "version", 7, "followed by ="),
    ("version = 1", "version = ", 7, "value"),
    ("version = 1", "version = 2021-02-30", 7, "exist in the calendar"),
    ("version = 1", "version = one", 7, "in quotes"),
    ("version = 1", "version = 1 2", 7, "alone on a line"),
    ("version = 1", "= 1", 7, "line"),
    ('unit = "citizen"', 'unit = "citizen', 10, "close"),
    ('unit = "citizen"', 'unit = "a\\q"', 10, "backslash"),
    ('unit = "citizen"', 'unit = "\x07"', 10, "control character"),
    ("[1, 5, 9, 13, 17, 22]", "[1, 5 9]", 95, "commas"),
    ("[intake]", "[intake", 65, "closed"),
    ("from = 2021-01-04, ", "from = 2021-01-04, from = 2021-01-04, ", 11, "once"),
]


def check(problems: list[LodtraekError], line: int, code: str, says: str) -> None:
    (problem,) = [problem for problem in problems if problem.where == str(line)] or [None]
    assert problem is not None, [(problem.where, str(problem)) for problem in problems]
    assert problem.stable_code == code
    for word in says.split():
        assert word in str(problem), (word, str(problem))


@pytest.mark.parametrize("case", VALUES, ids=lambda case: case[1][:30])
def test_a_wrong_value_is_refused_at_its_line(edited, refused, case) -> None:
    old, new, line, code, says = case
    check(refused(edited((old, new))), line, code, says)


@pytest.mark.parametrize("case", KEYS, ids=lambda case: case[1][:30])
def test_an_unknown_key_is_refused_and_the_nearest_named(edited, refused, case) -> None:
    old, new, line, says = case
    problems = refused(edited((old, new)))
    problem = next(problem for problem in problems if problem.where == str(line))
    assert problem.stable_code in {"protocol-unknown-key", "protocol-reference"}
    for word in says.split():
        assert word in str(problem)


def test_a_misspelt_key_is_one_problem_not_two(edited, refused) -> None:
    (problem,) = refused(edited(("ratio = 1", "rato = 1")))
    assert str(problem).splitlines() == [
        "16: arms[1].rato must be a known key; found no key of that name.",
        "  Mend: did you mean ratio?",
        "  (protocol-unknown-key, exit 12)",
    ]


@pytest.mark.parametrize("case", SYNTAX, ids=lambda case: case[1][:30])
def test_broken_toml_is_refused_at_its_line(edited, refused, case) -> None:
    old, new, line, says = case
    check(refused(edited((old, new))), line, "protocol-toml", says)


def test_all_problems_of_a_file_are_told_in_its_order(edited, refused) -> None:
    problems = refused(
        edited(
            ('se_type = "HC2"', 'se_type = "HC9"'),  # a value
            ("margin = 1.5", "margin = -1.5"),  # another
            ("[intake]", "[intakes]"),  # a misspelt table
            ('name = "digital"', 'name = "physical"'),  # a cross-check whose table is in order
            ("trial-pause-2021", "no-such-rule"),  # a reference
            ("weeks = 104", ""),  # a missing key
        )
    )
    assert [(problem.where, problem.stable_code) for problem in problems] == [
        ("21", "protocol-repeated"),
        ("65", "protocol-unknown-key"),
        ("89", "protocol-unknown-rule"),
        ("104", "protocol-missing-key"),
        ("149", "protocol-value"),
        ("216", "protocol-value"),
    ]


def test_the_message_of_the_whole_file(edited, tmp_path: Path) -> None:
    path = tmp_path / "trial.toml"
    path.write_text(edited(("weeks = 104", "")), "utf-8")
    with pytest.raises(ProtocolError) as caught:
        load_protocol(path)
    assert str(caught.value) == (
        f"{path}:104: follow_up.weeks must be given: a whole number of weeks from 1 to 1040; "
        "found no such key.\n"
        "  Mend: add to follow_up: weeks = 52\n"
        "  (protocol-missing-key, exit 12)"
    )
    assert caught.value.exit_status == 12


def test_a_budget_that_is_not_written_is_three_in_five_and_no_part_of_the_digest(edited, tmp_path: Path) -> None:
    path = tmp_path / "trial.toml"
    path.write_text(edited(("predictability_budget = 0.60", "")), "utf-8")
    silent, written = load_protocol(path), load_protocol(SHIPPED)
    assert silent.randomisation.predictability_budget == written.randomisation.predictability_budget == 0.60
    assert "predictability_budget" not in silent.randomisation.parameters
    assert document(silent)["randomisation"] == {"procedure": "big-stick@1", "tolerance": 3}
    assert digest(silent) == digest(path.read_bytes()) != digest(written)
    told = protocol_schema()["$defs"]["Randomisation"]
    assert told["properties"]["predictability_budget"]["default"] == 0.60
    assert "0.60 where none is written" in told["properties"]["predictability_budget"]["description"]
    assert told["required"] == ["procedure"]


# Files that are no text: bytes -> code, line, what the message says.
FILES = [
    (b"", "file-empty", 1, "empty"),
    (b" \n\t\n", "file-empty", 1, "empty"),
    (SHIPPED.read_bytes().decode().encode("latin-1", "replace"), "file-encoding", 9, "UTF-8 0xe5"),
    (b"\xef\xbb\xbf" + SHIPPED.read_bytes(), "file-encoding", 1, "byte order mark"),
    (SHIPPED.read_bytes().decode().encode("utf-16"), "file-encoding", 1, "UTF-8"),
    (b"#" * 1_000_001, "file-size", None, "1000000"),
]


@pytest.mark.parametrize(("content", "code", "line", "says"), FILES)
def test_a_file_that_is_no_text_is_refused(tmp_path: Path, content: bytes, code: str, line: int, says: str) -> None:
    path = tmp_path / "trial.toml"
    path.write_bytes(content)
    with pytest.raises(FileError) as caught:
        load_protocol(path)
    assert caught.value.stable_code == code
    assert caught.value.exit_status == 11
    assert caught.value.where == (f"{path}:{line}" if line else str(path))
    for word in says.split():
        assert word in str(caught.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere.toml", tmp_path):
        with pytest.raises(FileError) as caught:
            load_protocol(path)
        assert caught.value.where == str(path)


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 5000 + "]" * 5000,
        "a = " + "[" * 50 + "]" * 50,
        ".".join("a" * 50) + " = 1",
        "a = " + "{a=" * 50 + "1" + "}" * 50,
        "a = " + "9" * 5000,
        "a = " + "[" * 100_000,
    ],
)
def test_excess_is_refused_not_suffered(refused, text: str) -> None:
    (problem,) = refused(text)
    assert problem.stable_code == "protocol-toml"


def test_an_empty_document_misses_every_table(refused) -> None:
    problems = refused("# nothing but a comment\n")
    assert {problem.stable_code for problem in problems} == {"protocol-missing-key"}
    assert len(problems) == 14


def test_windows_line_ends_are_read(tmp_path: Path, shipped_text: str) -> None:
    path = tmp_path / "trial.toml"
    path.write_bytes(shipped_text.replace("\n", "\r\n").encode())
    assert load_protocol(path) == load_protocol(SHIPPED)


def test_a_cpr_like_value_is_withheld_from_the_message(edited, refused) -> None:
    problems = refused(edited(('id = "digital-samtaler"', 'id = "311399-0000 no such day"')))
    assert "311399" not in str(problems[0])
    assert "withheld" in str(problems[0])


def test_the_protocol_cannot_be_changed() -> None:
    protocol = load_protocol(SHIPPED)
    with pytest.raises(ValueError, match="frozen"):
        protocol.trial.version = 2
    assert isinstance(protocol.arms, tuple)


def test_what_the_shipped_protocol_declares() -> None:
    protocol = load_protocol(str(SHIPPED))
    assert [arm.name for arm in protocol.arms] == ["physical", "digital"]
    assert protocol.comparison.name == "physical"
    assert protocol.randomisation.parameters == {"tolerance": 3}
    assert len(protocol.stratification[0].levels) == 98
    assert "0101" in protocol.stratification[0].levels
    assert protocol.stratification[2].cut == (30, 50)
    assert protocol.arms[1].label.get("da") == "Digital"
    assert protocol.estimands[0].margin == 1.5
