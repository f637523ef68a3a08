"""Faults on demand: what a network and a service do to their callers, acted out for the asking.

A list of rules, as a JSON file or over the control route. Each names the requests it concerns and one thing to do:

- ``{"path": "/v3/memories/add/", "method": "POST", "calls": [1, 2], ...}``: which requests. ``*`` in a path stands for
  anything; ``calls`` counts from 1 the requests that match; without it, every one is meant.
- ``"delay": 2.5``: wait that many seconds first, or until the client gives up. Goes with any other, or alone.
- ``"status": 429, "body": {...}`` or ``"text": "..."``, with ``"headers": {...}``, ``"retry_after": 3`` (seconds) or
  ``"retry_after_date": 3`` (the same as an HTTP date): reply so instead. Without ``status``, with 200.
- ``"html": 502``: reply with a proxy's error page of that status.
- ``"redirect": "http://..."``: reply with a redirect, of status 302 unless ``status`` says otherwise.
- ``"processed": true``: with one of the above, do the request's work first: before the delay and the reply.
- ``"reset": "before"`` or ``"after"``: reset the connection before or after the request's work.
- ``"truncate": true``: send half of the reply under the length of the whole, then close.
- ``"endless": true``: reply with a body that never ends.
- ``"drip": 0.1``: send the reply one byte at a time, that many seconds apart.
- ``"event_delay": 30``, ``"event_error": "..."``: let the event that the request queues take so long, or fail.
"""

from __future__ import annotations

from modulex_mem0.sandbox.faults.board import FaultBoard
from modulex_mem0.sandbox.faults.rules import FaultRule, FaultsError

__all__ = ["FaultBoard", "FaultRule", "FaultsError"]
