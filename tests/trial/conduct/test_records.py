"""The conversation file: what is read, what refuses it, and that no number is shown."""

from datetime import date

import pytest

from trial.conduct import Conversation, read_conversations
from trial.errors import FileError, IntakeError
from trial.identity import Pseudonymiser
from trial.protocol import load_protocol, shipped

PSEUDONYMISER = Pseudonymiser(bytes(32))
ONE = PSEUDONYMISER.participant("SYN-1")
HEADER = "citizen;number;due_on;assigned_mode;summoned_mode;held_mode;held_on;override_reason;in_pause\n"


@pytest.fixture(scope="module")
def protocol():
    return load_protocol(shipped("digital-samtaler.toml"))


def read(protocol, text: str):
    return read_conversations(text.encode(), protocol, PSEUDONYMISER, name="held.csv")


def refused(protocol, text: str) -> list[tuple[str, str]]:
    with pytest.raises(IntakeError) as caught:
        read(protocol, text)
    return [(problem.where, problem.stable_code) for problem in caught.value.problems()]


def test_a_lawful_file(protocol):
    records = read(
        protocol,
        HEADER
        + "SYN-1;1;2021-03-08;digital;telephone;video;2021-03-09;;nej\n"
        + "SYN-1;2;2021-04-05;digital;physical;telephone;2021-04-05;citizen-demands;ja\n"
        + "SYN-2;1;2021-03-08;physical;physical;none;;;\n"
        + "SYN-2;2;2021-04-05;physical;physical;;;;no\n",
    )
    two = PSEUDONYMISER.participant("SYN-2")
    march, april = date(2021, 3, 8), date(2021, 4, 5)
    assert records.conversations == (
        Conversation(ONE, 1, march, "digital", "telephone", "video", date(2021, 3, 9), None, False),
        Conversation(ONE, 2, april, "digital", "physical", "telephone", april, "citizen-demands", True),
        Conversation(two, 1, march, "physical", "physical", "none", None, None, False),
        Conversation(two, 2, april, "physical", "physical", None, None, None, False),
    )
    assert (records.encoding, records.delimiter) == ("utf-8", ";")


def test_a_participant_id_instead_of_a_citizen(protocol):
    header = "participant_id,number,due_on,assigned_mode,summoned_mode\n"
    records = read(protocol, header + f"{ONE},1,2021-03-08,digital,video\n")
    assert records.conversations == (Conversation(ONE, 1, date(2021, 3, 8), "digital", "video"),)
    assert refused(protocol, header + "SYN-1,1,2021-03-08,digital,video\n") == [("held.csv:2", "citizen")]
    both = "citizen," + header + f"SYN-1,{ONE},1,2021-03-08,digital,video\n"
    assert refused(protocol, both) == [("held.csv:2", "citizen")]


# the row                                                                 code
PROBLEMS = [
    (";1;2021-03-08;digital;video;;;;", "citizen"),
    ("SYN-x;1;2021-03-08;digital;video;;;;", "cpr-form"),
    ("311399" + "-0001;1;2021-03-08;digital;video;;;;", "cpr-date"),
    ("SYN-1;0;2021-03-08;digital;video;;;;", "number"),
    ("SYN-1;01;2021-03-08;digital;video;;;;", "number"),
    ("SYN-1;1.0;2021-03-08;digital;video;;;;", "number"),
    ("SYN-1;7;2021-03-08;digital;video;;;;", "number"),
    ("SYN-1;1e1;2021-03-08;digital;video;;;;", "number"),
    ("SYN-1;1;08-03-2021;digital;video;;;;", "date"),
    ("SYN-1;1;;digital;video;;;;", "date"),
    ("SYN-1;1;2021-03-08;digital;video;video;2021-02-30;;", "date"),
    ("SYN-1;1;2021-03-08;digital;video;;;;perhaps", "yes-no"),
    ("SYN-1;1;2021-03-08;control;video;;;;", "assigned-mode"),
    ("SYN-1;1;2021-03-08;digital;fax;;;;", "summoned-mode"),
    ("SYN-1;1;2021-03-08;digital;video;physical;2021-03-08;;", "held-mode"),
    ("SYN-1;1;2021-03-08;physical;physical;telephone;2021-03-08;;nej", "held-mode"),
    ("SYN-1;1;2021-03-08;digital;video;physical;2021-03-08;whim;", "override-reason"),
    ("SYN-1;1;2021-03-08;physical;physical;physical;2021-03-08;citizen-demands;", "override-one-way"),
    ("SYN-1;1;2021-03-08;digital;video;video;;;", "held-on"),
    ("SYN-1;1;2021-03-08;digital;video", "ragged"),
    ("=SYN-1;1;2021-03-08;digital;video;;;;", "formula"),
]


@pytest.mark.parametrize(("row", "code"), PROBLEMS)
def test_one_unlawful_row_refuses_the_file_with_its_line(protocol, row, code):
    good = "SYN-9;1;2021-03-08;digital;video;;;;\n"
    assert refused(protocol, HEADER + good + row + "\n") == [("held.csv:3", code)]


def test_a_conversation_stands_in_a_file_once(protocol):
    row = "SYN-1;1;2021-03-08;digital;video;;;;\n"
    assert refused(protocol, HEADER + row + "SYN-2" + row[5:] + row) == [("held.csv:4", "duplicate")]


def test_a_file_without_rows(protocol):
    with pytest.raises(FileError) as caught:
        read(protocol, HEADER)
    assert caught.value.stable_code == "file-no-rows"


def test_no_message_shows_a_number(protocol):
    canary = "311399" + "-" + "4321"
    for place in range(9):
        cells = ["SYN-1", "1", "2021-03-08", "digital", "video", "video", "2021-03-08", "", "no"]
        cells[place] = canary
        with pytest.raises(IntakeError) as caught:
            read(protocol, HEADER + ";".join(cells) + "\n")
        assert "4321" not in str(caught.value)
        assert "4321" not in str([problem.to_json() for problem in caught.value.problems()])
