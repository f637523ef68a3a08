"""Thin translations of our declarations to the hosts that people use, each an optional extra.

Importing this package imports no host's library; each library is imported inside its own host's package only.
"""
