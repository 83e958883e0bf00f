"""Scores of predictions against gold, and agreement of annotators.

Imports `annotation` and the rooms below it.
"""
