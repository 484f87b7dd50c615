"""Bundles of every procedure, written through the real service."""

import re
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from tests.clustered import POSTS, clustered
from tests.opened import CODES, DAY, KEYS, PROTOCOL, TickingClock, arrival, url
from trial.bundle import export_bundle
from trial.infection import Closure
from trial.intake import Arrival
from trial.keys import Keys
from trial.service import Trial

VERIFIER = Path(__file__).resolve().parents[1] / "trial" / "verifier.py"
WITNESS = VERIFIER.with_name("witness.py")
TRIAL_KEY = f'{{"format":"lodtraek-key/1","purpose":"trial","mode":"test","key":"{(b"T" * 32).hex()}"}}\n'
FACTORED = 'factor = "jobcentre", '
ANY_RATIO = {
    "simple": 'procedure = "simple@1"',
    "block of 6": 'procedure = "permuted-block@1"\nsizes = [6]',
    "blocks": 'procedure = "permuted-block@1"\nsizes = [6, 12]',
    "efron": 'procedure = "efron@1"\nprobability = 0.75',
    "wei urn": 'procedure = "wei-urn@1"\nalpha = 1\nbeta = 2',
    "wei urn, empty": 'procedure = "wei-urn@1"\nalpha = 0\nbeta = 1',
    "big stick": 'procedure = "big-stick@1"\ntolerance = 2',
    "chen": 'procedure = "chen@1"\ntolerance = 2\nprobability = "2/3"',
    "maximal": 'procedure = "maximal@1"\ntolerance = 2\nhorizon = 9',
    "complete": 'procedure = "complete@1"\ntotal = 1001',
    "pocock-simon": 'procedure = "pocock-simon@1"\nprobability = 0.8\nweights = { jobcentre = 2, age_group = 0.5 }',
    "hu-hu": 'procedure = "hu-hu@1"\nprobability = 0.85\noverall = 0.2\nmargin = 0.3\nstratum = "1/8"',
    "cluster": f'procedure = "cluster@1"\n{FACTORED[:-2]}\namong = {{ procedure = "efron@1", probability = 0.75 }}',
}
EQUAL_RATIO = {
    "balancing walk": 'procedure = "balancing-walk@1"\nalpha = 6\nphi = 1',
    "balancing walk, half": 'procedure = "balancing-walk@1"\nalpha = 9\nphi = 0.5',
}
SATURATION = (
    'procedure = "saturation@1"\nfactor = "jobcentre"\nshares = ["1/4", "1/2", "3/4"]\n'
    'within = { procedure = "efron@1", probability = 0.9 }'
)
TOGETHER = {
    "pairs": 'procedure = "matched-pairs@1"',
    "rerandomisation": 'procedure = "rerandomisation@2"\ncandidates = 5\nprobability = 0.8',
}
DESIGNS = [
    *((name, table, ratio) for name, table in ANY_RATIO.items() for ratio in ((1, 1), (1, 2))),
    *((name, table, (1, 1)) for name, table in EQUAL_RATIO.items()),
    ("saturation", SATURATION, (1, 1)),
    *((name, table, (1, 1)) for name, table in TOGETHER.items()),
    ("pairs", TOGETHER["pairs"], (1, 2)),
]


def protocol(folder: Path, randomisation: str, ratio: tuple[int, ...] = (1, 1)) -> Path:
    """The shipped protocol with another procedure and ratio."""
    text = PROTOCOL.read_text(encoding="utf-8")
    drawn_as_one = re.search(r'cluster@1"\nfactor = "(\w+)"', randomisation)
    text = clustered(text, drawn_as_one[1]) if drawn_as_one else text
    table = f"[randomisation]\n{randomisation}\npredictability_budget = 0.60\n\n[infection]"
    table = table if "[randomisation.beacon]" not in randomisation else _with_beacon(randomisation)
    text, found = re.subn(r"\[randomisation\].*?\[infection\]", lambda _: table, text, flags=re.DOTALL)
    assert found == 1
    parts = iter(ratio)
    text = re.sub(r"^ratio = 1", lambda _: f"ratio = {next(parts)}", text, flags=re.MULTILINE)
    path = folder / "protocol.toml"
    path.write_text(text, encoding="utf-8")
    return path


def _with_beacon(randomisation: str) -> str:
    own, beacon = randomisation.split("[randomisation.beacon]")
    return f"[randomisation]\n{own}predictability_budget = 0.60\n\n[randomisation.beacon]{beacon}\n\n[infection]"


def open_with(folder: Path, table: str, database: str | None = None, ratio: tuple[int, ...] = (1, 1)) -> Trial:
    """Open a trial with another procedure and ratio, in a folder or in the database of a URL."""
    return Trial.init(database or url(folder), protocol(folder, table, ratio), KEYS, "test", clock=TickingClock())


def someone(number: int, *, posts: bool = False) -> Arrival:
    """An arrival of two towns, two groups, three ages and, where asked, twelve caseworkers; a few are excluded."""
    town, group, age = CODES[number % 3 % 2], number // 3 % 2, number // 7 % 3
    levels = {
        "jobcentre": town,
        "target_group": ("dagpenge", "jobparat-kontanthjaelp")[group],
        "age_group": ("18-29", "30-49", "50+")[age],
        **({"caseworker": POSTS[number % len(POSTS)]} if posts else {}),
    }
    exclusion = "interpreter" if number % 23 == 22 else None
    known = arrival(number, town, exclusion=exclusion)
    return known._replace(levels=levels, stratum="/".join(levels.values()))


def run_trial(trial: Trial, people: int = 120) -> None:
    """Three days, one at a time and together, with a pause in between."""
    everybody = [someone(number, posts="caseworker" in trial.epoch.levels) for number in range(people)]
    trial.assign(everybody[: people // 2], DAY)
    pause = Closure(CODES[1], "", DAY, DAY + timedelta(days=1), None, None, None)
    trial.apply_closures([pause], DAY + timedelta(days=1))
    for number in range(people // 2, people // 2 + 8):
        trial.assign([everybody[number]], DAY + timedelta(days=2))
    trial.apply_closures([replace(pause, reopened_on=DAY + timedelta(days=3))], DAY + timedelta(days=3))
    trial.assign(everybody[people // 2 + 8 :], DAY + timedelta(days=3))


def bundle(folder: Path, randomisation: str, ratio: tuple[int, ...] = (1, 1), keys: Keys = KEYS) -> Path:
    """A bundle of a small trial, and its trial key beside it."""
    path = protocol(folder, randomisation, ratio)
    trial = Trial.init(url(folder), path, keys, "test", clock=TickingClock())
    run_trial(trial)
    export_bundle(trial, folder / "bundle")
    trial.close()
    (folder / "trial.key").write_text(TRIAL_KEY)
    return folder / "bundle"


def verifier(*arguments: object, isolated: bool = True, program: Path = VERIFIER) -> subprocess.CompletedProcess[str]:
    """Run the verifier, or the witness, as a stranger would: elsewhere, without the product."""
    options = ["-I", "-S"] if isolated else []
    command = [sys.executable, *options, str(program), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")


def copy(source: Path, folder: Path) -> Path:
    return Path(shutil.copytree(source, folder))
