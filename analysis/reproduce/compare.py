"""Does a computed number round to the printed one? Decimal arithmetic on the digits as printed.

1. half-unit: reproduced when it is at most half a unit of the last printed digit away. A tie counts, for papers round
   it either way.
2. truncated: reproduced when cutting off what follows the last printed digit gives the printed number.
3. within-tolerance: not reproduced, but at most the declared absolute tolerance away.
4. The computed number is taken to 12 significant digits first: binary arithmetic must not decide a tie.
"""

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Context, Decimal

from analysis.reproduce.study import Rounding, Status


def decimals(published: str) -> int:
    """Count the digits after the point of a number as printed."""
    exponent = Decimal(published).as_tuple().exponent
    return max(0, -int(exponent))


def rounded(computed: float, published: str) -> str:
    """Write a computed number with as many decimals as the printed one."""
    return format(_exact(computed).quantize(_unit(published), ROUND_HALF_EVEN) + 0, "f")  # + 0: never "-0"


def compare(computed: float, published: str, rounding: Rounding, tolerance: str | None) -> Status:
    """Compare a computed number with a printed one."""
    number, printed, unit = _exact(computed), Decimal(published), _unit(published)
    if rounding == "truncated":
        reproduced = number.quantize(unit, ROUND_DOWN) == printed
    else:
        reproduced = abs(number - printed) <= unit / 2
    if reproduced:
        return "reproduced"
    if tolerance is not None and abs(number - printed) <= Decimal(tolerance):
        return "within-tolerance"
    return "differs"


def _exact(computed: float) -> Decimal:
    return Context(prec=12).create_decimal(repr(float(computed)))


def _unit(published: str) -> Decimal:
    return Decimal(1).scaleb(-decimals(published))
