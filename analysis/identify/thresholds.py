"""The thresholds of the gates, a table each. What is not declared is not assessed.

A share lies between 0 and 1. `least` is what must at least be there, `most` what may at most be there.
"""

from typing import Annotated

from trial.protocol import Part, declared_as

Share = Annotated[float, declared_as("a share from 0 to 1", 0.1, ge=0, le=1, allow_inf_nan=False)]
Positive = Annotated[float, declared_as("a number above 0", 0.1, gt=0, allow_inf_nan=False)]
Alpha = Annotated[float, declared_as("a p-value above 0 and below 0.5", 0.001, gt=0, lt=0.5, allow_inf_nan=False)]
Count = Annotated[int, declared_as("a whole number of at least 1", 20, ge=1, le=2**53 - 1)]


class TalkThreshold(Part):
    """Variation in having a talk at all."""

    most_with_talk: Annotated[Share, declared_as("a share: of spells with a talk by the last talk week", 0.9)]


class ModeThreshold(Part):
    """Variation of mode within strata and calendar time."""

    least_residual: Annotated[Share, declared_as("a share: of the variance of mode left", 0.5)]
    least_effective: Annotated[Share, declared_as("a share: effective sample over sample", 0.3)]


class OverlapThreshold(Part):
    """Overlap of the propensity."""

    lower: Annotated[float, declared_as("a propensity above 0 and below 0.5", 0.1, gt=0, lt=0.5)]
    upper: Annotated[float, declared_as("a propensity above 0.5 and below 1", 0.9, gt=0.5, lt=1)]
    most_outside: Annotated[Share, declared_as("a share: of units outside lower..upper", 0.1)]
    most_difference: Annotated[Positive, declared_as("a standardised difference after weighting", 0.1)]
    least_effective: Annotated[Share, declared_as("a share: effective sample of the weights", 0.3)]


class PlaceboThreshold(Part):
    """Differences in what the treatment cannot have moved."""

    most_difference: Annotated[Positive, declared_as("a standardised difference, adjusted", 0.04)]


class AnticipationThreshold(Part):
    """Future mode on present exit."""

    lead_weeks: Annotated[int, declared_as("a whole number of weeks from 1 to 52", 4, ge=1, le=52)]
    most_change: Annotated[Positive, declared_as("a relative change of the exit hazard", 0.1)]


class SurvivorshipThreshold(Part):
    """What waiting alone makes."""

    most_points: Annotated[Positive, declared_as("a difference in the outcome's units", 0.005)]


class InstrumentsThreshold(Part):
    """Strength of declared instruments."""

    least_effective_f: Annotated[Positive, declared_as("an effective F; 23.1 for one instrument", 23.1)]
    least_clusters: Annotated[Count, declared_as("a number of treated clusters", 20)]
    draws: Annotated[Count, declared_as("a number of permutations", 999)]


class BoundsThreshold(Part):
    """How wide bounds may be to say something."""

    most_width: Annotated[Positive, declared_as("a width, as a share of the range of effects", 0.5)]


class DisplacementThreshold(Part):
    """Levels of saturation."""

    least_levels: Annotated[Count, declared_as("a number of saturation levels", 2)]


class SensitivityThreshold(Part):
    """What unobserved confounding must at least be to overturn the sign."""

    least_e_value: Annotated[float, declared_as("a risk ratio of at least 1", 1.25, ge=1, allow_inf_nan=False)]
    least_gamma: Annotated[float, declared_as("a ratio of odds of at least 1", 1.25, ge=1, allow_inf_nan=False)]
    least_delta: Annotated[Positive, declared_as("a proportional selection", 1.0)]
    r_max_times: Annotated[float, declared_as("a factor of at least 1 on R squared", 1.3, ge=1, allow_inf_nan=False)]


class DesignThreshold(Part):
    """What a drawn design must prove."""

    least_p: Annotated[Alpha, declared_as("the p-value below which ratio or balance is refused", 0.001)]
    least_compliance: Annotated[Share, declared_as("a share: of compliance, lower confidence limit", 0.1)]


class Thresholds(Part):
    """All gates that have a threshold of their own; precision is judged against the margin."""

    talk: Annotated[TalkThreshold | None, declared_as("a [thresholds.talk] table", {})] = None
    mode: Annotated[ModeThreshold | None, declared_as("a [thresholds.mode] table", {})] = None
    overlap: Annotated[OverlapThreshold | None, declared_as("a [thresholds.overlap] table", {})] = None
    placebo: Annotated[PlaceboThreshold | None, declared_as("a [thresholds.placebo] table", {})] = None
    anticipation: Annotated[AnticipationThreshold | None, declared_as("a [thresholds.anticipation] table", {})] = None
    survivorship: Annotated[SurvivorshipThreshold | None, declared_as("a [thresholds.survivorship] table", {})] = None
    instruments: Annotated[InstrumentsThreshold | None, declared_as("a [thresholds.instruments] table", {})] = None
    bounds: Annotated[BoundsThreshold | None, declared_as("a [thresholds.bounds] table", {})] = None
    displacement: Annotated[DisplacementThreshold | None, declared_as("a [thresholds.displacement] table", {})] = None
    sensitivity: Annotated[SensitivityThreshold | None, declared_as("a [thresholds.sensitivity] table", {})] = None
    design: Annotated[DesignThreshold | None, declared_as("a [thresholds.design] table", {})] = None
