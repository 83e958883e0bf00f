"""Documents on disk and in history: reader, seeds, settings, git, Hub, versions, diff, parallel.

Imports `document` and the ground modules.
"""
