"""Who is measured: one small file each, with a line on how it was set up. Nobody is favoured: see `target.py`."""
