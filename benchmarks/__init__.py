"""What a call costs, beside what it costs others: `python -m benchmarks run`, then `python -m benchmarks report`."""
