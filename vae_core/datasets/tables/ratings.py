"""A long list of ratings, (user, item, rating) a row -> a table of users × items."""

import numpy as np

from vae_core.datasets.file import File, shown_name
from vae_core.datasets.limits import MAX_CELLS, MAX_COLUMNS
from vae_core.datasets.tables.columns import FoundColumn, Texts, check_size
from vae_core.datasets.tables.schema import as_texts, is_numeric
from vae_core.errors import DatasetError

LEAST_DIFFERENT = 5
"""Users, and items, that make a list of ratings."""
MOST_RATINGS = 101
"""Different ratings, as from 0 to 100."""


def is_long_list(columns: dict[str, FoundColumn]) -> bool:
    """Whether the columns are user, item, rating and perhaps a time: no pair twice, but every user and item often."""
    if len(columns) not in (3, 4):
        return False
    users, items, ratings = list(columns.values())[:3]
    if isinstance(ratings, Texts) or len(np.unique(ratings)) > MOST_RATINGS:
        return False
    numbers = [column for column in (users, items) if not isinstance(column, Texts)]
    if any(not (np.isfinite(column).all() and (column == np.rint(column)).all()) for column in numbers):
        return False
    (user, user_names), (item, item_names) = _coded(users), _coded(items)
    if not all(LEAST_DIFFERENT <= len(names) < len(users) / 2 for names in (user_names, item_names)):
        return False
    return len(np.unique(user * len(item_names) + item)) > 0.99 * len(users)


def pivot(file: File, columns: dict[str, FoundColumn], wanted: tuple[str, ...]) -> tuple[dict[str, FoundColumn], str]:
    """One row a user, the first column its name; one column an item, those with most ratings first.

    Args:
        file: Where the columns are from.
        columns: User, item and rating; what else there is does not count.
        wanted: The items that a model learnt, in any order; empty for as many as there may be.

    Returns:
        The table, NaN where there is no rating, and a sentence on it.

    Raises:
        DatasetError: if the columns are not such a list.
    """
    import pyarrow as pa

    if len(columns) < 3 or not is_numeric(ratings := np.asarray(list(columns.values())[2])):
        raise DatasetError(f"{file.shown} is no list of ratings: its first three columns must be user, item, number.")
    user_column, *_ = columns
    (user, users), (item, items) = (_coded(column) for column in list(columns.values())[:2])
    rated = (user >= 0) & (item >= 0) & np.isfinite(ratings)
    if not rated.any():
        raise DatasetError(f"{file.shown} is no list of ratings: no row has a user, an item and a number.")
    by_ratings = np.argsort(-np.bincount(item[rated], minlength=len(items)), kind="stable")
    if wanted:
        index = {shown_name(name): k for k, name in enumerate(items.tolist())}
        chosen = np.array([index.get(name, -1) for name in wanted])
        names = list(wanted)
    else:
        chosen = by_ratings[: min(MAX_COLUMNS, MAX_CELLS // len(users))]
        names = [shown_name(str(items[k])) for k in chosen]
    check_size(file, len(users), len(names))
    place = np.full(len(items), -1)
    place[chosen[chosen >= 0]] = np.flatnonzero(chosen >= 0)
    rated &= place[item] >= 0
    grid = np.full((len(users), len(names)), np.nan, order="F")
    grid[user[rated], place[item[rated]]] = ratings[rated]
    told = f"{len(users):,} users × {len(names):,} of {len(items):,} items, those with most ratings first."
    named = Texts(np.arange(len(users)), pa.array(users, pa.string()))
    return {user_column: named, **{name: grid[:, k] for k, name in enumerate(names)}}, told


def _coded(column: FoundColumn) -> tuple[np.ndarray, np.ndarray]:
    """int64 [N], −1 where there is no value, and the different values as texts."""
    if isinstance(column, Texts):
        return column.codes.astype(np.int64), np.array(column.values.to_pylist(), dtype=object)
    values, codes = np.unique(column, return_inverse=True)
    known = int(np.isfinite(values).sum())
    return np.where(codes < known, codes, -1), as_texts(values[:known])
