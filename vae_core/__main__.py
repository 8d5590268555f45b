"""`python -m vae_core`."""

from vae_core.cli import main
from vae_core.runs import threads

if __name__ == "__main__":
    threads.settle()  # the verbs load torch, which looks then
    main()
