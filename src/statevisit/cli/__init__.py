"""The command line: one module a command with its options and its output, nothing else.

Imports every other room; nothing imports it. Only this room prints.
"""
