"""Measures: scores of predictions against gold, and agreement of annotators."""
