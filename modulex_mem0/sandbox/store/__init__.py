"""The SQLite database, and the tables that several operations use.

A table that a single operation uses (exports, feedback) is read and written in that operation's file in `routes`.
"""
