"""How models of other programs become files that are brought here; each is a script that can be run."""
