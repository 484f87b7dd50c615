"""From the bytes of a file to its text: UTF-8 or cp1252, found once and reported.

1. UTF-8 (with or without a byte order mark) is tried first, then cp1252 (Latin-1 as Windows writes it) if every byte
   is lawful and none looks like a piece of UTF-8: such a mixture is refused, for half its letters would be wrong.
2. UTF-16, a NUL byte and an empty file are refused, each with a message of its own.
3. Text is brought to NFC: a letter with a separate ring or accent equals the letter in one piece.
"""

import re
import unicodedata
from pathlib import Path

from trial.errors import FileError

MAX_BYTES = 256 * 2**20
# Letters that a Danish text hardly has, followed by what UTF-8 would put there: a UTF-8 file damaged in one place.
_UTF_8_PIECE = re.compile(rb"[\xc2\xc3][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}")


def decode(content: bytes, name: str) -> tuple[str, str]:
    """Give the text and the encoding found: utf-8, utf-8-sig or cp1252. Raises FileError with the line."""
    if not content.strip(b"\xef\xbb\xbf\r\n \t"):
        raise FileError(
            "a file must not be empty",
            found=f"{len(content)} bytes without text",
            where=name,
            mend="send the file again; a day without citizens has the header alone",
            code="file-empty",
        )
    if content[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in content[:4]:
        raise _unreadable(name, "UTF-16", 1, "save the file as `CSV UTF-8`", "file-utf-16")
    if b"\x00" in content:
        at = content.index(b"\x00")
        raise _unreadable(name, "a NUL byte", _line_of(content, at), "write the file anew", "file-nul")
    encoding = "utf-8-sig" if content.startswith(b"\xef\xbb\xbf") else "utf-8"
    try:
        return unicodedata.normalize("NFC", content.decode(encoding)), encoding
    except UnicodeDecodeError as error:
        at = error.start + (3 if encoding == "utf-8-sig" else 0)
    if encoding == "utf-8" and not _UTF_8_PIECE.search(content):
        try:
            return content.decode("cp1252"), "cp1252"
        except UnicodeDecodeError as error:
            at = error.start
    found = "a byte that is lawful in neither, or a mixture of both"
    raise _unreadable(name, found, _line_of(content, at), "save the file as `CSV UTF-8`", "file-encoding") from None


def _unreadable(name: str, found: str, line: int, mend: str, code: str) -> FileError:
    must = "a file must be UTF-8 or cp1252 (Latin-1) throughout"
    return FileError(must, found=found, where=f"{name}:{line}", mend=mend, code=code)


def _line_of(content: bytes, at: int) -> int:
    before = content[:at]
    return 1 + before.count(b"\n") + before.count(b"\r") - before.count(b"\r\n")


def read_bytes(source: Path | bytes, name: str) -> bytes:
    """Give the bytes of a file, or those given. Raises FileError when they cannot be read."""
    try:
        size = len(source) if isinstance(source, bytes) else source.stat().st_size
        if size > MAX_BYTES:
            raise FileError(
                f"a file must be at most {MAX_BYTES // 2**20} MB",
                found=f"{size // 2**20} MB",
                where=name,
                mend="send the days apart",
                code="file-large",
            )
        return source if isinstance(source, bytes) else source.read_bytes()
    except OSError as error:
        raise FileError(
            "a file must be readable",
            found=error.strerror,
            where=name,
            mend="check the path and the rights",
            code="file-missing",
        ) from None
