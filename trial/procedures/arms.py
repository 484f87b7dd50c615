"""Arms, slots and units: what a procedure divides, and whom it divides.

1. There are at least two arms, each with a name of its own and a whole ratio of at least 1. An arm of ratio 0 would
   be an arm nobody can get: refused. Ratios are reduced: 2:2 is 1:1.
2. An unequal ratio is kept by slots: an arm of ratio r stands for r slots that the procedure treats alike. What
   treats all slots alike gives every slot the same probability at every position, hence every arm its share,
   exactly (Kuznetsova & Tymofyeyev 2011). With equal ratios a slot is an arm and has its name.
3. A factor has at least two levels, no two of one name. A unit that lacks a declared factor, or has a level that
   was not declared, is refused: never put into a stratum of its own.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from itertools import accumulate, islice
from math import gcd, lcm
from typing import NamedTuple, Protocol

from trial.errors import IntakeError, ProtocolError, StateError


class Probabilities(dict[str, Fraction]):
    """The exact probability of each arm, in the protocol's order; never changed once made."""

    @cached_property
    def ends(self) -> tuple[int, ...]:
        """Where the stretch of each arm ends when they are laid end to end, over their least common denominator.

        The last is that denominator. Raises StateError for what are no probabilities.
        """
        shared = lcm(*(share.denominator for share in self.values()))
        weights = [share.numerator * (shared // share.denominator) for share in self.values()]
        if min(weights) < 0 or sum(weights) != shared:
            raise StateError(
                "the probabilities of the arms must be at least 0 and add up to 1",
                found=", ".join(f"{arm} {share}" for arm, share in self.items()),
                mend="report this: a procedure gave impossible probabilities",
                code="probabilities",
            )
        return tuple(accumulate(weights))

    @cached_property
    def by_arm(self) -> "dict[str, Chosen]":
        """What is told of a unit that got an arm, for each, in the protocol's order."""
        return {arm: Chosen(arm, self) for arm in self}

    @cached_property
    def chosen(self) -> "tuple[Chosen, ...]":
        """The same, one after the other."""
        return tuple(self.by_arm.values())

    @cached_property
    def texts(self) -> dict[str, str]:
        """The probabilities as the ledger writes them: "1/2"."""
        return {arm: str(share) for arm, share in self.items()}


@dataclass(frozen=True, eq=False, slots=True)
class Chosen:
    """An arm with the exact probability every arm had when it was drawn; `Probabilities.by_arm` makes each once."""

    arm: str
    probabilities: Probabilities


class DeclaredArm(Protocol):
    """An arm as the protocol declares it."""

    @property
    def name(self) -> str: ...
    @property
    def ratio(self) -> int: ...


class DeclaredFactor(Protocol):
    """A stratification factor as the protocol declares it."""

    @property
    def factor(self) -> str: ...
    @property
    def levels(self) -> Iterable[str] | None: ...


def repeated(names: Iterable[str]) -> str | None:
    """Give the first name that occurs twice."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


@dataclass(frozen=True)
class Arms:
    """The arms of a trial with their allocation ratio, in the protocol's order."""

    names: tuple[str, ...]
    ratio: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.names) < 2 or len(self.names) != len(self.ratio) or not all(self.names):
            raise ProtocolError(
                "a trial must have at least two arms, each with a name and a ratio",
                found=f"names {list(self.names)}, ratios {list(self.ratio)}",
                where="arms",
                mend="give every arm a name and a ratio",
                code="protocol-arms",
            )
        if any(isinstance(part, bool) or not isinstance(part, int) or part < 1 for part in self.ratio):
            raise ProtocolError(
                "the ratio of an arm must be a whole number of at least 1",
                found=list(self.ratio),
                where="arms",
                mend="ratio = 1, or leave the arm out",
                code="protocol-arms",
            )
        shared = gcd(*self.ratio)
        object.__setattr__(self, "ratio", tuple(part // shared for part in self.ratio))
        if twice := repeated(self.names) or repeated(self.slot_names):
            raise ProtocolError(
                "every arm must have a name of its own",
                found=f'"{twice}" twice',
                where="arms",
                mend="rename one of them",
                code="protocol-arms",
            )

    @classmethod
    def of(cls, declared: Iterable[DeclaredArm]) -> "Arms":
        """Take the arms from a protocol."""
        arms = tuple(declared)
        return cls(tuple(arm.name for arm in arms), tuple(arm.ratio for arm in arms))

    @cached_property
    def total(self) -> int:
        """The sum of the ratio: how many slots there are."""
        return sum(self.ratio)

    @cached_property
    def equal(self) -> bool:
        """Whether every arm has the same ratio: then an arm is one slot."""
        return len(set(self.ratio)) == 1

    @cached_property
    def target(self) -> Probabilities:
        """The declared share of each arm."""
        return self.shares((1,) * self.total)

    @cached_property
    def shares(self) -> Callable[[tuple[int, ...]], Probabilities]:
        """Gives each arm the share of its slots: weights are whole numbers, one a slot, in the slots' order."""
        return lru_cache(maxsize=1 << 14)(self._shares)

    def _shares(self, weights: tuple[int, ...]) -> Probabilities:
        left = iter(weights)
        return self.weighed(tuple(sum(islice(left, part)) for part in self.ratio))

    @cached_property
    def weighed(self) -> Callable[[tuple[int, ...]], Probabilities]:
        """Gives each arm its share of whole weights, one an arm."""
        return lru_cache(maxsize=1 << 14)(self._weighed)

    def _weighed(self, weights: tuple[int, ...]) -> Probabilities:
        total = sum(weights)
        return Probabilities({name: Fraction(one, total) for name, one in zip(self.names, weights, strict=True)})

    @cached_property
    def slots(self) -> dict[str, tuple[str, ...]]:
        """The slots of each arm: its own name when the ratio is 1, else `name/1`, `name/2`, ..."""
        return {
            name: (name,) if part == 1 else tuple(f"{name}/{number + 1}" for number in range(part))
            for name, part in zip(self.names, self.ratio, strict=True)
        }

    @cached_property
    def slot_names(self) -> tuple[str, ...]:
        """Every slot, arm by arm."""
        return tuple(slot for name in self.names for slot in self.slots[name])


@dataclass(frozen=True)
class Factor:
    """A stratification factor with its declared levels."""

    name: str
    levels: tuple[str, ...]

    def __post_init__(self) -> None:
        twice = repeated(self.levels)
        if len(self.levels) < 2 or twice is not None:
            raise ProtocolError(
                "a factor must have at least two levels, each with a name of its own",
                found=f'"{twice}" twice' if twice is not None else list(self.levels),
                where=f"stratification.{self.name}",
                mend="name every level once, or leave the factor out",
                code="protocol-levels",
            )

    @classmethod
    def of(cls, declared: DeclaredFactor) -> "Factor":
        """Take a factor from a protocol."""
        return cls(declared.factor, tuple(declared.levels or ()))

    @cached_property
    def known(self) -> frozenset[str]:
        """The levels as a set."""
        return frozenset(self.levels)


class Unit(Protocol):
    """Who is to be randomised: a pseudonym, the level of each factor, and the stratum they make up."""

    @property
    def participant_id(self) -> str: ...
    @property
    def levels(self) -> Mapping[str, str]: ...
    @property
    def stratum(self) -> str: ...


class Subject(NamedTuple):
    """A unit, and nothing more."""

    participant_id: str
    levels: Mapping[str, str]
    stratum: str


def check_unit(unit: Unit, factors: Iterable[Factor]) -> None:
    """Refuse a unit that lacks a declared factor or has an undeclared level (rule 3)."""
    for factor in factors:
        level = unit.levels.get(factor.name)
        if not level:
            raise IntakeError(
                f'every citizen must have the factor "{factor.name}"',
                found="nothing",
                where=f"factor {factor.name}",
                mend="fill it in, or leave the citizen out of the intake",
                code="missing-factor",
            )
        if level not in factor.known:
            raise IntakeError(
                f'"{factor.name}" must be one of its {len(factor.levels)} declared levels',
                found=f'"{level}"',
                where=f"factor {factor.name}",
                mend="correct the level; a new one needs an amended protocol",
                code="unknown-level",
            )
