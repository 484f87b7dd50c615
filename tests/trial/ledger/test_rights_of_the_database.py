"""The rights that docs/roles.md gives on PostgreSQL: enough to run a trial, too few to change what was written."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import psycopg
import pytest

from tests.opened import BY, DAY, KEYS, TickingClock, arrival, arrivals, conversation, full_trial, level
from tests.servers import PostgresServer
from trial.errors import DatabaseError
from trial.ledger.proof import rebuild, verify_store
from trial.service import Trial

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "roles.md"
ROLES = ("lodtraek_app", "lodtraek_keeper")
NOW = "2021-03-10T08:00:00.000000Z"


@pytest.fixture
def urls(postgres: PostgresServer, postgres_url: str) -> Iterator[dict[str, str]]:
    """A trial begun by the owner, and the URLs of those who have the documented rights."""
    full_trial(postgres_url).close()
    name = postgres_url.split("@/")[1].split("?", maxsplit=1)[0]
    [block] = re.findall(r"```sql\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), flags=re.DOTALL)
    postgres.sql(block.replace("\n", " "), name)
    yield {role: postgres_url.replace("owner@", f"{role}@") for role in ROLES}
    for role in ROLES:
        postgres.sql(f"DROP OWNED BY {role}; DROP ROLE {role}", name)


def test_a_trial_runs_with_the_rights_of_the_program(urls: dict[str, str]) -> None:
    trial = Trial.open(urls["lodtraek_app"], KEYS, TickingClock())
    outcomes = trial.assign(arrivals(range(10, 20)), DAY)
    assert all(one.new for one in outcomes)
    trial.open_pause("0147", DAY, BY, ("decision.txt", b"the decision"), decided_on=DAY)
    trial.close_pause("0147", date(2021, 3, 8), BY)
    trial.record_conversations([conversation(outcomes[0], held=False)])
    trial.record_conversations([conversation(outcomes[0])])
    trial.correct(level(outcomes[0].participant_id))
    with pytest.raises(DatabaseError):
        trial.erase(
            arrival(3).participant_id, DAY, reason="objection", recorded_by="key holder",
            code=trial.erasable(arrival(3).participant_id).code,
        )  # fmt: skip
    assert verify_store(trial.store, KEYS.trial).holds
    trial.close()


def test_the_keeper_erases_and_rebuilds(urls: dict[str, str]) -> None:
    trial = Trial.open(urls["lodtraek_keeper"], KEYS, TickingClock())
    person = arrival(3).participant_id
    code = trial.erasable(person).code
    found = trial.erase(person, DAY, reason="objection", recorded_by="key holder", code=code)
    assert "VACUUM" in found.remaining[0]  # only the owner can
    assert KEYS.trial is not None and rebuild(trial.store, KEYS.trial, NOW) == []
    assert verify_store(trial.store, KEYS.trial).holds
    trial.close()


CHANGES = (
    "UPDATE ledger SET payload = '{}' WHERE seq = 2",
    "DELETE FROM ledger WHERE seq = 2",
    "TRUNCATE ledger",
    "ALTER TABLE ledger DISABLE TRIGGER ALL",
    "DROP TRIGGER ledger_update ON ledger",
    "SET session_replication_role = replica",
    "UPDATE evidence SET content = ''",
    "UPDATE citizens SET participant_id = 'x'",
    "UPDATE sealed SET content = ''",
    "CREATE OR REPLACE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN OLD; END $$",
    "ALTER TABLE ledger DISABLE TRIGGER ledger_update",
    "DROP TABLE ledger",
    "CREATE TABLE notes (x text)",
)


def test_neither_of_them_changes_what_was_written(urls: dict[str, str]) -> None:
    for role in ROLES:
        with psycopg.connect(urls[role].replace("+psycopg", "")) as connection:
            for statement in CHANGES:
                with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.RaiseException)):
                    connection.execute(statement)
                connection.rollback()


def test_the_program_deletes_nothing_and_changes_no_arm(urls: dict[str, str]) -> None:
    with psycopg.connect(urls["lodtraek_app"].replace("+psycopg", "")) as connection:
        tables = [row[0] for row in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        assert {"ledger", "citizens", "sealed", "participants", "lodtraek"} <= set(tables)
        for table in tables:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"DELETE FROM {table}")  # type: ignore[call-overload]
            connection.rollback()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("UPDATE participants SET arm = 'digital'")
