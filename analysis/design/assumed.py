"""What the protocol does not say and power needs: arrivals, losses, uptake, shares, deviations; the asker gives them.

1. Nothing is assumed in silence: what was not given is shown as not given, with the value that then holds (no loss,
   whole uptake, strata that explain nothing), and an estimand whose variance is unknown gets no number.
2. Values of outcomes are given as NAME=VALUE; a name the protocol does not declare is refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from analysis.design.power import refused
from trial.protocol import Protocol


@dataclass(frozen=True)
class Assumed:
    """The asker's assumptions; `given` names those that were given, the others hold their harmless value."""

    arrivals: int
    power: float
    given: frozenset[str]
    lost_to_pauses: float = 0.0
    lost_to_follow_up: float = 0.0
    uptake: float = 1.0
    explained: float = 0.0
    cluster_size: float | None = None
    icc: float | None = None
    shares: Mapping[str, float] = field(default_factory=dict)
    deviations: Mapping[str, float] = field(default_factory=dict)
    effects: Mapping[str, float] = field(default_factory=dict)
    hazard_ratios: Mapping[str, float] = field(default_factory=dict)
    margins: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what cannot be assumed."""
        for name in ("lost_to_pauses", "lost_to_follow_up", "explained"):
            if not 0 <= getattr(self, name) < 1:
                raise refused(f"{name} must be a share from 0 to below 1", getattr(self, name), "0.10")
        if not 0 < self.uptake <= 1:
            raise refused("uptake must lie above 0 and up to 1", self.uptake, "0.85")
        if (self.cluster_size is None) != (self.icc is None):
            raise refused("a cluster size and its correlation come together", "one of them", "give both")
        positive = {"a deviation": self.deviations, "a margin": self.margins, "a hazard ratio": self.hazard_ratios}
        for what, values in positive.items():
            for name, value in values.items():
                if not value > 0:
                    raise refused(f"{what} must be above zero", f"{name}={value}", f"{name}=1.5")
        for name, value in self.shares.items():
            if not 0 < value < 1:
                raise refused("a share must lie between 0 and 1", f"{name}={value}", f"{name}=0.35")

    def shown(self) -> list[tuple[str, str, str]]:
        """Give the assumptions as rows: name, value, where it is from."""
        rows = [
            ("arrivals", f"{self.arrivals:,}", "given"),
            ("power", f"{self.power:.0%}", "given"),
            ("lost to pauses", f"{self.lost_to_pauses:.1%}", self._origin("lost_to_pauses")),
            ("lost to follow-up", f"{self.lost_to_follow_up:.1%}", self._origin("lost_to_follow_up")),
            ("uptake", f"{self.uptake:.0%}", self._origin("uptake")),
            ("variance explained by strata", f"{self.explained:.1%}", self._origin("explained")),
        ]
        if self.icc is not None:
            rows.append(("whole clusters", f"of {self.cluster_size:g}, correlation {self.icc:g}", "given"))
        rows += [(f"share {name}", f"{value:g}", "given") for name, value in self.shares.items()]
        rows += [(f"deviation {name}", f"{value:g}", "given") for name, value in self.deviations.items()]
        return rows

    def _origin(self, name: str) -> str:
        return "given" if name in self.given else "not given"


def named_values(texts: Sequence[str], protocol: Protocol, option: str) -> dict[str, float]:
    """Read NAME=VALUE texts, NAME being a declared outcome."""
    known = [outcome.name for outcome in protocol.outcomes]
    found: dict[str, float] = {}
    for text in texts:
        name, _, value = text.partition("=")
        if name not in known:
            raise refused(f"{option} must name a declared outcome", name, f"one of: {', '.join(known)}")
        try:
            found[name] = float(value)
        except ValueError:
            raise refused(f"{option} must be NAME=NUMBER", text, f"{option} {name}=0.35") from None
    return found
