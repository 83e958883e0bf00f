"""Making annotations: ingest, quote notation, realignment, shared ids, merge, adjudication.

Imports `checks` and the rooms below it.
"""
