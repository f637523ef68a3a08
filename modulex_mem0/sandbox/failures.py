"""Why a sandbox may not start: what a command shows as one line instead of a traceback."""

from __future__ import annotations

from modulex_mem0.sandbox.database import DataFileError
from modulex_mem0.sandbox.embedder import MissingEmbedderError
from modulex_mem0.sandbox.faults import FaultsError

START_FAILURES = (OSError, DataFileError, FaultsError, MissingEmbedderError)
