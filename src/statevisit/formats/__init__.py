"""Other formats of annotation, one module each, which reads and writes: brat and its like.

A format reads files into annotated texts, and writes them. What is left when an annotated text
becomes a document, or a document an annotated text, is said and kept. Imports `regions` and the
rooms below it.
"""
