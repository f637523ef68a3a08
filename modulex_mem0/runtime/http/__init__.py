"""HTTP for all integrations: pooled transports, one deadline, retries where they are safe."""
