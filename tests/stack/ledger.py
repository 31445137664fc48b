"""What each account has asked for, and whose end is near. The router passes everything through here.

Tests ask for what nobody signs:
  GET  /requests/ACCOUNT  how many requests of an account came here, by operation
  POST /dooms             {"account", "pid", "request": n, "side"}: the process that sends the account's n-th request
                          from now on is killed, "before" the request arrives, when it was carried out and
                          "unanswered", or when it is "answered"; nobody is, if n is 0
"""

import collections
import contextlib
import json
import os
import signal
import threading
import urllib.parse

lock = threading.Lock()
counts, dooms = collections.defaultdict(collections.Counter), {}


def operation(headers, method, path, body):
    """What is asked for, in the words of each protocol; of S3 and CloudFront only the method is known."""
    if target := headers.get("X-Amz-Target"):
        return target.rpartition(".")[2]
    if (headers.get("Content-Type") or "").startswith("application/x-www-form-urlencoded"):
        return urllib.parse.parse_qs(body.decode()).get("Action", [method])[0]
    # https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html
    return path.rpartition("/operation/")[2] if "/operation/" in path else method


def note(account, name):
    """Notes a request; its doom, if it is the one."""
    with lock:
        counts[account][name] += 1
        doom = dooms.get(account)
        if doom:
            doom["request"] -= 1
        return dooms.pop(account) if doom and doom["request"] == 0 else None


def kill(doom):
    with contextlib.suppress(ProcessLookupError):
        os.kill(doom["pid"], signal.SIGKILL)


def answer(path, body):
    """What a test is answered, as JSON."""
    with lock:
        if path == "/dooms":
            doom = json.loads(body)
            dooms[doom["account"]] = doom if doom["request"] else None
        return json.dumps(counts[path.rpartition("/")[2]] if path.startswith("/requests/") else {}).encode()
