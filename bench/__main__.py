"""Run every `bench_*.py` of this folder and write `bench/results.json`; `python -m bench NAME` runs one."""

import importlib
import json
import sys
from pathlib import Path

from bench.harness import Row

FOLDER = Path(__file__).parent


def main() -> None:
    """Collect the rows of every benchmark, print them as they come, write them at the end."""
    wanted = sys.argv[1:]
    rows: list[Row] = []
    for file in sorted(FOLDER.glob("bench_*.py")):
        if wanted and file.stem.removeprefix("bench_") not in wanted:
            continue
        for row in importlib.import_module(f"bench.{file.stem}").measure():
            rows.append(row)
            print(
                f"{row.name:42} {row.size:>11,}  ours {row.ours_s:8.3f} s {row.ours_mb:7.0f} MB"
                f"   {row.peer:28} {row.peer_s:8.3f} s   ratio {row.ratio:6.2f}",
                flush=True,
            )
    if not wanted:
        (FOLDER / "results.json").write_text(json.dumps([row.to_json() for row in rows], indent=1) + "\n")


if __name__ == "__main__":
    main()
