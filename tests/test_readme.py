"""The README's session, run as it stands: every command, and the output it shows."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def session() -> list[tuple[str, str]]:
    """Give the commands of the README's blocks with the output printed below each; none printed is none claimed."""
    blocks = re.findall(r"^```\n(\$ .*?)^```", README, flags=re.MULTILINE | re.DOTALL)
    steps = [
        step.partition("\n") for block in blocks for step in re.split(r"^\$ ", block, flags=re.MULTILINE) if step
    ]
    return [(command, output.strip()) for command, _, output in steps]


def test_every_command_of_the_session_prints_what_the_readme_says(tmp_path: Path) -> None:
    for folder in ("protocols", "trial"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    steps = session()
    assert len(steps) > 5
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}
    for command, output in steps:
        if command.startswith("cat "):
            (tmp_path / command.split()[1]).write_text(output + "\n", "utf-8")
        if command.startswith("export "):
            environment |= dict(pair.split("=", 1) for pair in command.split()[1:])
            continue
        done = subprocess.run(
            ["bash", "-c", f"{{ {command}\n}} 2>&1"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        refused = re.search(r"\([a-z-]+, exit (\d+)\)", output)
        assert done.returncode == (int(refused[1]) if refused else 0), (command, done.stdout)
        if output:
            said = [
                line for line in done.stdout.splitlines() if not line.startswith(("The order in", "Without a real"))
            ]
            assert sorted(said) == sorted(output.splitlines()), command


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target
