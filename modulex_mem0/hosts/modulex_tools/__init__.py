"""ModuleX's integrations in our runtime: every package that is installed for ModuleX (docs/hosts/modulex.md).

`plugin` announces them and imports none. When one is first used, `package` imports it and makes an integration of it:
`schemes` and `variables` translate its authentication, `actions` its tools.
"""
