"""The verdict: a pure function of the findings and the plan, by a table of routes.

1. By design: arms were drawn and it is proved (gate `design` passes). Nothing else is asked: chance has answered it.
2. Under assumptions, by what was measured: mode varies within strata and calendar time, the propensities overlap and
   placebos show nothing (all must pass); having a talk, anticipation, survivorship and precision do not fail; and the
   plan declares unconfoundedness.
3. Under assumptions, by an instrument: it is strong with enough clusters, placebos and survivorship do not fail, and
   the plan declares exclusion and monotonicity.
4. Bounds only: what holds without choosing among unknowns is narrow enough, by the plan, to say something.
5. Else not identified. The first route that is open is taken.
6. Who claims that arms were drawn must prove it: where `design` fails, no route to a point estimate is open.
7. A gate that could not look leaves its assumption to be believed, and only a declared one is. A gate that must pass
   must have looked.
8. Reasons come in order of weight: what speaks for the route taken, or, where none gives a point estimate, every
   finding that closed one.
9. A verdict never depends on the effect found: `sensitivity` tells a reader how fragile a sign would be and closes no
   route, for letting only large effects through would choose among the truths.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from analysis.identify.assumptions import CLAIMS, Believed
from analysis.identify.finding import Finding
from analysis.identify.plan import IdentificationPlan
from trial.protocol import Text

Slug = Literal["identified-by-design", "identified-under-assumptions", "bounds-only", "not-identified"]
ASSUMED = "assumption:"
SLUGS: tuple[Slug, ...] = ("identified-by-design", "identified-under-assumptions", "bounds-only", "not-identified")


@dataclass(frozen=True)
class Route:
    """A way to an answer: gates that must pass, gates that must not fail, assumptions the plan must declare."""

    slug: Slug
    name: str
    must_pass: tuple[str, ...]
    must_not_fail: tuple[str, ...] = ()
    assumes: tuple[str, ...] = ()


ROUTES: tuple[Route, ...] = (
    Route("identified-by-design", "design", ("design",)),
    Route(
        "identified-under-assumptions", "unconfoundedness", ("mode", "overlap", "placebo"),
        ("design", "talk", "anticipation", "survivorship", "precision"), ("unconfoundedness",),
    ),
    Route(
        "identified-under-assumptions", "instrument", ("instruments",),
        ("design", "placebo", "survivorship", "precision"), ("exclusion", "monotonicity"),
    ),
    Route("bounds-only", "bounds", ("bounds",)),
)  # fmt: skip

HEADLINES: Mapping[Slug, Text] = {
    "identified-by-design": Text(
        da="Effekten er identificeret: lodtrækningen er bevist.",
        en="The effect is identified: the draw is proved.",
    ),
    "identified-under-assumptions": Text(
        da="Effekten er kun identificeret, hvis de nævnte antagelser holder.",
        en="The effect is identified only if the stated assumptions hold.",
    ),
    "bounds-only": Text(
        da="Data giver grænser for effekten, men intet enkelt tal.",
        en="The data bound the effect, but give no single number.",
    ),
    "not-identified": Text(
        da="Effekten kan ikke læres af disse data.",
        en="The effect cannot be learnt from these data.",
    ),
}


@dataclass(frozen=True)
class Verdict:
    """Whether the effect is identified, why in order of weight, and what must be believed.

    route: the way to the answer, by name. undeclared: assumptions a way would have needed and the plan does not make.
    """

    slug: Slug
    reasons: tuple[Finding, ...]
    assumptions: tuple[Believed, ...]
    route: str | None = None
    undeclared: tuple[str, ...] = ()

    @property
    def is_identified(self) -> bool:
        """Whether a point estimate may be printed."""
        return self.slug in {"identified-by-design", "identified-under-assumptions"}

    @property
    def headline(self) -> Text:
        """Give the verdict in one sentence."""
        return HEADLINES[self.slug]

    def because(self, lang: str) -> str:
        """Give the verdict and its reasons as one text: what stands where a number is refused."""
        return " ".join([self.headline.get(lang), *(reason.sentence.get(lang) for reason in self.reasons)])

    def to_json(self) -> dict[str, object]:
        """Give the verdict as plain data; gates are told beside it."""
        return {
            "verdict": self.slug,
            "route": self.route,
            "headline": self.headline.model_dump(),
            "reasons": [reason.gate for reason in self.reasons],
            "assumptions": [one.to_json() for one in self.assumptions],
            "undeclared": list(self.undeclared),
        }


def verdict(findings: Iterable[Finding], plan: IdentificationPlan) -> Verdict:
    """Judge: the first open route gives the verdict."""
    by_gate = {finding.gate: finding for finding in findings}
    closed: dict[str, None] = {}
    undeclared: dict[str, None] = {}
    for route in ROUTES:
        closing = tuple(_closing(route, by_gate, plan))
        if closing:
            closed |= dict.fromkeys(closing if route.slug != "bounds-only" else ())
            undeclared |= dict.fromkeys(_undeclared(closing))
            continue
        believed = _believed(route, by_gate, plan)
        if route.slug != "bounds-only":
            return Verdict(route.slug, _ordered(route.must_pass, by_gate), believed, route.name)
        return Verdict(route.slug, _against(closed, by_gate), believed, route.name, tuple(undeclared))
    return Verdict("not-identified", _against(closed, by_gate), (), None, tuple(undeclared))


def _closing(route: Route, by_gate: Mapping[str, Finding], plan: IdentificationPlan) -> Iterable[str]:
    """Name whatever closes a route: gates, and assumptions that nobody declared."""
    for gate in route.must_pass:
        if gate not in by_gate or by_gate[gate].status != "passes":
            yield gate
    for gate in route.must_not_fail:
        if gate in by_gate and not _spared(by_gate[gate], plan):
            yield gate
    yield from (ASSUMED + name for name in route.assumes if not plan.assumes(name))


def _spared(finding: Finding, plan: IdentificationPlan) -> bool:
    if finding.status == "not-assessed":
        return finding.assumption is None or plan.assumes(finding.assumption)
    return finding.status != "fails"


def _against(closed: Iterable[str], by_gate: Mapping[str, Finding]) -> tuple[Finding, ...]:
    """Give what was found against a point estimate; where nothing was, what could not be looked at."""
    seen = [gate for gate in closed if gate in by_gate]
    told = [gate for gate in seen if by_gate[gate].status in {"fails", "warns"}]
    return _ordered(told or seen, by_gate)


def _undeclared(closing: tuple[str, ...]) -> tuple[str, ...]:
    """Name the assumptions that alone close a route: nothing where a gate closes it as well."""
    names = [name.removeprefix(ASSUMED) for name in closing if name.startswith(ASSUMED)]
    return tuple(names) if len(names) == len(closing) else ()


def _ordered(gates: Iterable[str], by_gate: Mapping[str, Finding]) -> tuple[Finding, ...]:
    chosen = [by_gate[gate] for gate in gates if gate in by_gate]
    return tuple(sorted(chosen, key=lambda finding: (finding.status != "fails", -finding.weight, finding.gate)))


def _believed(route: Route, by_gate: Mapping[str, Finding], plan: IdentificationPlan) -> tuple[Believed, ...]:
    """List what the verdict rests on: the route's assumptions, and those of its gates that could not look."""
    looked = [by_gate[gate] for gate in (*route.must_not_fail, "displacement") if gate in by_gate]
    left = [one.assumption for one in looked if one.assumption and one.status != "passes"]
    own = by_gate[route.must_pass[0]].assumption if route.slug in {"bounds-only", "identified-by-design"} else None
    names = dict.fromkeys([*route.assumes, *([own] if own else []), *left])
    why = {one.name: one.why for one in plan.assumptions}
    return tuple(Believed(name, CLAIMS[name], why.get(name)) for name in names)  # type: ignore[call-overload]
