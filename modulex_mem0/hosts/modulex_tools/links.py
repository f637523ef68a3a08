"""Links, as our manifests hold them."""

__all__ = ["https_only"]


def https_only(link: str | None) -> str | None:
    """The link, if it leads over https."""
    return link if link and link.startswith("https://") else None
