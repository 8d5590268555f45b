"""What is built in: the numbers, the pixels and the structure that its descriptions promise."""

import hashlib
from itertools import pairwise

import numpy as np
import pytest

from vae_core.datasets.dataset import Dataset
from vae_core.datasets.samples import SAMPLES, Sample, faces, houses, shapes
from vae_core.datasets.samples.factors import FactorGrid
from vae_core.datasets.samples.shapes import ELLIPSE, FACTORS, HEART, SHAPES, SQUARE_SIDE, draw
from vae_core.datasets.tables.schema import TableSchema

FIRST_PICTURE = "6ef6f95b0882dea944fa2a1536e957a741a5f3500ab61ccaf5063a4e9d9d51c2"
"""SHA-256 of the 4,096 bytes of picture 0: 10×10 white pixels, rows and columns 11 … 20."""


def picture(shape: str, scale: int = 5, orientation: int = 0, x: int = 16, y: int = 16) -> np.ndarray:
    return draw(FACTORS.index_of(np.array([[SHAPES.index(shape), scale, orientation, x, y]])))[0]


def extent(pixels: np.ndarray) -> tuple[int, int, int, int]:
    """First and last row, first and last column that are not black."""
    rows, columns = np.nonzero(pixels)
    return rows.min(), rows.max(), columns.min(), columns.max()


@pytest.fixture(params=SAMPLES)
def sample(request: pytest.FixtureRequest) -> Sample:
    return SAMPLES[request.param]


def test_card_tells_what_the_dataset_is(sample: Sample) -> None:
    dataset = sample()
    assert (sample.title, sample.kind) == (dataset.name, dataset.schema.kind)
    assert sample.description.endswith((".", "?"))
    assert f"{len(dataset):,}" in sample.description


def test_every_call_gives_the_same(sample: Sample) -> None:
    assert sample().id == sample().id


def test_arrays_fit_one_another_and_the_schema(sample: Sample) -> None:
    dataset = sample()
    if dataset.schema.kind == "image":
        channels, *size = dataset.schema.shape
        assert dataset.x.dtype == np.uint8
        assert dataset.x.shape[1:] == (*size, channels)
    else:
        assert dataset.x.dtype == np.float32
        assert dataset.x.shape[1:] == dataset.schema.shape
        assert np.isfinite(dataset.x).all()
    assert dataset.labels is not None
    assert dataset.labels.dtype == np.int32
    assert np.unique(dataset.labels).tolist() == list(range(len(dataset.label_names)))
    if dataset.factors is not None:
        assert dataset.factors.dtype == np.int32
        assert dataset.factors.shape == (len(dataset), len(dataset.factor_names))


@pytest.mark.parametrize("grid", [shapes.FACTORS, faces.FACTORS])
def test_factors_and_numbers_lead_to_each_other(grid: FactorGrid) -> None:
    index = np.arange(len(grid))
    factors = grid.factors_of(index)
    assert (grid.index_of(factors) == index).all()
    assert (np.unique(factors[:, 0]) == np.arange(grid.sizes[0])).all()
    assert (factors.max(axis=0) + 1 == grid.sizes).all()


def test_shapes_are_numbered_like_dsprites() -> None:
    assert len(FACTORS) == 737_280
    assert FACTORS.factors_of(np.array([0, 1, 32, 1024, 40_960, 245_760, 737_279])).tolist() == [
        [0, 0, 0, 0, 0],
        [0, 0, 0, 0, 1],
        [0, 0, 0, 1, 0],
        [0, 0, 1, 0, 0],
        [0, 1, 0, 0, 0],
        [1, 0, 0, 0, 0],
        [2, 5, 39, 31, 31],
    ]


@pytest.mark.parametrize("index", [-1, 737_280])
def test_numbers_out_of_range_are_refused(index: int) -> None:
    with pytest.raises(ValueError, match="out of bounds"):
        draw(np.array([0, index]))


@pytest.mark.parametrize("factors", [(0, 6, 0, 0, 0), (0, 0, -1, 0, 0)])
def test_classes_out_of_range_are_refused(factors: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="invalid"):
        FACTORS.index_of(np.array([factors]))


def test_samples_of_a_grid_never_repeat_and_follow_the_seed() -> None:
    first, same, other = (FACTORS.sample(5000, seed) for seed in (0, 0, 1))
    assert (first == same).all()
    assert (np.diff(first) > 0).all()
    assert (first != other).any()


def test_first_picture_is_a_square_of_ten_pixels() -> None:
    first = draw(np.array([0]))
    expected = np.zeros((64, 64), dtype=np.uint8)
    expected[11:21, 11:21] = 255  # 16 ± 4.799875 holds the centres 11.5 … 20.5
    assert (first[0] == expected).all()
    assert hashlib.sha256(first.tobytes()).hexdigest() == FIRST_PICTURE


def test_pixels_that_can_be_counted_by_hand() -> None:
    # the last position is 48: 48 ± 4.799875 holds 43.5 … 52.5
    assert extent(picture("square", scale=0, x=31, y=31)) == (43, 52, 43, 52)
    # 16 ± 9.59975 holds 6.5 … 25.5, and 48 ± 9.59975 holds 38.5 … 57.5
    assert extent(picture("square", x=0, y=31)) == (38, 57, 6, 25)
    # columns: 16 ± 12.765 holds 3.5 … 28.5; rows: 16 ± 7.2125 holds 9.5 … 22.5, where the ellipse is wide enough
    ellipse = picture("ellipse", x=0, y=0)
    assert extent(ellipse) == (9, 22, 3, 28)
    # in row 16 the centre is 0.5 below the middle: half the width is 12.765·√(1 − (0.5 / 7.2125)²) = 12.734
    assert np.flatnonzero(ellipse[16]).tolist() == list(range(3, 29))
    # in row 22 it is 6.5 below: 12.765·√(1 − (6.5 / 7.2125)²) = 5.532
    assert np.flatnonzero(ellipse[22]).tolist() == list(range(10, 22))


def test_heart_stands_upright_with_two_humps_and_one_tip() -> None:
    heart = picture("heart", x=0, y=0)
    first, last, left, right = extent(heart)
    assert (left, right) == (6, 25)  # 16 ± 9.591 at its widest, near the middle of row 11
    assert last == 23  # the tip is at 16 + 9.71, but thinner than a pixel from 24 on
    assert (heart[:, 6:26] == heart[:, 6:26][:, ::-1]).all()
    assert heart[first, 15] == heart[first, 16] == 0  # between the humps
    assert heart[last].nonzero()[0].tolist() == [15, 16]


def test_last_orientation_repeats_the_first() -> None:
    grid = np.stack(np.meshgrid(range(3), range(6), [0, 39], [0, 7, 31], [0, 20], indexing="ij"), axis=-1)
    once, again = np.moveaxis(draw(FACTORS.index_of(grid.reshape(-1, 5))).reshape(3, 6, 2, 3, 2, 64, 64), 2, 0)
    assert (once == again).all()


@pytest.fixture(scope="module")
def some() -> np.ndarray:
    """Factors int32 [3000, 5]."""
    return FACTORS.factors_of(FACTORS.sample(3000, seed=5))


def test_mirrored_factors_give_mirrored_pictures(some: np.ndarray) -> None:
    """All outlines are mirror images of themselves: mirrored, they turn the other way."""
    mirrored = some.copy()
    mirrored[:, 2] = (39 - some[:, 2]) % 39
    mirrored[:, 3] = 31 - some[:, 3]
    assert (draw(FACTORS.index_of(mirrored)) == draw(FACTORS.index_of(some))[:, :, ::-1]).all()


def test_squares_and_ellipses_look_the_same_upside_down(some: np.ndarray) -> None:
    upright = some[some[:, 0] != SHAPES.index("heart")]
    turned = upright.copy()
    turned[:, 3:] = 31 - upright[:, 3:]
    assert (draw(FACTORS.index_of(turned)) == draw(FACTORS.index_of(upright))[:, ::-1, ::-1]).all()


def test_squares_look_the_same_after_a_quarter_turn(some: np.ndarray) -> None:
    squares = some[some[:, 0] == SHAPES.index("square")]
    turned = squares.copy()
    turned[:, 3], turned[:, 4] = squares[:, 4], 31 - squares[:, 3]
    quarter = np.rot90(draw(FACTORS.index_of(squares)), axes=(1, 2))  # counter-clockwise: right becomes up
    assert (draw(FACTORS.index_of(turned)) == quarter).all()


def test_hearts_turn_counter_clockwise() -> None:
    """The tip points down; after a quarter of a turn (92°), to the right."""
    upright, turned = picture("heart") > 0, picture("heart", orientation=10) > 0
    first, last, _, _ = extent(upright)
    assert upright[last - 2 : last + 1].sum() < 12 < upright[first : first + 3].sum()
    _, _, left, right = extent(turned)
    assert turned[:, right - 2 : right + 1].sum() < 12 < turned[:, left : left + 3].sum()


def test_position_moves_right_and_down() -> None:
    for shape in SHAPES:
        at_start, right, down = picture(shape, x=0, y=0), picture(shape, x=31, y=0), picture(shape, x=0, y=31)
        assert (np.roll(at_start, 32, axis=1) == right).all()
        assert (np.roll(at_start, 32, axis=0) == down).all()


def heart_area() -> float:
    """By Green's theorem, ½ ∮ (x dy − y dx): exact, as five Gauss-Legendre nodes integrate up to degree nine."""
    nodes, weights = np.polynomial.legendre.leggauss(5)
    total = 0.0
    for curve in HEART:
        bernstein = np.array([[1, 0, 0, 0], [-3, 3, 0, 0], [3, -6, 3, 0], [-1, 3, -3, 1]])
        x, y = (np.polynomial.Polynomial(bernstein @ curve[:, k]) for k in (0, 1))
        t = (nodes + 1) / 2
        total += float(weights @ (x(t) * y.deriv()(t) - y(t) * x.deriv()(t))) / 4
    return 2 * total


def test_as_many_pixels_are_white_as_the_outlines_enclose() -> None:
    """218.149, 171.130 and 132.927 pixels a picture, over all 737,280; the areas are 218.101, 171.133 and 132.924."""
    areas = (SQUARE_SIDE**2, np.pi * ELLIPSE[0] * ELLIPSE[1], heart_area())
    mean_square_of_scale = np.mean(np.linspace(0.5, 1, 6) ** 2)
    everything = np.arange(len(FACTORS)).reshape(len(SHAPES), -1, 8192)
    for chunks, area, white in zip(everything, areas, (53_612_176, 42_056_988, 32_668_138), strict=True):
        found = sum(np.count_nonzero(draw(index)) for index in chunks)
        assert found == white
        assert found / chunks.size == pytest.approx(area * mean_square_of_scale, abs=0.05)


def inside_shape(shape: str, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whether points of the upright outline's own plane lie inside, and how far they are from its edge, roughly."""
    if shape == "square":
        depth = SQUARE_SIDE / 2 - np.maximum(abs(x), abs(y))
    elif shape == "ellipse":
        depth = 1 - np.hypot(x / ELLIPSE[0], y / ELLIPSE[1])
    else:  # over every x up to its widest, the heart reaches from its upper to its lower curve
        upper, lower = (height_of(curve, abs(x)) for curve in HEART)
        depth = np.minimum(np.minimum(y - upper, lower - y), HEART[0, 3, 0] - abs(x))
    return depth > 0, abs(depth)


def height_of(curve: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The y of a Bézier, whose x never turns back, at some x (by bisection, after de Casteljau)."""

    def at(time: np.ndarray) -> np.ndarray:
        points = [np.multiply.outer(np.ones_like(time), point) for point in curve]
        while len(points) > 1:
            points = [a + time[:, None] * (b - a) for a, b in pairwise(points)]
        return points[0]

    low, high = np.zeros_like(x), np.ones_like(x)
    grows = curve[3, 0] > curve[0, 0]
    for _ in range(60):
        middle = (low + high) / 2
        before = (at(middle)[:, 0] < x) == grows
        low, high = np.where(before, middle, low), np.where(before, high, middle)
    return at(high)[:, 1]


def test_pictures_agree_with_point_by_point_drawing() -> None:
    """Every pixel of 600 pictures, looked up in the upright outline; nearer than 1e-9 to its edge, either is right."""
    factors = FACTORS.factors_of(FACTORS.sample(600, seed=3))
    undecided = 0
    for pixels, (shape, scale, orientation, x, y) in zip(
        draw(FACTORS.index_of(factors)), factors.tolist(), strict=True
    ):
        across = np.arange(64)[None, :] + 0.5 - (16 + 32 * x / 31)
        down = np.arange(64)[:, None] + 0.5 - (16 + 32 * y / 31)
        seen_from_centre = (across - 1j * down) / (0.5 + 0.1 * scale)  # y upwards, as mathematicians have it
        near = abs(seen_from_centre) < 14
        turned_back = seen_from_centre[near] * np.exp(-2j * np.pi * orientation / 39)
        inside, distance = inside_shape(SHAPES[shape], turned_back.real, -turned_back.imag)
        assert not pixels[~near].any()
        assert ((inside == (pixels[near] == 255)) | (distance < 1e-9)).all()
        undecided += int((distance < 1e-9).sum())
    assert undecided < 5


def test_every_factor_of_a_face_can_be_seen() -> None:
    usual = np.array([1, 1, 0, 1, 2, 0, 4])
    for factor, size in enumerate(faces.FACTORS.sizes):
        variants = np.tile(usual, (size, 1))
        variants[:, factor] = np.arange(size)
        drawn = faces.draw(faces.FACTORS.index_of(variants)).astype(int)
        for one in range(size):
            for other in range(one):
                assert abs(drawn[one] - drawn[other]).sum() > 500, faces.FACTORS.names[factor]


def test_faces_have_the_colours_of_their_factors() -> None:
    index = faces.FACTORS.sample(200, seed=2)
    drawn, factors = faces.draw(index).astype(int), faces.FACTORS.factors_of(index)
    backgrounds, skins = (np.array(list(colours)) for colours in (faces.BACKGROUNDS, faces.SKINS.values()))
    assert abs(drawn[:, 0, 0] - backgrounds[factors[:, 6]]).max() <= 0.5
    assert (drawn[:, 26, 16] == skins[factors[:, 1]]).all()  # the chin


def test_faces_do_not_depend_on_their_neighbours() -> None:
    index = faces.FACTORS.sample(300, seed=4)
    together = faces.draw(index)
    assert (faces.draw(index[[299, 7]]) == together[[299, 7]]).all()


def columns_of(dataset: Dataset) -> dict[str, np.ndarray]:
    assert isinstance(dataset.schema, TableSchema)
    return dataset.schema.to_original(dataset.x)


@pytest.mark.parametrize("name", ["moons", "rings", "roll", "blobs"])
def test_toys_are_standardised_points_in_the_plane(name: str) -> None:
    dataset = SAMPLES[name]()
    assert list(columns_of(dataset)) == ["x", "y"]
    assert dataset.x.shape == (2000, 2)
    assert dataset.x.mean(axis=0) == pytest.approx(0, abs=1e-5)
    assert dataset.x.std(axis=0) == pytest.approx(1, abs=1e-3)


def test_rings_lie_in_one_another() -> None:
    rings = SAMPLES["rings"]()
    points = columns_of(rings)
    radius = np.hypot(points["x"], points["y"])
    assert radius[rings.labels == 0].min() > radius[rings.labels == 1].max()


def test_roll_is_labelled_from_the_inside_out() -> None:
    roll = SAMPLES["roll"]()
    points = columns_of(roll)
    assert roll.labels is not None
    radius = [np.hypot(points["x"], points["y"])[roll.labels == quarter].mean() for quarter in range(4)]
    assert radius == sorted(radius)
    assert np.bincount(roll.labels).tolist() == [500] * 4


def test_houses_are_tied_together_as_described() -> None:
    columns, kinds = houses.town(5000, seed=0)

    def tie(one: str, other: str) -> float:
        return float(np.corrcoef(columns[one], columns[other])[0, 1])

    assert tie("living area (m²)", "price (€)") > 0.7
    assert tie("living area (m²)", "rooms") > 0.9
    assert tie("distance to centre (km)", "year built") > 0.5
    assert tie("year built", "energy use (kWh/m² a year)") < -0.7
    assert (columns["plot (m²)"][kinds == houses.KINDS.index("flat")] == 0).all()
    assert columns["rooms"].min() >= 1
    assert columns["price (€)"].min() > 50_000
    age = 2025 - columns["year built"]
    assert age[columns["heating"] == "heat pump"].mean() < age[columns["heating"] == "oil"].mean() / 2


def test_houses_come_back_in_their_own_units() -> None:
    dataset, (columns, kinds) = SAMPLES["houses"](), houses.town(5000, seed=0)
    original = columns_of(dataset)
    assert list(original) == list(columns)
    assert len(columns) == 9  # and the kind, which labels them
    assert dataset.labels is not None
    assert (dataset.labels == kinds).all()
    for name, values in columns.items():
        if values.dtype.kind == "U":
            assert (original[name] == values).all()
        else:
            assert original[name] == pytest.approx(values, rel=1e-4, abs=0.01 * values.std())
