"""Documents on disk, in time and on many processes: reader, seeds, settings, git, Hub, versions, diff.

Imports `document` and the ground modules.
"""
