"""The program as a role that owns nothing: it can do its work, and cannot touch what is written. The grants are those
of docs/faults.md, word for word.
"""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import psycopg
import pytest

from tests.opened import BY, DAY, KEYS, TickingClock, arrivals, conversation, open_trial, published, withdrawal
from tests.servers import PostgresServer
from trial.ledger.proof import verify_store
from trial.service import Trial

GRANTS = Path(__file__).parents[3] / "docs" / "faults.md"


@pytest.fixture
def as_program(postgres: PostgresServer, postgres_url: str) -> Iterator[str]:
    """Open a trial as the owner and give the URL of the program's own role."""
    trial = open_trial(postgres_url)
    trial.close()
    name = postgres_url.split("@/")[1].split("?", maxsplit=1)[0]
    role = f"program_{name}"
    postgres.sql(f"CREATE ROLE {role} LOGIN")
    [grants] = re.findall(r"```sql\n(.*?)```", GRANTS.read_text(encoding="utf-8"), re.DOTALL)
    postgres.sql(grants.replace("lodtraek_program", role), name)
    yield postgres_url.replace("owner@", f"{role}@")
    postgres.sql(f"DROP OWNED BY {role}", name)
    postgres.sql(f"DROP ROLE {role}")


def test_the_program_can_do_its_work(as_program: str) -> None:
    trial = Trial.open(as_program, KEYS, TickingClock())
    outcomes = trial.assign(arrivals(range(20)), DAY)
    trial.open_pause("0101", DAY, BY, ("decision.txt", b"the decision"), decided_on=DAY)
    trial.close_pause("0101", date(2021, 3, 8), BY)
    trial.import_infection([published()])
    trial.record_conversations([conversation(outcomes[0], held=False)])
    trial.record_conversations([conversation(outcomes[0])])
    trial.correct(withdrawal(outcomes[0].participant_id))
    assert trial.assign(arrivals(range(20)), DAY) and verify_store(trial.store, KEYS.trial).holds
    trial.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger SET kind = 'x'",
        "DELETE FROM ledger",
        "TRUNCATE ledger",
        "ALTER TABLE ledger DISABLE TRIGGER ledger_update",
        "ALTER TABLE ledger DISABLE TRIGGER ALL",
        "DROP TRIGGER ledger_insert ON ledger",
        "DROP TABLE ledger",
        "SET session_replication_role = replica",
        "CREATE OR REPLACE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$",
        "UPDATE participants SET arm = 'digital'",
        "DELETE FROM participants",
        "DELETE FROM strata",
        "UPDATE evidence SET content = ''",
        "CREATE TABLE notes (x text)",
    ],
)
def test_the_program_cannot_touch_what_is_written(as_program: str, statement: str) -> None:
    with (
        psycopg.connect(as_program.replace("+psycopg", ""), autocommit=True) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement)
