"""One document, without its corpus: records, scheme, canonical form, values, time algebra.

Imports the ground modules only (`layout`, `files`, `findings`, `errors`,
`printable`).
"""
