"""One target under libFuzzer: `python -m tests.fuzz.guided TARGET [option of libFuzzer | folder]...`."""

import sys

import atheris

from tests.fuzz.cases import SEEDS, read_case, read_cases
from tests.fuzz.mutations import Mutations
from tests.fuzz.targets import load

__all__ = ["main"]


def main(target: str, options: list[str]) -> None:
    """Run libFuzzer, which ends the process."""
    seeds = read_cases(SEEDS, target)
    with atheris.instrument_imports(include=["modulex_mem0"]):
        check = load(target)
        for case in seeds:
            # What is imported only when it is needed is measured too.
            check(read_case(case))

    def check_bytes(data: bytes) -> None:
        try:
            case = read_case(data)
        except ValueError:
            return
        check(case)

    def mutate_bytes(data: bytes, longest: int) -> bytes:
        # Looked up each time: Atheris replaces the function when it starts.
        changed: bytes = atheris.Mutate(data, longest)
        return changed

    mutations = Mutations(seeds, mutate_bytes)
    # A merge starts the program again through a shell.
    program = f"{sys.executable} -m tests.fuzz.guided {target}"
    atheris.Setup([program, *options], check_bytes, custom_mutator=mutations.mutate, custom_crossover=mutations.cross)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
