"""Checks of documents and corpora: registry, a module for each family, catalogue, fix.

Imports `dataset`, `corpus`, `document` and the ground modules.
"""
