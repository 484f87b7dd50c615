"""A plain folder of spells as a panel: one file a table, CSV, Parquet, SAS or Stata, columns as declared here.

1. `spells`: a row a spell of unemployment. `conversations`: a row a conversation held. `closures`, where there are
   any: a row a closed municipality; being closed is then the instrument `closure`.
2. A column `x_NAME` is a covariate known before the spell, a column `past_NAME` an earlier value of the outcome.
3. A spell longer than the panel is censored at its last week. A conversation after the end of its spell is not seen.
4. A conversation without a spell, an unknown mode and an end before the start are refused, with their number.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from analysis.identify.comparison import Codes, Floats
from analysis.identify.panel import CENSORED, EMPLOYMENT, PHYSICAL, TELEPHONE, VIDEO, Bytes, Panel, placed
from analysis.registers.cells import as_dates, as_keys, as_numbers
from analysis.registers.schema import Column, Register
from analysis.registers.sources import Source, has_file, open_source
from trial.errors import RegisterError

SPELLS = Register(
    "spells", "Ledighedsforløb", "Spells of unemployment", "spell",
    (
        Column("spell", "key", "Forløbets nøgle", "Key of the spell"),
        Column("start_on", "date", "Første dag som ledig", "First day of unemployment"),
        Column("end_on", "date", "Sidste dag, forløbet er set", "Last day on which the spell is seen"),
        Column("cause", "text", "censored, employment eller en anden afgang", "censored, employment or another exit"),
        Column("jobcentre", "text", "Jobcenter", "Jobcentre"),
        Column("municipality_code", "text", "Bopælskommune", "Municipality of residence"),
        Column("target_group", "text", "Målgruppe", "Target group"),
        Column("x_NAME", "number", "Baggrund", "Covariate", required=False, pattern=r"x_\w+"),
        Column("past_NAME", "number", "Tidligere udfald", "Earlier outcome", required=False, pattern=r"past_\w+"),
    ),
)  # fmt: skip

CONVERSATIONS = Register(
    "conversations", "Holdte samtaler", "Conversations held", "conversation",
    (
        Column("spell", "key", "Forløbets nøgle", "Key of the spell"),
        Column("held_on", "date", "Dagen, samtalen blev holdt", "Day the conversation was held"),
        Column("mode", "text", "physical, telephone eller video", "physical, telephone or video"),
    ),
    one_row_a_key=False,
)  # fmt: skip

CLOSURES = Register(
    "closures", "Lukkede kommuner", "Closed municipalities", "closure",
    (
        Column("municipality_code", "key", "Kommune", "Municipality"),
        Column("closed_on", "date", "Første dag lukket", "First day closed"),
        Column("reopened_on", "date", "Første dag åben igen", "First day open again"),
    ),
    one_row_a_key=False,
)  # fmt: skip

MODES = {"physical": PHYSICAL, "telephone": TELEPHONE, "video": VIDEO}


def panel_of_folder(folder: Path, weeks: int) -> Panel:
    """Read a folder of spells and conversations as a panel of so many weeks."""
    source = open_source(folder, SPELLS)
    extra = [name for name in source.names if name.lower().startswith(("x_", "past_"))]
    declared = [column.name for column in SPELLS.columns if column.required]
    table = whole(source, [source.spelt(name) for name in declared] + extra)
    where = str(source.path)
    spell = as_keys(table[source.spelt("spell")], f"{where}: spell")
    start, end = (week_numbers(table[source.spelt(name)], f"{where}: {name}") for name in ("start_on", "end_on"))
    check_order(start, end, where)
    length = (end - start + 1).astype(np.int32)
    cause, causes = causes_of(texts(table[source.spelt("cause")]))
    labels: dict[str, tuple[str, ...]] = {}
    codes: dict[str, Codes] = {}
    for name in ("jobcentre", "municipality_code", "target_group"):
        codes[name], labels[name.removesuffix("_code")] = labelled(texts(table[source.spelt(name)]))
    numbers = {name: as_numbers(table[name], f"{where}: {name}") for name in extra}
    last = np.minimum(length, weeks).astype(np.int32)
    background, past = (_named(numbers, prefix, where) for prefix in ("x_", "past_"))
    return Panel(
        talks(folder, spell, start, last, weeks), start, last,
        np.where(length > weeks, CENSORED, cause).astype(np.int8), codes["jobcentre"], codes["municipality_code"],
        codes["target_group"], labels, causes, background, past,
        closures(folder, codes["municipality_code"], labels["municipality"], start, weeks),
    )  # fmt: skip


def whole(source: Source, names: list[str]) -> pa.Table:
    """Read columns of a whole file."""
    return pa.concat_tables(list(source.read(names))).select(names)


def texts(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    """Give a column as trimmed texts."""
    return pc.utf8_trim_whitespace(cells.cast(pa.string()))


def week_numbers(cells: pa.ChunkedArray, where: str) -> Codes:
    """Count whole ISO weeks from that of 1970-01-01."""
    days = as_dates(cells, where).cast(pa.int32()).to_numpy()
    return np.asarray((days + 3) // 7, dtype=np.int32)  # 1970-01-01 was a Thursday


def labelled(cells: pa.ChunkedArray) -> tuple[Codes, tuple[str, ...]]:
    """Give the codes of texts, and the texts in order."""
    coded = cells.combine_chunks().dictionary_encode()
    names = [str(name) for name in coded.dictionary.to_pylist()]
    rank = np.argsort(np.argsort(names, kind="stable"), kind="stable")
    return rank[coded.indices.to_numpy()].astype(np.int32), tuple(sorted(names))


def causes_of(cells: pa.ChunkedArray) -> tuple[NDArray[Any], Mapping[int, str]]:
    """Number the causes: censored 0, employment 1, others from 2 in the order of their names."""
    codes, names = labelled(cells)
    others = [name for name in names if name not in {"censored", "employment"}]
    number = {"censored": CENSORED, "employment": EMPLOYMENT, **{name: at + 2 for at, name in enumerate(others)}}
    table = np.array([number[name] for name in names], dtype=np.int8)
    return table[codes], {at: name for name, at in number.items() if at != CENSORED}


def talks(folder: Path, spell: pa.ChunkedArray, start: Codes, last: Codes, weeks: int) -> Bytes:
    """Place every conversation in its spell week, the first of a week counting; after the last week UNSEEN."""
    source = open_source(folder, CONVERSATIONS)
    names = [source.spelt(name) for name in ("spell", "held_on", "mode")]
    table, where = whole(source, names), str(source.path)
    row = pc.index_in(as_keys(table[names[0]], f"{where}: spell"), value_set=spell)
    if row.null_count:
        raise _refused("every conversation must belong to a spell", f"{row.null_count} that do not", where)
    mode_codes, mode_names = labelled(texts(table[names[2]]))
    unknown = sorted(set(mode_names) - set(MODES))
    if unknown:
        raise _refused(f"a mode is one of {', '.join(MODES)}", ", ".join(unknown[:5]), f"{where}: mode")
    mode = np.array([MODES[name] for name in mode_names], dtype=np.int8)[mode_codes]
    at = row.to_numpy().astype(np.int64)
    held = week_numbers(table[names[1]], f"{where}: held_on")
    return placed(at, held - start[at] + 1, mode, last, weeks)


def closures(
    folder: Path, code: Codes, labels: tuple[str, ...], start: Codes, weeks: int
) -> Mapping[str, NDArray[np.bool_]]:  # fmt: skip
    """Give the instrument `closure`: whether the municipality was closed in a week; none without the file."""
    if not has_file(folder, CLOSURES):
        return {}
    source = open_source(folder, CLOSURES)
    names = [source.spelt(name) for name in ("municipality_code", "closed_on", "reopened_on")]
    table, where = whole(source, names), str(source.path)
    first, end = (week_numbers(table[name], f"{where}: {name}") for name in names[1:])
    if not len(first):
        return {"closure": np.zeros((len(start), weeks), dtype=np.bool_)}
    origin = int(min(first.min(), start.min()))
    closed = np.zeros((len(labels), int(max(end.max(), start.max() + weeks)) - origin + 2), dtype=np.bool_)
    places = {name: at for at, name in enumerate(labels)}
    for name, begun, over in zip(texts(table[names[0]]).to_pylist(), first, end, strict=True):
        if name in places:
            closed[places[name], begun - origin : max(over, begun + 1) - origin] = True
    return {"closure": closed[code[:, None], (start - origin)[:, None] + np.arange(weeks)[None, :]]}


def check_order(start: Codes, end: Codes, where: str) -> None:
    """Raise RegisterError where a spell ends before it begins."""
    wrong = int((end < start).sum())
    if wrong:
        raise _refused("a spell must not end before it begins", f"{wrong} that do", where)


def _named(numbers: Mapping[str, Floats], prefix: str, where: str) -> Mapping[str, Floats]:
    own = {name: values for name, values in numbers.items() if name.lower().startswith(prefix)}
    for name, values in own.items():
        missing = int((~np.isfinite(values)).sum())
        if missing:
            raise _refused("a covariate must have a value in every row", f"{missing} without one", f"{where}: {name}")
    return {name[len(prefix) :]: values for name, values in own.items()}


def _refused(must: str, found: str, where: str) -> RegisterError:
    return RegisterError(must, found=found, where=where, mend="mend the file", code="register-spell")
