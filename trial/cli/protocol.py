"""`trial protocol`: check, show and identify a declared trial."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trial.console import json_option, say, show_json, show_table

if TYPE_CHECKING:
    from trial.errors import ProtocolError
    from trial.protocol import Conflict, Protocol, Source

file_argument = click.argument("file", metavar="FILE")


@click.group()
def protocol() -> None:
    """Check, show and identify a declared trial. FILE is a path, or the name of a shipped protocol.

    Example: trial protocol check digital-samtaler
    """


@protocol.command()
@file_argument
@json_option
@click.pass_context
def check(ctx: click.Context, file: str, as_json: bool) -> None:
    """Check every value, name and date of a protocol; exit 0, or 12 with every problem and its mend.

    Example: trial protocol check protocols/digital-samtaler.toml
    """
    from trial.errors import ProtocolError
    from trial.protocol import digest, find_protocol, load_regime, unlawful_arms

    path = find_protocol(file)
    declared, problems = _examine(path)
    if problems and not as_json:
        raise ProtocolError.gather(problems)
    if declared is None or problems:
        show_json({"file": str(path), "lawful": False, "problems": [problem.to_json() for problem in problems]})
        ctx.exit(ProtocolError.exit_status)
    conflicts = unlawful_arms(declared, load_regime())
    say(f"{path}: every value, name and date is in order")
    _say_legal(declared, conflicts)
    if as_json:
        show_json(
            {
                "file": str(path),
                "lawful": True,
                "digest": digest(declared),
                "legal_status": declared.legal.status,
                "derogations": [vars(conflict) for conflict in conflicts],
                "problems": [],
            }
        )


@protocol.command()
@file_argument
@json_option
def show(file: str, as_json: bool) -> None:
    """Show what a protocol declares, key by key.

    Example: trial protocol show digital-samtaler
    """
    from trial.protocol import document, find_protocol, load_protocol

    declared = load_protocol(find_protocol(file))
    if as_json:
        show_json(document(declared))
    else:
        show_table(["key", "value"], list(_rows(document(declared))))


@protocol.command()
@file_argument
@json_option
def digest(file: str, as_json: bool) -> None:
    """Print the digest of a protocol: SHA-256 over its canonical JSON (RFC 8785).

    Comments, blanks and the order of keys do not count. With --json also the SHA-256 of every file it refers to.

    Example: trial protocol digest digital-samtaler
    """
    from trial.protocol import digest as digest_of
    from trial.protocol import find_protocol, load_protocol, references

    path = find_protocol(file)
    declared = load_protocol(path)
    if as_json:
        show_json({"digest": digest_of(declared), "references": references(declared, path.parent)})
    else:
        click.echo(digest_of(declared))


@protocol.command()
def schema() -> None:
    """Print the JSON Schema of a protocol file, for editors that know TOML.

    Example: trial protocol schema > protocol.schema.json
    """
    from trial.protocol import protocol_schema

    show_json(protocol_schema())


def _examine(path: Path) -> "tuple[Protocol | None, list[ProtocolError]]":
    """Give the protocol of a file, or None, and all problems: of the text, the values, the procedure, the rule."""
    from trial.errors import ProtocolError
    from trial.protocol import examine, read_toml

    try:
        source = read_toml(path)
    except ProtocolError as error:
        return None, [error]
    declared, faults = examine(source)
    if declared is None:
        return None, [*faults]
    return declared, [*_procedure_problems(source, declared), *_rule_problems(declared, path.parent)]


def _procedure_problems(source: "Source", declared: "Protocol") -> "list[ProtocolError]":
    """Give what the procedure itself has against its declaration, at its line."""
    from trial.errors import ProtocolError
    from trial.procedures import declared as declared_procedure

    try:
        declared_procedure(declared.randomisation, declared.arms, declared.stratification)
    except ProtocolError as error:
        problems = [problem for problem in error.problems() if isinstance(problem, ProtocolError)]
        for problem in problems:
            key = tuple((problem.where or "randomisation").split("."))
            problem.where = source.where(key if key[0] in source.data else ("randomisation",))
        return problems
    return []


def _rule_problems(declared: "Protocol", folder: Path) -> "list[ProtocolError]":
    """Give what is wrong in the pause rule's own file."""
    from trial.errors import ProtocolError
    from trial.infection.load import load_rule
    from trial.protocol import rule_file

    rule = rule_file(declared.infection.rule, folder)
    try:
        load_rule(rule or declared.infection.rule)
    except ProtocolError as error:
        return [problem for problem in error.problems() if isinstance(problem, ProtocolError)]
    return []


def _say_legal(declared: "Protocol", conflicts: "list[Conflict]") -> None:
    """Say plainly what the trial's lawfulness rests on."""
    is_example = declared.legal.status == "example"
    if is_example:
        say('The order in [legal] is "example": this is no real legal basis. A real trial names its order there.')
    without = "Without a real order" if is_example else "Without the order in [legal]"
    for conflict in conflicts:
        days = f"{conflict.from_on} to {conflict.to_on}"
        say(f"{without} arm {conflict.arm} is unlawful {days} for {conflict.target_group}: {conflict.reason}")


def _rows(value: object, key: str = "") -> Iterator[tuple[str, str]]:
    """Give a document line by line: dotted key and value; lists of tables counted from one."""
    from trial.protocol import toml_value

    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _rows(inner, f"{key}.{name}" if key else str(name))
    elif isinstance(value, (list, tuple)) and any(isinstance(inner, dict) for inner in value):
        for index, inner in enumerate(value, start=1):
            yield from _rows(inner, f"{key}[{index}]")
    else:
        yield key, toml_value(value, limit=200).strip('"')
