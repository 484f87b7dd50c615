"""The same figures by packages that are not ours, in an environment of their own (.venv-oracle, `make oracle`).

Each function asks one package and gives plain numbers; `python -m tests.oracle.peers` prints all of them as JSON.
The committed figures.json is what it printed; `--check` fails where a package now says otherwise.
"""

import contextlib
import importlib.metadata
import json
import math
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.oracle.trials import attrition, citizens, durations, family

FIGURES = Path(__file__).with_name("figures.json")
PACKAGES = ("greenwood", "lifelines", "pyfixest", "pyleebounds", "scikit-survival", "sreg", "statsmodels", "surpyval",
            "survival")  # fmt: skip
LEVEL, TAU = 0.95, 20


def pyfixest() -> dict[str, Any]:
    """Strata effects, 2SLS and Lin under HC1 and CR1; step-down over given replays."""
    import numpy as np
    import pandas as pd
    import pyfixest as pf
    from pyfixest.estimation.post_estimation import multcomp

    frame = pd.DataFrame(citizens())
    for name in ("age", "prior"):
        frame[name] = frame[name] - frame[name].mean()
    formulas = {
        "strata": ("y ~ z | s", "z"), "two sets": ("y ~ z | s + m", "z"), "2SLS": ("y ~ 1 | s | d ~ z", "d"),
        "adjusted": ("y ~ z + age + prior | s", "z"), "Lin": ("y ~ z + age + prior + z:age + z:prior | s", "z"),
    }  # fmt: skip
    found: dict[str, Any] = {}
    for name, (formula, term) in formulas.items():
        for kind, vcov in (("HC1", "HC1"), ("CR1", {"CRV1": "c"})):
            fit = pf.feols(formula, frame, vcov=vcov)
            found[f"{name}, {kind}"] = [float(fit.coef()[term]), float(fit.se()[term])]
    fit = pf.feols("y ~ z | s", frame, vcov="HC1", weights="w")
    found["strata, weighted, HC1"] = [float(fit.coef()["z"]), float(fit.se()["z"])]
    own, replays = np.array(family()[0]), np.array(family()[1])
    found["Romano-Wolf"] = [float(p) for p in multcomp._get_rwolf_pval(own, replays)]
    p, drawn = _p(own), _p(np.abs(replays))
    found["Westfall-Young, without the added one"] = [float(one) for one in multcomp._get_wyoung_pval(p, drawn)]
    return found


def _p(statistics: Any) -> Any:
    from scipy import stats

    return 2 * stats.norm.sf(statistics)


def sreg() -> dict[str, Any]:
    """Bugni, Canay & Shaikh by their own package."""
    import pandas as pd
    from sreg import sreg as run

    data = {name: pd.Series(values) for name, values in citizens().items()}
    found = {}
    for name, corrected in (("BCS", False), ("BCS-adjusted", True)):
        fit = run(Y=data["y"].astype(float), S=data["s"], D=data["z"], HC1=corrected)
        found[name] = [float(fit["tau_hat"][0]), float(fit["se_rob"][0])]
    return found


def lifelines() -> dict[str, Any]:
    """Kaplan-Meier with log-log bands, log-rank, stratified Cox, the restricted mean."""
    import pandas as pd
    from lifelines import CoxPHFitter, KaplanMeierFitter
    from lifelines.statistics import logrank_test
    from lifelines.utils import restricted_mean_survival_time

    frame = pd.DataFrame(durations())
    frame["event"] = (frame["cause"] == 1).astype(int)
    found: dict[str, Any] = {}
    for arm, own in frame.groupby("z"):
        km = KaplanMeierFitter(alpha=1 - LEVEL).fit(own["week"], own["event"])
        table = km.survival_function_.join(km.confidence_interval_)
        found[f"Kaplan-Meier, arm {arm}"] = [[float(x) for x in table.loc[week]] for week in range(1, TAU + 1)]
        found[f"restricted mean, arm {arm}"] = float(restricted_mean_survival_time(km, t=TAU))
    one, other = (frame[frame["z"] == arm] for arm in (0, 1))
    test = logrank_test(one["week"], other["week"], one["event"], other["event"])
    found["log-rank"] = [float(test.test_statistic), float(test.p_value)]
    cox = CoxPHFitter().fit(frame[["week", "event", "z", "s"]], "week", "event", strata=["s"])
    found["Cox, strata, Efron"] = [float(cox.params_["z"]), float(cox.standard_errors_["z"])]
    return found


def sksurv() -> dict[str, Any]:
    """Aalen-Johansen with the delta-method band, log-rank, Cox with Breslow's and Efron's ties."""
    import numpy as np
    from sksurv.compare import compare_survival
    from sksurv.linear_model import CoxPHSurvivalAnalysis
    from sksurv.nonparametric import cumulative_incidence_competing_risks
    from sksurv.util import Surv

    data = {name: np.array(values) for name, values in durations().items()}
    found: dict[str, Any] = {}
    for arm in (0, 1):
        own = data["z"] == arm
        weeks, share, band = cumulative_incidence_competing_risks(
            data["cause"][own], data["week"][own].astype(float), conf_level=LEVEL, conf_type="log-log",
            var_type="Dinse_Approx",
        )  # fmt: skip
        places = {int(week): place for place, week in enumerate(weeks)}
        found[f"Aalen-Johansen, arm {arm}"] = [
            [float(share[1][places[week]]), *(float(band[1][side][places[week]]) for side in (0, 1))]
            for week in range(1, TAU + 1)
        ]
    outcome = Surv.from_arrays(data["cause"] == 1, data["week"].astype(float))
    statistic, p = compare_survival(outcome, data["z"])
    found["log-rank"] = [float(statistic), float(p)]
    for ties in ("efron", "breslow"):
        cox = CoxPHSurvivalAnalysis(ties=ties, tol=1e-12).fit(data["z"].reshape(-1, 1).astype(float), outcome)
        found[f"Cox, {ties}"] = float(cox.coef_[0])
    return found


def survival() -> dict[str, Any]:
    """R's survival in Rust: stratified Cox with both ties and clustered errors, stratified log-rank."""
    import pandas as pd
    import survival as rs

    frame = pd.DataFrame(durations())
    frame["event"] = (frame["cause"] == 1).astype(int)
    found: dict[str, Any] = {}
    for ties in ("efron", "breslow"):
        fit = rs.coxph("Surv(week, event) ~ z + strata(s)", data=frame, ties=ties)
        found[f"Cox, strata, {ties}"] = [float(rs.coef(fit)[0]), math.sqrt(float(rs.vcov(fit)[0][0]))]
    fit = rs.coxph("Surv(week, event) ~ z + strata(s) + cluster(c)", data=frame, ties="efron")
    found["Cox, strata, efron, clusters"] = [float(rs.coef(fit)[0]), math.sqrt(float(rs.vcov(fit)[0][0]))]
    for name, formula in (("log-rank", "z"), ("stratified log-rank", "z + strata(s)")):
        found[name] = float(rs.survdiff(f"Surv(week, event) ~ {formula}", data=frame).chisq)
    return found


def surpyval() -> dict[str, Any]:
    """Stratified Cox with Efron's ties from rows and from counts."""
    import numpy as np
    import pandas as pd
    import surpyval as sp

    frame = pd.DataFrame(durations())
    censored = (frame["cause"] != 1).astype(int).to_numpy()
    fit = sp.CoxPH.fit(frame["week"].to_numpy(), frame[["z"]].to_numpy(), c=censored, strata=frame["s"].to_numpy())
    found: dict[str, Any] = {"Cox, strata, Efron": float(np.ravel(fit.params)[0])}
    counted = frame.assign(c=censored).groupby(["week", "z", "s", "c"]).size().reset_index(name="n")
    arrays = {name: counted[name].to_numpy() for name in counted.columns}
    fit = sp.CoxPH.fit(arrays["week"], arrays["z"].reshape(-1, 1), c=arrays["c"], n=arrays["n"], strata=arrays["s"])
    found["Cox, strata, Efron, counts"] = float(np.ravel(fit.params)[0])
    return found


def greenwood() -> dict[str, Any]:
    """The restricted mean difference with its standard error; stratified log-rank."""
    import greenwood as gw
    import pandas as pd

    frame = pd.DataFrame(durations())
    outcome = gw.Surv(time=frame["week"], event=frame["cause"] == 1)
    found: dict[str, Any] = {}
    test = gw.rmst_test(outcome, TAU, frame["z"])
    found["restricted mean difference"] = [float(test.estimate), float(test.se)]
    found["stratified log-rank"] = float(gw.logrank_test(outcome, frame["z"], strata=frame["s"]).statistic)
    return found


def statsmodels() -> dict[str, Any]:
    """Grouped-time hazards: complementary log-log on person-weeks written out, week and stratum dummies."""
    import pandas as pd
    import statsmodels.api as sm

    weeks = [
        {"out": int(cause == 1 and at == week), "z": arm, "week": at, "s": stratum}
        for week, cause, arm, stratum in zip(
            *(durations()[name] for name in ("week", "cause", "z", "s")), strict=True
        )
        for at in range(1, week + 1)
    ]
    frame = pd.DataFrame(weeks)
    # Exits for another cause leave the risk set at the end of their week, as censored citizens do.
    design = pd.concat([frame[["z"]], pd.get_dummies(frame["week"], prefix="w"),
                        pd.get_dummies(frame["s"], prefix="s").iloc[:, 1:]], axis=1).astype(float)  # fmt: skip
    family_ = sm.families.Binomial(link=sm.families.links.CLogLog())
    fit = sm.GLM(frame["out"], design, family=family_).fit(tol=1e-12, maxiter=100)
    return {"grouped hazards, strata": [float(fit.params["z"]), float(fit.bse["z"])]}


def pyleebounds() -> dict[str, Any]:
    """Lee's bounds; its standard errors are bootstrapped without a seed and are left out."""
    import numpy as np
    from pyleebounds.lee_bounds import LeeBounds

    data = {name: np.array(values) for name, values in attrition().items()}
    low, high = LeeBounds()._compute_bounds(data["y"], data["z"], data["r"], 96 / 128, 72 / 128)
    return {"Lee bounds": [float(low), float(high)]}


PEERS: dict[str, Callable[[], dict[str, Any]]] = {
    peer.__name__: peer
    for peer in (pyfixest, sreg, lifelines, sksurv, survival, surpyval, greenwood, statsmodels, pyleebounds)
}


def figures() -> dict[str, Any]:
    """Ask every package."""
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        found = {name: peer() for name, peer in PEERS.items()}
    return {"versions": {name: importlib.metadata.version(name) for name in PACKAGES}, **found}


def differences(one: Any, other: Any, where: str = "") -> list[str]:
    """Name every figure that is not the same to nine digits."""
    if isinstance(one, dict) and isinstance(other, dict):
        keys = sorted({*one, *other})
        return [text for key in keys for text in differences(one.get(key), other.get(key), f"{where}/{key}")]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = enumerate(zip(one, other, strict=True))
        return [text for place, (a, b) in pairs for text in differences(a, b, f"{where}/{place}")]
    if isinstance(one, float) and isinstance(other, float):
        return [] if math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12) else [f"{where}: {one!r}, now {other!r}"]
    return [] if one == other else [f"{where}: {one!r}, now {other!r}"]


def main() -> int:
    """Print the figures, or compare them with the committed ones."""
    now = figures()
    if "--check" not in sys.argv:
        sys.stdout.write(json.dumps(now, indent=1, sort_keys=True) + "\n")
        return 0
    found = differences(json.loads(FIGURES.read_text(encoding="utf-8")), now)
    sys.stderr.write("\n".join(found or ["Every package gives its committed figures."]) + "\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
