"""The line of every key, against documents written by hand and documents whose writer counts its own lines."""

import json
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trial.protocol.lines import Key, last_key, line_map, line_of, split_key

HAND_WRITTEN = '''\
# a comment with [brackets] and "quotes" = 1
top = 1

[a]                       # line 4
b.c = 2                   # a dotted key
b.d = { e = 1, "f.g" = [1, 2] }
text = """
[not.a.table]
k = "no"
"""
after = 3                 # line 11

[[list]]
x = 1

[[list]]
x = [
  1,        # line 18
  # 2,
  3, [4,
    5],
]
"quoted key" = 'its # no comment'

[list.sub]
y = \'\'\'
]]]\'\'\'
[[list.sub.deep]]
z = 2021-01-04
[other."x.y".'z']
k = 1
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("top",), 2),
        (("a",), 4),
        (("a", "b"), 5),
        (("a", "b", "c"), 5),
        (("a", "b", "d", "e"), 6),
        (("a", "b", "d", "f.g"), 6),
        (("a", "b", "d", "f.g", 1), 6),
        (("a", "text"), 7),
        (("a", "after"), 11),
        (("list",), 13),
        (("list", 0), 13),
        (("list", 0, "x"), 14),
        (("list", 1), 16),
        (("list", 1, "x"), 17),
        (("list", 1, "x", 0), 18),
        (("list", 1, "x", 1), 20),
        (("list", 1, "x", 2, 1), 21),
        (("list", 1, "quoted key"), 23),
        (("list", 1, "sub"), 25),
        (("list", 1, "sub", "y"), 26),
        (("list", 1, "sub", "deep", 0, "z"), 29),
        (("other", "x.y", "z", "k"), 31),
    ],
)
def test_line_of_a_key_in_a_document_written_by_hand(path: Key, line: int) -> None:
    tomllib.loads(HAND_WRITTEN)
    assert line_map(HAND_WRITTEN)[path] == line
    assert line_map(HAND_WRITTEN.replace("\n", "\r\n"))[path] == line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('a = """x""""\nb = 1', 2),  # a quote right before the closing three
        ('a = """x"""""\nb = 1', 2),
        ("a = '''\n'''''\nb = 1", 3),
        ('a = "\\""\nb = 1', 2),  # an escaped quote
        ('a = "\\\\"\nb = 1', 2),
        ('a = """\\\n  x \\"" \n"""\nb = 1', 4),
        ("a = '\\'\nb = 1", 2),  # no escapes between single quotes
        ('a = """"""\nb = 1', 2),
        ("a = []\nb = 1", 2),
        ("a = {}\nb = 1", 2),
        ("a = [{ x = [\n1] }]\nb = 1", 3),
        ("\n\n# only\nb = 1", 4),
        ("a = 1 # no newline at the end\nb = 1#", 2),
        ("a = 1979-05-27 07:32:00\nb = 1", 2),
        ('a = "# no comment"\nb = 1', 2),
    ],
)
def test_what_may_stand_before_a_key(text: str, line: int) -> None:
    assert "b" in tomllib.loads(text)
    assert line_map(text)[("b",)] == line


def test_a_table_declared_after_its_part_stands_on_its_own_header() -> None:
    assert line_map("[a.b]\nx = 1\n[a]\ny = 2")[("a",)] == 3


def test_what_is_not_there_stands_where_its_nearest_table_stands() -> None:
    lines = line_map("\n[a]\nx = 1")
    assert line_of(lines, ("a", "no", 3)) == 2
    assert line_of(lines, ("no",)) == 1
    assert line_of(lines, ()) == 1


def test_keys_are_split_as_toml_does() -> None:
    assert split_key(" a . \"b.c\" . 'd' ") == ("a", "b.c", "d")
    assert split_key('"\\u00e6"') == ("æ",)


def test_last_key_is_the_one_given_twice() -> None:
    assert last_key("a = 1\nb = 2\na = [\n3]") == (("a",), 3, 1)


# A writer that counts its own lines: the twin of the reader.


class Writer:
    """Writes a document and notes on which line it put each key."""

    def __init__(self) -> None:
        self.rows: list[str] = []
        self.lines: dict[Key, int] = {}

    def table(self, path: Key, table: dict[str, Any]) -> None:
        inner = {key: value for key, value in table.items() if not is_table(value) and not is_tables(value)}
        for key, value in inner.items():
            self.note((*path, key))
            self.rows += f"{json.dumps(key)} = {self.value((*path, key), value)}".split("\n")
        for key, value in table.items():
            header = ".".join(json.dumps(part) for part in (*path, key) if isinstance(part, str))
            if is_table(value):
                self.rows += ["", f"[{header}]"]
                self.lines[(*path, key)] = len(self.rows)
                self.table((*path, key), value)
            elif is_tables(value):
                for index, element in enumerate(value):
                    self.rows += [f"[[{header}]]  # {index}"]
                    self.lines.setdefault((*path, key), len(self.rows))
                    self.lines[(*path, key, index)] = len(self.rows)
                    self.table((*path, key, index), element)

    def value(self, path: Key, value: object) -> str:
        if isinstance(value, list):
            text = "["
            for index, element in enumerate(value):
                text += "\n"
                line = len(self.rows) + 1 + self.open_rows + text.count("\n")
                self.lines[(*path, index)] = line
                self.open_rows += text.count("\n")
                written = self.value((*path, index), element)
                self.open_rows -= text.count("\n")
                text += written + ","
            return text + "]"
        if isinstance(value, str) and "\n" in value:
            return '"""\n' + value.replace("\\", "\\\\").replace('"', '\\"') + '"""'
        return json.dumps(value, ensure_ascii=False)

    open_rows = 0

    def note(self, path: Key) -> None:
        self.lines[path] = len(self.rows) + 1


def is_table(value: object) -> bool:
    return isinstance(value, dict)


def is_tables(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(element, dict) for element in value)


plain_text = st.text(st.sampled_from("ab\"'\\#[]{}=., æ\n"), max_size=8)
keys = st.text(st.sampled_from("ab.\"'#[]= æ"), min_size=1, max_size=4)
scalars = st.booleans() | st.integers(-9, 9) | plain_text
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3), max_leaves=6)
documents = st.recursive(
    st.dictionaries(keys, values, max_size=3),
    lambda inner: st.dictionaries(keys, values | inner | st.lists(inner, min_size=1, max_size=3), max_size=4),
    max_leaves=8,
)


@given(documents)
def test_reader_and_writer_agree_on_every_line(document: dict[str, Any]) -> None:
    writer = Writer()
    writer.table((), document)
    text = "\n".join(writer.rows)
    assert tomllib.loads(text) == document
    assert line_map(text) == writer.lines
