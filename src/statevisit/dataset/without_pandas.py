"""Import this first, and pyarrow does without pandas in a process that only writes Parquet.

At the first list pyarrow imports pandas, only to see whether the list is a Series. That takes a
quarter of a second and 35 MB, which is much of a build. pandas itself can be imported afterwards.
This is a module of its own because worker processes import it for what it does (`build`); the
process of a caller, who may have a Series, never does.
"""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from types import ModuleType


class _NoPandas(MetaPathFinder):
    """Says that pandas is not installed."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> None:
        if name == "pandas":
            raise ImportError(name)


def _look_for_pandas() -> None:
    import pyarrow as pa

    finder = _NoPandas()
    sys.meta_path.insert(0, finder)
    try:
        pa.array([])
    finally:
        sys.meta_path.remove(finder)


_look_for_pandas()
