"""A person without a credential has to learn how to get one."""

import re
from collections.abc import Iterator

from modulex_mem0.conformance.finding import Problem, advice, error
from modulex_mem0.conformance.rule import rule
from modulex_mem0.conformance.subject import Subject

__all__ = ["setup_steps"]

_NUMBERED = re.compile(r"(step\s*)?\d+\s*[.:)]", re.IGNORECASE)


@rule("Each way to authenticate says, step by step, how to obtain the credential.")
def setup_steps(subject: Subject) -> Iterator[Problem]:
    """Check that the steps are there and read as steps."""
    for number, scheme in enumerate(subject.manifest.auth_schemes):
        place = f"auth_schemes[{number}].setup_steps"
        if scheme.type != "none" and not scheme.setup_steps:
            yield error(place, "There are no set-up steps.", "Say in order what a person does to get the credential.")
        for index, step in enumerate(scheme.setup_steps):
            if not step.strip():
                yield error(f"{place}[{index}]", "The step is empty.", "Say what to do, or remove it.")
            elif _NUMBERED.match(step):
                yield advice(f"{place}[{index}]", "The step numbers itself, and hosts do too.", "Leave the number out.")
