"""The procedures whose state is a count: they serve a stratum, and clusters and markets as well."""

from trial.procedures.big_stick import BigStick
from trial.procedures.chen import Chen
from trial.procedures.complete import Complete
from trial.procedures.efron import Efron
from trial.procedures.maximal import Maximal
from trial.procedures.permuted_block import PermutedBlock
from trial.procedures.procedure import Procedure
from trial.procedures.simple import Simple
from trial.procedures.wei_urn import WeiUrn


def by_name(*kinds: type[Procedure]) -> dict[str, type[Procedure]]:
    """Give procedures by `name@version`."""
    return {f"{kind.name}@{kind.version}": kind for kind in kinds}


COUNTING = by_name(Simple, Complete, PermutedBlock, Efron, WeiUrn, BigStick, Chen, Maximal)
