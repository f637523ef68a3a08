"""Many installed integrations: small distributions with an entry point each, in a folder of their own."""

from pathlib import Path

__all__ = ["install_integrations"]

_MODULE = '''"""An integration that only has to be there."""

from modulex_mem0.contract import AuthScheme, CredentialField, Integration, Profile, hookimpl

KEY = CredentialField(
    name="api_key", display_name="Key", description="A key.", environment_variable="{name}_KEY", sensitive=True
)
SCHEME = AuthScheme(
    type="api_key",
    display_name="Key",
    description="A key.",
    fields=(KEY,),
    base_url="https://example.com",
    headers={{"Authorization": "Bearer {{api_key}}"}},
)
PROFILE = Profile(
    name="{low}",
    display_name="{name}",
    description="Is there.",
    version="1.0.0",
    author="Nobody",
    auth_schemes=(SCHEME,),
)


@hookimpl
def modulex_integrations():
    return [Integration(PROFILE, ())]
'''


def install_integrations(folder: Path, count: int) -> Path:
    """Write that many distributions and return the folder, which belongs on `sys.path`."""
    for number in range(count):
        low = f"filler_{number:03}"
        metadata = folder / f"{low}-1.0.0.dist-info"
        metadata.mkdir(parents=True)
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {low.replace('_', '-')}\nVersion: 1.0.0\n")
        (metadata / "entry_points.txt").write_text(f"[modulex]\n{low} = {low}\n")
        (folder / f"{low}.py").write_text(_MODULE.format(name=low.upper(), low=low))
    return folder
