"""The declared trial: a file, its model, its checks, its digest. Everything else is a function of it."""

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
    Period,
    Protocol,
    Randomisation,
    TargetGroup,
    Text,
)
from trial.protocol.references import references, rule_file
from trial.protocol.shipped import Municipality, load_municipalities, shipped, shipped_protocols
from trial.protocol.source import Fault, Source, read_toml

__all__ = [
    "Arm",
    "Estimand",
    "Exclusion",
    "Factor",
    "Fault",
    "Inference",
    "Municipality",
    "OutcomePart",
    "Period",
    "Protocol",
    "Randomisation",
    "Source",
    "TargetGroup",
    "Text",
    "canonical",
    "digest",
    "document",
    "examine",
    "load_municipalities",
    "load_protocol",
    "protocol_schema",
    "read_as",
    "read_toml",
    "references",
    "rule_file",
    "shipped",
    "shipped_protocols",
]
