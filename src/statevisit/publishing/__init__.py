"""Publishing: build, manifest, card, Croissant, editions, version rule, transaction, Hub.

Imports `pages` and the rooms below it.
"""
