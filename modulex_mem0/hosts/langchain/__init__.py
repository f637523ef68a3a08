"""An integration's actions as LangChain tools for an agent, bound to a credential and a user (extra `langchain`)."""

from modulex_mem0.hosts.langchain.structured import tools

__all__ = ["tools"]
