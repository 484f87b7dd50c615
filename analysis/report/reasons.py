"""Why there is no number, in Danish: the estimators state their reasons in English, one sentence each.

1. A pattern keeps the numbers and names of the sentence; what no pattern knows is quoted as it stands.
2. Only what a declared plan can meet is here.
"""

import re

_PATTERNS: tuple[tuple[str, str], ...] = (
    (r"no citizen has an observed (?:outcome|duration)", "ingen borger har et observeret udfald"),
    (
        r"arm (\S+) has no citizen with an observed (?:outcome|duration)",
        r"arm \1 har ingen borger med observeret udfald",
    ),
    (
        r"the protocol was amended: no one design was run that could be replayed",
        "protokollen blev ændret undervejs: der blev ikke kørt ét design, som kunne gentages",
    ),
    (r"an arm has fewer than 2 citizens", "en arm har færre end 2 borgere"),
    (r"one of the arms has fewer than (\d+) citizens", r"en af armene har færre end \1 borgere"),
    (r"stratum (\S+) has no citizen in one of the arms", r"stratum \1 har ingen borger i en af armene"),
    (r"no stratum has citizens in both arms", "intet stratum har borgere i begge arme"),
    (r"every citizen has the same outcome", "alle borgere har samme udfald"),
    (
        r"the outcome does not vary within the arms: no standard error exists",
        "udfaldet varierer ikke inden for armene: der findes ingen standardfejl",
    ),
    (
        r"no degrees of freedom are left: there are as many parameters as citizens",
        "der er ingen frihedsgrader tilbage: lige så mange parametre som borgere",
    ),
    (
        r"a citizen alone decides the fit \(leverage 1\): no robust standard error exists",
        "en enkelt borger bestemmer tilpasningen (leverage 1): der findes ingen robust standardfejl",
    ),
    (
        r"the arm does not move the dose: nothing can be said of the dose's effect",
        "armen flytter ikke dosis: intet kan siges om dosis' effekt",
    ),
    (
        r"everybody complied: the arm decides the dose, and no standard error exists",
        "alle fulgte tildelingen: armen bestemmer dosis, og der findes ingen standardfejl",
    ),
    (
        r"nobody in arm (\S+) is observed after week (\d+), before week (\d+)",
        r"ingen i arm \1 er observeret efter uge \2, før uge \3",
    ),
    (
        r"nobody exits before week (\d+), or all in one week: no standard error exists",
        r"ingen afgår før uge \1, eller alle i samme uge: der findes ingen standardfejl",
    ),
    (
        r"arms are drawn by (caseworker): this takes citizens to be drawn one by one",
        "armene er trukket pr. sagsbehandler: her regnes borgerne for trukket hver for sig",
    ),
    (
        r"arms are drawn by (jobcentre): this takes citizens to be drawn one by one",
        "armene er trukket pr. jobcenter: her regnes borgerne for trukket hver for sig",
    ),
    (
        r"arms are drawn by (caseworker): within one there is one arm",
        "armene er trukket pr. sagsbehandler: hos den enkelte er der én arm",
    ),
    (
        r"arms are drawn by (jobcentre): within one there is one arm",
        "armene er trukket pr. jobcenter: i det enkelte er der én arm",
    ),
    (r"all citizens belong to one cluster", "alle borgere hører til samme klynge"),
    (r"(\d+) citizens have no (\S+)", r"\1 borgere mangler \2"),
    (r"fewer than (\d+) citizens have no (\S+)", r"færre end \1 borgere mangler \2"),
    (r"(\d+) strata have fewer than 2 citizens in an arm, .+", r"\1 strata har færre end 2 borgere i en arm"),
    (r"weak instrument: F ([\d.]+)", r"svagt instrument: F \1"),
    (r"no estimator here honours the strategy (.+)", r"ingen estimator her følger strategien \1"),
)
_COMPILED = tuple((re.compile(english), danish) for english, danish in _PATTERNS)


def in_danish(reason: str) -> str:
    """Give a reason in Danish, or as it stands when it is none of those known."""
    for pattern, danish in _COMPILED:
        if match := pattern.fullmatch(reason.strip()):
            return match.expand(danish)
    return reason
