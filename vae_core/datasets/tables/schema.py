"""How the columns of a table become `x`, and back in original units."""

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from vae_core.config import Config
from vae_core.datasets.labels import sorted_names
from vae_core.datasets.limits import MAX_FEATURES
from vae_core.errors import DatasetError

LARGEST = 1e18
"""Standardised values stop here, so that their squares stay finite in float32."""

Finite = Annotated[float, Field(allow_inf_nan=False)]


class NumericColumn(Config):
    """A column of numbers, standardised: (value − mean) / scale.

    Attributes:
        name: As in the file.
        mean: Of the rows that were kept, original units.
        scale: Their standard deviation, original units; 1 for a constant column.
        low: Smallest value, original units.
        high: Largest value, original units.
        whole: Whether all values are whole numbers.
        missing: How many cells of the file had no value.
    """

    kind: Literal["numeric"] = "numeric"
    name: str
    mean: Finite
    scale: Finite = Field(gt=0)
    low: Finite
    high: Finite
    whole: bool = False
    missing: int = Field(0, ge=0)

    @classmethod
    def fit(cls, name: str, values: np.ndarray, missing: int = 0) -> "NumericColumn":
        """The column that standardises `values` (float64 [N], all finite)."""
        low, high = float(values.min()), float(values.max())
        mean = low if low == high else float(values.mean())
        deviations = values - mean
        largest = float(np.abs(deviations).max())
        scale = 1.0
        if largest > 4 * np.finfo(np.float64).eps * abs(mean):  # less is rounding, not variation
            scale = largest * float(np.sqrt(np.mean((deviations / largest) ** 2)))  # tiny squares would vanish
        whole = bool((values == np.rint(values)).all())
        return cls(name=name, mean=mean, scale=scale, low=low, high=high, whole=whole, missing=missing)

    @property
    def features(self) -> tuple[str, ...]:
        """One name an entry of x."""
        return (self.name,)

    @property
    def constant(self) -> bool:
        """Whether all rows had the same value."""
        return self.low == self.high

    def encode(self, values: np.ndarray) -> np.ndarray:
        """float64 [N] in original units -> float64 [N, 1]."""
        if not is_numeric(values):
            raise DatasetError(f"The column “{self.name}” holds text where numbers were learnt. Correct the column.")
        with np.errstate(over="ignore"):
            standardised = (_complete(self.name, values) - self.mean) / self.scale
        return np.clip(standardised, -LARGEST, LARGEST)[:, None]

    def decode(self, x: np.ndarray) -> np.ndarray:
        """[N, 1] -> float64 [N] in original units."""
        return self.mean + self.scale * x[:, 0].astype(np.float64)


class CategoricalColumn(Config):
    """A column of names, one-hot over its categories.

    Attributes:
        name: As in the file.
        categories: The different names, in order.
        counts: How many of the rows that were kept have each of them.
        missing: How many cells of the file had no value.
    """

    kind: Literal["categorical"] = "categorical"
    name: str
    categories: tuple[str, ...] = Field(min_length=1, max_length=MAX_FEATURES)
    counts: tuple[int, ...] = ()
    missing: int = Field(0, ge=0)

    @classmethod
    def fit(cls, name: str, values: np.ndarray, missing: int = 0) -> "CategoricalColumn":
        """The column with the categories of `values` (texts [N])."""
        counts = Counter(values.tolist())
        categories = sorted_names(counts)
        return cls(name=name, categories=categories, counts=tuple(counts[c] for c in categories), missing=missing)

    @property
    def features(self) -> tuple[str, ...]:
        """One name an entry of x."""
        return tuple(f"{self.name} = {category}" for category in self.categories)

    @property
    def constant(self) -> bool:
        """Whether all rows had the same value."""
        return len(self.categories) == 1

    @property
    def most_frequent(self) -> str:
        """The category of most rows."""
        return self.categories[int(np.argmax(self.counts))] if self.counts else self.categories[0]

    def codes(self, values: np.ndarray) -> np.ndarray:
        """Texts (or numbers, taken as texts) [N] -> the index of each one's category, −1 where it is unknown."""
        index = {category: k for k, category in enumerate(self.categories)}
        return np.fromiter((index.get(text, -1) for text in as_texts(values)), dtype=np.int64, count=len(values))

    def encode(self, values: np.ndarray) -> np.ndarray:
        """Texts [N] -> one-hot [N, K]."""
        codes = self.codes(values)
        if (codes < 0).any():
            unknown = str(np.asarray(values)[codes < 0][0])[:40]
            raise DatasetError(f"The column “{self.name}” holds “{unknown}”, a name that was not learnt. Leave it out.")
        return np.equal.outer(codes, np.arange(len(self.categories)))

    def decode(self, x: np.ndarray) -> np.ndarray:
        """Scores [N, K] -> the category of the largest one, [N]."""
        return np.array(self.categories, dtype=object)[x.argmax(axis=1)]


Column = Annotated[NumericColumn | CategoricalColumn, Field(discriminator="kind")]


class TableChoices(Config):
    """What the user decides about a table; None leaves it to the data.

    Attributes:
        label: The column that labels the rows and is not learnt; "" for none.
        left_out: Columns that are not learnt.
        categorical: Columns to be read as names even if they hold numbers.
        missing: What to do with missing values: drop the rows, fill in the column's mean or most frequent name, or
            take them for zero (ratings and counts; names become the category "(missing)").
        pivot: Whether a long list of (user, item, rating) becomes a table of users × items.
    """

    label: str | None = None
    left_out: tuple[str, ...] | None = None
    categorical: tuple[str, ...] = ()
    missing: Literal["drop", "mean", "zero"] | None = None
    pivot: bool = False


class TableSchema(Config):
    """The columns of `x` [N, D] in order, and the choices that made them.

    There and back a number v loses at most 2⁻²⁴·|v − mean|, what rounding to float32 costs, and a few units in the
    last place of the float64 mean.
    """

    kind: Literal["table"] = "table"
    columns: tuple[Column, ...] = Field(min_length=1, max_length=MAX_FEATURES)
    choices: TableChoices = Field(default_factory=TableChoices)

    @classmethod
    def fit(
        cls,
        columns: Mapping[str, np.ndarray],
        choices: TableChoices | None = None,
        missing: Mapping[str, int] | None = None,
    ) -> "TableSchema":
        """The schema that standardises these columns.

        Args:
            columns: float64 [N] for numbers, texts [N] for names; complete, N at least 1.
            choices: What they were chosen by; `categorical` turns numbers into names.
            missing: How many values each column lacked before they were filled in.

        Raises:
            DatasetError: if a number is missing or infinite.
        """
        choices, missing = choices or TableChoices(), missing or {}
        fitted: list[Column] = []
        for name, values in columns.items():
            lacking = missing.get(name, 0)
            if is_numeric(values) and name not in choices.categorical:
                fitted.append(NumericColumn.fit(name, _complete(name, values), lacking))
            else:
                fitted.append(CategoricalColumn.fit(name, _complete(name, as_texts(values)), lacking))
        return cls(columns=tuple(fitted), choices=choices)

    @property
    def shape(self) -> tuple[int]:
        """Shape of one example for the model: (D,)."""
        return (sum(len(column.features) for column in self.columns),)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """One name an entry of x, such as "height" or "colour = red"."""
        return tuple(feature for column in self.columns for feature in column.features)

    def to_x(self, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        """float32 [N, D] of columns in original units, in any order.

        Raises:
            DatasetError: if a column is missing, or a value in it, or a category was never learnt.
        """
        lacking = [column.name for column in self.columns if column.name not in columns]
        if lacking:
            raise DatasetError(f"The column “{lacking[0]}” is missing. Add it, under this very name.")
        x = np.empty((len(columns[self.columns[0].name]), *self.shape), dtype=np.float32)
        start = 0
        for column in self.columns:
            stop = start + len(column.features)
            x[:, start:stop] = column.encode(columns[column.name])
            start = stop
        return x

    def to_original(self, x: np.ndarray) -> dict[str, np.ndarray]:
        """Columns in original units (float64, texts) of x [N, D], also of what a decoder gives."""
        original: dict[str, np.ndarray] = {}
        start = 0
        for column in self.columns:
            stop = start + len(column.features)
            original[column.name] = column.decode(x[:, start:stop])
            start = stop
        return original


def is_numeric(values: np.ndarray) -> bool:
    """Whether a column holds numbers rather than texts."""
    return np.asarray(values).dtype.kind in "fiub"


def _complete(name: str, values: np.ndarray) -> np.ndarray:
    """The values, numbers as float64, if there is one in every row."""
    values = np.asarray(values, dtype=np.float64 if is_numeric(values) else object)
    if (~np.isfinite(values) if is_numeric(values) else is_missing(values)).any():
        raise DatasetError(f"The column “{name}” has missing or infinite values. Fill them in first.")
    return values


def is_missing(values: np.ndarray) -> np.ndarray:
    """bool [N]: NaN among numbers, None among texts."""
    return np.isnan(values) if is_numeric(values) else np.equal(values, np.array(None, dtype=object)).astype(bool)


def as_texts(values: np.ndarray) -> np.ndarray:
    """A column as texts (object [N]): whole numbers without a decimal point, None where a number is not finite."""
    if not is_numeric(values):
        return np.asarray(values, dtype=object)
    found, codes = np.unique(np.asarray(values, dtype=np.float64), return_inverse=True)
    return np.array([_number_as_text(value) for value in found.tolist()], dtype=object)[codes]


def _number_as_text(value: float) -> str | None:
    if not np.isfinite(value):
        return None
    return str(int(value)) if abs(value) < 1e15 and value == int(value) else repr(value)
