"""Register files that appear whole: they grow under a working name and are renamed when all went well."""

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.parquet as pq


class Writers:
    """Parquet files of one folder, written table by table; on an error none of them appears."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.open: dict[str, pq.ParquetWriter] = {}

    def __enter__(self) -> "Writers":
        self.out.mkdir(parents=True, exist_ok=True)
        return self

    def write(self, tables: Mapping[str, pa.Table]) -> None:
        """Append a table to the file of each name."""
        for name, table in tables.items():
            if name not in self.open:
                self.open[name] = pq.ParquetWriter(self._part(name), table.schema, compression="zstd")
            self.open[name].write_table(table)

    def _part(self, name: str) -> Path:
        return self.out / f".{name}.parquet.part"

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for writer in self.open.values():
            writer.close()
        for name in self.open:
            if kind is None:
                self._part(name).replace(self.out / f"{name}.parquet")
            else:
                self._part(name).unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file that appears by rename."""
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
