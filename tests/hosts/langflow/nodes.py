"""Other nodes of the tests' flows. Langflow runs this file's source again for each flow, so it keeps no state."""

from datetime import UTC, datetime
from typing import Any

from lfx.custom.custom_component.component import Component
from lfx.io import HandleInput, Output
from lfx.schema import Data, DataFrame
from lfx.schema.message import Message

from tests.hosts.langflow.flows import TAKEN


class Collector(Component):  # type: ignore[misc] # as in the room
    """Takes whatever another node gives."""

    inputs = [HandleInput(name="taken", input_types=["Data", "JSON", "DataFrame", "Table", "Message", "Tool"])]  # noqa: RUF012
    outputs = [Output(name="given", method="give")]  # noqa: RUF012

    def give(self) -> Data:
        """Keep it where the test can look."""
        TAKEN.append(self.taken)
        return Data(data={})


class Speaker(Component):  # type: ignore[misc] # as in the room
    """Says something, as a model, a chat or Langflow's message history does."""

    inputs: list[Any] = []  # noqa: RUF012
    outputs = [  # noqa: RUF012
        Output(name="said", method="say"),
        Output(name="name", method="say_a_name"),
        Output(name="nothing", method="say_nothing"),
        Output(name="rows", method="tabulate"),
        Output(name="changes", method="change"),
    ]

    def say(self) -> Message:
        """A message of the assistant."""
        return Message(text="You like tea.", sender="Machine")

    def say_a_name(self) -> Message:
        """A user of the flow."""
        return Message(text="bob")

    def say_nothing(self) -> Message:
        """A message without text."""
        return Message(text="")

    def tabulate(self) -> DataFrame:
        """Rows as Langflow's message history gives them."""
        return DataFrame([{"sender": "User", "text": "I cook."}, {"sender": "Machine", "text": "Noted."}])

    def change(self) -> DataFrame:
        """A row of a table, with what pandas and numpy put into cells: missing ones, dates, numbers and tables."""
        visits = DataFrame({"at": [datetime(2026, 1, 31, tzinfo=UTC), None], "guests": [3, 4]})
        metadata = {"visits": visits, "most": visits["guests"].max(), "guests": visits["guests"].to_numpy()}
        return DataFrame([{"memory_id": "m-1", "text": float("nan"), "metadata": metadata}])
