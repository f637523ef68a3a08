"""One file for each command: `do-this` is the attribute `command` of `do_this.py`."""
