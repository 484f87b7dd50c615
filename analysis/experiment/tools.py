"""What is computed on every data set: the design's own estimators, and the tools an analyst without a draw would use.

1. A tool names the truth it is held against and the route of a verdict that lets it print.
2. The usual tools compare citizens by the form of the first conversation they had; the design's compare the arms.
3. What is not asked of every data set is slow; it is asked of the same ones always.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from analysis.estimate.cells import tabulate
from analysis.estimate.difference import stratified_difference
from analysis.estimate.differences import cell_means, two_way
from analysis.estimate.instrument import two_stage
from analysis.estimate.result import NotEstimable, Result
from analysis.estimate.spillovers import saturation_effects
from analysis.estimate.strata import pool_small
from analysis.estimate.timing import spells_of_panel, timing_of_events
from analysis.experiment.data import Simulated
from analysis.experiment.declare import Size
from analysis.identify.comparison import Comparison
from analysis.identify.panel import EMPLOYMENT, PHYSICAL, TELEPHONE, VIDEO, assigned, landmark
from analysis.identify.usual import NAMES, usual_tool

ARMS = ("physical", "digital")
LEVEL = 0.95
BLOCK = 4  # weeks of a period in difference-in-differences
PIECES, TALK_PIECES = (1, 5, 9, 14, 20), (1, 3)  # first weeks of constant hazard
OLD = 40
SMALLEST = 2  # citizens an arm needs in a stratum, as the shipped protocol declares


@dataclass(frozen=True)
class Seen:
    """A simulated data set as tools see it."""

    simulated: Simulated
    size: Size

    @cached_property
    def compared(self) -> Comparison:
        """Compare by the form of the first conversation held."""
        return landmark(self.simulated.panel, self.size.landmark_week, self.size.horizon)

    @cached_property
    def drawn(self) -> Comparison:
        """Compare by arm."""
        return assigned(self.simulated.panel, self.size.horizon)

    @cached_property
    def rows(self) -> NDArray[np.int64]:
        """Give the spells with an arm."""
        arm = self.simulated.panel.arm
        assert arm is not None  # noqa: S101 - only trials are asked
        return np.flatnonzero(arm >= 0)

    @cached_property
    def dose(self) -> NDArray[np.float64]:
        """Whether the first conversation was digital, among those with an arm; without a conversation it was not."""
        _, mode = self.simulated.panel.first_talk(self.size.horizon)
        digital: NDArray[np.float64] = (mode[self.rows] > PHYSICAL).astype(np.float64)
        return digital

    @cached_property
    def compared_arms(self) -> NDArray[np.bool_]:
        """Say whose jobcentre had both arms, among those with an arm."""
        shares = self.simulated.saturation
        return np.ones(len(self.rows), dtype=np.bool_) if shares is None else (shares > 0) & (shares < 1)

    @cached_property
    def strata(self) -> NDArray[np.int64]:
        """Give the strata of the draw of those compared by arm.

        Small ones are joined within what makes the chances of the arms alike: groups other than the jobcentre, or the
        share drawn for it.
        """
        lots, shares = self.simulated.lots, self.simulated.saturation
        assert lots is not None  # noqa: S101 - only trials are asked
        names = [unit.stratum for unit in lots.units if unit is not None]
        alike = [name.partition("/")[2] for name in names] if shares is None else [f"{one:g}" for one in shares]
        kept = self.compared_arms
        return pool_small(
            np.array(names)[kept], self.drawn.treatment[kept] == 1, np.array(alike)[kept, None], minimum=SMALLEST
        ).codes


Run = Callable[[Seen], Result]


@dataclass(frozen=True)
class Tool:
    """An estimator, the truth it is held against, the route that lets it print, and what it needs.

    every: asked of every so-manieth data set only, where it is slow.
    """

    name: str
    target: str
    route: str
    run: Run
    needs: str = ""  # "" any panel, "arms" a trial, "shares" a two-stage trial
    every: int = 1


def _itt(seen: Seen) -> Result:
    data, kept = seen.drawn, seen.compared_arms
    return stratified_difference(
        tabulate(data.outcome[kept], data.treatment[kept], seen.strata, arms=ARMS), level=LEVEL
    )


def _late(seen: Seen) -> Result:
    data = seen.drawn
    cells = tabulate(data.outcome, data.treatment, seen.strata, arms=ARMS, dose=seen.dose)
    return two_stage(cells, se_type="HC2", level=LEVEL)


def _saturation(share: float, what: str) -> Run:
    def run(seen: Seen) -> Result:
        data, given = seen.drawn, seen.simulated.saturation
        found = saturation_effects(data.outcome, data.treatment, data.cluster, given, level=LEVEL, arms=ARMS)  # type: ignore[arg-type]
        if isinstance(found, NotEstimable):
            return found
        return getattr(next(one for one in found if one.saturation == share), what)  # type: ignore[no-any-return]

    return run


def _usual(name: str) -> Run:
    return lambda seen: usual_tool(name, seen.compared, level=LEVEL)


def _shutdown(seen: Seen) -> Result:
    data = seen.compared
    assert data.period is not None  # noqa: S101 - spells by week have calendar time
    cells = cell_means(data.outcome, data.treatment, data.cluster, data.period // BLOCK)  # type: ignore[arg-type]
    return two_way(cells, se_type="CR1", level=LEVEL, arms=ARMS)


def _timing(kinds: Mapping[str, tuple[int, ...]], of: str, against: str | None) -> Run:
    """Fit timing of events on spells as seen; give the log hazard of a talk, or of one kind against another."""

    def run(seen: Seen) -> Result:
        panel, known = seen.simulated.panel, seen.simulated.panel.covariates
        columns = np.column_stack([known["age"] > OLD, known["education"], known["female"]]).astype(np.float64)
        spells = spells_of_panel(
            panel.talk, panel.last_week, panel.cause == EMPLOYMENT, kinds=kinds, covariates=columns,
            names=("older", "education", "female"),
        )  # fmt: skip
        found = timing_of_events(
            spells, pieces=PIECES, talk_pieces=TALK_PIECES, works="next-week", max_points=2, criterion="bic",
            level=LEVEL,
        )  # fmt: skip
        if isinstance(found, NotEstimable):
            return found
        return found.effects[of] if against is None else found.contrast(of, against)

    return run


TOOLS: tuple[Tool, ...] = (
    *(Tool(name, "landmark", "unconfoundedness", _usual(name)) for name in NAMES),
    Tool("difference-in-differences", "landmark", "unconfoundedness", _shutdown),
    Tool("timing-of-events", "conversation-hazard", "",
         _timing({"talk": (PHYSICAL, TELEPHONE, VIDEO)}, "talk", None), every=5),
    Tool("timing-of-events-by-form", "form-hazard", "",
         _timing({"physical": (PHYSICAL,), "digital": (TELEPHONE, VIDEO)}, "digital", "physical"), every=25),
    Tool("stratified-difference", "itt", "design", _itt, "arms"),
    Tool("two-stage-least-squares", "late", "design", _late, "arms"),
    Tool("stratified-difference-for-all", "overall@1", "", _itt, "shares"),
    Tool("saturation-spillover", "spillover@0.75", "design", _saturation(0.75, "spillover"), "shares"),
    Tool("saturation-total", "total@0.75", "design", _saturation(0.75, "total"), "shares"),
    Tool("saturation-overall", "overall@1", "design", _saturation(1.0, "overall"), "shares"),
)  # fmt: skip


def tools_for(simulated: Simulated) -> tuple[Tool, ...]:
    """Give the tools that apply to a data set and have a truth in it."""
    has: Mapping[str, bool] = {
        "": True, "arms": simulated.lots is not None, "shares": simulated.saturation is not None,
    }  # fmt: skip
    return tuple(tool for tool in TOOLS if has[tool.needs] and tool.target in simulated.truth)
