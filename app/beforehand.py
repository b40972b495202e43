"""What a transaction about many rows learns for all of them at once; every other transaction asks as it goes."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, TypeVarTuple

_Told = TypeVar("_Told")
_Words = TypeVarTuple("_Words")


class Beforehand:
    """Nothing is known beforehand: whoever wants to know asks the database."""

    async def once(self, ask: Callable[[*_Words], Awaitable[_Told]], *words: *_Words) -> _Told:
        """What `ask` answers to these words."""
        return await ask(*words)

    def lacks(self, *name: object) -> bool:
        """Whether it is certain that nothing goes by this name, so that the database need not be asked."""
        return False

    def forget(self) -> None:
        """What was answered may have changed since."""


class Known(Beforehand):
    """Answers that are the same for every row, and the names that were looked for in one go and that nothing has.

    Only names belong here that nobody else can give to something until the transaction ends, and no other row of it.
    """

    def __init__(self) -> None:
        self._told: dict[tuple[object, ...], Any] = {}
        self.lacking: set[tuple[object, ...]] = set()

    async def once(self, ask: Callable[[*_Words], Awaitable[_Told]], *words: *_Words) -> _Told:
        if (ask, words) not in self._told:
            self._told[ask, words] = await ask(*words)
        told: _Told = self._told[ask, words]
        return told

    def lacks(self, *name: object) -> bool:
        return name in self.lacking

    def forget(self) -> None:
        self._told.clear()


NOTHING = Beforehand()
