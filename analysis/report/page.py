"""What a page is made of: sections of paragraphs, term lists, tables and figures. The template only lays it out.

1. Every cell is text already: what a number looks like is decided once, in Words.
2. Figures and tables are numbered in the order in which they are asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from analysis.disclosure import ReleasedEffects
from analysis.report.facts import Facts
from analysis.report.figures import Picture
from analysis.report.words import Words
from trial.protocol import Protocol


@dataclass(frozen=True)
class Context:
    """What every section may tell of: declared, released, and nothing else."""

    protocol: Protocol
    manifest: dict[str, Any]
    facts: Facts
    released: ReleasedEffects
    truth: dict[str, Any] | None
    words: Words

    @property
    def arms(self) -> dict[str, str]:
        """Name the arms in the protocol's order, with their labels."""
        return {arm.name: arm.label.get(self.words.lang) for arm in self.protocol.arms}


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; `tone` is lead, note, warning or empty."""

    kind: ClassVar[str] = "paragraph"
    text: str
    tone: str = ""


@dataclass(frozen=True)
class Terms:
    """A list of terms with what is said of each."""

    kind: ClassVar[str] = "terms"
    pairs: Sequence[tuple[str, Sequence[str]]]


@dataclass(frozen=True)
class Row:
    """A row of a table. `span`: the last cell fills what is left of the row. `head`: the row opens a group."""

    cells: Sequence[str]
    span: bool = False
    head: bool = False


@dataclass(frozen=True)
class Table:
    """A table; columns from `numeric_from` on are set right, in figures of equal width."""

    kind: ClassVar[str] = "table"
    number: str
    caption: str
    columns: Sequence[str]
    rows: Sequence[Row]
    numeric_from: int = 1
    note: str = ""


@dataclass(frozen=True)
class Plate:
    """A figure with its caption."""

    kind: ClassVar[str] = "plate"
    number: str
    caption: str
    picture: Picture
    note: str = ""


Block = Paragraph | Terms | Table | Plate


@dataclass(frozen=True)
class Section:
    """A section with its anchor."""

    anchor: str
    title: str
    blocks: Sequence[Block]


@dataclass
class Numbering:
    """Counts figures and tables."""

    words: Words
    counts: dict[str, int] = field(default_factory=lambda: {"figure": 0, "table": 0})

    def next(self, kind: str) -> str:
        """Give the next number of a kind, in words."""
        self.counts[kind] += 1
        return self.words(kind, number=self.counts[kind])
