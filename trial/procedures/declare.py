"""From a declaration to a procedure: `name@version` and its parameters, as the protocol's [randomisation] has them.

1. The name must be one of the shelf below, the version one that exists; nothing is guessed and nothing has a default
   that the procedure's own page does not state.
2. A procedure that reads the factors of the trial is given those of [[stratification]], all of them.
"""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, Protocol

from trial.errors import ProtocolError
from trial.procedures.arms import Arms, DeclaredArm, DeclaredFactor, Factor
from trial.procedures.balancing_walk import BalancingWalk
from trial.procedures.cluster import Cluster
from trial.procedures.hu_hu import HuHu
from trial.procedures.matched_pairs import MatchedPairs
from trial.procedures.parameters import check_names
from trial.procedures.pocock_simon import PocockSimon
from trial.procedures.procedure import Procedure
from trial.procedures.rerandomisation import Rerandomisation
from trial.procedures.saturation import Saturation
from trial.procedures.shelf import COUNTING, by_name

SHELF = COUNTING | by_name(PocockSimon, HuHu, BalancingWalk, Rerandomisation, MatchedPairs, Cluster, Saturation)


class Randomisation(Protocol):
    """What the protocol says about randomisation."""

    @property
    def procedure(self) -> str: ...
    @property
    def parameters(self) -> Mapping[str, Any]: ...


def declared(
    randomisation: Randomisation, arms: Iterable[DeclaredArm], stratification: Iterable[DeclaredFactor] = ()
) -> Procedure:
    """Build the procedure a protocol declares; ProtocolError where it is not lawful for these arms."""
    return build(
        randomisation.procedure,
        randomisation.parameters,
        Arms.of(arms),
        tuple(Factor.of(one) for one in stratification),
    )


def build(name: str, parameters: Mapping[str, Any], arms: Arms, factors: tuple[Factor, ...] = ()) -> Procedure:
    """Build a procedure from `name@version` and its parameters."""
    if name not in SHELF:
        near = get_close_matches(name, SHELF, n=1, cutoff=0.0)
        raise ProtocolError(
            f"randomisation.procedure must be one of {', '.join(SHELF)}",
            found=f'"{name}"',
            where="randomisation.procedure",
            mend=f'procedure = "{near[0]}"',
            code="protocol-procedure",
        )
    kind = SHELF[name]
    check_names(kind, parameters, name)
    if "factors" in kind.__dataclass_fields__:
        if not factors:
            raise ProtocolError(
                f"{name} must have factors to balance",
                found="none",
                where="stratification",
                mend="declare [[stratification]] factors, or another procedure",
                code="protocol-factors",
            )
        return kind(arms, factors=factors, **parameters)  # type: ignore[call-arg]
    return kind(arms, **parameters)
