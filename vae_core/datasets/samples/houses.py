"""Houses of an invented town: a table of ten columns in very different units, tied to one another as in real life."""

import numpy as np

from vae_core.datasets.dataset import Dataset
from vae_core.datasets.tables.schema import TableChoices, TableSchema

KINDS = ("flat", "terraced house", "detached house", "villa")
CONDITIONS = ("to renovate", "sound", "as new")
HEATINGS = ("oil", "gas", "district heat", "heat pump")
YEAR = 2025
"""When the town was surveyed."""


def houses(count: int = 5_000, seed: int = 0) -> Dataset:
    """Homes for sale; what kind of home it is labels them and is not learnt."""
    columns, kinds = town(count, seed)
    schema = TableSchema.fit(columns, TableChoices(label="kind"))
    return Dataset("Houses", schema.to_x(columns), schema, kinds, KINDS)


def town(count: int, seed: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Nine columns [count], and the kind of each home as an index into KINDS, int32 [count].

    The town grew outwards: further out, homes are younger, larger, and stand in more land. Age decides condition and
    heating, all three decide what energy it takes to heat, and everything together the price.
    """
    random = np.random.default_rng(seed)

    def scatter(spread: float) -> np.ndarray:
        """Factors around 1."""
        return np.exp(spread * random.standard_normal(count))

    def choose(*log_odds: np.ndarray | float) -> np.ndarray:
        """A class for every home: after adding Gumbel noise the largest wins just as often as its odds say."""
        return np.argmax([odds + random.gumbel(size=count) for odds in log_odds], axis=0)

    distance = 0.2 + random.gamma(2.0, 2.0, count)
    kind = choose(2.0 - 0.45 * distance, 0.8 - 0.05 * distance, 0.2 * distance - 0.6, 0.1 * distance - 2.0)
    area = np.array([72, 115, 150, 240])[kind] * scatter(0.2)
    rooms = np.maximum(np.rint(area / 27 + 0.4 * random.standard_normal(count)), 1)
    plot = np.array([0, 180, 520, 1200])[kind] * (1 + 0.06 * distance) * scatter(0.3)
    built = np.clip(np.rint(1925 + 8 * distance + 25 * random.standard_normal(count)), 1870, YEAR - 1)
    age = YEAR - built
    condition = choose(0.025 * age - 2.0, 0.6, 1.6 - 0.04 * age)
    heating = choose(0.012 * age - 1.0, 0.8, 1.4 - 0.35 * distance, 2.0 - 0.06 * age)
    energy = (40 + 1.5 * age) * np.array([1.15, 1.0, 0.6])[condition] * np.array([1.1, 1.0, 0.9, 0.45])[heating]
    energy *= np.array([0.85, 0.95, 1.1, 1.15])[kind] * scatter(0.1)
    price = area * 5200 * np.exp(-0.07 * distance) * np.array([0.75, 1.0, 1.25])[condition]
    price = (price + plot * 300 * np.exp(-0.12 * distance) - 150 * energy) * scatter(0.08)
    columns = {
        "distance to centre (km)": distance.round(1),
        "living area (m²)": area.round(),
        "rooms": rooms,
        "plot (m²)": plot.round(),
        "year built": built,
        "condition": np.array(CONDITIONS)[condition],
        "heating": np.array(HEATINGS)[heating],
        "energy use (kWh/m² a year)": energy.round(),
        "price (€)": price.round(-3),
    }
    return columns, kind.astype(np.int32)
