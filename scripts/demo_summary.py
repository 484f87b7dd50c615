"""The end of the demo in words: who came, who was drawn, whether it verifies, and the planted effect found again.

Reads only what the commands wrote; exits 1 where the ledger does not verify or a printed digit is not reproduced.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PRIMARY = ("itt-weeks-employed", "stratified-difference")


def read(path: Path) -> Any:
    """Read a JSON file."""
    return json.loads(path.read_text("utf-8"))


def enrolment(status: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Say who came and what became of them."""
    turned_away = status["not_randomised"]
    paused = sum(n for reason, n in turned_away.items() if reason.startswith("paused:"))
    yield "arrivals", f"{status['arrivals']:,}"
    yield "  not eligible", f"{sum(turned_away.values()) - paused:,}"
    yield "  in a pause", f"{paused:,}"
    yield "  randomised", f"{status['randomised']:,}"
    for arm, n in status["per_arm"].items():
        yield f"    {arm}", f"{n:,}"
    yield "pauses", f"{status['pauses']:,}, decided from the published infection figures"


def effect(folder: Path) -> Iterator[tuple[str, str]]:
    """Say what was planted and what was found."""
    truth = read(folder / "registers" / "truth.json")
    planted = next(one for one in truth["estimands"] if one["estimand"] == PRIMARY[0])
    row = next(
        one
        for one in read(folder / "effects" / "effects.json")["effects"]
        if (one["estimand"], one["estimator"]) == PRIMARY
    )
    yield "planted effect", f"{planted['effect']:+.2f} weeks employed by week 52, digital against physical"
    yield (
        "estimate",
        f"{row['estimate']:+.2f}, {row['level']:.0%} interval {row['ci_low']:+.2f} to {row['ci_high']:+.2f}",
    )
    yield f"margin {row['margin']:g} weeks", f"{row['conclusion']} (bound {row['bound']:+.2f})"


def main(folder: Path) -> int:
    """Print the summary; give the exit status."""
    verified, cells = read(folder / "verify.json"), read(folder / "reproduce.json")
    reproduced = sum(cell["status"] == "reproduced" for cell in cells)
    lines = [
        *enrolment(read(folder / "status.json")),
        ("ledger", f"{verified['length']:,} rows, {'verified' if verified['holds'] else 'DOES NOT VERIFY'}"),
        ("identification", read(folder / "identify.json")["headline"]["en"]),
        *effect(folder),
        ("published cells", f"{reproduced} of {len(cells)} reproduced to the printed digit"),
        ("report", f"{folder / 'report.html'} (Danish: {folder / 'da' / 'report.html'})"),
    ]
    width = max(len(name) for name, _ in lines)
    print("\nThe trial of 2021, simulated")
    for name, text in lines:
        print(f"  {name:{width}}  {text}")
    return 0 if verified["holds"] and reproduced == len(cells) else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
