"""On which line of a TOML file each key stands: what `tomllib` knows and does not tell.

1. The text has been read by `tomllib` before: it is lawful TOML, so only its shape is walked here.
2. A path is the keys and list positions that lead to a value: `("arms", 1, "name")`.
3. A table stands on the line of its header, a value on the line of its key, a list element on its own line.
4. What a header or a dotted key merely implies stands where it was first implied.
"""

import re
import tomllib
from dataclasses import dataclass, field

Key = tuple[str | int, ...]

_QUOTES = ('"""', "'''", '"', "'")
_BLANK = " \t"
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def line_map(text: str) -> dict[Key, int]:
    """Give the line of every key, table and list element of a lawful TOML text."""
    walk = _Walk(text.replace("\r\n", "\n"))
    walk.document()
    return walk.lines


def line_of(lines: dict[Key, int], path: Key) -> int:
    """Give the line of a path, or of the nearest table around it; 1 for the file itself."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def last_key(text: str) -> tuple[Key, int, int]:
    """Give the last key of a text with a value, its line, and the line on which the same key stood first."""
    walk = _Walk(text.replace("\r\n", "\n"))
    walk.document()
    return walk.last_pair[0], walk.last_pair[1], walk.lines[walk.last_pair[0]]


def split_key(text: str) -> tuple[str, ...]:
    """Split a dotted key as TOML does: `a."b.c"` is a and b.c."""
    if _BARE.fullmatch(text.strip(_BLANK)):
        return (text.strip(_BLANK),)
    found: object = tomllib.loads(f"{text}=0")
    keys: list[str] = []
    while isinstance(found, dict):
        ((key, found),) = found.items()
        keys.append(key)
    return tuple(keys)


@dataclass
class _Walk:
    text: str
    at: int = 0
    line: int = 1
    lines: dict[Key, int] = field(default_factory=dict)
    lengths: dict[Key, int] = field(default_factory=dict)  # of every list of [[tables]], so far
    last_pair: tuple[Key, int] = ((), 1)

    def document(self) -> None:
        table: Key = ()
        while self.skip("\n" + _BLANK):
            if self.text[self.at] == "[":
                table = self.header()
            else:
                self.pair(table)

    def header(self) -> Key:
        is_list = self.text.startswith("[[", self.at)
        self.forward(2 if is_list else 1)
        keys = self.key("]")
        self.forward(2 if is_list else 1)
        path: Key = ()
        for key in keys[:-1]:
            path = self.last((*path, key))
        path = (*path, keys[-1])
        if is_list:
            self.note(path)
            self.lengths[path] = self.lengths.get(path, 0) + 1
            path = self.last(path)
        self.lines[path] = self.line
        return path

    def last(self, path: Key) -> Key:
        """Step into the last table of a list of tables."""
        self.note(path)
        return (*path, self.lengths[path] - 1) if path in self.lengths else path

    def pair(self, table: Key) -> None:
        path = table
        for key in self.key("="):
            path = (*path, key)
            self.note(path)
        line = self.line
        self.forward(1)
        self.skip(_BLANK)
        self.value(path)
        self.last_pair = (path, line)

    def value(self, path: Key) -> None:
        start = self.text[self.at]
        if start in "\"'":
            self.string()
        elif start == "[":
            self.list(path)
        elif start == "{":
            self.table(path)
        else:
            while self.at < len(self.text) and self.text[self.at] not in ",]}#\n":
                self.forward(1)

    def list(self, path: Key) -> None:
        self.forward(1)
        count = 0
        while self.skip("\n," + _BLANK) and self.text[self.at] != "]":
            self.note((*path, count))
            self.value((*path, count))
            count += 1
        self.forward(1)

    def table(self, path: Key) -> None:
        self.forward(1)
        while self.skip("\n," + _BLANK) and self.text[self.at] != "}":
            self.pair(path)
        self.forward(1)

    def string(self) -> None:
        quote = next(quote for quote in _QUOTES if self.text.startswith(quote, self.at))
        self.forward(len(quote))
        while not self.text.startswith(quote, self.at):
            self.forward(2 if quote[0] == '"' and self.text[self.at] == "\\" else 1)
        self.forward(len(quote))
        if len(quote) == 3:  # up to two quotes may stand right before the closing three
            while self.text.startswith(quote[0], self.at):
                self.forward(1)

    def key(self, end: str) -> tuple[str, ...]:
        start = self.at
        while self.text[self.at] != end:
            if self.text[self.at] in "\"'":
                self.string()
            else:
                self.forward(1)
        return split_key(self.text[start : self.at])

    def note(self, path: Key) -> None:
        self.lines.setdefault(path, self.line)

    def skip(self, characters: str) -> bool:
        """Pass over these characters and comments; tell whether anything is left."""
        while self.at < len(self.text):
            if self.text[self.at] == "#":
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            elif self.text[self.at] in characters:
                self.forward(1)
            else:
                return True
        return False

    def forward(self, characters: int) -> None:
        self.line += self.text.count("\n", self.at, self.at + characters)
        self.at += characters
