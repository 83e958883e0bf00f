"""Measures: what part of the gold a prediction finds, and how far annotators agree. Pure functions of documents."""
