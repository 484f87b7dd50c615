"""The files of a set of effects: effects.parquet, effects.json and manifest.json.

Files are written beside their place and renamed into it; the manifest comes last and holds the hashes of the other
two. A reader never sees half a file, and knows when one was changed.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.plan.manifest import Sources, replace_file, sha256
from trial.errors import FileError

if TYPE_CHECKING:
    from analysis.plan.effects import Row


def write_effects(
    rows: "Sequence[Row]", document: Mapping[str, object], out: Path, sources: Sources
) -> dict[str, object]:
    """Write the three files into a folder; give the manifest."""
    out.mkdir(parents=True, exist_ok=True)
    replace_file(out / "effects.parquet", _parquet(rows))
    replace_file(out / "effects.json", _json(document))
    manifest = sources.manifest({name: sha256(out / name) for name in ("effects.parquet", "effects.json")})
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


def _parquet(rows: "Sequence[Row]") -> bytes:
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    text = ["estimand", "estimator", "outcome", "population", "role", "summary", "of", "against", "per", "status",
            "reason", "se_type", "conclusion", "adjusted_by"]  # fmt: skip
    real = ["estimate", "se", "ci_low", "ci_high", "p", "p_adjusted", "level", "df", "margin", "bound", "bound_level"]
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
