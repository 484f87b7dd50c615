"""Every cross-check with a protocol that fails it: the changes, then the line, the code and words of its problem."""

from trial.protocol import shipped

SHIPPED = shipped("digital-samtaler.toml")
PHYSICAL = 'name = "physical"\nratio = 1'
ITT = "[estimands.intercurrent]"

LEGAL = 242  # the line of [legal], before which a table is put
COVARIATE = """[[covariates]]
name = "worked_before"
variable = "weeks-employed-before"
weeks = 52
label = { da = "Uger i arbejde", en = "Weeks in work" }
"""
MONITORING = """[monitoring]
estimand = "itt-exit-26"
information = [0.5, 1.0]
spending = "obrien-fleming"
tuned_for = 10000
"""
CASES = {
    "check_arm_names": (
        [('name = "digital"', 'name = "physical"')],
        21,
        "protocol-repeated",
        'arms[2].name "physical"',
    ),
    "modes": ([('modes = ["physical"]', 'modes = ["video", "video"]')], 17, "protocol-repeated", "arms[1].modes[2]"),
    "check_population_names": (
        [('name = "interpreter"', 'name = "less-intensive-effort"')],
        48,
        "protocol-repeated",
        "population.exclusions[2].name",
    ),
    "columns": (
        [('when = "needs_interpreter"', 'when = "less_intensive_effort"')],
        49,
        "protocol-repeated",
        "population.exclusions[2].when",
    ),
    "check_enrolment_order": (
        [
            ("enrolment = { from = 2021-01-04", "enrolment = { from = 2021-12-31"),
            ("to = 2021-12-31 }", "to = 2021-12-30 }"),
        ],
        11,
        "protocol-order",
        "trial.enrolment.to 2021-12-31 found 2021-12-30",
    ),
    "check_legal_order": (
        [("period = { from = 2021-01-01, to = 2021-12-31 }", "period = { from = 2021-12-31, to = 2021-01-01 }")],
        246,
        "protocol-order",
        "legal.period.to",
    ),
    "check_enrolment_is_legal": (
        [("from = 2021-01-04", "from = 2020-12-31")],
        11,
        "protocol-outside-legal-basis",
        "date outside the legal basis 2020-12-31 from = 2021-01-01",
    ),
    "enrolment-too-long": (
        [("to = 2021-12-31 }\n\n# The first", "to = 2022-01-01 }\n\n# The first")],
        11,
        "protocol-outside-legal-basis",
        "2022-01-01 to = 2021-12-31",
    ),
    "check_legal_status": (
        [('status = "example"', 'status = "order"')],
        244,
        "protocol-legal-status",
        "legal.order example",
    ),
    "order-without-status": (
        [('order = "example"', 'order = "BEK 1 of 2021"')],
        244,
        "protocol-legal-status",
        "legal.order",
    ),
    "check_factors": (
        [
            (
                'factor = "target_group"\nlevels = ["dagpenge", "jobparat-kontanthjaelp"]',
                'factor = "jobcentre"\nlevels = ["0101"]',
            )
        ],
        75,
        "protocol-repeated",
        "stratification[2].factor",
    ),
    "levels": ([('"30-49"', '"18-29"')], 80, "protocol-repeated", "stratification[3].levels[2]"),
    "check_target_group_levels": (
        [('levels = ["dagpenge", "jobparat-kontanthjaelp"]', 'levels = ["dagpenge", "jobparat-kontanthjelp"]')],
        76,
        "protocol-reference",
        "stratification[2].levels jobparat-kontanthjaelp",
    ),
    "target-group-left-out": (
        [('levels = ["dagpenge", "jobparat-kontanthjaelp"]', 'levels = ["dagpenge"]')],
        76,
        "protocol-reference",
        "every target group jobparat-kontanthjaelp",
    ),
    "check_jobcentres": (
        [('levels_from = "codes/municipalities.csv"', 'levels = ["0101", "101", "0411"]')],
        72,
        "protocol-reference",
        "stratification[1].levels[2] four-digit",
    ),
    "check_age_cut": ([("cut = [30, 50]", "cut = [30]")], 81, "protocol-cut", "stratification[3].cut 2"),
    "cut-falls": ([("cut = [30, 50]", "cut = [50, 30]")], 81, "protocol-cut", "rise"),
    "cut-for-children": ([("cut = [30, 50]", "cut = [18, 50]")], 81, "protocol-cut", "rise above 18"),
    "cut-left-out": ([("cut = [30, 50]", "")], 78, "protocol-cut", "stratification[3].cut given"),
    "cut-elsewhere": (
        [('"jobparat-kontanthjaelp"]\n', '"jobparat-kontanthjaelp"]\ncut = [30]\n')],
        77,
        "protocol-cut",
        "stratification[2].cut age_group",
    ),
    "cut-beside-level": ([("cut = [30, 50]", "cut = [30, 55]")], 80, "protocol-cut", "levels[2] 30-54"),
    "check_rule_exists": (
        [("trial-pause-2021", "no-such-rule")],
        89,
        "protocol-unknown-rule",
        "infection.rule no-such-rule",
    ),
    "check_summons_notice": (
        [("due_weeks = [1, 5, 9, 13, 17, 22]", "due_weeks = [1]")],
        100,
        "protocol-notice",
        "conversations.summons.notice_days 7 days",
    ),
    "check_due_weeks": ([("[1, 5, 9,", "[1, 9, 5,")], 95, "protocol-order", "due_weeks[3] 5 after 9"),
    "due-twice": ([("[1, 5, 9,", "[1, 5, 5,")], 95, "protocol-order", "due_weeks[3]"),
    "reasons": ([('"caseworker-demands"', '"citizen-demands"')], 96, "protocol-repeated", "override.reasons[2]"),
    "check_due_weeks_within_follow_up": (
        [("17, 22]", "17, 105]")],
        95,
        "protocol-beyond-follow-up",
        "due_weeks[6] 104 found 105",
    ),
    "check_outcome_names": (
        [('name = "exit_26"', 'name = "weeks_employed_52"')],
        117,
        "protocol-repeated",
        "outcomes[2]",
    ),
    "reserved": (
        [('name = "time_to_benefit_free"', 'name = "share_physical"')],
        133,
        "protocol-reserved",
        "outcomes[4]",
    ),
    "reserved-probability": ([('name = "exit_26"', 'name = "prob_x"')], 117, "protocol-reserved", "outcomes[2]"),
    "check_outcomes_within_follow_up": (
        [("by_week = 26", "by_week = 105")],
        119,
        "protocol-beyond-follow-up",
        "outcomes[2].by_week 104 105",
    ),
    "check_outcome_definitions": (
        [
            (
                'variable = "weeks-employed"\nby_week = 52\ndefinition = "b"',
                'variable = "earnings"\nby_week = 52\ndefinition = "a"',
            )
        ],
        112,
        "protocol-definition",
        "outcomes[1].definition earnings income register",
    ),
    "check_harms": (
        [
            ('by_week = 26\ndefinition = "b"\nrole = "secondary"', 'by_week = 26\ndefinition = "b"\nrole = "harm"'),
            ('outcome = "exit_26"', 'margin = 0.02\nhigher_is_better = true\noutcome = "exit_26"'),
        ],
        163,
        "protocol-harm",
        'estimands[2].higher_is_better "exit_26"',
    ),
    "check_estimand_names": (
        [('name = "itt-exit-26"', 'name = "itt-weeks-employed"')],
        158,
        "protocol-repeated",
        "estimands[2].name",
    ),
    "estimators-twice": (
        [('["kaplan-meier"]', '["kaplan-meier", "kaplan-meier"]')],
        178,
        "protocol-repeated",
        "estimands[3].estimators[2]",
    ),
    "check_one_primary": (
        [('name = "itt-exit-26"\nrole = "secondary"', 'name = "itt-exit-26"\nrole = "primary"')],
        159,
        "protocol-primary",
        "estimands[2].role exactly one",
    ),
    "none-primary": (
        [('name = "itt-weeks-employed"\nrole = "primary"', 'name = "itt-weeks-employed"\nrole = "secondary"')],
        141,
        "protocol-primary",
        "estimands exactly one 0",
    ),
    "check_estimand_outcomes": (
        [('outcome = "exit_26"', 'outcome = "exit_27"')],
        162,
        "protocol-reference",
        'estimands[2].outcome "exit_26"?',
    ),
    "summary-of-another-outcome": (
        [('outcome = "exit_26"', 'outcome = "time_to_exit"')],
        162,
        "protocol-summary",
        "exit-to-employment risk-difference time-to-exit",
    ),
    "primary-estimand-of-secondary-outcome": (
        [('definition = "b"\nrole = "primary"', 'definition = "b"\nrole = "secondary"')],
        146,
        "protocol-primary",
        "primary outcome",
    ),
    "check_estimand_arms": (
        [('treatment = { of = "digital"', 'treatment = { of = "digitall"')],
        145,
        "protocol-reference",
        'estimands[1].treatment.of "digital"?',
    ),
    "an-arm-against-itself": (
        [('against = "physical"', 'against = "digital"')],
        145,
        "protocol-reference",
        "another arm",
    ),
    "check_estimators": (
        [('["kaplan-meier"]', '["stratified-difference"]')],
        178,
        "protocol-estimator",
        "estimands[3].estimators[1] kaplan-meier",
    ),
    "check_dose": (
        [('outcome = "exit_26"', 'dose = "share_physical"\noutcome = "exit_26"')],
        162,
        "protocol-dose",
        "estimands[2].dose late",
    ),
    "late-without-dose": ([('dose = "share_physical"', "")], 199, "protocol-dose", "estimands[5].dose"),
    "check_margins": ([("higher_is_better = true", "")], 149, "protocol-margin", "estimands[1].margin direction"),
    "direction-without-margin": ([("margin = 1.5", "")], 150, "protocol-margin", "estimands[1].higher_is_better"),
    "margin-of-a-share": (
        [('outcome = "exit_26"', 'margin = 2\nhigher_is_better = true\noutcome = "exit_26"')],
        162,
        "protocol-margin",
        "estimands[2].margin below 1",
    ),
    "check_intercurrent_events": (
        [(f"{ITT}\noverride-to-physical = ", f"{ITT}\noveride-to-physical = ")],
        153,
        "protocol-reference",
        "override-to-physical",
    ),
    "event-left-out": (
        [(f'{ITT}\noverride-to-physical = "treatment-policy"\n', f"{ITT}\n")],
        152,
        "protocol-missing-key",
        "override-to-physical",
    ),
    "check_dose_strategy": (
        [(f'{ITT}\noverride-to-physical = "treatment-policy"', f'{ITT}\noverride-to-physical = "dose"')],
        153,
        "protocol-strategy",
        "late",
    ),
    "check_inference_factors": (
        [('within = ["target_group", "age_group"]', 'within = ["target_group", "age"]')],
        225,
        "protocol-reference",
        "inference.small_strata.within[2] age_group",
    ),
    "covariates": (
        [("covariates = []", 'covariates = ["age"]')],
        221,
        "protocol-reference",
        "inference.covariates[1]",
    ),
    "within-twice": (
        [('within = ["target_group", "age_group"]', 'within = ["age_group", "age_group"]')],
        225,
        "protocol-repeated",
        "within[2]",
    ),
    "check_covariates": (
        [("[legal]", f"{COVARIATE}[legal]"), ("weeks = 52", "")],
        LEGAL,
        "protocol-covariate",
        "covariates[1].weeks weeks-employed-before weeks = 52",
    ),
    "weeks-of-an-age": (
        [("[legal]", f"{COVARIATE}[legal]"), ('variable = "weeks-employed-before"', 'variable = "age"')],
        LEGAL + 3,
        "protocol-covariate",
        "covariates[1].weeks",
    ),
    "covariate-of-the-analysis-set": (
        [("[legal]", f"{COVARIATE}[legal]"), ('name = "worked_before"', 'name = "held"')],
        LEGAL + 1,
        "protocol-reserved",
        "covariates[1].name",
    ),
    "check_adjustment": (
        [('estimators = ["stratified-difference", "strata-regression"]', 'estimators = ["lin"]')],
        148,
        "protocol-adjustment",
        "estimands[1].estimators[1] covariates",
    ),
    "check_subgroups": (
        [('estimands = ["itt-weeks-employed"]', 'estimands = ["late-share-physical"]')],
        233,
        "protocol-subgroup",
        "subgroups[1].estimands[1] late",
    ),
    "a-subgroup-of-too-many": (
        [('factor = "target_group"\nestimands', 'factor = "jobcentre"\nestimands')],
        232,
        "protocol-subgroup",
        "subgroups[1].factor 98 levels",
    ),
    "check_multiplicity": (
        [('family = ["itt-exit-26"', 'family = ["itt-weeks-employed"')],
        228,
        "protocol-family",
        "inference.multiplicity.family[1] primary",
    ),
    "replays-without-draws": (
        [('method = "holm"', 'method = "romano-wolf"')],
        226,
        "protocol-family",
        "inference.multiplicity.draws draws = 2000",
    ),
    "check_monitoring": (
        [("[legal]", f"{MONITORING}[legal]"), ("[0.5, 1.0]", "[0.5, 0.9]")],
        LEGAL + 2,
        "protocol-monitoring",
        "monitoring.information 1.0",
    ),
    "looks-at-nothing": (
        [("[legal]", f"{MONITORING}[legal]"), ('estimand = "itt-exit-26"', 'estimand = "itt-exit-25"')],
        LEGAL + 1,
        "protocol-reference",
        "monitoring.estimand itt-exit-26",
    ),
    "check_spillovers": (
        [("[legal]", '[spillovers]\nestimands = ["itt-exit-26"]\n[legal]')],
        LEGAL,
        "protocol-spillovers",
        "saturation big-stick@1",
    ),
    "check_legal_regime": (
        [('derogates = ["LAB § 33"]', "derogates = []")],
        23,
        "protocol-unlawful",
        "2021-08-01 physical",
    ),
}
