"""A filled form is the canonical JSON of its payload, whatever it holds; nothing else can be filled in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trial.errors import LedgerError
from trial.ledger.entry import canonical
from trial.ledger.form import DRAWN, TURNED_AWAY, Form, Given
from trial.ledger.projection import participant_row
from trial.ledger.schema import PARTICIPANTS

COLUMNS = PARTICIPANTS.c.keys()
OF_AN_ARM = ("stratum", "arm", "probabilities", "procedure")
words = st.text(min_size=1, max_size=12)
SHA = "0" * 64


def payload(**other: object) -> dict[str, object]:
    return {
        "on": "2021-03-01", "municipality_code": "0461", "levels": {"age_group": "50+"}, "stratum": "50+",
        "arm": "digital", "probabilities": {"digital": "1/2", "physical": "1/2"}, "procedure": "big-stick@1",
        "epoch": 1, "protocol": SHA, **other,
    }  # fmt: skip


def row_of(form: Form, step: int | None, given: Given | None) -> dict[str, object]:
    """The row of `participants` that is written: what has no column in the form stays empty."""
    columns = TURNED_AWAY if given is None else DRAWN
    filled = dict(zip(columns, form.row(7, "ab" * 32, step, given), strict=True))
    assert None not in filled.values()
    return {name: filled.get(name) for name in COLUMNS}


@given(words, words, st.dictionaries(words, words, max_size=3), st.integers(0, 2**40), st.booleans())
def test_a_filled_form_is_the_canonical_json_of_its_payload(
    stratum: str, arm: str, levels: dict[str, str], step: int, is_together: bool
) -> None:
    batch = {"batch": 3, "size": 9} if is_together else {}
    kind = "assigned-together@1" if is_together else "assigned@1"
    shared = payload(stratum=stratum, arm=arm, levels=levels, **batch)
    form = Form(kind, shared, "scope")
    whole = {**shared, "participant_id": "ab" * 32, "step": step}
    assert form.text("ab" * 32, step, form.given) == canonical(whole)
    assert row_of(form, step, form.given) == participant_row(7, whole, "scope")


@given(words, words, st.dictionaries(words, st.just("1/2"), min_size=2, max_size=2), st.booleans())
def test_what_was_drawn_under_one_form_fits_another(
    stratum: str, arm: str, chances: dict[str, str], is_together: bool
) -> None:
    kind, batch = ("assigned-together@1", {"batch": 3, "size": 9}) if is_together else ("assigned@1", {})
    own = payload(stratum=stratum, **batch)
    given = Form(kind, payload(arm=arm, probabilities=chances, **batch), "a").given
    whole = {**own, "arm": arm, "probabilities": chances, "participant_id": "ab" * 32, "step": 4}
    assert Form(kind, own, "b").text("ab" * 32, 4, given) == canonical(whole)
    assert row_of(Form(kind, own, "b"), 4, given) == participant_row(7, whole, "b")


def test_levels_that_look_like_what_is_filled_in_are_left_alone() -> None:
    shared = payload(levels={"participant_id": "-", "step": "0"}, stratum='","step":0,"participant_id":"-"')
    whole = {**shared, "participant_id": "ab" * 32, "step": 5}
    form = Form("assigned@1", shared, "scope")
    assert form.text("ab" * 32, 5, form.given) == canonical(whole)


def test_an_arm_with_the_name_of_a_field_is_left_alone() -> None:
    shared = payload(arm="participant_id", probabilities={"participant_id": "1/2", "step": "1/2"})
    form = Form("assigned@1", shared, "scope")
    whole = {**shared, "participant_id": "ab" * 32, "step": 5}
    assert form.text("ab" * 32, 5, form.given) == canonical(whole)


@given(words, st.dictionaries(words, words, max_size=3))
def test_an_answer_without_an_arm_has_a_form_without_a_step(reason: str, levels: dict[str, str]) -> None:
    reason = f"excluded:{reason.encode().hex()}"
    shared = {name: one for name, one in payload(levels=levels, reason=reason).items() if name not in OF_AN_ARM}
    form, whole = Form("not-randomised@1", shared, None), {**shared, "participant_id": "ab" * 32}
    assert form.given is None
    assert form.text("ab" * 32, None, None) == canonical(whole)
    assert row_of(form, None, None) == participant_row(7, whole, None)


@pytest.mark.parametrize(("record", "step"), [("", 0), ('a"b', 0), ("é", 0), ("a b", 0), ("ab", -1), ("ab", True)])
def test_what_is_no_record_id_or_no_step_is_refused(record: str, step: int) -> None:
    form = Form("assigned@1", payload(), "scope")
    with pytest.raises(LedgerError):
        form.text(record, step, form.given)


@pytest.mark.parametrize(
    "wrong", [{"arm": ""}, {"probabilities": {"digital": "1/3"}}, {"more": 1}, {"on": "1 March"}]
)
def test_a_payload_that_is_not_as_declared_has_no_form(wrong: dict[str, object]) -> None:
    with pytest.raises(LedgerError) as refused:
        Form("assigned@1", payload(**wrong), "scope")
    assert "assigned@1 must be as declared" in str(refused.value)
