"""SAS transport files, written here by the layout SAS published (TS-140): the reader finds the same cells."""

import struct

import pytest

from analysis.outcomes import shipped_codes
from analysis.registers.codes import look_up
from analysis.registers.read import read_dream, read_link
from trial.errors import FileError

HEAD = "HEADER RECORD*******{}HEADER RECORD!!!!!!!{:<30}  "
STAMP = "SAS     {:8}SAS{:5}9.4     Linux                           01JAN21:00:00:00"
ZEROS = "0" * 30


def ibm_double(value):
    """A number as an IBM 370 computer stores it; a missing one is a point."""
    if value is None:
        return b"." + bytes(7)
    if value == 0:
        return bytes(8)
    exponent, mantissa = 64, abs(value)
    while mantissa >= 1:
        mantissa, exponent = mantissa / 16, exponent + 1
    sign = 128 if value < 0 else 0
    return bytes([sign | exponent]) + int(mantissa * 2**56).to_bytes(7, "big")


def padded(data):
    return data + b" " * (-len(data) % 80)


def xport(columns, rows):
    """A transport file: columns are (name, width of a text or None for a number)."""
    records, at = b"", 0
    for number, (name, width) in enumerate(columns, 1):
        kind, length = (2, width) if width else (1, 8)
        text = [name.upper().ljust(8).encode(), b" " * 40, b" " * 8]
        records += struct.pack(">hhhh8s40s8shhh2s8shhl52s", kind, 0, length, number, *text, 0, 0, 0, b"", b" " * 8,
                               0, 0, at, b"")  # fmt: skip
        at += length
    data = b""
    for row in rows:
        for (_, width), cell in zip(columns, row, strict=True):
            data += cell.encode().ljust(width) if width else ibm_double(cell)
    head = [
        HEAD.format("LIBRARY ", ZEROS),
        STAMP.format("SAS", "LIB"),
        "01JAN21:00:00:00",
        HEAD.format("MEMBER  ", "000000000000000001600000000140"),
        HEAD.format("DSCRPTR ", ZEROS),
        STAMP.format("X", "DATA"),
        "01JAN21:00:00:00",
        HEAD.format("NAMESTR ", f"{len(columns):010d}" + "0" * 20),
    ]
    start = b"".join(line.ljust(80).encode() for line in head)
    return start + padded(records) + HEAD.format("OBS     ", ZEROS).ljust(80).encode() + padded(data)


def test_dream_from_a_transport_file(tmp_path):
    columns = [("pnr", 8), ("y_2053", None), ("y_2052", None)]
    rows = [("0101", 111, None), ("0202", None, 890), ("0303", 121, 121)]
    (tmp_path / "dream.xpt").write_bytes(xport(columns, rows))
    dream = read_dream(tmp_path, look_up(shipped_codes()))
    assert dream.pnr.tolist() == ["0101", "0202", "0303"]
    assert dream.codes.tolist() == [[0, 111], [890, 0], [121, 121]]


def test_a_cut_transport_file_is_refused(tmp_path):
    whole = xport([("pnr", 8), ("y_2053", None)], [("0101", 111)])
    (tmp_path / "dream.xpt").write_bytes(whole[:700])
    with pytest.raises(FileError, match="whole xpt file"):
        read_dream(tmp_path, look_up(shipped_codes()))
    with pytest.raises(FileError, match="must hold link"):
        read_link(tmp_path)
