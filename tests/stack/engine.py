"""A container engine without containers, in place of the Docker Engine that the emulator of ECS would drive.

Nothing is run. A container lives until it is stopped, unless a test has said beforehand how containers of its
kind go: that they cannot be started, or that they log some lines and exit with a code after a while. It stands
in the emulator's own process, with as much of the Docker SDK's surface as is used there: each task is looked at
ten times a second, which over HTTP would be all that this machine does.
https://docker-py.readthedocs.io/en/stable/containers.html

Tests speak to it over HTTP:
  POST /endings             {"account", "family", "image": part of its name, "times", "refuse": why |
                             "exit": code, "after_seconds", "logs": [lines] | "unhealthy": true |
                             "failure": why RunTask starts nothing}; the newest that fits holds
  POST /objects             {"account", "bucket", "objects": {key: text}}: thousands at once
  POST /ends                {"account", "family", "exit"}: those that run end now
  GET  /containers/ACCOUNT  every container that was ever asked to start there, oldest first
  GET  /health              200: also what checks from outside ask
"""

import http.server
import json
import threading
import uuid

# `com.amazonaws.ecs.cluster` is an ARN: its fifth part is the account.
CLUSTER, FAMILY = "com.amazonaws.ecs.cluster", "com.amazonaws.ecs.task-definition-family"
STOPPED_BY_SIGNAL = 137

lock = threading.Lock()
endings, containers, started = [], {}, []


class Container:
    def __init__(self, image, name, labels, ending):
        self.id, self.image, self.name, self.labels, self.ending = uuid.uuid4().hex * 2, image, name, labels, ending
        self.account, self.family = labels[CLUSTER].split(":")[4], labels[FAMILY]
        self.exit_code = None
        self.over = threading.Event()
        number = len(started)
        # Loopback: a balancer that forwards there reaches nobody.
        address = f"127.{64 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"
        self.attrs = {"NetworkSettings": {"Networks": {"bridge": {"IPAddress": address}}}}

    def end(self, code):
        with lock:
            if not self.over.is_set():
                self.exit_code = code
                self.over.set()

    def is_of(self, told):
        return (self.account, self.family) == (told["account"], told["family"])

    @property
    def address(self):
        return self.attrs["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]

    @property
    def status(self):
        return "exited" if self.over.is_set() else "running"

    def reload(self):
        pass

    def wait(self):
        self.over.wait()
        return {"StatusCode": self.exit_code}

    def stop(self, **_):
        self.end(STOPPED_BY_SIGNAL)

    def remove(self, **_):
        self.end(STOPPED_BY_SIGNAL)
        containers.pop(self.id, None)

    def logs(self, stream=False, **_):
        lines = (line.encode() + b"\n" for line in self.ending.get("logs", ()))
        return lines if stream else b"".join(lines)


def take_ending(account, family, image, of_run_task):
    """The newest that fits; one of a number is used up. The lock is held."""
    for ending in reversed(endings):
        fits = (account, family) == (ending["account"], ending["family"]) and ending["image"] in image
        if fits and ending.get("times", 1) > 0 and ("failure" in ending) == of_run_task:
            if "times" in ending:
                ending["times"] -= 1
            return ending
    return {}


def failure(account, family):
    """Why RunTask starts nothing of this family now."""
    with lock:
        return take_ending(account, family, "", True).get("failure")


def is_unhealthy(address):
    """Whether the container at this address passes no health check."""
    return any(c.address == address and c.ending.get("unhealthy") for c in list(containers.values()))


class Containers:
    def get(self, reference):
        return containers[reference]

    def list(self, **_):
        return list(containers.values())

    def run(self, image, name, labels, **_):
        with lock:
            container = Container(image, name, labels, {})
            started.append(container)
            container.ending = take_ending(container.account, container.family, image, False)
        if "refuse" in container.ending:
            container.end(128)
            raise RuntimeError(container.ending["refuse"])
        containers[container.id] = container
        if "exit" in container.ending:
            timer = threading.Timer(container.ending["after_seconds"], container.end, [container.ending["exit"]])
            timer.daemon = True
            timer.start()
        return container


class Image:
    def tag(self, *_, **__):
        return True


class Images:
    """Every image is in the cache, and no registry tells a digest: definitions that are to be pinned are."""

    def get(self, *_, **__):
        return Image()

    pull = get

    def get_registry_data(self, *_, **__):
        raise LookupError("there is no registry here")


class Engine:
    containers, images = Containers(), Images()


class Api(http.server.BaseHTTPRequestHandler):
    def answer(self, value):
        self.send_response_only(200)
        self.end_headers()
        self.wfile.write(json.dumps(value).encode())

    def do_POST(self):
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/endings":
            with lock:
                endings.append(told)
        elif self.path == "/objects":
            upload(**told)
        else:
            for container in list(containers.values()):
                if container.is_of(told):
                    container.end(told["exit"])
        self.answer({})

    def do_GET(self):
        account = self.path.rsplit("/", 1)[-1]
        with lock:
            found = [container for container in started if container.account == account]
        self.answer([{"family": c.family, "image": c.image, "exit_code": c.exit_code} for c in found])

    def log_message(self, *_):
        pass


def upload(account, bucket, objects):
    """Not over the wire: what is tested is what becomes of the files."""
    from ministack.core.responses import request_scope
    from ministack.services import s3

    with request_scope(account, ""):
        for key, text in objects.items():
            status, *_ = s3._put_object(bucket, key, text.encode(), {})
            assert status == 200, (bucket, key, status)


def serve(port):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Api)
    threading.Thread(target=server.serve_forever, daemon=True).start()
