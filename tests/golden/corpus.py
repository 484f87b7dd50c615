"""The frozen draws: every procedure, several designs, 1,000 arrivals each.

1. An entry is the declaration (with the beacon and its value, where there is one) and what it drew: the first 50
   arms (as the place of the arm in the declaration) and the SHA-256 of every 100 arrivals, one line an arrival:
   scope, step, participant, arm, the exact probability of each arm.
2. Key, trial, epoch and arrivals are those below and never change. Citizens arrive twenty a day, in the keyed
   order.
3. `name@version` is frozen: an entry is never edited. A procedure that must draw otherwise gets a new version, and
   `python tests/golden/corpus.py` writes the entries that are missing and leaves the others alone. A version that is
   withdrawn before any release has drawn nobody: its entries go with it.
"""

import hashlib
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from trial.ledger.beacon import mixed
from trial.procedures import Arms, Draws, Factor, Subject, Unit, batch_order, build, epoch_key, next_arm
from trial.protocol.model import Beacon

FROZEN = Path(__file__).with_name("draws.json")
KEY, TRIAL, EPOCH, ARRIVALS, A_DAY = bytes(range(32)), "golden", 1, 1000, 20
FACTORS = (
    Factor("jobcentre", ("0101", "0461", "0751", "0851")),
    Factor("target_group", ("dagpenge", "jobparat-kontanthjaelp")),
    Factor("age_group", ("18-29", "30-49", "50+")),
)
AMONG = {"procedure": "permuted-block@1", "sizes": [2]}
WITHIN = {"procedure": "big-stick@1", "tolerance": 2}
ONE_TO_ONE: list[tuple[str, dict[str, Any]]] = [
    ("simple@1", {}),
    ("complete@1", {"total": 1001}),
    ("permuted-block@1", {"sizes": [4]}),
    ("permuted-block@1", {"sizes": [2, 4, 6]}),
    ("efron@1", {"probability": "2/3"}),
    ("wei-urn@1", {"alpha": 0, "beta": 1}),
    ("big-stick@1", {"tolerance": 3}),
    ("chen@1", {"tolerance": 3, "probability": 0.6}),
    ("maximal@1", {"tolerance": 3, "horizon": 50}),
    ("pocock-simon@1", {"probability": 0.8, "weights": {"jobcentre": 2}}),
    ("hu-hu@1", {"probability": 0.85, "overall": 0.2, "margin": 0.3, "stratum": 0.5}),
    ("balancing-walk@1", {"alpha": 12, "phi": 0.9}),
    ("matched-pairs@1", {}),
    ("cluster@1", {"factor": "jobcentre", "among": AMONG}),
    ("saturation@1", {"factor": "jobcentre", "shares": ["1/4", "1/2", "3/4"], "within": WITHIN}),
]
UNEQUAL: list[tuple[str, dict[str, Any]]] = [
    ("simple@1", {}),
    ("complete@1", {"total": 1001}),
    ("permuted-block@1", {"sizes": [5, 10]}),
    ("efron@1", {"probability": 0.6}),
    ("wei-urn@1", {"alpha": 1, "beta": 2}),
    ("big-stick@1", {"tolerance": 2}),
    ("chen@1", {"tolerance": 2, "probability": 0.6}),
    ("maximal@1", {"tolerance": 2, "horizon": 30}),
    ("pocock-simon@1", {"probability": 0.7}),
    ("hu-hu@1", {"probability": 0.7, "overall": 1, "margin": 2, "stratum": 3}),
    ("matched-pairs@1", {}),
    ("cluster@1", {"factor": "jobcentre", "among": {"procedure": "big-stick@1", "tolerance": 1}}),
]
EQUAL_ARMS, UNEQUAL_ARMS = {"physical": 1, "digital": 1}, {"physical": 2, "digital": 2, "video": 1}
THREE_ARMS, TWO_TO_ONE = {"physical": 1, "digital": 1, "video": 1}, {"physical": 2, "digital": 1}
BEACON = {"name": "drand", "round": 600000, "value": hashlib.sha256(b"golden beacon").hexdigest()}
BLOCKS_WITHIN = {"procedure": "permuted-block@1", "sizes": [3, 6]}
THIRDS = {"factor": "jobcentre", "shares": [0, "1/3", "2/3"], "within": BLOCKS_WITHIN}
Beaconed = dict[str, Any] | None
Design = tuple[str, dict[str, Any], dict[str, int], Beaconed]
DESIGNS: list[Design] = [
    *((name, parameters, EQUAL_ARMS, None) for name, parameters in ONE_TO_ONE),
    *((name, parameters, UNEQUAL_ARMS, None) for name, parameters in UNEQUAL),
    ("balancing-walk@1", {"alpha": 8, "phi": 1}, EQUAL_ARMS, None),  # restarts, and draws that are certain
    ("saturation@1", THIRDS, TWO_TO_ONE, None),
    ("permuted-block@1", {"sizes": [2, 4, 6]}, EQUAL_ARMS, BEACON),
    ("rerandomisation@2", {"candidates": 4, "probability": 0.8}, EQUAL_ARMS, None),
    ("rerandomisation@2", {"candidates": 10, "probability": "3/4"}, THREE_ARMS, None),
]


def arrivals() -> list[Unit]:
    """Give the citizens: levels from the bytes of a digest, some jobcentres larger than others."""
    found = []
    for number in range(ARRIVALS):
        one, two, three = hashlib.sha256(f"golden/{number}".encode()).digest()[:3]
        levels = {
            "jobcentre": FACTORS[0].levels[(one % 10 >= 4) + (one % 10 >= 7) + (one % 10 >= 9)],
            "target_group": FACTORS[1].levels[two % 3 == 0],
            "age_group": FACTORS[2].levels[three % 3],
        }
        found.append(Subject(f"p{number:04d}", levels, "/".join(levels.values())))
    return found


def drawing_key(beacon: Beaconed) -> bytes:
    """Give the key of the draws: the epoch's, with the value of the beacon mixed in where there is one."""
    key = epoch_key(KEY, TRIAL, EPOCH)
    return mixed(key, Beacon(name=beacon["name"], round=beacon["round"]), beacon["value"]) if beacon else key


def lines(
    name: str, parameters: dict[str, Any], ratio: dict[str, int], beacon: Beaconed
) -> tuple[list[str], list[int]]:
    """Draw the arrivals of a design: one line an arrival, and the places of the arms."""
    arms = Arms(tuple(ratio), tuple(ratio.values()))
    procedure = build(name, parameters, arms, FACTORS)
    key = drawing_key(beacon)
    draws: dict[str, Draws] = {"": Draws(key, TRIAL, EPOCH, "")}
    states: dict[str, Any] = {}
    steps: dict[str, int] = defaultdict(int)
    written, places, units = [], [], arrivals()
    for day in range(0, ARRIVALS, A_DAY):
        batch = {unit.participant_id: unit for unit in units[day : day + A_DAY]}
        state = states.get("", procedure.begin())
        together = (
            procedure.assign(state, [*batch.values()], draws[""], day) if procedure.together_in_batches else None
        )
        for who in batch_order(batch, draws[""]):
            scope = procedure.scope_of(batch[who])
            if together:
                drawn = together.drawn[who]
            else:
                draw = draws.setdefault(scope, Draws(key, TRIAL, EPOCH, scope))
                drawn = next_arm(procedure, states.get(scope) or procedure.begin(), batch[who], draw, steps[scope])
            chances = " ".join(str(drawn.probabilities[arm]) for arm in arms.names)
            written.append(f"{scope} {steps[scope]} {who} {drawn.arm} {chances}\n")
            places.append(arms.names.index(drawn.arm))
            # The state goes through JSON with sorted keys every time: what is not in it is lost.
            states[scope] = json.loads(json.dumps(together.state if together else drawn.state, sort_keys=True))
            steps[scope] += 1
    return written, places


def entry(name: str, parameters: dict[str, Any], ratio: dict[str, int], beacon: Beaconed) -> dict[str, Any]:
    """Draw one entry of the corpus."""
    written, places = lines(name, parameters, ratio, beacon)
    hundreds = ["".join(written[start : start + 100]).encode() for start in range(0, ARRIVALS, 100)]
    return {
        "procedure": name,
        "parameters": parameters,
        "arms": ratio,
        **({"beacon": beacon} if beacon else {}),
        "first_50": "".join(str(place) for place in places[:50]),
        "sha256_of_100": [hashlib.sha256(hundred).hexdigest() for hundred in hundreds],
    }


def frozen() -> list[dict[str, Any]]:
    """Read the corpus."""
    found: list[dict[str, Any]] = json.loads(FROZEN.read_text()) if FROZEN.exists() else []
    return found


def of(one: dict[str, Any]) -> Design:
    """Give the declaration of an entry."""
    return one["procedure"], one["parameters"], one["arms"], one.get("beacon")


if __name__ == "__main__":
    kept = frozen()
    kept += [entry(*design) for design in DESIGNS if design not in [of(one) for one in kept]]
    FROZEN.write_text(json.dumps(kept, indent=1) + "\n")
