"""The command line: one module per command with its options and its output, nothing else.

Imports every other room; nothing imports it. Only this room prints.
"""
