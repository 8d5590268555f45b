"""Models trained elsewhere, brought as files."""
