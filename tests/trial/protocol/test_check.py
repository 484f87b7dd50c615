"""Cross-checks: what a protocol that is right value by value can still get wrong."""

import pytest

from tests.trial.protocol.contradictions import CASES, SHIPPED
from tests.trial.protocol.contradictions_of_clusters import CLUSTERS
from trial.errors import ProtocolError
from trial.protocol import Protocol, check, load_protocol
from trial.protocol.crosscheck import NEEDS
from trial.protocol.explain import nearest_of
from trial.protocol.regime import load_regime

EVERY = CASES | CLUSTERS


@pytest.mark.parametrize("case", EVERY.values(), ids=EVERY)
def test_a_contradiction_is_refused_at_its_line(edited, refused, case) -> None:
    changes, line, code, says = case
    problems = refused(edited(*changes))
    told = [(problem.where, problem.stable_code) for problem in problems]
    assert (str(line), code) in told, [str(problem) for problem in problems]
    problem = problems[told.index((str(line), code))]
    for word in says.split():
        assert word in str(problem), str(problem)


def test_every_check_has_a_case_and_a_place_in_the_registry() -> None:
    names = [function.__name__ for function in check.CHECKS]
    assert len(names) == len(set(names))
    assert set(names) == set(NEEDS)
    assert set(names) <= set(EVERY)


@pytest.mark.parametrize("function", check.CHECKS, ids=lambda function: function.__name__)
def test_a_check_reads_only_the_tables_it_declares(function) -> None:
    """With any other table the check would run on what is not in order: here it would raise AttributeError."""
    whole = load_protocol(SHIPPED)
    tables = {name: getattr(whole, name) for name in NEEDS[function.__name__]}
    beside = {"check_rule_exists": (SHIPPED.parent,), "check_legal_regime": (load_regime(),)}
    function(Protocol.model_construct(**tables), *beside.get(function.__name__, ()))


def test_a_check_raises_all_its_problems(edited, refused) -> None:
    problems = refused(
        edited(('name = "digital"', 'name = "physical"'), ('"telephone", "video"', '"video", "video"'))
    )
    told = [(problem.where, problem.stable_code) for problem in problems]
    assert ("21", "protocol-repeated") in told
    assert ("23", "protocol-repeated") in told


def test_a_rule_and_codes_beside_the_protocol_come_first(tmp_path, edited) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "own-rule.toml").write_text("x = 1\n")
    (tmp_path / "own.csv").write_text("code,name\n0101,København\n0461,Odense\n", "utf-8")
    path = tmp_path / "trial.toml"
    path.write_text(edited(("trial-pause-2021", "own-rule"), ("codes/municipalities.csv", "own.csv")), "utf-8")
    assert load_protocol(path).stratification[0].levels == ("0101", "0461")


def test_a_real_order_is_lawful(tmp_path, edited) -> None:
    path = tmp_path / "trial.toml"
    order = edited(('status = "example"', 'status = "order"'), ('order = "example"', 'order = "BEK 0 of 2021"'))
    path.write_text(order, "utf-8")
    assert load_protocol(path).legal.order == "BEK 0 of 2021"


def test_physical_arms_need_no_order(tmp_path, edited) -> None:
    path = tmp_path / "trial.toml"
    text = edited(
        ('derogates = ["LAB § 33"]', "derogates = []"), ("to = 2021-12-31 }\n\n# The", "to = 2021-07-31 }\n\n# The")
    )
    path.write_text(text, "utf-8")
    assert load_protocol(path).legal.derogates == ()  # until the end of July 2021 the job centre chose the form


def test_checks_raise_on_models_too() -> None:
    protocol = load_protocol(SHIPPED)
    twice = protocol.model_copy(update={"arms": (protocol.arms[0], protocol.arms[0])})
    with pytest.raises(ProtocolError, match=r"arms\[2\]\.name must be unique"):
        check.design.check_arm_names(twice)


def test_the_nearest_word_or_none() -> None:
    assert nearest_of("physicl", ("digital", "physical")) == "physical"
    assert nearest_of("PHYSICAL", ("digital", "physical")) == "physical"
    assert nearest_of("xyz", ("digital", "physical")) is None
