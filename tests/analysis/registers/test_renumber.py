"""Planted trap: people who change CPR number keep one life."""

import pandas as pd
import pyarrow.parquet as pq

from analysis.outcomes import analysis_set
from analysis.registers import synthetic

NOBODY = pd.DataFrame({"participant_id": [], "held_mode": []}).astype(str)


def test_a_change_of_number_changes_no_outcome(make_assignments, write_registers, protocol, tmp_path, monkeypatch):
    people = make_assignments(300, seed=11)
    frames = []
    for share in (0.0, 0.6):
        monkeypatch.setattr(synthetic, "NEW_NUMBER", share)
        write_registers(people, tmp_path / str(share))
        built = analysis_set(people, NOBODY, tmp_path / str(share), protocol)
        frames.append(built.frame)
        several = next(step.n for step in built.flow if step.name == "several-keys")
        assert (several > 100) == (share > 0)
    pd.testing.assert_frame_equal(*frames)


def test_both_rows_together_hold_every_week_once(make_assignments, write_registers, tmp_path, monkeypatch):
    people = make_assignments(100, seed=12)
    monkeypatch.setattr(synthetic, "NEW_NUMBER", 1.0)
    write_registers(people, tmp_path, others=0)
    link = pq.read_table(tmp_path / "link.parquet").to_pandas()
    dream = pq.read_table(tmp_path / "dream.parquet").to_pandas().set_index("pnr")
    checked = 0
    for _, keys in link.groupby("participant_id")["pnr"]:
        rows = dream.loc[[key for key in keys if key in dream.index]]
        assert (rows.notna().sum() <= 1).all()
        checked += len(rows) == 2
    assert checked > 90
