"""The problems of one file, told at once: the first twenty in full, the others counted.

A problem cites line and column and describes a cell; it never repeats one, for a CPR number may stand in any.
"""

from dataclasses import dataclass, field

from trial.errors import IntakeError

TOLD = 20


@dataclass
class Problems:
    """The problems of one file: the first twenty in full, the others counted."""

    name: str
    told: list[tuple[int, IntakeError]] = field(default_factory=list)
    count: int = 0

    def add(self, line: int, must: str, *, found: str | None = None, mend: str, code: str = "intake-value") -> None:
        """Note a problem; `found` describes a cell and never repeats it."""
        self.count += 1
        if len(self.told) < TOLD or line < self.told[-1][0]:
            error = IntakeError(must, found=found, where=f"{self.name}:{line}", mend=mend, code=code)
            self.told = sorted([*self.told, (line, error)], key=lambda pair: pair[0])[:TOLD]

    def check(self) -> None:
        """Raise all problems as one error, if there are any."""
        if not self.count:
            return
        errors = [error for _, error in self.told]
        if self.count > len(errors):
            errors.append(
                IntakeError(
                    f"every row must be lawful: {self.count - len(errors)} further problems are not listed",
                    where=self.name,
                    mend="mend those listed and run again; nothing of the file was used",
                    code="intake-more",
                )
            )
        raise IntakeError.gather(errors)


def shape(cell: str) -> str:
    """Describe a cell without repeating it."""
    if not cell:
        return "an empty cell"
    kind = "digits" if cell.isascii() and cell.isdigit() else "characters"
    return f"{len(cell)} {kind}"
