"""The ordinary way: a slider a latent, the decoder in PyTorch, the picture by `st.image`.

`python -m streamlit run tests/benchmarks/stock_slider.py -- my-model/checkpoint.safetensors`
"""

import sys
from pathlib import Path

import numpy as np
import streamlit as st
import torch

from vae_core import checkpoints
from vae_core.vae import VAE

REACH = 3.0


@st.cache_resource
def load(path: str) -> VAE:
    return checkpoints.load(Path(path)).model()


def main() -> None:
    vae = load(sys.argv[1])
    z = [st.slider(f"z{k + 1}", -REACH, REACH, 0.0) for k in range(vae.config.latents)]
    with torch.inference_mode():
        picture = vae.decode_bounded(torch.tensor([z]))[0]
    st.image(np.ascontiguousarray(picture.permute(1, 2, 0).numpy()), width=300)


main()
