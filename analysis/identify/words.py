"""Numbers in sentences, as Danish and English write them; and the one way an equivalence is judged."""

from analysis.identify.finding import Status


def share(value: float, lang: str, digits: int = 0) -> str:
    """Write a share as a percentage: 12 pct., 12%."""
    return f"{number(100 * value, lang, digits)}{' pct.' if lang == 'da' else '%'}"


def points(value: float, lang: str, digits: int = 1) -> str:
    """Write a difference of shares in percentage points."""
    return f"{number(100 * value, lang, digits)} {'procentpoint' if lang == 'da' else 'percentage points'}"


def number(value: float, lang: str, digits: int = 2) -> str:
    """Write a number with its digits; thousands and decimals as the language has them."""
    text = f"{value:,.{digits}f}"
    if float(text.replace(",", "")) == 0:
        text = text.lstrip("-")
    return text.translate(str.maketrans(",.", ".,")) if lang == "da" else text


def figure(value: float, lang: str) -> str:
    """Write a number of any size to about three digits."""
    size = abs(value)
    digits = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3 if size >= 0.01 else 4
    return number(value, lang, digits)


def within(low: float, high: float, value: float, threshold: float) -> Status:
    """Judge whether a difference is small: only an interval inside the threshold shows it.

    Not finding a difference shows nothing: where the interval reaches beyond the threshold and holds 0, the
    finding warns; where the difference is beyond it and the interval does not hold 0, it fails.
    """
    if max(abs(low), abs(high)) <= threshold:
        return "passes"
    return "fails" if abs(value) > threshold and not low <= 0 <= high else "warns"
