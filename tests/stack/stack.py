#!/usr/bin/env python3
"""Starts emulators of AWS on free loopback ports, for tests that go over the wire.

Makes a virtual environment with the pinned packages of requirements.txt in the folder that is named on the
command line (once; later runs find it), starts the emulators, prints one line of JSON with their addresses, and
lives until its standard input ends. Whoever started it may be killed in any way: the pipe closes, and all of
this goes away. Nothing listens anywhere but on 127.0.0.1.
"""

import fcntl
import hashlib
import json
import os
import pathlib
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import venv

HERE = pathlib.Path(__file__).resolve().parent
REQUIREMENTS = HERE / "requirements.txt"
# The first start compiles what it imports.
START_SECONDS_MAX = 60
ACCOUNT = "123456789012"
REGION = "eu-central-2"


def environment(folder):
    """The interpreter with the packages; made by one process while others wait."""
    digest = hashlib.sha256(REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()[:12]
    place = pathlib.Path(folder) / f"stack-{digest}"
    place.parent.mkdir(parents=True, exist_ok=True)
    python = place / "bin" / "python"
    done = place / "installed"
    with open(place.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            venv.create(place, clear=True, with_pip=True)
            install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]
            subprocess.run([*map(str, install), str(REQUIREMENTS)], check=True, stdout=sys.stderr)
            done.touch()
    return place / "bin"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(name, command, variables, log):
    """A server in a process of its own, its words in a file beside the packages."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "DOCKER_"))}
    with open(log / f"{name}.log", "w") as words:
        return subprocess.Popen(
            [str(part) for part in command],
            env={**clean, **variables},
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=subprocess.STDOUT,
        )


def answers(url):
    try:
        urllib.request.urlopen(url, timeout=2)
        return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def wait(name, process, url):
    deadline = time.monotonic() + START_SECONDS_MAX
    while not answers(url):
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"{name} did not start; its words are beside the packages")
        time.sleep(0.1)


def main():
    bin_ = environment(sys.argv[1])
    log = bin_.parent
    ministack, moto, router, microburst = (free_port() for _ in range(4))
    urls = {
        "ministack": f"http://127.0.0.1:{ministack}",
        "moto": f"http://127.0.0.1:{moto}",
        # All of AWS at one address…
        "aws": f"http://127.0.0.1:{router}",
        # …and the same with faults, once somebody has asked for some.
        "faulty": f"http://127.0.0.1:{microburst}",
    }
    running = {
        "ministack": start(
            "ministack",
            [bin_ / "ministack"],
            {
                "BIND_HOST": "127.0.0.1",
                "MINISTACK_HOST": "127.0.0.1",
                "GATEWAY_PORT": str(ministack),
                "MINISTACK_REGION": REGION,
                "MINISTACK_ACCOUNT_ID": ACCOUNT,
            },
            log,
        ),
        "moto": start("moto", [bin_ / "moto_server", "-H", "127.0.0.1", "-p", moto], {}, log),
        "aws": start("router", [bin_ / "python", HERE / "router.py", router, json.dumps(urls)], {}, log),
        "faulty": start(
            "microburst",
            [bin_ / "microburst", "--host", "127.0.0.1", "--port", microburst, "--upstream", urls["aws"]],
            {},
            log,
        ),
    }
    try:
        for name, process in running.items():
            wait(name, process, urls[name])
        print(json.dumps({"account": ACCOUNT, "region": REGION, **urls}), flush=True)
        sys.stdin.read()
    finally:
        for process in running.values():
            process.terminate()
        for process in running.values():
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()


if __name__ == "__main__":
    main()
