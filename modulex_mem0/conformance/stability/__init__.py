"""Which changes between two manifests break what was built on the first: docs/versioning.md in code."""
