"""The cost of a call, compared with other ways to make it: `python -m benchmarks run`, then `report`."""
