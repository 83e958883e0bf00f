"""The tests of statevisit, and the fixtures and helpers that they share."""
