"""Documents as tables: views, Arrow, Parquet, Hugging Face.

Imports `corpus`, `document` and the ground modules.
"""
