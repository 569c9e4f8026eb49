"""Memo: results of one kind, in memory once they were read from the store or computed."""

from typing import Any

from sw.cache import Store, digest_of

__all__ = ["Memo"]


class Memo:
    """Looks into the store once for every key.

    Parameters
    ----------
    store, kind
        Where results are kept, and as what.
    """

    def __init__(self, store: Store, kind: str) -> None:
        self._store, self._kind = store, kind
        self._held: dict[str, Any] = {}
        self._missing: set[str] = set()

    def recall(self, key: Any) -> bool:
        """Whether there is a result of this key, in memory or in the store."""
        digest = digest_of(key)
        if digest not in self._held and digest not in self._missing:
            kept = self._store.get(self._kind, key)
            if kept is None:
                self._missing.add(digest)
            else:
                self._held[digest] = kept
        return digest in self._held

    def held(self, key: Any) -> Any:
        """The value that was recalled or computed, or None; the store is not asked."""
        return self._held.get(digest_of(key))

    def put(self, key: Any, value: Any) -> None:
        """Hold and keep a JSON value; raises EngramError if it cannot be written."""
        self._store.put(self._kind, key, value)
        self._held[digest_of(key)] = value
