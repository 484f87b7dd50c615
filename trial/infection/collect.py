"""From paths to publications: files, folders and zip archives, as they were published.

1. A folder is read with everything below it. The files of one folder, or of one archive, are published together.
2. What fits no layout is passed over and named; it is an error only where it was named alone.
3. What has a layout and breaks it is an error: it must not be missed silently.
4. An archive within an archive, an encrypted one or one that unpacks to more than it may is refused.
5. The name kept with a file ends in its folder or archive: `vintage_2021-06-14/Municipality_test_pos.csv`.
"""

import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from trial.errors import FileError, InfectionError
from trial.infection.publication import ZIP, Draft, Publication, publish, understand, unknown_layout

MOST_BYTES = 100_000_000


@dataclass(frozen=True)
class Collected:
    """What was found: the publications, each once, and the files passed over."""

    publications: tuple[Publication, ...]
    passed_over: tuple[str, ...]


def import_paths(
    paths: Iterable[Path | str], published_at: datetime | None = None
) -> list[tuple[Publication, bytes]]:
    """Read published files; give each with its bytes. Raises as `collect` does."""
    return [(found, found.content) for found in collect(paths, published_at).publications]


def collect(paths: Iterable[Path | str], published_at: datetime | None = None) -> Collected:
    """Read files, folders and archives; raises FileError or InfectionError with every problem."""
    found: dict[tuple[str, object], Publication] = {}
    passed_over: list[str] = []
    problems: list[InfectionError] = []
    for path in map(Path, paths):
        for members in _groups(path):
            drafts: list[Draft] = []
            for name, content in members:
                try:
                    draft = understand(content, name)
                except InfectionError as problem:
                    problems.extend(one for one in problem.problems() if isinstance(one, InfectionError))
                    continue
                if draft is not None:
                    drafts.append(draft)
                elif path.is_file() and not content.startswith(ZIP) and not _is_zip(path):
                    problems.append(unknown_layout(name))
                else:
                    passed_over.append(name)
            try:
                for one in publish(drafts, published_at):
                    found.setdefault((one.sha256, one.vintage_on), one)
            except InfectionError as problem:
                problems.append(problem)
    if problems:
        raise InfectionError.gather([_alone(problem) for problem in problems])
    return Collected(tuple(found.values()), tuple(passed_over))


def _alone(problem: InfectionError) -> InfectionError:
    problem.also = ()
    return problem


def _groups(path: Path) -> Iterator[list[tuple[str, bytes]]]:
    """Give the files that were published together, group by group."""
    if path.is_dir():
        for folder in sorted({file.parent for file in path.rglob("*") if file.is_file()}):
            files = sorted(file for file in folder.iterdir() if file.is_file())
            yield [(_short(file), _read(file)) for file in files if not _is_zip(file)]
            for archive in files:
                if _is_zip(archive):
                    yield list(_unpack(archive))
    elif _is_zip(path):
        yield list(_unpack(path))
    else:
        yield [(_short(path), _read(path))]


def _short(file: Path) -> str:
    return f"{file.resolve().parent.name}/{file.name}"


def _is_zip(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            return opened.read(4) == ZIP
    except OSError:
        return False


def _read(file: Path) -> bytes:
    try:
        if file.stat().st_size > MOST_BYTES:
            raise _too_large(_short(file))
        return file.read_bytes()
    except OSError as error:
        raise FileError(
            "the file must exist and be readable",
            found=(error.strerror or "it cannot be read").lower(),
            where=str(file),
            mend="check the name and the right to read it",
            code="file-missing" if isinstance(error, FileNotFoundError) else "file",
        ) from None


def _unpack(file: Path) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(io.BytesIO(_read(file))) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            if sum(member.file_size for member in members) > MOST_BYTES:
                raise _too_large(_short(file))
            for member in members:
                yield f"{file.name}/{Path(member.filename).name}", archive.read(member)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError) as error:
        raise InfectionError(
            "a zip archive must be whole and without a password",
            found=type(error).__name__,
            where=_short(file),
            mend="fetch the archive again",
            code="infection-archive",
        ) from None


def _too_large(name: str) -> InfectionError:
    return InfectionError(
        f"a published file must be at most {MOST_BYTES // 1_000_000} MB, unpacked",
        found="a larger one",
        where=name,
        mend="name the right file",
        code="infection-archive",
    )
