"""A VAE in Keras 3, trained on scikit-learn's digits, as decoder.onnx and encoder.onnx in a folder.

    pip install keras
    KERAS_BACKEND=torch python vae_core/foreign/examples/from_keras.py FOLDER

Pixels are 0 to 1, with the channels last; beside the mean the encoder gives the logarithm of the variance. With your
own model only the last lines of `main` matter: `export` of the two halves, without the layer that samples.
"""

import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from sklearn.datasets import load_digits

LATENTS, EPOCHS = 2, 5


class VAE(keras.Model):  # type: ignore[misc]  # Keras has no types
    """Both halves, trained together."""

    def __init__(self, encoder: Any, decoder: Any) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder
        self.noise = keras.random.SeedGenerator(0)

    def call(self, x: Any) -> Any:
        """The reconstruction at a sample; adds the KL to the loss."""
        mean, log_variance = self.encoder(x)
        kl = 0.5 * (ops.square(mean) + ops.exp(log_variance) - 1 - log_variance)
        self.add_loss(ops.mean(ops.sum(kl, axis=1)))
        z = mean + ops.exp(0.5 * log_variance) * keras.random.normal(ops.shape(mean), seed=self.noise)
        return self.decoder(z)


def halves() -> tuple[Any, Any]:
    """Encoder and decoder, untrained."""
    x = keras.Input((8, 8, 1))
    h = layers.Conv2D(16, 3, strides=2, padding="same", activation="relu")(x)
    h = layers.Dense(128, activation="relu")(layers.Flatten()(h))
    encoder = keras.Model(x, [layers.Dense(LATENTS, name="mean")(h), layers.Dense(LATENTS, name="log_variance")(h)])
    z = keras.Input((LATENTS,))
    h = layers.Reshape((4, 4, 16))(layers.Dense(256, activation="relu")(layers.Dense(128, activation="relu")(z)))
    decoder = keras.Model(z, layers.Conv2DTranspose(1, 4, strides=2, padding="same", activation="sigmoid")(h))
    return encoder, decoder


def main(folder: Path) -> None:
    """Train, and write both files."""
    keras.utils.set_random_seed(0)
    x = (load_digits().images / 16).astype(np.float32)[..., None]
    encoder, decoder = halves()
    vae = VAE(encoder, decoder)

    def loss(x: Any, y: Any) -> Any:
        return ops.sum(keras.losses.binary_crossentropy(x, y), axis=(1, 2))

    vae.compile("adam", loss)
    vae.fit(x, x, batch_size=128, epochs=EPOCHS, verbose=0)
    for name, half, example in (("encoder", encoder, x[:3]), ("decoder", decoder, np.zeros((3, LATENTS), np.float32))):
        half(example)  # Keras exports what has been called once
        half.export(str(folder / f"{name}.onnx"), format="onnx", verbose=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
