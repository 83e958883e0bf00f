"""HTML pages: a document in a notebook, the score page, the diff page.

Imports `scoring` and the rooms below it.
"""
