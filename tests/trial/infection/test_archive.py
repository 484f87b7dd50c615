"""Published files kept beside the trial: twice is once, nothing is changed, nothing is lost."""

import sqlite3
import stat
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa

from tests.trial.infection.made import at_two, pair, span
from tests.trial.infection.test_readers import municipal
from trial.errors import DatabaseError, InfectionError
from trial.infection.archive import Archive
from trial.infection.evidence import EVIDENCE, PUBLICATIONS
from trial.infection.publication import recognise
from trial.ledger.database import altered
from trial.ledger.store import Store

NOW = datetime(2021, 6, 14, 12, 30, tzinfo=UTC)
DAY = date(2021, 6, 14)
DAYS = span("2021-06-01", 14)
FILES = [*pair(DAY, DAYS, {}), recognise(municipal(), "decisions.csv")]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'trial.db'}"
    return request.getfixturevalue("postgres_url")


@pytest.fixture
def archive(url):
    found = Archive(url)
    yield found
    found.close()


def test_what_is_kept_is_read_back_as_it_was(archive):
    assert archive.publications() == []
    assert archive.add(FILES, NOW) == 3
    found = archive.publications()
    assert sorted(found, key=lambda one: one.kind) == sorted(FILES, key=lambda one: one.kind)
    assert {one.content for one in found} == {one.content for one in FILES}
    assert all(one.published_at == at_two(DAY) for one in found)


def test_importing_twice_changes_nothing(archive):
    archive.add(FILES, NOW)
    assert archive.add(FILES, datetime(2022, 1, 1, tzinfo=UTC)) == 0
    assert len(archive.publications()) == 3
    with archive._engine.connect() as connection:
        assert set(connection.execute(sa.select(PUBLICATIONS.c.imported_at)).scalars()) == {
            "2021-06-14T12:30:00.000000Z"
        }


def test_the_same_bytes_on_another_day_are_another_publication(archive):
    archive.add(FILES[:1], NOW)
    again = recognise(FILES[0].content, "cases.csv", at_two(date(2021, 6, 20)))
    assert archive.add([again, again], NOW) == 1
    with archive._engine.connect() as connection:
        assert len(connection.execute(sa.select(EVIDENCE.c.sha256)).all()) == 1  # the bytes once


def test_a_contradicting_file_is_refused_and_nothing_is_written(archive):
    archive.add(FILES, NOW)
    other = pair(DAY, DAYS, {"0183": [5] * 14})
    with pytest.raises(InfectionError) as caught:
        archive.add([*pair(date(2021, 6, 15), DAYS, {}), *other], NOW)
    assert caught.value.stable_code == "infection-vintage"
    assert len(archive.publications()) == 3


@pytest.mark.parametrize(
    "statement",
    [
        f"{words} {table}{end}"
        for table in ("infection_publications", "evidence")
        for words, end in (("UPDATE", " SET name = 'x'"), ("DELETE FROM", ""))
    ],
)
def test_nothing_kept_is_changed_or_removed(archive, statement):
    archive.add(FILES, NOW)
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), archive._engine.begin() as connection:
        connection.exec_driver_sql(statement)


def test_changed_bytes_are_noticed(tmp_path):
    path = tmp_path / "trial.db"
    archive = Archive(f"sqlite:///{path}")
    archive.add(FILES, NOW)
    archive.close()
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TRIGGER evidence_update")
        connection.execute("UPDATE evidence SET content = x'00' WHERE name = 'cases.csv'")
    connection.close()
    with pytest.raises(InfectionError) as caught:
        Archive(f"sqlite:///{path}").publications()
    assert caught.value.stable_code == "infection-evidence"


def test_a_new_file_is_private_and_reading_makes_none(tmp_path):
    path = tmp_path / "trial.db"
    archive = Archive(f"sqlite:///{path}")
    assert archive.publications() == []
    assert not path.exists()
    archive.add(FILES, NOW)
    archive.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("url", ["nonsense", "mysql://x/y", "sqlite:////no/such/folder/trial.db"])
def test_a_database_that_cannot_be_is_refused_without_parameters(url):
    with pytest.raises(DatabaseError):
        Archive(url).add(FILES, NOW)


def test_a_trial_begun_where_files_were_imported_verifies(tmp_path):
    """The table stands beside the trial's own; a guard of it that is gone is named as any other."""
    url = f"sqlite:///{tmp_path / 'trial.db'}"
    archive = Archive(url)
    archive.add(FILES, NOW)
    Store.create(url).close()
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        assert altered(connection) == []
        connection.exec_driver_sql("DROP TRIGGER infection_publications_update")
        assert altered(connection) == ["trigger infection_publications_update"]
    engine.dispose()
    archive.close()
