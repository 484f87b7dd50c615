"""Search a folder for a planted number, inside compressed files too; exit 1 where it is found outside `intake/`.

Use: python scripts/find_canary.py FOLDER NUMBER
"""

import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq


def spellings(number: str) -> tuple[bytes, ...]:
    """Give the ways the number could be written: with its hyphen, without, and base64 or hex are not looked for."""
    digits = number.replace("-", "")
    return tuple(text.encode() for text in (f"{digits[:6]}-{digits[6:]}", digits, f"{digits[:6]} {digits[6:]}"))


def contents(path: Path) -> Iterator[bytes]:
    """Give the bytes of a file; a Parquet file also column by column, decompressed, with its metadata."""
    content = path.read_bytes()
    yield content
    if content[:4] == b"PAR1":
        table = pq.read_table(path)
        yield str(table.schema.metadata).encode()
        for column in table.columns:
            yield "\n".join(map(str, column.to_pylist())).encode()
    if content[:2] == b"\x1f\x8b":
        yield zlib.decompress(content, wbits=31)


def found(folder: Path, number: str) -> list[Path]:
    """Name the files of a folder that hold the number."""
    wanted = spellings(number)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return [path for path in files if any(text in part for part in contents(path) for text in wanted)]


def main(folder: Path, number: str) -> int:
    """Say where the number is; give the exit status."""
    places = [path.relative_to(folder) for path in found(folder, number)]
    inside = [path for path in places if path.parts[0] == "intake"]
    leaks = [path for path in places if path not in inside]
    print(f"the planted number: in {len(inside)} intake file(s), in {len(leaks)} other file(s)")
    for path in leaks:
        print(f"  LEAKED into {path}")
    return 0 if len(inside) == 1 and not leaks else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
