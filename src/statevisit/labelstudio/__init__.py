"""The round trip through Label Studio: interface, tasks, results, importer, client, server.

Imports `regions` and the rooms below it.
"""
