"""The latent space of a trained model: where the data lies in it."""
