"""The pauses of a simulated trial: what its own rule decides on published figures, over the whole calendar.

1. The rule is the one the ledger holds, word for word, not the file it once was.
2. The figures are those imported; a real trial sees each day's publication, a simulation may use the newest of all.
3. Without figures there is no simulation: a trial without pauses would be another trial.
"""

import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Literal

from trial.errors import InfectionError
from trial.infection import Closure, Publication, closures, load_rule
from trial.service import Trial

Vintage = Literal["as-published", "latest"]


def decided(
    trial: Trial, publications: Sequence[Publication], from_on: date, to_on: date, vintage: Vintage
) -> list[Closure]:
    """Give every closure that the trial's rule decides from one day to another; InfectionError without figures."""
    if not publications:
        raise InfectionError(
            "published infection figures must be there to simulate pauses",
            found="none",
            mend="trial infection import PATH, or name them with --data PATH",
            code="infection-none",
        )
    name = f"rules/{trial.protocol.infection.rule}.toml"
    with tempfile.TemporaryDirectory(prefix="lodtraek-") as folder:
        path = Path(folder) / Path(name).name
        path.write_bytes(trial.epoch.texts[name].encode())
        rule = load_rule(path)
    return closures(rule, publications, from_on, to_on, vintage)
