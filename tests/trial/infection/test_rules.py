"""Rule files: the shipped ones are lawful; every unlawful one is refused with its line and its mend."""

from datetime import date

import pytest

from trial.errors import FileError, ProtocolError
from trial.infection import load_rule, shipped_rules
from trial.infection.manual import load_orders
from trial.infection.regions import municipalities_of
from trial.infection.rule import in_force
from trial.protocol.shipped import shipped

OFFICIAL = "municipal-closure-2021"
TEXT = shipped(f"rules/{OFFICIAL}.toml").read_text(encoding="utf-8")


@pytest.fixture
def refused(tmp_path):
    def refuse(old, new, text=TEXT):
        assert old in text
        path = tmp_path / "rule.toml"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(ProtocolError) as caught:
            load_rule(path)
        for problem in caught.value.problems():
            assert problem.where.startswith(f"{path}:")
            assert problem.mend
        return caught.value

    return refuse


@pytest.mark.parametrize("name", shipped_rules())
def test_every_shipped_rule_is_lawful_and_named_as_its_file(name):
    assert load_rule(name).name == name


def test_the_official_thresholds_by_date():
    rule = load_rule(OFFICIAL)
    found = {
        day: in_force(rule.thresholds, date.fromisoformat(day)).declared()
        for day in ("2021-04-12", "2021-04-29", "2021-04-30", "2021-05-27", "2021-05-28", "2021-07-15", "2021-07-16")
    }
    assert found == {
        "2021-04-12": {"adjusted_incidence": 200},
        "2021-04-29": {"adjusted_incidence": 200},
        "2021-04-30": {"adjusted_incidence": 250},
        "2021-05-27": {"adjusted_incidence": 250},
        "2021-05-28": {"adjusted_incidence": 300, "cases": 20},
        "2021-07-15": {"adjusted_incidence": 300, "cases": 20},
        "2021-07-16": {"adjusted_incidence": 500, "cases": 20},
    }
    assert [rule.indicator.truncation_on(date(2021, 5, day)) for day in (27, 28)] == [2, 3]


def test_what_is_not_verified_says_so():
    rule = load_rule(OFFICIAL)
    assert rule.indicator.adjustment_on(date(2021, 7, 6)).status == "computed"
    assert rule.indicator.adjustment_on(date(2021, 7, 7)).status == "unknown"
    assert in_force(rule.thresholds, date(2021, 7, 16)).status == "remembered"


def test_the_trial_is_stricter_than_the_official_rule_on_every_day():
    official, own = load_rule(OFFICIAL), load_rule("trial-pause-2021")
    assert (own.in_force.from_, own.in_force.to) == (date(2021, 1, 1), date(2021, 12, 31))
    for entry in (*official.thresholds, *own.thresholds):
        day = max(entry.from_, official.in_force.from_)
        theirs, ours = in_force(official.thresholds, day).declared(), in_force(own.thresholds, day).declared()
        assert ours["adjusted_incidence"] < theirs["adjusted_incidence"]
        assert ours["cases"] <= theirs.get("cases", 5)


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("adjusted_incidence = 250", "adjusted_incidense = 250", "thresholds[2].adjusted_incidense"),
        ("adjusted_incidence = 250", 'adjusted_incidence = "250"', "thresholds[2].adjusted_incidence"),
        ("adjusted_incidence = 250", "adjusted_incidence = -250", "thresholds[2].adjusted_incidence"),
        ("adjusted_incidence = 250\n", "", "thresholds[2]"),
        ("from = 2021-04-30\nadj", "from = 2021-04-01\nadj", "thresholds[2].from"),
        ("from = 2021-04-12\nadj", "from = 2021-04-13\nadj", "thresholds[1].from"),
        ("beta = 0.56", "beta = 1.56", "indicator.adjustment[1].beta"),
        ("days = 2\n", "days = 99\n", "indicator.truncation[1].days"),
        ("days = 7            #", "days = 1 #", "reopening.days"),
        ('then = "hold"', 'then = "wait"', "stale.then"),
        ('status = "verified"', 'status = "sure"', "indicator.truncation[1].status"),
        ('basis = "2020Q1"', 'basis = "2021Q1"', "indicator.population[1].basis"),
        ("[closing]\ndelay_days = 1", "[closing]", "closing.delay_days"),
        ("lodtraek-rule/1", "lodtraek-rule/2", "format"),
    ],
)
def test_an_unlawful_rule_is_refused_by_key(refused, old, new, where):
    if where == "reopening.days":
        text = TEXT.replace("[closing]\ndelay_days = 1", "[closing]\ndelay_days = 2")
        assert where in str(refused(old, new, text))
    else:
        assert where in str(refused(old, new))


ORDERS = """
[[orders]]
area = "1084"
decided_on = 2021-03-10
closed_on = 2021-03-11
reopened_on = 2021-03-15
reason = "test"
decided_by = ["A. Jensen", "B. Hansen"]
"""


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ('["A. Jensen", "B. Hansen"]', '["A. Jensen"]', "orders[1].decided_by"),
        ('["A. Jensen", "B. Hansen"]', '["A. Jensen", " a. jensen"]', "orders[1].decided_by"),
        ('area = "1084"', 'area = "9999"', "orders[1].area"),
        ('area = "1084"', 'area = "0411"', "orders[1].area"),
        ("decided_on = 2021-03-10", "decided_on = 2021-03-12", "orders[1].closed_on"),
        ("reopened_on = 2021-03-15", "reopened_on = 2021-03-11", "orders[1].reopened_on"),
        ('reason = "test"', 'reason = " "', "orders[1].reason"),
    ],
)
def test_an_order_needs_two_persons_a_reason_and_a_place(refused, tmp_path, old, new, where):
    assert where in str(refused(old, new, TEXT + ORDERS))
    path = tmp_path / "orders.toml"
    path.write_text(('format = "lodtraek-orders/1"\n' + ORDERS).replace(old, new), encoding="utf-8")
    with pytest.raises(ProtocolError) as caught:
        load_orders(path)
    assert where in str(caught.value)


def test_lawful_orders_are_read(tmp_path):
    path = tmp_path / "orders.toml"
    path.write_text('format = "lodtraek-orders/1"\n' + ORDERS, encoding="utf-8")
    (found,) = load_orders(path)
    assert found.decided_by == ("A. Jensen", "B. Hansen")


def test_a_lower_pair_must_be_lower_and_of_the_same_measure(refused):
    pair = "[[reopening.thresholds]]\nfrom = 2021-04-12\n{}\nstatus = 'declared'\nsource = 'test'\n\n[stale]"
    for line in ("adjusted_incidence = 201", "incidence = 10"):
        assert "reopening.thresholds[1]" in str(refused("[stale]", pair.format(line)))


@pytest.mark.parametrize("name", ["no-such-rule", "../digital-samtaler", "regime", "rules/regime"])
def test_a_rule_nobody_knows_is_refused(name):
    with pytest.raises((FileError, ProtocolError)):
        load_rule(name)


def test_the_regions_divide_the_country():
    regions = ("1081", "1082", "1083", "1084", "1085")
    assert [len(municipalities_of(region)) for region in regions] == [11, 19, 22, 29, 17]
    assert sorted(code for region in regions for code in municipalities_of(region)) == sorted(municipalities_of("DK"))
    assert municipalities_of("0400") == ("0400",)
    assert "0400" in municipalities_of("1084")
    assert municipalities_of("") == municipalities_of("0411") == ()
