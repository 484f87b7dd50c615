"""What takes citizens to be drawn one by one gives no number where clusters are drawn, and says why."""

from analysis.estimate.result import NotEstimable
from trial.protocol.model import Protocol


def refusal(protocol: Protocol, name: str) -> NotEstimable | None:
    """Give the refusal of an estimator that knows no clusters; None where citizens are drawn."""
    cluster = protocol.randomisation.cluster
    if cluster is None:
        return None
    return NotEstimable(f"arms are drawn by {cluster}: this takes citizens to be drawn one by one", name)
