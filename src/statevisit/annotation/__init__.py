"""Making and combining annotation: ingest, quotes, realignment, shared ids, merge, adjudication.

Imports `checks` and the rooms below it.
"""
