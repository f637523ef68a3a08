"""Mem0's own JavaScript client, two generations of it: every public method, called once or more."""

from collections.abc import Callable

from tests.clients.npm.conftest import Drive

Installed = Callable[[str], str]


def test_everything_that_the_older_client_does(installed: Installed, drive: Drive) -> None:
    installed("mem0ai-2")
    seen = drive("mem0ai_2.mjs")
    both = ["I drink tea", "I love hiking in the Alps"]
    assert "Invalid API key" in seen["wrongKey"]
    assert [entry["status"] for entry in seen["added"]] == ["PENDING"]
    assert [entry["data"]["memory"] for entry in seen["stored"]] == ["I have a dog"]
    assert (seen["listed"], seen["listed2"], seen["paged"]) == (both, both, 2)
    assert seen["found"] == seen["found2"] == ["I love hiking in the Alps"]
    assert (seen["one"], seen["history"], seen["feedback"]) == (True, ["ADD", "UPDATE"], "NEGATIVE")
    assert seen["batchUpdated"] == "I drink coffee"
    assert seen["exported"] == ["I drink coffee", "My bicycle is blue"]
    assert "Memory not found" in seen["gone"]
    assert seen["instructions"] == "Be brief."
    assert (seen["webhooks"], seen["webhooksLeft"]) == (["renamed"], 0)
    assert (seen["users"], seen["usersLeft"], seen["usersLeftThen"]) == (["alice", "bob"], ["alice"], ["alice"])
    assert "Entity not found" in seen["nobody"]
    assert seen["left"] == 0
    assert seen["uncalled"] == []


def test_everything_that_the_client_does(installed: Installed, drive: Drive) -> None:
    installed("mem0ai")
    seen = drive("mem0ai_3.mjs")
    organization, project = seen["account"]
    assert organization == "org-sandbox"
    assert project.startswith("proj-")
    assert "Invalid API key" in seen["wrongKey"]
    assert seen["added"]["status"] == "PENDING"
    assert seen["added"]["eventId"]
    assert seen["verbatim"] == "My bicycle is red"
    assert (seen["found"]["memory"], seen["found"]["userId"]) == ("I love hiking in the Alps", "alice")
    assert 0 < seen["found"]["score"] <= 1
    # The timestamp that was sent makes the last one the oldest.
    assert seen["pages"] == [
        {"count": 3, "texts": ["I drink tea", "I love hiking in the Alps"], "last": False},
        {"count": 3, "texts": ["My bicycle is red"], "last": True},
    ]
    assert (seen["one"]["memory"], seen["one"]["lifecycleState"]) == ("My bicycle is red", "active")
    assert (seen["one"]["metadata"], seen["one"]["expirationDate"]) == ({"colourOf": "bicycle"}, "2999-01-01")
    assert seen["updated"] == "My bicycle is blue"
    assert seen["history"] == [
        ["ADD", None, "My bicycle is red"],
        ["UPDATE", "My bicycle is red", "My bicycle is blue"],
    ]
    assert seen["feedback"]["feedback"] == "POSITIVE"
    assert seen["exported"] == ["I drink tea", "I love hiking in the Alps", "My bicycle is blue"]
    assert seen["batchUpdated"] == "My bicycle is green"
    assert "Memory not found" in seen["gone"]
    assert seen["project"] == {"customInstructions": "Be brief."}
    assert (seen["webhooks"], seen["webhooksLeft"]) == ([["renamed", ["memory_delete"]]], 0)
    assert seen["settings"]["enabled"] is True
    assert list(seen["settings"]["entities"]["user"]["schema"]["properties"]) == ["favouriteDrink"]
    assert seen["job"]["job"]["status"] == "succeeded"
    assert seen["profile"]["profile"] == {"favouriteDrink": "I drink tea"}
    assert seen["sample"]["entityIds"] == ["alice"]
    assert (seen["users"], seen["usersLeft"]) == (["alice", "bob/1"], ["alice"])
    assert "Entity not found" in seen["nobody"]
    assert seen["deleted"] == "Memory deleted successfully!"
    assert seen["left"] == 0
    assert seen["uncalled"] == []
