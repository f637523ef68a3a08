"""One file for each command; `modulex_mem0.cli.lazy_group` finds `do-this` in `do_this.py`."""
