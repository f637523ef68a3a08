"""Fuzzing: cases that reach new code are kept and changed further, and what must always hold is checked on each."""
