"""A database that somebody changed by hand: whoever would go on to draw in it is refused."""

import json
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from tests.opened import DAY, KEYS, TickingClock, arrival, arrivals, open_trial
from trial.errors import LedgerError
from trial.ledger.proof import rebuild, verify_store
from trial.ledger.schema import LEDGER, PARTICIPANTS, STRATA
from trial.service import Trial


@pytest.fixture
def trial(database_url: str) -> Iterator[Trial]:
    trial = open_trial(database_url)
    yield trial
    trial.close()


def put(trial: Trial, statement: sa.Executable) -> None:
    with trial.store._engine.begin() as connection:
        connection.execute(statement)


def state_of(trial: Trial) -> dict[str, object]:
    with trial.store.read() as transaction:
        return transaction.rows_in(STRATA, "scope", [arrival(0).stratum])[0]


def refused(trial: Trial) -> LedgerError:
    before = trial.head
    with pytest.raises(LedgerError) as caught:
        trial.assign([arrival(50)], DAY)
    assert trial.head == before
    return caught.value


@pytest.mark.parametrize("column", ["state", "steps", "seal"])
def test_nobody_is_drawn_from_a_state_that_was_changed(trial: Trial, column: str) -> None:
    """Whoever may update the table could otherwise make the next arms certain."""
    trial.assign(arrivals(range(6)), DAY)
    row = state_of(trial)
    leaning = json.dumps({"physical": 100, "digital": 0})
    changed = {"state": leaning, "steps": 7, "seal": "0" * 64}[column]
    put(trial, STRATA.update().where(STRATA.c.scope == row["scope"]).values({column: changed}))
    error = refused(trial)
    assert error.stable_code == "state-altered" and str(row["scope"]) in str(error)
    found = verify_store(trial.store, KEYS.trial).findings
    assert [one.where for one in found] == [f"table strata, row {row['scope']}/1"]
    rebuild(trial.store, KEYS.trial, "2021-03-02T08:00:00.000000Z")
    assert trial.assign([arrival(50)], DAY)[0].arm and verify_store(trial.store, KEYS.trial).holds


@pytest.mark.parametrize("how", ["an older one", "none"])
def test_a_state_that_was_put_back_draws_no_step_again(trial: Trial, how: str) -> None:
    """It was written with the key, or is that of the beginning: one assignment a step is what refuses it."""
    trial.assign(arrivals(range(3)), DAY)
    older = state_of(trial)
    trial.assign(arrivals(range(3, 6)), DAY)
    put(trial, STRATA.delete().where(STRATA.c.scope == older["scope"]))
    if how == "an older one":
        put(trial, STRATA.insert().values(older))
    assert refused(trial).stable_code == "ledger-conflict"


def test_who_holds_the_key_does_not_open_a_trial_with_a_changed_row(trial: Trial, database_url: str) -> None:
    trial.assign(arrivals(range(6)), DAY)
    with trial.store._engine.begin() as connection:
        on = " ON ledger" if connection.dialect.name == "postgresql" else ""
        connection.exec_driver_sql(f"DROP TRIGGER ledger_update{on}")
        [payload] = connection.execute(sa.select(LEDGER.c.payload).where(LEDGER.c.seq == 4)).scalars()
        other = payload.replace('"arm":"physical"', '"arm":"x"').replace('"arm":"digital"', '"arm":"physical"')
        connection.execute(LEDGER.update().where(LEDGER.c.seq == 4).values(payload=other.replace('"x"', '"digital"')))
    with pytest.raises(LedgerError) as caught:
        Trial.open(database_url, KEYS, TickingClock())
    assert caught.value.where == "ledger row 4" and caught.value.found == "its hash must be that of its content"
    Trial.open(database_url).close()  # who can draw nobody may look


def test_a_seal_is_of_one_scope_and_one_step(trial: Trial) -> None:
    trial.assign(arrivals(range(6)), DAY)
    row, epoch = state_of(trial), trial.epoch
    seals = {
        epoch.seal(scope, steps, state)
        for scope in (str(row["scope"]), "another/scope")
        for steps in (5, 6)
        for state in (str(row["state"]), "{}")
    }
    assert len(seals) == 8 and row["seal"] in seals
    with trial.store.read() as transaction:
        assert row["steps"] == len(transaction.rows(PARTICIPANTS, {"scope": row["scope"]}))
