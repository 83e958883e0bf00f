"""Checks of documents and of a corpus: registry, one module per family of checks, catalogue, fix.

Imports `dataset`, `corpus`, `document` and the ground modules.
"""
