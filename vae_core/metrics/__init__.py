"""Measures of what a model learnt: one file a measure, and `METRICS`, what is told of each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from vae_core.metrics import of_factors, of_model, of_samples
from vae_core.metrics.figures import Figure, Found
from vae_core.metrics.material import Code, Material

__all__ = ["METRICS", "SECTIONS", "Code", "Figure", "Found", "Material", "Metric", "Section"]

Section = Literal["bound", "codes", "samples", "factors"]
SECTIONS: dict[Section, str] = {
    "bound": "How well it explains the data",
    "codes": "How it uses its latents",
    "samples": "How good its samples are",
    "factors": "How its latents lie to the known factors",
}


@dataclass(frozen=True)
class Metric:
    """A measure.

    Attributes:
        title: Its name in the field.
        section: Where it is shown.
        means: What it says, in a sentence or two.
        misleads: Where it says something else than one thinks.
        better: Which way is better.
        measure: From a model and a dataset to figures.
        seconds: About how long it takes of 10,000 pictures 28×28; progress is reckoned by it.
    """

    title: str
    section: Section
    means: str
    misleads: str
    better: Literal["less", "more", "as expected"]
    measure: Callable[[Material], Found]
    seconds: float


METRICS: dict[str, Metric] = {
    "elbo": Metric(
        "−ELBO",
        "bound",
        "How many nats an example costs: what the decoder gets wrong (reconstruction loss) and what its code says "
        "(KL). z is sampled and β is 1, whatever the model was trained with.",
        "Compare only under the same likelihood and the same targets. It is an upper bound: a poor encoder makes a "
        "good decoder look bad. A low −ELBO does not make samples look good, nor codes useful.",
        "less",
        of_model.elbo,
        1,
    ),
    "bound": Metric(
        "Importance-weighted bound",
        "bound",
        "A tighter bound on −log p(x), from a hundred samples an example (Burda et al. 2016). What it is below −ELBO "
        "is what the encoder costs.",
        "Still a bound: with many latents or a sharp decoder far more samples are needed. Say how many, always.",
        "less",
        of_model.importance_weighted,
        6,
    ),
    "active_units": Metric(
        "Active units and information",
        "codes",
        "Dimensions whose mean moves with x (Burda et al. 2016), and how many nats of x the code holds "
        "(Hoffman & Johnson 2016).",
        "More is not better by itself: a model can keep units active and explain the data worse. The information "
        "cannot exceed log N.",
        "as expected",
        of_model.active_units,
        0.1,
    ),
    "aggregate": Metric(
        "Aggregate posterior against prior",
        "codes",
        "Whether samples of N(0, I) fall where codes lie: KL(q(z), N(0, I)), in total and of each dimension.",
        "With codes much narrower than their distances it mostly counts the examples (up to log N): a mixture of few "
        "narrow posteriors has holes between them. Dimensions can each fit while together they do not.",
        "less",
        of_model.aggregate,
        8,
    ),
    "prior_mmd": Metric(
        "MMD of codes and prior",
        "codes",
        "A second look at the same, without densities: 0 where the samples of the posteriors are distributed as those "
        "of the prior (Gretton et al. 2012).",
        "It sees differences of the size of the whole cloud; small holes count for little, the less the more "
        "dimensions there are.",
        "less",
        of_model.prior_mmd,
        2,
    ),
    "neighbourhoods": Metric(
        "Precision and recall",
        "samples",
        "Precision: are samples where real examples are? Recall: are all real examples where samples are? "
        "(Kynkäänniemi et al. 2019.) Density and coverage say the same and mind outliers less (Naeem et al. 2020).",
        "Safe, blurred samples have a precision near 1 and a recall near 0: read both. One outlier can raise either. "
        "All depend on the number of examples and on the space.",
        "more",
        of_samples.neighbourhoods,
        14,
    ),
    "two_samples": Metric(
        "Two-sample test",
        "samples",
        "How often an example's nearest neighbour is of its own kind, real or sampled: a half means that they cannot "
        "be told apart (Lopez-Paz & Oquab 2017).",
        "Far below a half means copies. A decoder's means carry no noise and are told apart from noisy pictures by "
        "that alone.",
        "as expected",
        of_samples.two_samples,
        6,
    ),
    "wasserstein": Metric(
        "Sliced Wasserstein distance",
        "samples",
        "How far samples must be moved to lie as real examples do, seen along random lines (Rabin et al. 2012). Only "
        "what exceeds that of other real examples counts.",
        "Random lines see all directions alike: a difference in few of many directions is diluted.",
        "less",
        of_samples.wasserstein,
        6,
    ),
    "frechet": Metric(
        "Fréchet distance",
        "samples",
        "The distance of two normals, fitted to real examples and to samples (as in the FID of Heusel et al. 2017, but "
        "with our own features).",
        "Never to be set beside a published FID: the features are others. It sees means and covariances only.",
        "less",
        of_samples.frechet,
        6,
    ),
    "discrepancy": Metric(
        "Maximum mean discrepancy",
        "samples",
        "The largest difference of means over smooth functions (Gretton et al. 2012): 0 for the same distribution.",
        "At the bandwidth taken, the median distance, fine structure counts for little.",
        "less",
        of_samples.discrepancy,
        4,
    ),
    "gap": Metric(
        "Mutual information gap",
        "factors",
        "Is each factor told by one dimension alone? 1 where it is, 0 where the two best know the same (Chen et al. "
        "2018).",
        "A factor that wraps around, as an angle, needs two dimensions and lowers it. Collapsed dimensions can leak "
        "into the mean code. Another seed moves it more than another objective (Locatello et al. 2019).",
        "more",
        of_factors.gap,
        0.1,
    ),
    "importances": Metric(
        "DCI",
        "factors",
        "Disentanglement: does a dimension matter to one factor only? Completeness: does a factor need one dimension "
        "only? Informativeness: can it be told at all? (Eastwood & Williams 2018.)",
        "The learner moves it two- to fourfold: compare only with the same one.",
        "more",
        of_factors.importances,
        11,
    ),
    "votes": Metric(
        "FactorVAE score",
        "factors",
        "Where one factor is held fixed, does always the same dimension hold still? (Kim & Mnih 2018.)",
        "High also for codes that spread a factor over several dimensions.",
        "more",
        of_factors.votes,
        0.3,
    ),
    "attributes": Metric(
        "SAP",
        "factors",
        "By how much the best dimension beats the second at telling a factor (Kumar et al. 2018).",
        "Lines in one dimension tell many values badly: near 1 only for factors of two values.",
        "more",
        of_factors.attributes,
        7,
    ),
    "modules": Metric(
        "Modularity",
        "factors",
        "Does each dimension tell of one factor only? (Ridgeway & Mozer 2018.)",
        "Says nothing of whether the factors can be told at all; a dimension of noise has one too.",
        "more",
        of_factors.modules,
        0.1,
    ),
}
"""name -> the measure. Form, page, command line and report go by this table."""
