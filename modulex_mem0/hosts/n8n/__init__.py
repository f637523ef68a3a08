"""Writes a package for n8n: a node with an operation for each action of an integration, and its credentials form.

The node calls the REST API of `modulex-mem0 serve`, so validation, retries and privacy are those of the runtime. n8n
itself is needed by nobody but the reader of the package: `package_files` returns texts.
"""

from modulex_mem0.hosts.n8n.package import package_files, package_name

__all__ = ["package_files", "package_name"]
