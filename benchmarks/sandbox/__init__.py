"""The sandbox measured: what its search finds (`retrieval`), and how it does with many memories (`volume`)."""
