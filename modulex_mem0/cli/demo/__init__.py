"""The story that `modulex-mem0 demo` tells: one file for each subject, in the order of `story.py`."""
