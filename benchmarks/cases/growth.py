"""CPU per call with one integration installed and with many."""

from typing import Any

from benchmarks.bench import Bench
from benchmarks.installed import install_integrations
from benchmarks.plan import Plan
from benchmarks.progress import tell
from benchmarks.roster import RUNTIMES, why_not

__all__ = ["run_growth"]


def run_growth(bench: Bench, plan: Plan) -> list[dict[str, Any]]:
    """One entry for each runtime and number of integrations: the rounds, ten records, one call at a time."""
    tell(f"one integration installed, and {plan.installed}")
    folder = bench.folder / "integrations"
    if not folder.exists():
        install_integrations(folder, plan.installed - 1)
    clients = {
        (name, count): bench.client(name, extra_path=path)
        for name in RUNTIMES.values()
        if why_not(name) is None
        for count, path in ((1, None), (plan.installed, folder))
    }
    taken: dict[tuple[str, int], list[dict[str, Any]]] = {key: [] for key in clients}
    for _ in range(plan.rounds):
        for key, client in clients.items():
            taken[key].append(client.measure("http", 10, at_once=1, seconds=plan.seconds))
    return [{"contender": name, "installed": count, "rounds": rounds} for (name, count), rounds in taken.items()]
