"""Checks of documents and of a corpus: registry, one module a family of checks, catalogue, fix.

Imports `dataset`, `corpus`, `document` and the ground modules.
"""
