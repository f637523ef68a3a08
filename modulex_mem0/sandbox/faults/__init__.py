"""Faults on demand: what networks and services do to their clients.

Faults are a list of rules, from a JSON file or over the control route. Each rule names the requests that it applies to
and one thing to do:

- `{"path": "/v3/memories/add/", "method": "POST", "calls": [1, 2], ...}`: which requests. `*` in a path matches
  anything; `calls` counts the matching requests from 1; without it, the rule applies to all of them.
- `"delay": 2.5`: wait that many seconds first, or until the client gives up. Goes with any other, or alone.
- `"status": 429, "body": {...}` or `"text": "..."`, with `"headers": {...}`, `"retry_after": 3` (seconds) or
  `"retry_after_date": 3` (the same as an HTTP date): send this reply instead. The default status is 200.
- `"html": 502`: reply with a proxy's error page of that status.
- `"redirect": "http://..."`: reply with a redirect; its status is 302 unless `status` names another.
- `"processed": true`: with one of the above, do the request's work first, before the delay and the reply.
- `"reset": "before"` or `"after"`: reset the connection before or after the request's work.
- `"truncate": true`: send half of the reply under the length of the whole, then close.
- `"endless": true`: reply with a body that never ends.
- `"drip": 0.1`: send the reply one byte at a time, that many seconds apart.
- `"event_delay": 30`, `"event_error": "..."`: the event that the request queues takes so long, or fails.
"""
