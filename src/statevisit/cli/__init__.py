"""The command line: one module for each command, with its options and its output only.

Imports every other room; nothing imports it. Only this room prints.
"""
