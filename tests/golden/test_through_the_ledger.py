"""The frozen draws through the ledger: the same citizens, day by day, on either database, give the same bits.

Key, trial, factors and arrivals are those of the corpus; what was drawn is read from the entries, in their order. A
batch is drawn in the order of pseudonyms and stands so in the ledger, which knows record ids alone.
"""

import hashlib
import re
import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.clustered import clustered
from tests.golden.corpus import A_DAY, ARRIVALS, FACTORS, KEY, TRIAL, arrivals, frozen
from tests.opened import KEYS, PROTOCOL
from trial.intake import Arrival
from trial.keys import Keys, SecretKey
from trial.ledger.proof import verify_store
from trial.protocol import toml_value
from trial.service import Trial

BATCHES = {"matched-pairs@1", "rerandomisation@2", "cluster@1", "saturation@1"}
FIRST = date(2021, 1, 4)
OWN = Keys(SecretKey("trial", "test", KEY), KEYS.identity, KEYS.signing)
MODES = {"physical": "physical", "digital": "telephone", "video": "video"}


def declared(folder: Path, one: dict[str, Any]) -> Path:
    """The shipped protocol with the arms, factors and procedure of a design of the corpus."""
    text = PROTOCOL.read_text(encoding="utf-8").replace('id = "digital-samtaler"', f'id = "{TRIAL}"')
    text = text.replace('levels_from = "codes/municipalities.csv"', f"levels = {toml_value(FACTORS[0].levels)}")
    text = clustered(text, "jobcentre") if one["procedure"] == "cluster@1" else text
    given = "".join(f"{name} = {toml_value(value)}\n" for name, value in one["parameters"].items())
    if beacon := one.get("beacon"):
        given += "beacon = " + toml_value({name: beacon[name] for name in ("name", "round")}) + "\n"
    table = f'[randomisation]\nprocedure = "{one["procedure"]}"\n{given}predictability_budget = 1.0\n\n[infection]'
    text, found = re.subn(r"\[randomisation\].*?\[infection\]", lambda _: table, text, flags=re.DOTALL)
    arms = "".join(
        f'[[arms]]\nname = "{name}"\nratio = {ratio}\nmodes = ["{MODES[name]}"]\n'
        f'label = {{ da = "{name}", en = "{name}" }}\n\n'
        for name, ratio in one["arms"].items()
    )
    text, more = re.subn(r"\[\[arms\]\].*?(?=\[population\])", lambda _: arms, text, flags=re.DOTALL)
    assert found == 1 and more == 1 and tomllib.loads(text)
    path = folder / "protocol.toml"
    path.write_text(text, encoding="utf-8")
    return path


def people() -> list[Arrival]:
    return [
        Arrival(
            unit.participant_id, unit.levels["jobcentre"], unit.levels["jobcentre"], dict(unit.levels), unit.stratum,
            FIRST, 25, None, number + 2,
        )
        for number, unit in enumerate(arrivals())
    ]  # fmt: skip


def drawn(trial: Trial, one: dict[str, Any]) -> list[str]:
    """The lines of the corpus, as the ledger has them."""
    answers: dict[str, str] = {}
    everybody = people()
    for day in range(0, ARRIVALS, A_DAY):
        trial.assign(everybody[day : day + A_DAY], FIRST + timedelta(days=day // A_DAY))
    with trial.store.read() as transaction:
        rows = list(transaction.answer_payloads())
        known = transaction.answers(who.participant_id for who in everybody)
    answers = {row["participant_id"]: who for who, row in known.items()}
    lines = []
    for row in rows:
        chances = " ".join(row["probabilities"][arm] for arm in one["arms"])
        scope = row["stratum"] if trial.epoch.procedure.scope == "stratum" else ""
        lines.append(f"{scope} {row['step']} {answers[row['participant_id']]} {row['arm']} {chances}\n")
    return lines


def check(folder: Path, database: str, one: dict[str, Any]) -> None:
    clock = lambda: datetime(2021, 1, 4, 8, tzinfo=UTC)  # noqa: E731 - one instant is enough
    value = one.get("beacon", {}).get("value")
    trial = Trial.init(database, declared(folder, one), OWN, "test", clock=clock, beacon_value=value)
    try:
        lines = drawn(trial, one)
        hundreds = ["".join(lines[start : start + 100]).encode() for start in range(0, ARRIVALS, 100)]
        assert [hashlib.sha256(hundred).hexdigest() for hundred in hundreds] == one["sha256_of_100"]
        assert verify_store(trial.store, OWN.trial).holds
    finally:
        trial.close()


def name(one: dict[str, Any]) -> str:
    return f"{one['procedure']}-{len(one['arms'])}-arms" + "-beacon" * ("beacon" in one)


def is_quick(one: dict[str, Any]) -> bool:
    return (one["procedure"] in BATCHES and len(one["arms"]) == 2) or "beacon" in one


@pytest.mark.parametrize("one", [one for one in frozen() if is_quick(one)], ids=name)
def test_designs_of_batches_clusters_and_a_beacon_draw_the_frozen_arms(
    tmp_path: Path, database_url: str, one: dict[str, Any]
) -> None:
    check(tmp_path, database_url, one)


@pytest.mark.slow
@pytest.mark.parametrize("one", [one for one in frozen() if not is_quick(one)], ids=name)
def test_every_other_design_draws_the_frozen_arms(tmp_path: Path, database_url: str, one: dict[str, Any]) -> None:
    check(tmp_path, database_url, one)
