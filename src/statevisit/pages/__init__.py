"""Pages for a browser: the reader, two annotations compared, scores, runs, the site of a corpus.

Imports `scoring` and the rooms below it.
"""
