"""Texts as they are received: one module for each format, all of which yield `Incoming` texts.

Imports from document and the ground, like the rest of annotation.
"""
