"""Effects: one row an estimand x estimator x outcome x population, with curves, first stages and what was missing.

1. A row is `estimated` and has numbers, or `not-estimable` and has a reason. No row has both.
2. `role` is what the protocol declared (primary, secondary) or `exploratory`.
3. Files are written beside their place and renamed into it: effects.parquet, effects.json, then manifest.json,
   which holds the hashes of the other two. A reader never sees half a file.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from analysis.estimate.kaplan_meier import Curve
from analysis.plan.manifest import Sources, replace_file, sha256
from trial.errors import FileError

FORMAT = "lodtraek-effects/1"


@dataclass(frozen=True)
class Row:
    """One effect: what it is of, its numbers or its reason, and the statement against a declared margin."""

    estimand: str
    estimator: str
    outcome: str
    population: str
    role: str
    summary: str
    of: str
    against: str
    per: str  # "assignment", or "unit of share_physical": what one unit of the effect is the effect of
    label: Mapping[str, str]
    n: Mapping[str, int]
    missing: Mapping[str, int]
    pooled_strata: int
    status: str  # "estimated" or "not-estimable"
    reason: str | None = None
    estimate: float | None = None
    se: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    p: float | None = None
    level: float | None = None
    df: float | None = None
    se_type: str | None = None
    margin: float | None = None
    bound: float | None = None
    bound_level: float | None = None
    conclusion: str | None = None
    higher_is_better: bool | None = None
    extra: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class FirstStageRow:
    """What the arm does to the dose."""

    estimand: str
    dose: str
    of: str
    against: str
    status: str
    reason: str | None = None
    estimate: float | None = None
    se: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    f: float | None = None
    weak: bool | None = None


@dataclass(frozen=True)
class OutcomeCurve:
    """A survival curve of one arm for a declared time-to-exit outcome."""

    outcome: str
    curve: Curve


@dataclass(frozen=True)
class Missing:
    """Citizens of an arm whose outcome was not observed, by reason."""

    outcome: str
    arm: str
    reason: str
    n: int


@dataclass(frozen=True)
class Joined:
    """Small strata joined for an outcome."""

    outcome: str
    name: str
    members: tuple[str, ...]


@dataclass(frozen=True)
class Effects:
    """Everything the plan gave."""

    trial: str
    rows: tuple[Row, ...]
    curves: tuple[OutcomeCurve, ...] = ()
    first_stage: tuple[FirstStageRow, ...] = ()
    missing: tuple[Missing, ...] = ()
    joined: tuple[Joined, ...] = ()

    def row(self, estimand: str, estimator: str, population: str = "randomised") -> Row:
        """Find a row; raises KeyError when the plan had no such row."""
        for row in self.rows:
            if (row.estimand, row.estimator, row.population) == (estimand, estimator, population):
                return row
        raise KeyError((estimand, estimator, population))

    def to_json(self) -> dict[str, object]:
        """Give the effects as plain data."""
        return {
            "format": FORMAT,
            "trial": self.trial,
            "effects": [asdict(row) for row in self.rows],
            "first_stage": [asdict(row) for row in self.first_stage],
            "curves": [{"outcome": item.outcome, **asdict(item.curve)} for item in self.curves],
            "missing": [asdict(item) for item in self.missing],
            "joined_strata": [asdict(item) for item in self.joined],
        }

    def write(self, out: Path, sources: Sources) -> dict[str, object]:
        """Write effects.parquet, effects.json and manifest.json into a folder; give the manifest."""
        out.mkdir(parents=True, exist_ok=True)
        replace_file(out / "effects.parquet", _parquet(self.rows))
        replace_file(out / "effects.json", _json(self.to_json()))
        files = {name: sha256(out / name) for name in ("effects.parquet", "effects.json")}
        manifest = sources.manifest(files)
        replace_file(out / "manifest.json", _json(manifest))
        return manifest


def read_effects(out: Path) -> dict[str, object]:
    """Read effects.json of a folder as plain data, its hash checked against the manifest."""
    path = out / "effects.json"
    try:
        manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
        effects = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FileError(
            "effects.json and manifest.json must be readable", found=error, where=str(out), mend="analysis estimate"
        ) from error
    if manifest["files"]["effects.json"] != sha256(path):
        raise FileError(
            "effects.json must be the file its manifest names", found="another hash", where=str(path),
            mend="run `analysis estimate` again", code="effects-hash",
        )  # fmt: skip
    return dict(effects)


def _json(data: object) -> bytes:
    return (json.dumps(data, ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode()


def _parquet(rows: tuple[Row, ...]) -> bytes:
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    text = ["estimand", "estimator", "outcome", "population", "role", "summary", "of", "against", "per", "status",
            "reason", "se_type", "conclusion"]  # fmt: skip
    real = ["estimate", "se", "ci_low", "ci_high", "p", "level", "df", "margin", "bound", "bound_level"]
    kinds = dict.fromkeys(text, pa.string()) | dict.fromkeys(real, pa.float64())
    columns = {name: pa.array([getattr(row, name) for row in rows], kind) for name, kind in kinds.items()}
    for prefix, counts in (("n", [row.n for row in rows]), ("missing", [row.missing for row in rows])):
        for side, arms in (("of", [row.of for row in rows]), ("against", [row.against for row in rows])):
            numbers = [count.get(arm) for count, arm in zip(counts, arms, strict=True)]
            columns[f"{prefix}_{side}"] = pa.array(numbers, pa.int64())
    columns["pooled_strata"] = pa.array([row.pooled_strata for row in rows], pa.int64())
    columns["higher_is_better"] = pa.array([row.higher_is_better for row in rows], pa.bool_())
    for lang in ("da", "en"):
        columns[f"label_{lang}"] = pa.array([row.label.get(lang) for row in rows], pa.string())
    columns["notes"] = pa.array(["; ".join(row.notes) for row in rows], pa.string())
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), sink)
    return bytes(sink.getvalue().to_pybytes())
