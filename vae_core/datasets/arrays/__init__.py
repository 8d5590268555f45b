"""Arrays of numbers in files: NPY, NPZ, IDX."""
