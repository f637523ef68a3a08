"""Flows as the editor saves them, and their runs without the editor."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import modulex_mem0

lfx = pytest.importorskip("lfx", reason="Langflow's library is not installed; scripts/test-langflow installs it")

from lfx.custom.utils import build_custom_component_template  # noqa: E402 - after the check that it is there
from lfx.extension.loader import load_extension  # noqa: E402
from lfx.graph.graph.base import Graph  # noqa: E402

EXTENSION = Path(modulex_mem0.__file__).parent / "hosts" / "langflow"
#: The user that Langflow runs the flow for.
LANGFLOW_USER = "3f2b8c1e-0000-4000-8000-000000000000"
#: What the nodes `Collector` took.
TAKEN: list[Any] = []


def components(root: Path = EXTENSION) -> dict[str, type]:
    """The components of an extension by the names of their actions, as Langflow loads them."""
    loaded = load_extension(root)
    assert loaded.errors == []
    return {component.file_path.stem: component.klass for component in loaded.components}


def drawn(component: type) -> dict[str, Any]:
    """A component as the editor puts it on the canvas."""
    instance = component()
    node, _ = build_custom_component_template(instance, class_name=component.__name__)
    identity = instance.get_id()
    return {"id": identity, "data": {"id": identity, "type": component.__name__, "node": node}}


@dataclass
class Flow:
    """A flow as it is saved: JSON, with the source of each component in it."""

    nodes: list[dict[str, Any]] = field(default_factory=list)
    edges: list[dict[str, Any]] = field(default_factory=list)

    def add(self, component: type, **values: Any) -> str:
        """Drag a component to the canvas and fill in its fields; returns the node's id."""
        node = drawn(component)
        template = node["data"]["node"]["template"]
        for name, value in values.items():
            template[name]["value"] = value
            if "load_from_db" in template[name]:
                template[name]["load_from_db"] = False
        self.nodes.append(node)
        return str(node["id"])

    def connect(self, source: str, output: str, target: str, name: str) -> None:
        """Draw an edge from an output to a field."""
        outputs = {one["name"]: one for one in self.node(source)["outputs"]}
        template = self.node(target)["template"][name]
        handles = {
            "sourceHandle": {"dataType": "X", "id": source, "name": output, "output_types": outputs[output]["types"]},
            "targetHandle": {
                "fieldName": name,
                "id": target,
                "inputTypes": template.get("input_types"),
                "type": template["type"],
            },
        }
        self.edges.append({"source": source, "target": target, "data": handles, "id": f"{source}-{target}-{name}"})

    def set(self, id: str, name: str, **values: Any) -> None:
        """Change what a field holds besides its value, such as `load_from_db`."""
        self.node(id)["template"][name].update(values)

    def node(self, id: str) -> dict[str, Any]:
        node: dict[str, Any] = next(node for node in self.nodes if node["id"] == id)["data"]["node"]
        return node

    def saved(self) -> str:
        return json.dumps({"nodes": self.nodes, "edges": self.edges})

    def graph(self) -> Any:
        return Graph.from_payload(json.loads(self.saved()), user_id=LANGFLOW_USER)

    async def run(self, **options: Any) -> dict[str, dict[str, Any]]:
        """Run the flow; returns the outputs of each node, by their names."""
        graph = self.graph()
        graph.prepare()
        results = {}
        async for step in graph.async_start(**options):
            vertex = getattr(step, "vertex", None)
            if vertex is not None:
                results[vertex.id] = vertex.custom_component.get_results()
        return results
