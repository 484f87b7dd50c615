"""Apache Spark gives what the local engine gives, row for row: 200,000 persons, 20,000 of them followed."""

from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analysis.outcomes import shipped_codes
from analysis.outcomes.national import Gatherer
from analysis.registers.codes import look_up
from analysis.registers.weeks import column_of, month_of, weeks_between
from analysis.spells.write import write_spells
from trial.errors import RegisterError

pytestmark = pytest.mark.cluster
TABLE = look_up(shipped_codes())
PERSONS, PARTICIPANTS = 200_000, 20_000
MONDAYS = weeks_between(date(2019, 12, 30), date(2022, 12, 26))  # two years of 53 weeks on the way


def careers(rng, persons):
    """Codes that mostly stay as they are; holidays, one-day codes, sickness and all that ends a follow-up."""
    kinds = np.array([0, 111, 130, 121, 890, 651, 997, 998, 999], dtype=np.int16)
    chances = [0.6, 0.2, 0.1, 0.03, 0.03, 0.02, 0.007, 0.007, 0.006]
    now = rng.choice(kinds, persons, p=chances)
    for _ in MONDAYS:
        fresh = rng.choice(kinds, persons, p=chances)
        now = np.where((rng.random(persons) < 0.08) & (now < 997), fresh, now)
        yield np.where(rng.random(persons) < 0.004, 111, now)


@pytest.fixture(scope="module")
def registers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("registers")
    rng = np.random.default_rng(20)
    columns = {"pnr": [f"R{row:09d}" for row in rng.permutation(PERSONS)]}
    for monday, codes in zip(MONDAYS, careers(rng, PERSONS), strict=True):
        columns[column_of(monday)] = pa.array(codes, mask=codes == 0)
    for month in sorted({month_of(monday) for monday in MONDAYS})[::2]:  # every other month is in the file
        paid = rng.choice([0.0, 0.5, 1.0], PERSONS)
        columns[f"grad_{month // 12}_{month % 12 + 1:02d}"] = pa.array(paid, mask=paid == 0)
    pq.write_table(pa.table(columns), folder / "dream.parquet", row_group_size=37_000)
    ids = [f"p{number:026d}" for number in range(PARTICIPANTS)]
    keys = rng.choice(PERSONS + 50, PARTICIPANTS + 400, replace=False)  # some are not in DREAM, 400 have two keys
    link = pa.table({"participant_id": [*ids, *ids[:400]], "pnr": [f"R{key:09d}" for key in keys]})
    pq.write_table(link, folder / "link.parquet")
    return folder


@pytest.fixture(scope="module")
def assignments():
    rng = np.random.default_rng(21)
    days = pd.to_datetime("2020-03-02") + pd.to_timedelta(rng.integers(0, 700, PARTICIPANTS), unit="D")
    return pd.DataFrame(
        {
            "participant_id": [f"p{number:026d}" for number in range(PARTICIPANTS)],
            "arm": rng.choice(["physical", "digital"], PARTICIPANTS),
            "stratum": rng.choice(["0101/dagpenge", "0461/dagpenge", "0461/kontanthjaelp"], PARTICIPANTS),
            "assigned_on": days.date,
        }
    )


def test_spells_outcomes_and_tables_are_identical(spark, registers, assignments, tmp_path):
    made = {}
    for engine in ("local", "spark"):
        gatherer = Gatherer.of(assignments, registers, TABLE, "b")
        census = write_spells(registers, gatherer.task, tmp_path / engine, gatherer, engine=engine)
        made[engine] = {path.name: pq.read_table(path) for path in (tmp_path / engine).iterdir()}
        made[engine]["census"] = census
    assert made["local"] == made["spark"]
    assert made["local"]["census"].persons == PERSONS
    assert len(made["local"]["spells.parquet"]) > PERSONS
    outcomes = made["local"]["outcomes.parquet"].to_pandas()
    assert len(outcomes) == PARTICIPANTS
    assert 0 < outcomes["lost_reason"].notna().sum() < 50
    assert set(made["local"]) == {
        *("spells.parquet", "outcomes.parquet", "durations.parquet", "moments.parquet", "census")
    }


def test_an_unknown_code_and_a_repeated_person_are_refused_alike(spark, registers, assignments, tmp_path):
    few = pq.read_table(registers / "dream.parquet").slice(0, 5000)
    said = []
    for case, table in (("twice", pa.concat_tables([few, few.slice(0, 3)])), ("unknown", few)):
        (tmp_path / case).mkdir()
        pq.write_table(table, tmp_path / case / "dream.parquet")
        pq.write_table(pq.read_table(registers / "link.parquet"), tmp_path / case / "link.parquet")
        codes = np.where(np.arange(1000) == 890, 255, TABLE).astype(np.uint8) if case == "unknown" else TABLE
        for engine in ("local", "spark"):
            gatherer = Gatherer.of(assignments, tmp_path / case, codes, "a")
            with pytest.raises(RegisterError) as caught:
                write_spells(tmp_path / case, gatherer.task, tmp_path / "out", gatherer, engine=engine)
            said.append(str(caught.value))
            assert list((tmp_path / "out").iterdir()) == []
    assert said[0] == said[1]
    assert said[2] == said[3]
    assert "3 rows too many" in said[0]
    assert "890 (" in said[2]


def test_only_parquet_is_read_by_spark(spark, registers, assignments, tmp_path):
    (tmp_path / "dream.csv").write_text("pnr;y_2101\nR1;111\n")
    pq.write_table(pq.read_table(registers / "link.parquet"), tmp_path / "link.parquet")
    gatherer = Gatherer.of(assignments.assign(assigned_on=date(2021, 1, 4)), tmp_path, TABLE, "a")
    with pytest.raises(RegisterError, match="the engine spark reads Parquet"):
        write_spells(tmp_path, gatherer.task, None, gatherer, engine="spark")


def test_nothing_listens_beyond_this_machine(spark):
    settings = dict(spark.sparkContext.getConf().getAll())
    assert settings["spark.driver.bindAddress"] == settings["spark.driver.host"] == "127.0.0.1"
    assert settings["spark.ui.enabled"] == "false"
    assert spark.sparkContext.uiWebUrl is None
