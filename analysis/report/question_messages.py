"""The report's words for many questions: corrections, subgroups, looks, spillovers, and the names of estimators."""

# ruff: noqa: E501 - a catalogue is read as a table

QUESTION_MESSAGES: dict[str, tuple[str, str]] = {
    "effects.lead-corrected": (
        "Effekten er {of} minus {against}. »{primary}« er primær og har hele fejlsandsynligheden for sig; {number} sekundære "
        "spørgsmål er én familie, korrigeret efter {method}.",
        "The effect is {of} minus {against}. “{primary}” is primary and has the whole error to itself; {number} secondary "
        "questions are one family, corrected after {method}.",
    ),
    "p-adjusted": ("p, korrigeret", "p, corrected"),
    "method.holm": ("Holm", "Holm"),
    "method.benjamini-hochberg": ("Benjamini og Hochberg", "Benjamini and Hochberg"),
    "method.romano-wolf": ("Romano og Wolf, med proceduren kørt igen", "Romano and Wolf, with the procedure run again"),
    "role.subgroup": ("undergruppe", "subgroup"),
    "unit.log-hazard": ("log-hazardforhold", "log hazard ratio"),
    # Subgroups
    "subgroups.caption": ("Effekten i erklærede undergrupper", "The effect in declared subgroups"),
    "subgroups.note": (
        "At effekten er forskellig, siger kun testen for ens effekt; aldrig at én undergruppe er signifikant og en anden ikke.",
        "That effects differ is said by the test of equal effects alone; never by one subgroup being significant and another not.",
    ),
    "subgroups.level": ("Undergruppe", "Subgroup"),
    "subgroups.equal": ("Test for ens effekt", "Test of equal effects"),
    # Looks
    "looks.caption": ("Planlagte opgørelser: {estimand}", "Planned looks: {estimand}"),
    "looks.look": ("Opgørelse", "Look"),
    "looks.information": ("Andel af informationen", "Share of the information"),
    "looks.boundary": ("Grænse for |z|", "Boundary for |z|"),
    "looks.z": ("z", "z"),
    "looks.crossed": ("Over grænsen", "Beyond it"),
    "looks.anytime": ("Interval, gyldigt ved enhver opgørelse", "Interval that holds at any look"),
    "looks.note": (
        "Fejlsandsynligheden er fordelt på opgørelserne efter {spending}.", "The error is spent over the looks after {spending}.",
    ),
    "spending.obrien-fleming": ("O’Brien og Fleming", "O’Brien and Fleming"),
    "spending.pocock": ("Pocock", "Pocock"),
    # Spillovers
    "spillovers.caption": ("Virkning på andre: jobcentre med forskellig andel", "Spillovers: jobcentres with different shares"),
    "spillovers.share": ("Andel i {of}", "Share in {of}"),
    "spillovers.kind": ("Virkning", "Effect"),
    "spillovers.direct": ("direkte", "direct"),
    "spillovers.spillover": ("på dem, der ikke fik tilbuddet", "on those not treated"),
    "spillovers.total": ("samlet for dem, der fik det", "total, on the treated"),
    "spillovers.overall": ("på alle i jobcentret", "on everybody there"),
    # Estimators
    "estimator.bugni-canay-shaikh": ("mættet forskel (Bugni, Canay og Shaikh)", "saturated difference (Bugni, Canay & Shaikh)"),
    "estimator.car-difference": ("forskel under kovariatadaptiv lodtrækning", "difference under covariate-adaptive randomisation"),
    "estimator.inverse-probability-weights": ("vægtet med lodtrækningens sandsynlighed", "weighted by the probability of the draw"),
    "estimator.lin": ("regression med kovariater i hver arm (Lin)", "regression with covariates in each arm (Lin)"),
    "estimator.strata-regression-adjusted": ("regression med strata og kovariater", "regression with strata and covariates"),
    "estimator.anhecova": ("ANHECOVA", "ANHECOVA"),
    "estimator.inverse-probability-of-pause": ("Kaplan-Meier uden pauser, vægtet", "Kaplan-Meier without pauses, weighted"),
    "estimator.cox": ("Cox, stratificeret (Efron)", "Cox, stratified (Efron)"),
    "estimator.grouped-hazards": ("proportionale hazarder i uger", "proportional hazards in weeks"),
    "estimator.two-stage-least-squares-adjusted": (
        "to-trins mindste kvadrater med kovariater", "two-stage least squares with covariates",
    ),
}  # fmt: skip
