"""Keys, addresses, the command, and starting and stopping."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from modulex_mem0.sandbox import RunningSandbox, SandboxSettings, StartError, running_sandbox, sandbox_process

INVALID = "Invalid API key. You can find your API key on https://app.mem0.ai/dashboard/api-keys."


def test_health_needs_no_key(box: RunningSandbox) -> None:
    reply = httpx.get(f"{box.base_url}/health")
    body = reply.json()
    assert reply.status_code == 200
    assert body["status"] == "ok"
    assert body["search_mode"] == "lexical"
    assert body["extraction"] == "rule-based"
    assert body["version"]


def test_ping_names_the_project(client: httpx.Client) -> None:
    body = client.get("/v1/ping/").json()
    assert body["status"] == "ok"
    assert set(body) == {"status", "org_id", "project_id", "user_email"}
    assert all(isinstance(value, str) and value for value in body.values())


@pytest.mark.parametrize("header", [None, "Bearer m0-first", "m0-first", "Token", "Token wrong", "Token m0-first x"])
def test_anything_but_a_known_token_is_unauthorized(server: RunningSandbox, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    for method, path in (("GET", "/v1/ping/"), ("POST", "/v3/memories/"), ("DELETE", "/v1/memories/?user_id=a")):
        reply = httpx.request(method, server.base_url + path, headers=headers)
        assert reply.status_code == 401
        assert reply.json() == {"detail": INVALID}


def test_the_scheme_of_the_header_is_case_insensitive(server: RunningSandbox) -> None:
    assert httpx.get(f"{server.base_url}/v1/ping/", headers={"Authorization": "token m0-first"}).status_code == 200


def test_a_get_without_its_final_slash_is_redirected_and_a_post_is_not_found(client: httpx.Client) -> None:
    moved = client.get("/v1/ping?source=x")
    assert moved.status_code == 301
    assert moved.headers["location"].endswith("/v1/ping/?source=x")
    reply = client.post("/v3/memories/add", json={})
    assert reply.status_code == 404
    assert reply.json() == {"detail": "Not found."}


def test_a_doubled_slash_is_not_found(client: httpx.Client) -> None:
    assert client.post("//v3/memories/", json={"filters": {"user_id": "a"}}).status_code == 404


def test_a_wrong_method_is_refused_as_json(client: httpx.Client) -> None:
    reply = client.patch("/v1/ping/")
    assert reply.status_code == 405
    assert reply.json() == {"detail": 'Method "PATCH" not allowed.'}


def test_a_wrong_method_is_answered_with_all_the_right_ones(client: httpx.Client) -> None:
    memory = "/v1/memories/00000000-0000-4000-8000-000000000000/"
    for path, allowed in {
        memory: "DELETE, GET, HEAD, PUT",
        "/v1/batch/": "DELETE, PUT",
        "/v2/entities/user/alice/": "DELETE, GET, HEAD",
        "/v1/ping/": "GET, HEAD",
        "/v3/memories/search/": "POST",
    }.items():
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"} - set(allowed.split(", ")):
            reply = client.request(method, path)
            assert (reply.status_code, reply.headers["allow"]) == (405, allowed), (method, path)
    assert client.head("/v1/ping/").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/", "/v1/", "/v1/memories/a/b/c/", "/v1/memories//", "/v3/memories/graph/", "/v2/entities/user/alice/facts/",
        "/v2/entities/user//", "/v1/profiles/", "/v2/", "/api/v1/orgs/", "/V1/ping/", "/v1/ping/x/",
        "/v1/entities/a/b/c/",
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_what_is_not_served_is_not_found(client: httpx.Client, method: str, path: str) -> None:
    reply = client.request(method, path, json={"user_id": "alice"})
    assert (reply.status_code, reply.json()) == (404, {"detail": "Not found."})


def test_an_escaped_slash_survives_a_redirection(client: httpx.Client) -> None:
    moved = client.get("/v2/entities/user/a%2Fb")
    assert moved.headers["location"].endswith("/v2/entities/user/a%2Fb/")


def test_unknown_fields_are_ignored(client: httpx.Client) -> None:
    body = {"filters": {"user_id": "a"}, "source": "PEER", "org_id": "x", "nonsense": [1]}
    assert client.post("/v3/memories/?nonsense=1", json=body).status_code == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_banner_can_be_pasted_and_a_stop_by_signal_is_success(tmp_path: Path, number: signal.Signals) -> None:
    data = tmp_path / "memories.db"
    command = [sys.executable, "-m", "modulex_mem0.sandbox", "--lexical", "--key", "m0-one=p", "--data", str(data)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "Mem0 sandbox\n"
        exported = process.stderr.readline().split()
        assert exported[0] == "export"
        account = dict(part.split("=", 1) for part in exported[1:])
        assert account["MEM0_API_KEY"] == "m0-one"
        headers = {"Authorization": "Token m0-one"}
        assert httpx.get(f"{account['MEM0_BASE_URL']}/v1/ping/", headers=headers).status_code == 200
        process.send_signal(number)
        banner = process.stderr.read()
        assert process.stdout is not None
        assert process.stdout.read() == ""
        assert process.wait(10) == 0
    assert "lexical" in banner
    assert str(data) in banner
    assert "Extraction here is rule-based; there is no language model." in banner


def test_the_command_takes_a_faults_file_and_serves_the_control_route(tmp_path: Path) -> None:
    faults = tmp_path / "faults.json"
    faults.write_text('{"faults": [{"path": "/v1/ping/", "calls": 1, "status": 429, "retry_after": 3}]}')
    command = [sys.executable, "-m", "modulex_mem0.sandbox", "--lexical", "--faults", str(faults), "--fault-control"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        process.stderr.readline()
        account = dict(part.split("=", 1) for part in process.stderr.readline().split()[1:])
        base, headers = account["MEM0_BASE_URL"], {"Authorization": f"Token {account['MEM0_API_KEY']}"}
        first, second = (httpx.get(f"{base}/v1/ping/", headers=headers) for _ in range(2))
        assert (first.status_code, first.headers["retry-after"], second.status_code) == (429, "3", 200)
        rules = [{"path": "/v1/ping/", "html": 503}]
        assert httpx.put(f"{base}/_sandbox/faults", json=rules).json() == {"faults": [{**rules[0], "seen": 0}]}
        assert httpx.get(f"{base}/v1/ping/", headers=headers).status_code == 503
        process.terminate()
        banner = process.stderr.read()
        assert process.wait(10) == 0
    assert f"faults   {faults}" in banner
    assert f"control  {base}/_sandbox/faults and /_sandbox/webhooks (open, no key)" in banner


def test_a_sandbox_runs_in_a_process_of_its_own(tmp_path: Path) -> None:
    with sandbox_process(delay=0, search_mode="lexical", allow_fault_control=True) as child:
        assert httpx.get(f"{child.base_url}/v1/ping/", headers=child.headers).status_code == 200
        assert httpx.get(f"{child.base_url}/_sandbox/faults").status_code == 200
    assert child.process.returncode == 0
    with pytest.raises(StartError, match="unable to open"), sandbox_process(data=tmp_path / "missing" / "x.db"):
        pass


@pytest.mark.parametrize("host", ["[::1", "a b", "x/y", "é", "", "a:b:c", "example.test:8080"])
def test_an_invalid_host_header_does_not_end_up_in_an_address(
    server: RunningSandbox, client: httpx.Client, host: str
) -> None:
    headers = {b"Host": host.encode()}
    moved = client.get("/v1/ping", headers=headers)
    for number in range(2):
        body = {"messages": [{"role": "user", "content": str(number)}], "user_id": "alice", "infer": False}
        client.post("/v3/memories/add/", json=body)
    following = client.post("/v3/memories/?page_size=1", json={"filters": {"user_id": "alice"}}, headers=headers)
    base = "http://example.test:8080" if host == "example.test:8080" else server.base_url
    assert moved.headers["location"] == f"{base}/v1/ping/"
    assert following.json()["next"] == f"{base}/v3/memories/?page_size=1&page=2"


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "modulex_mem0.sandbox", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)


def test_a_failed_start_is_reported_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "no.db").write_text("this is a text, and long enough not to be taken for an empty database")
    (tmp_path / "no.json").write_text('[{"path": "/v1/ping/", "status": 700}]')
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        refused = {
            "not a database": _run("--data", str(tmp_path / "no.db")),
            "unable to open": _run("--data", str(tmp_path / "missing" / "x.db")),
            "faults[0].status": _run("--faults", str(tmp_path / "no.json")),
            f"port {taken.getsockname()[1]} of 127.0.0.1: Address already in use": _run(
                "--port", str(taken.getsockname()[1])
            ),
            "delay": _run("--delay", "-1"),
            "key": _run("--key", "two words"),
        }
    for reason, result in refused.items():
        assert result.returncode == 1, reason
        assert result.stdout == ""
        assert reason in result.stderr
        assert result.stderr.startswith("error: ")
        assert result.stderr.count("\n") == 1


def test_a_data_file_serves_one_sandbox_at_a_time(tmp_path: Path) -> None:
    with running_sandbox(data=tmp_path / "one.db"):
        result = _run("--data", str(tmp_path / "one.db"))
    assert result.returncode == 1
    assert "locked" in result.stderr


@pytest.mark.parametrize(
    "overrides",
    [{"host": "192.0.2.1"}, {"port": 70000}, {"keys": ()}, {"delay": float("nan")}, {"search_mode": "best"}],
)
def test_settings_out_of_range_are_refused(overrides: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(overrides))):
        SandboxSettings(**overrides)  # type: ignore[arg-type]


@pytest.mark.no_cover
def test_importing_the_package_is_cheap() -> None:
    code = (
        "import sys, modulex_mem0.sandbox, modulex_mem0.sandbox.pytest_plugin as p;"
        "print([m for m in ('starlette', 'uvicorn', 'sqlite3', 'numpy') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=True)
    assert result.stdout.strip() == "[]"


def test_the_sandbox_imports_no_other_room() -> None:
    code = (
        "import sys, modulex_mem0.sandbox.server.serving;"
        "print([m for m in sys.modules if m.startswith('modulex_mem0.') and not m.startswith('modulex_mem0.sandbox')])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=True)
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        (["-m", "modulex_mem0.sandbox"], "error"),
        (["-c", "from modulex_mem0.sandbox import running_sandbox"], "ModuleNotFoundError"),
    ],
)
def test_a_missing_extra_is_named(tmp_path: Path, options: list[str], kind: str) -> None:
    # Python imports this when it starts.
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['uvicorn'] = None\n")
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, *options], env=environment, check=False, capture_output=True, text=True, timeout=30
    )
    assert ended.returncode == 1
    advice = "the sandbox needs uvicorn; install it with: pip install 'modulex-mem0[sandbox]'"
    assert ended.stderr.splitlines()[-1] == f"{kind}: {advice}"
