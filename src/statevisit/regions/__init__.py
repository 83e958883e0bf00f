"""A document as regions and links, as editors and other formats hold it, and back.

A region is a span with a label in a layer and answers, one for each property. Links join regions.
Imports `annotation` and the rooms below it.
"""
