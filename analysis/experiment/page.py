"""The verdict page of simulated regimes: what the first screen says where the truth is known."""

from collections.abc import Iterator, Sequence

from analysis.experiment.declare import Experiment
from analysis.experiment.judge import judged, plan_for
from analysis.experiment.regimes import REGIMES
from analysis.experiment.run import PLANTED, Task
from analysis.experiment.tools import LEVEL, Seen
from analysis.identify.usual import usual_tools
from analysis.report.verdict import Judged


def judged_regimes(experiment: Experiment, names: Sequence[str]) -> Iterator[Judged]:
    """Judge the first data set of each regime, with what the usual tools would have printed of it."""
    for name in names:
        seed = Task(experiment, name, PLANTED, 0, judged=True).seed()
        simulated = REGIMES[name](experiment, seed)
        drawn = simulated.lots is not None
        plan = plan_for(experiment, drawn=drawn).model_copy(update={"title": experiment.titles[name]})
        found = judged(experiment, simulated)
        printed = () if drawn else tuple(usual_tools(Seen(simulated, experiment.size).compared, level=LEVEL))
        yield Judged(f"analysis experiment, {name}", plan, found.findings, found.verdict, printed, synthetic=True)
