"""What the kit's own tests share."""

import sys
from pathlib import Path

# The helpers are plain modules, so that tests need no package around them.
sys.path.insert(0, str(Path(__file__).parent / "helpers"))
