"""An intake file to arrivals under pseudonyms, beside the bare reading of its rows; keyed draws beside bare HMACs.

A file whose every row is wrong must be refused no slower than a right one is read.
"""

import csv
import hmac
import io
from collections.abc import Iterator
from datetime import date

from bench.harness import Row, pair
from trial.errors import IntakeError
from trial.identity import Pseudonymiser
from trial.intake import read_intake
from trial.procedures import Draws, epoch_key
from trial.protocol import load_protocol, shipped

HEADER = "citizen;jobcentre;target_group;birth_on;spell_start_on;less_intensive_effort;needs_interpreter;" \
         "digital_post_exempt;protected_address\r\n"  # fmt: skip
RIGHT = "SYN-{};0461;dagpenge;1990-05-17;2021-02-20;no;no;no;no\r\n"
WRONG = "SYN-1;1;dagpenge;1990-05-17;2021-02-20;no;no;no;no\r\n"
DRAWS = 100_000
DAY = date(2021, 3, 1)


def measure() -> Iterator[Row]:
    """Measure files of two sizes, a file to be refused, and draws."""
    protocol, pseudonymiser = load_protocol(shipped("digital-samtaler.toml")), Pseudonymiser(bytes(32))

    def read(content: bytes) -> None:
        try:
            read_intake(content, protocol, pseudonymiser, DAY, name="day.csv")
        except IntakeError as error:
            assert content.endswith(WRONG.encode()) and error.problems()

    for name, line, rows in (
        ("intake", RIGHT, 25_000),
        ("intake", RIGHT, 100_000),
        ("intake, refused", WRONG, 100_000),
    ):
        content = (HEADER + "".join(line.format(number) for number in range(rows))).encode()
        yield pair(
            name, rows, lambda content=content: read(content),
            lambda content=content: list(csv.reader(io.StringIO(content.decode()), delimiter=";")),
            "csv.reader, rows alone", 3,
        )  # fmt: skip
    yield pair("keyed draws", DRAWS, _draw, _hash, "hmac.digest of as many bytes", 5)


def _draw() -> None:
    draws = Draws(epoch_key(bytes(32), "t", 1), "t", 1, "s")
    for step in range(DRAWS):
        draws.below(2, step, "arm")


def _hash() -> None:
    for step in range(DRAWS):
        hmac.digest(bytes(32), b"14:lodtraek-draw/1,1:t,1:1,1:s,%d,3:arm,1:0," % step, "sha256")
