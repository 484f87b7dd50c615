"""The declared trial: a file, its model, its checks, its digest. Everything else is a function of it."""

from trial.protocol.amendment import unlawful_changes
from trial.protocol.declared import read_as
from trial.protocol.digest import canonical, digest, document
from trial.protocol.load import examine, load_protocol, protocol_schema
from trial.protocol.model import (
    Arm,
    Estimand,
    Exclusion,
    Factor,
    Inference,
    OutcomePart,
    Protocol,
    Randomisation,
    TargetGroup,
)
from trial.protocol.references import references, rule_file
from trial.protocol.regime import (
    Conflict,
    Lawful,
    Regime,
    can_override,
    lawful_modes,
    load_regime,
    unlawful_arms,
)
from trial.protocol.shipped import Municipality, find_protocol, load_municipalities, shipped, shipped_protocols
from trial.protocol.source import Fault, Source, dotted, read_toml, toml_value
from trial.protocol.values import Part, Period, Text, declared_as

__all__ = [
    "Arm",
    "Conflict",
    "Estimand",
    "Exclusion",
    "Factor",
    "Fault",
    "Inference",
    "Lawful",
    "Municipality",
    "OutcomePart",
    "Part",
    "Period",
    "Protocol",
    "Randomisation",
    "Regime",
    "Source",
    "TargetGroup",
    "Text",
    "can_override",
    "canonical",
    "declared_as",
    "digest",
    "document",
    "dotted",
    "examine",
    "find_protocol",
    "lawful_modes",
    "load_municipalities",
    "load_protocol",
    "load_regime",
    "protocol_schema",
    "read_as",
    "read_toml",
    "references",
    "rule_file",
    "shipped",
    "shipped_protocols",
    "toml_value",
    "unlawful_arms",
    "unlawful_changes",
]
