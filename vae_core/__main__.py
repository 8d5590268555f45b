"""`python -m vae_core`."""

import os

os.environ.setdefault("GOMP_SPINCOUNT", "10000")  # before torch: idle threads must not spin on shared cores

from vae_core.cli import main

if __name__ == "__main__":
    main()
