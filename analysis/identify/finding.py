"""A finding: what one gate found, as a figure beside its threshold and a sentence a ministry understands.

1. A status is one of four, from best to worst: passes, warns, not-assessed, fails. What could not be looked at is
   worse than a doubt and better than a refutation.
2. `weight` orders the reasons of a verdict; it belongs to the gate, never to the data.
3. `details` are plain data: everything a plot or a referee needs, and nothing else.
4. `assumption` names what must be believed where the gate could not look, or cannot look at all.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from trial.protocol import Text

Status = Literal["passes", "warns", "not-assessed", "fails"]
Detail = float | str | list["Detail"] | dict[str, "Detail"]

STATUSES: tuple[Status, ...] = ("passes", "warns", "not-assessed", "fails")

# Gates in order of weight: what a reader must know first comes first.
WEIGHTS: Mapping[str, int] = {
    "design": 100,
    "mode": 90,
    "overlap": 80,
    "placebo": 70,
    "survivorship": 60,
    "anticipation": 55,
    "talk": 50,
    "instruments": 40,
    "precision": 30,
    "bounds": 25,
    "displacement": 20,
    "sensitivity": 10,
}


@dataclass(frozen=True)
class Finding:
    """What a gate found: `figure` beside `threshold` (None where it has none), a sentence, and data for a plot."""

    gate: str
    status: Status
    figure: float | None
    threshold: float | None
    sentence: Text
    weight: int
    details: Mapping[str, Detail] = field(default_factory=dict)
    assumption: str | None = None

    def to_json(self) -> dict[str, object]:
        """Give the finding as plain data; a number that is none is null."""
        return {
            "gate": self.gate,
            "status": self.status,
            "figure": _finite(self.figure),
            "threshold": self.threshold,
            "sentence": {"da": self.sentence.da, "en": self.sentence.en},
            "weight": self.weight,
            "assumption": self.assumption,
            "details": _plain(dict(self.details)),
        }


def found(
    gate: str,
    status: Status,
    figure: float | None,
    threshold: float | None,
    *,
    da: str,
    en: str,
    details: Mapping[str, Detail] | None = None,
    assumption: str | None = None,
) -> Finding:
    """Make a finding of a known gate, with the gate's weight."""
    da = da.replace("pct..", "pct.")  # the point of the abbreviation ends the sentence as well
    return Finding(
        gate, status, figure, threshold, Text(da=da, en=en), WEIGHTS[gate], dict(details or {}), assumption
    )


def not_assessed(gate: str, *, da: str, en: str, assumption: str | None = None) -> Finding:
    """Make the finding of a gate that had nothing to look at."""
    return found(gate, "not-assessed", None, None, da=da, en=en, assumption=assumption)


def worst(statuses: Iterable[Status]) -> Status:
    """Give the worst of some statuses; passes where there is none."""
    return max(statuses, key=STATUSES.index, default="passes")


def _finite(number: float | None) -> float | None:
    return float(number) if number is not None and math.isfinite(number) else None


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if isinstance(value, str) or value is None:
        return value
    if isinstance(value, (bool, int)):
        return value
    return _finite(float(value))  # type: ignore[arg-type]
