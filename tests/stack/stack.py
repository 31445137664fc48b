#!/usr/bin/env python3
"""Starts emulators of AWS on free loopback ports, for tests that go over the wire.

Started with a folder and a speed: how many seconds pass in the emulators in a real one. Makes a virtual
environment with the pinned packages of requirements.txt in the folder (once; later runs find it), starts the
emulators, prints one line of JSON with their addresses, and lives until its standard input ends. Whoever started
it may be killed in any way: the pipe closes, and all of this goes away. Nothing listens anywhere but on 127.0.0.1.

A third word, `plain`, leaves out faults and policies: nobody answers at their addresses.
"""

import contextlib
import ctypes
import fcntl
import hashlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import venv

HERE = pathlib.Path(__file__).resolve().parent
REQUIREMENTS = HERE / "requirements.txt"
# The first start compiles what it imports.
START_SECONDS_MAX = 60
# Between the choice of a port and its use, somebody else may take it.
STARTS_MAX = 3
ACCOUNT = "123456789012"
REGION = "eu-central-2"
# What a plain stack consists of.
PLAIN = ["ministack", "moto", "internet", "aws"]

# https://man7.org/linux/man-pages/man2/pr_set_pdeathsig.2const.html
PR_SET_PDEATHSIG = 1


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
            print("installing the emulators of tests/stack/requirements.txt, once", file=sys.stderr)
            venv.create(place, clear=True, with_pip=True)
            # Every package is named, and nothing else is wanted.
            install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
            subprocess.run([*map(str, install), "--requirement", str(REQUIREMENTS)], check=True, stdout=sys.stderr)
            done.touch()
    return place / "bin"


def free_ports(count):
    """Held all at once, so that they differ."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def die_with_parent():
    """Where the kernel can, it ends a server whose starter was killed before it could."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def start(name, command, variables, words):
    """A server in a process of its own, its words in a file."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "DOCKER_"))}
    with open(words / f"{name}.log", "w") as file:
        return subprocess.Popen(
            [str(part) for part in command],
            env={**clean, **variables},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            preexec_fn=die_with_parent,
        )


def answers(url):
    try:
        urllib.request.urlopen(url, timeout=2)
        return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def exposed(process):
    """Where a server listens that is not loopback, as far as the kernel tells."""
    if sys.platform != "linux":
        return []
    links = []
    for link in pathlib.Path(f"/proc/{process.pid}/fd").iterdir():
        # A file may be closed while we look: what listens stays open.
        with contextlib.suppress(FileNotFoundError):
            links.append(os.readlink(link))
    found = []
    for table in ("tcp", "tcp6"):
        for line in pathlib.Path(f"/proc/{process.pid}/net/{table}").read_text().splitlines()[1:]:
            # https://docs.kernel.org/networking/proc_net_tcp.html: address:port, state 0A = LISTEN, inode.
            _, local, _, state, _, _, _, _, _, inode, *_ = line.split()
            is_loopback = local.startswith(("0100007F:", "00000000000000000000000001000000:"))
            if state == "0A" and not is_loopback and f"socket:[{inode}]" in links:
                found.append(local)
    return found


def wait(process, url):
    deadline = time.monotonic() + START_SECONDS_MAX
    while process.poll() is None and time.monotonic() < deadline:
        if answers(url):
            return True
        time.sleep(0.1)
    return False


def stop(running):
    for process in running.values():
        process.terminate()
    for process in running.values():
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()


def start_all(bin_, words, speed, is_plain):
    """Everything, and where it answers; `None` when something did not start."""
    ministack, moto, engine, internet, router, microburst, *more = free_ports(11)
    faulty, strict, strict_engine, policies, guarded = more
    since = time.time()
    urls = {
        "ministack": f"http://127.0.0.1:{ministack}",
        "moto": f"http://127.0.0.1:{moto}",
        # Where tests say how containers end: a part of the first.
        "engine": f"http://127.0.0.1:{engine}",
        # The way to what is not AWS, for a `HTTPS_PROXY`.
        "internet": f"http://127.0.0.1:{internet}",
        # All of AWS at one address…
        "aws": f"http://127.0.0.1:{router}",
        # …and the same with faults, once somebody has asked for some here.
        "faulty": f"http://127.0.0.1:{faulty}",
        "faults": f"http://127.0.0.1:{microburst}",
    }
    # Another world, in which keys may do what their policies allow and nothing else.
    guarded_urls = {
        "ministack": f"http://127.0.0.1:{strict}",
        "engine": f"http://127.0.0.1:{strict_engine}",
        "policies": f"http://127.0.0.1:{policies}",
        "aws": f"http://127.0.0.1:{guarded}",
    }
    aws = {"": urls["ministack"], "application-autoscaling": urls["moto"]}
    # Not S3: what is uploaded in pieces comes out of it with another checksum.
    by_fault = ["ecs", "rds", "elasticloadbalancing", "cloudfront"]
    with_policies = {**aws, "": guarded_urls["ministack"]}
    with_faults = {"": urls["aws"], **dict.fromkeys(by_fault, urls["faults"])}
    python = bin_ / "python"
    emulator = {
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(ministack),
        "MINISTACK_REGION": REGION,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "ENGINE_PORT": str(engine),
        # Would listen at every address.
        "IOT_MTLS_ENABLED": "0",
        "EMULATED_SINCE": repr(since),
        "EMULATED_SPEED": str(speed),
    }
    policed = {
        "AUTH": "true",
        # The root user's, whom tests seed with.
        "AWS_SECRET_ACCESS_KEY": "secret",
        "GATEWAY_PORT": str(strict),
        "ENGINE_PORT": str(strict_engine),
        "POLICIES_PORT": str(policies),
    }
    authority = words / "authority.pem"
    faults = ["--host", "127.0.0.1", "--port", microburst, "--upstream", urls["aws"]]
    commands = {
        "ministack": ([python, HERE / "emulator.py"], emulator),
        "strict": ([python, HERE / "emulator.py"], {**emulator, **policed}),
        "moto": ([python, HERE / "scaling.py", moto], {}),
        "internet": ([python, HERE / "internet.py", internet, urls["ministack"], REGION, authority], {}),
        "aws": ([python, HERE / "router.py", router, json.dumps(aws)], {}),
        "faults": ([python, bin_ / "microburst", *faults], {}),
        "faulty": ([python, HERE / "router.py", faulty, json.dumps(with_faults)], {}),
        "guarded": ([python, HERE / "router.py", guarded, json.dumps(with_policies), guarded_urls["policies"]], {}),
    }
    places = {**urls, "strict": guarded_urls["ministack"], "guarded": guarded_urls["aws"]}
    wanted = [name for name in commands if name in PLAIN or not is_plain]
    running = {name: start(name, *commands[name], words) for name in wanted}
    for name, process in running.items():
        if not wait(process, places[name]):
            stop(running)
            sys.stderr.write(f"{name} did not start. It said:\n{(words / f'{name}.log').read_text()}\n")
            return None
        if found := exposed(process):
            stop(running)
            raise SystemExit(f"{name} listens beyond this machine: {', '.join(found)}")
    about = {"account": ACCOUNT, "region": REGION, "since_milliseconds": round(since * 1000), "speed": speed}
    return running, {**about, **urls, "authority": str(authority), "guarded": guarded_urls}


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    bin_, speed, is_plain = environment(sys.argv[1]), int(sys.argv[2]), "plain" in sys.argv[3:]
    with tempfile.TemporaryDirectory(prefix="tidegate-stack-") as words:
        for _ in range(STARTS_MAX):
            if started := start_all(bin_, pathlib.Path(words), speed, is_plain):
                break
        else:
            raise SystemExit("the emulators do not start")
        running, addresses = started
        try:
            print(json.dumps(addresses), flush=True)
            sys.stdin.read()
        finally:
            stop(running)


if __name__ == "__main__":
    main()
