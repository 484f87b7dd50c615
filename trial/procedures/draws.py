"""The keyed draws: a uniform whole number as a function of key, trial, epoch, stratum, step, purpose and counter.

1. A field is written as a netstring: the length of its UTF-8 bytes in decimal, a colon, the bytes, a comma. Numbers
   are written in decimal. Fields written one after the other can be read back in one way only.
2. The key of an epoch is HMAC-SHA256(trial key, fields "lodtraek-epoch/1", trial, epoch). Whoever learns it learns
   neither the trial key nor the key of any other epoch, so that a closed epoch can be revealed.
3. A word is HMAC-SHA256(epoch key, fields "lodtraek-draw/1", trial, epoch, stratum, step, purpose, counter), read
   as a 256-bit whole number, most significant byte first. `stratum` is empty where a procedure has one state for
   the trial.
4. A whole number below n: take the words with counter 0, 1, 2, ... until one is smaller than the greatest multiple
   of n that is at most 2^256; the number is its remainder by n. Every outcome is exactly equally likely. For n
   above 2^256 as many words as needed are put one after the other, the first most significant. For n = 1
   it is 0, without a word.
5. A mark orders things by key: HMAC-SHA256(epoch key, fields "lodtraek-mark/1", trial, epoch, stratum, purpose,
   text).

Nothing is consumed: a draw can be asked for again and is the same. What has not been asked for exists nowhere.
"""

import hashlib
import hmac
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple, Protocol, Self, TypeVar

from trial.errors import KeyFileError, StateError

T = TypeVar("T")
SPAN = 1 << 256
_BLOCK = 64  # bytes SHA-256 reads at a time: the length an HMAC key is padded to
_INNER, _OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))


class Draw(Protocol):
    """What a procedure may ask of the draws of its scope."""

    memo: dict[str, Any]

    def below(self, n: int, step: int, purpose: str) -> int:
        """Give a uniform whole number from 0 to n - 1."""
        ...


class Ordering(Draw, Protocol):
    """What puts a batch in order as well."""

    def marks(self, purpose: str, texts: Iterable[str]) -> list[bytes]:
        """Give the bytes by which each text is ordered among others, for a purpose."""
        ...


class Named:
    """The draws of a part of a scope (a market): every purpose carries the part's name, "0461:slot"."""

    def __init__(self, draw: Draw, name: str) -> None:
        self.memo: dict[str, Any] = draw.memo.setdefault(f"part {name}", {})
        self._draw, self._name = draw, name

    def below(self, n: int, step: int, purpose: str) -> int:
        """Give the number below n that belongs to a step and the part's purpose."""
        return self._draw.below(n, step, f"{self._name}:{purpose}")


def shuffled(items: Iterable[T], draw: Draw, step: int, purpose: str) -> list[T]:
    """Put items in a drawn order: the draws below (items left) at steps step, step + 1, ... take one after the other.

    The place of the one taken is filled by the last of those left: that makes an item of a long list no dearer.
    """
    left, found = list(items), []
    for number in range(len(left)):
        index = draw.below(len(left), step + number, purpose)
        left[index], left[-1] = left[-1], left[index]
        found.append(left.pop())
    return found


def field(value: str | int) -> bytes:
    """Write one field as a netstring."""
    data = str(value).encode()
    return b"%d:%b," % (len(data), data)


@lru_cache(maxsize=1 << 14)  # the same come again in every scope
def _place(step: int, purpose: str, counter: int) -> bytes:
    return field(step) + field(purpose) + field(counter)


def epoch_key(key: bytes, trial_id: str, epoch: int) -> bytes:
    """Derive the key of one epoch (rule 2); `key` is the trial key, at least 32 bytes."""
    if len(key) < 32:
        raise KeyFileError(
            "a trial key must have at least 32 bytes",
            found=f"{len(key)} bytes",
            mend="make one with: trial key new FILE --purpose trial",
        )
    return hmac.digest(key, field("lodtraek-epoch/1") + field(trial_id) + field(epoch), "sha256")


def accepted(value: int, span: int, n: int) -> int | None:
    """Give the number below n a uniform value below span stands for, None where it must be drawn again."""
    return value % n if value < span - span % n else None


class _Begun(NamedTuple):
    """HMAC written out: its hashes are begun once an epoch, a draw or a mark only continues copies of them."""

    draw: Any
    mark: Any
    outer: Any

    @classmethod
    def under(cls, key: bytes, trial_id: str, epoch: int) -> Self:
        padded = (key if len(key) <= _BLOCK else hashlib.sha256(key).digest()).ljust(_BLOCK, b"\0")
        begin, place = padded.translate(_INNER), field(trial_id) + field(epoch)
        draw, mark = (hashlib.sha256(begin + field(f"lodtraek-{purpose}/1") + place) for purpose in ("draw", "mark"))
        return cls(draw, mark, hashlib.sha256(padded.translate(_OUTER)))


class Draws:
    """The draws of one scope (a stratum, or the whole trial) in one epoch.

    memo: what a procedure has derived from the draws and need not derive again; lives in memory only, never stored.
    """

    def __init__(self, key: bytes, trial_id: str, epoch: int, stratum: str) -> None:
        self._enter(_Begun.under(key, trial_id, epoch), stratum)

    def _enter(self, begun: _Begun, stratum: str) -> None:
        self.stratum = stratum
        self.memo: dict[str, Any] = {}
        self._begun, self._outer = begun, begun.outer
        self._inner = begun.draw.copy()
        self._inner.update(field(stratum))

    def beside(self, stratum: str) -> Self:
        """Give the draws of another scope of the same epoch: the key need not be hashed again."""
        other = object.__new__(type(self))
        other._enter(self._begun, stratum)
        return other

    def __repr__(self) -> str:
        return f"Draws(stratum={self.stratum!r})"

    def _code(self, begun: Any, rest: bytes) -> bytes:
        inner = begun.copy()
        inner.update(rest)
        outer = self._outer.copy()
        outer.update(inner.digest())
        code: bytes = outer.digest()
        return code

    def below(self, n: int, step: int, purpose: str) -> int:
        """Give the number below n that belongs to a step and a purpose; each 0..n-1 is exactly equally likely."""
        if n < 1 or step < 0:
            raise StateError(
                "a draw needs at least one outcome and a step from 0",
                found=f"{n} outcomes at step {step}",
                mend="report this: a procedure asked for an impossible draw",
                code="draw-impossible",
            )
        if n == 1:
            return 0
        counter, number = 0, None
        while number is None:
            value, span = self._word(step, purpose, counter), SPAN
            while span < n:
                counter += 1
                value, span = value * SPAN + self._word(step, purpose, counter), span * SPAN
            counter += 1
            number = accepted(value, span, n)
        return number

    def _word(self, step: int, purpose: str, counter: int) -> int:
        return int.from_bytes(self._code(self._inner, _place(step, purpose, counter)))

    def marks(self, purpose: str, texts: Iterable[str]) -> list[bytes]:
        """Give the 32 bytes by which each text is ordered among others, for a purpose (rule 5)."""
        begun = self._begun.mark.copy()
        begun.update(field(self.stratum) + field(purpose))
        return [self._code(begun, field(text)) for text in texts]
