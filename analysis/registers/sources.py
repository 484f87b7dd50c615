"""Register files as they are delivered: Parquet, CSV, SAS (sas7bdat, xpt) and Stata (dta), batch by batch.

1. A register is one file in the folder, named after it; two files of one register are an error, never a choice.
2. CSV: the delimiter is the one of ; , tab | that splits the first line most; UTF-8 (a byte order mark is skipped),
   else Windows-1252. Every cell is read as text, so that nothing is guessed before the declaration is asked.
3. SAS and Stata files are read by pandas; names in capitals are the same names.
4. What is not whole or not of its format raises FileError; nothing is read beyond the columns asked for.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pc_csv
import pyarrow.parquet as pq

from analysis.registers.schema import Register
from trial.errors import FileError, RegisterError

ROWS = 131_072
FORMATS = ("parquet", "csv", "txt", "sas7bdat", "xpt", "dta")
_DELIMITERS = ";,\t|"


@dataclass(frozen=True)
class Source:
    """An open register file: its columns as it spells them, and a way to read some of them batch by batch."""

    path: Path
    names: tuple[str, ...]
    read: Callable[[Sequence[str]], Iterator[pa.Table]]

    def spelt(self, wanted: str) -> str:
        """Give a column as the file spells it."""
        return next(name for name in self.names if name.lower() == wanted.lower())


def open_source(folder: Path, register: Register) -> Source:
    """Find and open the file of a register and check its columns."""
    path = find_file(folder, register)
    size = path.stat().st_size
    try:
        source = _OPENERS[path.suffix.lstrip(".").lower()](path)
    except (pa.ArrowInvalid, OSError, ValueError, EOFError, UnicodeDecodeError):
        source = None
    if source is None or not size:
        raise unreadable(path)
    register.check_columns(source.names, str(path))
    return source


def unreadable(path: Path) -> FileError:
    """Make the error of a file that is not whole or not of its format."""
    return FileError(
        f"a register must be a whole {path.suffix.lstrip('.')} file",
        found=f"{path.stat().st_size} bytes that are not",
        where=str(path),
        mend="copy the file anew; it is cut short, spoilt, empty or of another format",
        code="file-unreadable",
    )


def _files(folder: Path, register: Register) -> list[Path]:
    return [path for suffix in FORMATS if (path := folder / f"{register.name}.{suffix}").is_file()]


def has_file(folder: Path, register: Register) -> bool:
    """Say whether a folder has a file of a register."""
    return bool(_files(folder, register))


def find_file(folder: Path, register: Register) -> Path:
    """Find the one file of a register in a folder."""
    found = _files(folder, register)
    if len(found) == 1:
        return found[0]
    if found:
        raise RegisterError(
            f"a folder holds one file of {register.name}",
            found=", ".join(path.name for path in found),
            where=str(folder),
            mend="keep the one that is meant",
            code="register-ambiguous",
        )
    raise FileError(
        f"the folder of registers must hold {register.name}.parquet (or {', '.join(FORMATS[1:])})",
        found="no such file",
        where=str(folder),
        mend="deliver it, or make synthetic registers with `analysis registers synthesise`",
        code="file-missing",
    )


def _open_parquet(path: Path) -> Source:
    file = pq.ParquetFile(path)

    def read(columns: Sequence[str]) -> Iterator[pa.Table]:
        for group in range(file.num_row_groups):
            try:
                yield file.read_row_group(group, columns=list(columns))
            except (pa.ArrowInvalid, OSError):
                raise unreadable(path) from None

    return Source(path, tuple(file.schema_arrow.names), read)


def _open_csv(path: Path) -> Source:
    with path.open("rb") as file:
        head = file.readline()
    encoding = "utf8" if _is_utf8(path) else "windows-1252"
    line = head.decode("utf-8-sig" if encoding == "utf8" else encoding).strip("\r\n")
    delimiter = max(_DELIMITERS, key=line.count)
    names = tuple(name.strip().strip('"') for name in line.split(delimiter))

    def read(columns: Sequence[str]) -> Iterator[pa.Table]:
        try:
            for batch in pc_csv.open_csv(
                path,
                pc_csv.ReadOptions(encoding=encoding, column_names=list(names), skip_rows=1, block_size=1 << 24),
                pc_csv.ParseOptions(delimiter=delimiter),
                pc_csv.ConvertOptions(
                    include_columns=list(columns),
                    column_types=dict.fromkeys(names, pa.string()),
                    null_values=["", "."],
                    strings_can_be_null=True,
                ),
            ):
                yield pa.Table.from_batches([batch])
        except pa.ArrowInvalid as error:
            raise FileError(
                "every line of a CSV register must have the columns of its first line",
                found=str(error).partition(":")[0],
                where=str(path),
                mend="export it anew; a delimiter inside a text needs quotes",
                code="file-unreadable",
            ) from None

    return Source(path, names, read)


def _is_utf8(path: Path) -> bool:
    with path.open("rb") as file:
        tail = b""
        while block := file.read(1 << 22):
            cut = block.rfind(b"\n") + 1 or len(block)
            try:
                (tail + block[:cut]).decode("utf-8")
            except UnicodeDecodeError:
                return False
            tail = block[cut:]
    return True


def _open_sas(path: Path) -> Source:
    import pandas as pd  # noqa: PLC0415

    kind: Any = "sas7bdat" if path.suffix.lower() == ".sas7bdat" else "xport"

    def chunks() -> Any:
        return pd.read_sas(path, format=kind, encoding="latin-1", chunksize=ROWS)

    with chunks() as reader:
        names = tuple(reader.read(1).columns)
    return Source(path, names, lambda columns: _frames(chunks(), columns))


def _open_stata(path: Path) -> Source:
    import pandas as pd  # noqa: PLC0415

    def chunks(columns: Sequence[str] | None = None) -> Any:
        return pd.read_stata(path, convert_categoricals=False, chunksize=ROWS, columns=columns)

    with chunks() as reader:
        names = tuple(reader.read(1).columns)
    return Source(path, names, lambda columns: _frames(chunks(list(columns)), columns))


def _frames(reader: Any, columns: Sequence[str]) -> Iterator[pa.Table]:
    with reader:
        for frame in reader:
            yield pa.Table.from_pandas(frame[list(columns)], preserve_index=False)


_OPENERS: dict[str, Callable[[Path], Source]] = {
    "parquet": _open_parquet,
    "csv": _open_csv,
    "txt": _open_csv,
    "sas7bdat": _open_sas,
    "xpt": _open_sas,
    "dta": _open_stata,
}
