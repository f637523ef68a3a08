"""A test suite that any integration takes over in a few lines. Needs the extra `testing`.

```python
from modulex_mem0.conformance.testing import ConformanceSuite


class TestEcho(ConformanceSuite):
    integration = "echo"
```
"""

from modulex_mem0.conformance.faults import Reply, Request, json_reply
from modulex_mem0.conformance.kit import Kit
from modulex_mem0.conformance.testing.suite import ConformanceSuite

__all__ = ["ConformanceSuite", "Kit", "Reply", "Request", "json_reply"]
