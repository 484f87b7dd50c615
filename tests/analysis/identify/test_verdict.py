"""The verdict: its table, case by case, and what no change of a finding may do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.identify.assumptions import NAMES
from analysis.identify.finding import STATUSES, WEIGHTS, found, not_assessed, worst
from analysis.identify.plan import Assumption, find_plan, load_plan
from analysis.identify.verdict import SLUGS, verdict
from trial.protocol import Text

WHY = Text(da="Fordi.", en="Because.")
PLAN = load_plan(find_plan("covid-registers"))
LEFT_TO_BELIEVE = {"anticipation": "no-anticipation", "survivorship": "treatment-fixed-at-start"}


def plan_assuming(*names):
    return PLAN.model_copy(update={"assumptions": tuple(Assumption(name=name, why=WHY) for name in names)})


def finding(gate, status):
    words = {"da": "Ord.", "en": "Words."}
    if status == "not-assessed":
        return not_assessed(gate, **words, assumption=LEFT_TO_BELIEVE.get(gate))
    return found(gate, status, 0.5, 0.5, **words)


def judged(text, *assumptions):
    """A verdict from a line such as `mode+ overlap- design.`: passes, fails, not assessed, ~ warns."""
    status = {"+": "passes", "-": "fails", ".": "not-assessed", "~": "warns"}
    given_ones = {one[:-1]: status[one[-1]] for one in text.split()}
    findings = [finding(gate, given_ones.get(gate, "not-assessed")) for gate in WEIGHTS]
    return verdict(findings, plan_assuming(*assumptions))


OPEN = "design. mode+ overlap+ placebo+ talk+ survivorship+ anticipation+ precision+"


@pytest.mark.parametrize(
    ("findings", "assumptions", "slug", "route"),
    [
        ("design+", "", "identified-by-design", "design"),
        ("design+ mode- overlap- placebo- talk- precision-", "", "identified-by-design", "design"),
        (OPEN, "unconfoundedness", "identified-under-assumptions", "unconfoundedness"),
        (OPEN, "", "not-identified", None),
        (OPEN.replace("overlap+", "overlap-"), "unconfoundedness", "not-identified", None),
        (OPEN.replace("placebo+", "placebo~"), "unconfoundedness", "not-identified", None),
        (OPEN.replace("placebo+", "placebo."), "unconfoundedness", "not-identified", None),
        (OPEN.replace("mode+", "mode-"), "unconfoundedness", "not-identified", None),
        (OPEN.replace("talk+", "talk-"), "unconfoundedness", "not-identified", None),
        (OPEN.replace("talk+", "talk."), "unconfoundedness", "identified-under-assumptions", "unconfoundedness"),
        (OPEN.replace("precision+", "precision-"), "unconfoundedness", "not-identified", None),
        (OPEN.replace("anticipation+", "anticipation~"), "unconfoundedness", "identified-under-assumptions",
         "unconfoundedness"),
        (OPEN.replace("anticipation+", "anticipation."), "unconfoundedness", "not-identified", None),
        (OPEN.replace("anticipation+", "anticipation."), "unconfoundedness no-anticipation",
         "identified-under-assumptions", "unconfoundedness"),
        (OPEN.replace("design.", "design-"), "unconfoundedness", "not-identified", None),
        (OPEN.replace("mode+", "mode-") + " bounds+", "unconfoundedness", "bounds-only", "bounds"),
        ("mode- overlap- instruments+ placebo+ survivorship+", "exclusion monotonicity",
         "identified-under-assumptions", "instrument"),
        ("mode- overlap- instruments+ placebo+ survivorship+", "exclusion", "not-identified", None),
        ("mode- overlap- instruments+ placebo- survivorship+", "exclusion monotonicity", "not-identified", None),
        ("mode- instruments+ design- survivorship+ bounds+", "exclusion monotonicity", "bounds-only", "bounds"),
        ("", "", "not-identified", None),
    ],
)  # fmt: skip
def test_the_table_of_routes(findings, assumptions, slug, route):
    made = judged(findings, *assumptions.split())
    assert (made.slug, made.route) == (slug, route)


def test_a_verdict_lists_the_assumptions_it_rests_on_and_why():
    made = judged(OPEN.replace("anticipation+", "anticipation."), "unconfoundedness", "no-anticipation", "exclusion")
    assert [one.name for one in made.assumptions] == ["unconfoundedness", "no-anticipation"]
    assert made.assumptions[0].why == WHY
    assert made.assumptions[0].claim.en.startswith("Among citizens")


def test_reasons_come_in_order_of_weight_failures_first():
    made = judged(OPEN.replace("overlap+", "overlap-").replace("placebo+", "placebo~").replace("mode+", "mode-"))
    assert [one.gate for one in made.reasons] == ["mode", "overlap", "placebo"]


def test_an_assumption_that_alone_closes_a_way_is_named():
    assert judged(OPEN).undeclared == ("unconfoundedness",)
    assert judged(OPEN.replace("mode+", "mode-")).undeclared == ()


def test_the_effect_found_decides_nothing():
    for status in "+-~.":
        made = judged(f"{OPEN} sensitivity{status}", "unconfoundedness")
        assert made.slug == "identified-under-assumptions"


statuses = st.fixed_dictionaries({gate: st.sampled_from(STATUSES) for gate in WEIGHTS})
declared = st.sets(st.sampled_from(NAMES))


@given(statuses, declared, st.sampled_from(sorted(WEIGHTS)), st.sampled_from(STATUSES))
def test_a_worse_finding_never_makes_a_better_verdict(given_ones, names, gate, other):
    plan = plan_assuming(*names)
    before = verdict([finding(one, status) for one, status in given_ones.items()], plan)
    worse = {**given_ones, gate: worst([given_ones[gate], other])}
    after = verdict([finding(one, status) for one, status in worse.items()], plan)
    assert SLUGS.index(after.slug) >= SLUGS.index(before.slug)


@given(statuses, declared, st.sampled_from(NAMES))
def test_an_assumption_more_never_makes_a_worse_verdict(given_ones, names, more):
    findings = [finding(one, status) for one, status in given_ones.items()]
    fewer, others = (verdict(findings, plan_assuming(*chosen)) for chosen in (names, names | {more}))
    assert SLUGS.index(others.slug) <= SLUGS.index(fewer.slug)


@given(statuses, declared, st.permutations(sorted(WEIGHTS)))
def test_the_order_of_findings_decides_nothing(given_ones, names, order):
    plan = plan_assuming(*names)
    straight = verdict([finding(gate, given_ones[gate]) for gate in WEIGHTS], plan)
    mixed = verdict([finding(gate, given_ones[gate]) for gate in order], plan)
    assert straight.to_json() == mixed.to_json()


@given(statuses, declared)
def test_a_verdict_is_told_in_both_languages_and_as_plain_data(given_ones, names):
    made = verdict([finding(one, status) for one, status in given_ones.items()], plan_assuming(*names))
    assert made.because("da").startswith(made.headline.da)
    assert set(made.to_json()) == {"verdict", "route", "headline", "reasons", "assumptions", "undeclared"}
    assert made.is_identified == made.slug.startswith("identified")
