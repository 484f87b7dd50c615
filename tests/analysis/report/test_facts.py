"""What the report counts: against counts made another way, and hidden where few persons would show."""

from collections import Counter
from datetime import date

import pandas as pd
import pytest

from analysis.report.facts import gather


def facts(made, threshold=5):
    return gather(made.bundle, made.analysis_set.frame, made.analysis_set.flow, threshold)


def test_balance_counts_are_those_of_the_assignments(made):
    rows = made.bundle.assignments.to_pylist()
    for block in facts(made).balance:
        brute = Counter((row[block.name], row["arm"]) for row in rows)
        assert {key: n for key, n in block.counts.items() if key[0]} == {key: brute[key] for key in brute}
        assert block.counts["", "digital"] == 120
        assert sum(block.share(row, "digital") for row in block.rows) == pytest.approx(1)


def test_the_flow_hides_the_few_and_what_would_give_them_away(made):
    """3 arrivals under 18: with all other numbers shown they would come back by subtraction."""
    flow = facts(made).flow
    assert flow.counts["not-randomised", "excluded:age-under-18"] is None
    assert flow.counts["not-randomised", "paused"] is None
    assert flow.counts["not-randomised", "excluded:interpreter"] == 40
    assert flow.counts["randomised"] == 240
    assert flow.counts["missing", "emigrated", "digital"] is None
    assert flow.counts["analysed", "digital"] is None


def test_conversations_are_counted_by_form_and_arm(made):
    arms = dict(zip(*(made.bundle.assignments[name].to_pylist() for name in ("participant_id", "arm")), strict=True))
    rows = made.bundle.conversations.to_pylist()
    brute = Counter((row["held_mode"], arms[row["participant_id"]]) for row in rows)
    forms = facts(made).forms
    assert all(forms.counts[row, arm] == brute[row, arm] for row in forms.rows for arm in ("physical", "digital"))
    overridden = {row["participant_id"] for row in rows if row["override_reason"]}
    assert facts(made).compliance.counts["any-override", "digital"] == len(overridden)


def test_days_of_pause_by_municipality_and_week(made):
    """København: Wednesday 3 March to Friday 12 March, reopened; Ærø: from 28 December, never reopened."""
    calendar = facts(made).calendar
    assert calendar.municipalities == ("København", "Ærø")
    by_monday = dict(zip(calendar.mondays, calendar.days[0], strict=True))
    assert by_monday[date(2021, 3, 1)] == 5
    assert by_monday[date(2021, 3, 8)] == 4
    assert by_monday[date(2021, 5, 31)] == 1
    assert sum(calendar.days[0]) == 10
    assert sum(calendar.days[1]) == 4
    assert (calendar.pauses, calendar.never_paused, calendar.longest_days) == (3, 96, 9)


def test_events_are_those_no_other_table_tells(made):
    assert facts(made).events == {"withdrawal": 6}


def test_imbalance_is_the_largest_lead(made):
    frame = made.bundle.assignments.to_pandas()
    found = facts(made).imbalance
    leads = {}
    for row in frame.itertuples():
        leads[row.stratum] = leads.get(row.stratum, 0) + (1 if row.arm == "digital" else -1)
    assert found.largest_in_stratum == max(map(abs, leads.values()))
    assert found.strata == len(leads)


def test_an_undeclared_value_gets_a_row_of_its_own(made, without):
    talks = made.bundle.conversations.to_pandas()
    talks.loc[:20, "held_mode"] = "letter"
    assert facts(without(conversations=talks)).forms.rows[-1] == "letter"


def test_an_empty_trial_has_facts_too(made, without):
    empty = {name: getattr(made.bundle, name).to_pandas().iloc[:0] for name in ("conversations", "pauses", "events")}
    found = facts(without(**empty))
    assert found.calendar.municipalities == ()
    assert found.forms.counts["", "digital"] == 0
    assert found.events == {}
    assert isinstance(made.analysis_set.frame, pd.DataFrame)
