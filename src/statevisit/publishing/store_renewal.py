"""The changes that a build makes to a corpus root in a store."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path

from statevisit import files, layout, stores
from statevisit.document.strict_json import JsonObject
from statevisit.stores import StorePath


class StoreRenewal(files.Renewal):
    """Adds staged files to a root in a store, and removes outdated ones.

    Parquet is staged in the store itself, and copied there. What is in its place is read for a
    comparison only, since that takes longer than to write it again.
    """

    def __init__(
        self,
        store: StorePath,
        root: Path,
        staged: Mapping[str, Path],
        listed: Mapping[str, str],
        manifest: JsonObject,
        check: bool,
    ) -> None:
        """Compare, and change nothing. `root` is the copy of the root `store` on this machine.

        With `check`, Parquet is compared by its bytes; without, it counts as different. `manifest`
        is that of this build; the others are as for `Renewal`.
        """
        self._store, self._check = store, check
        self._digests = {entry["path"]: entry["sha256"] for entry in manifest["files"]}
        below = stores.found(store / layout.PARQUET)
        self._parquet = [f"{layout.PARQUET}/{name}" for name in below]
        super().__init__(root, staged, listed)

    def _state(self, name: str) -> str:
        if name not in self._parquet:
            return super()._state(name)
        is_current = self._check and self._sha256(name) == self._digests[name]
        return "current" if is_current else "differs"

    def _exists(self, name: str) -> bool:
        return name in self._parquet or super()._exists(name)

    def _sha256(self, name: str) -> str:
        if name not in self._parquet:
            return super()._sha256(name)
        _, sha256 = stores.digest(self._store / name)
        return sha256

    def _data_files(self, read: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
        suffixes = tuple(chain.from_iterable(read.values()))
        return (name for name in self._parquet if name.endswith(suffixes) and "/." not in name)

    def _place(self, names: Iterable[str]) -> None:
        copied = {}
        for name in names:
            staged = self._staged[name]
            if isinstance(staged, StorePath):
                copied[self._store / name] = staged
            else:
                stores.put(staged, self._store / name)
        stores.copy(copied)

    def _remove(self, names: Iterable[str]) -> None:
        stores.remove([self._store / name for name in names])
