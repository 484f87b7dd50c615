"""What must be believed where no data can tell: each assumption once, by name, in words.

A plan declares the assumptions its author is prepared to defend, with the reason; an assumption nobody declared is
not made. A verdict lists those it rests on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from trial.protocol import Text

AssumptionName = Literal[
    "unconfoundedness",
    "no-anticipation",
    "treatment-fixed-at-start",
    "exclusion",
    "monotonicity",
    "no-displacement",
    "monotone-selection",
    "monotone-response",
    "complete-compliance",
]
NAMES: tuple[str, ...] = get_args(AssumptionName)

CLAIMS: Mapping[str, Text] = {
    "unconfoundedness": Text(
        da="Blandt borgere med samme målte baggrund, jobcenter og uge er det tilfældigt, hvem der talte digitalt.",
        en="Among citizens of the same measured background, jobcentre and week it is chance who had a digital talk.",
    ),
    "no-anticipation": Text(
        da="Ingen ændrer adfærd, før samtalen er holdt, fordi formen kendes på forhånd.",
        en="Nobody acts differently before the talk is held because its form is known in advance.",
    ),
    "treatment-fixed-at-start": Text(
        da="Hvem der er behandlet, ligger fast, før udfaldet begynder at tælle.",
        en="Who is treated is settled before the outcome begins to count.",
    ),
    "exclusion": Text(
        da="Instrumentet påvirker kun udfaldet gennem samtalens form.",
        en="The instrument moves the outcome through the form of the talk alone.",
    ),
    "monotonicity": Text(
        da="Instrumentet flytter ingen fra digital til fysisk samtale, når det flytter andre den modsatte vej.",
        en="The instrument moves nobody from digital to physical while it moves others the opposite way.",
    ),
    "no-displacement": Text(
        da="Én borgers samtaleform ændrer ikke en anden borgers chance for job.",
        en="The form of one citizen's talk does not change another citizen's chance of a job.",
    ),
    "monotone-selection": Text(
        da="De, der fik digital samtale, ville i gennemsnit have klaret sig mindst lige så godt med enhver form.",
        en="Those who had a digital talk would on average have done at least as well under either form.",
    ),
    "monotone-response": Text(
        da="Ingen kommer senere i job af en digital samtale end af en fysisk.",
        en="Nobody finds a job later because the talk was digital rather than physical.",
    ),
    "complete-compliance": Text(
        da="Alle modtog den form, de blev tildelt.",
        en="Everybody received the form they were assigned.",
    ),
}


@dataclass(frozen=True)
class Believed:
    """An assumption a verdict rests on: what it claims, and why the plan's author defends it, where it says so."""

    name: str
    claim: Text
    why: Text | None = None

    def to_json(self) -> dict[str, object]:
        """Give it as plain data."""
        why = None if self.why is None else self.why.model_dump()
        return {"name": self.name, "claim": self.claim.model_dump(), "why": why}
