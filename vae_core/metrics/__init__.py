"""Measures of what a model learnt; one file a measure."""
