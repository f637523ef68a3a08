"""The other way round: every integration that is installed for ModuleX, in our runtime (docs/hosts/modulex.md).

`plugin.py` finds them and imports none. The rest of this package is imported when one of them is asked for:
`loading.py` reads its package, `profile.py`, `schemes.py`, `variables.py` and `connection_tests.py` translate its
manifest, `actions.py`, `inputs.py`, `outputs.py`, `injection.py` and `failures.py` its tools.
"""
