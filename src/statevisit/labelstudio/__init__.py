"""The round trip through Label Studio: interface, tasks, results, importer, client, server.

Imports `annotation` and the rooms below it.
"""
