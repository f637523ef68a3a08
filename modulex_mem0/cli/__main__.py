"""`python -m modulex_mem0.cli`, for environments where the command itself is not on the path."""

import sys

from modulex_mem0.cli import main

if __name__ == "__main__":
    sys.exit(main())
