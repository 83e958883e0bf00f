"""Many documents and their versions: reader, seeds, settings, git, Hub, diff, parallel work.

Imports `document` and the ground modules.
"""
