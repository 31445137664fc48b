#!/usr/bin/env python3
"""One address for several emulators: each request goes to the one that stands in for its service.

The service is the one that the request was signed for. What is asked for is passed on as it came, and what is
answered, too. Started with a port and a table as JSON: addresses by service, that of all others under "". A third
argument is who judges whether a key may scale services: the emulator that they are passed on to does not.
"""

import http.client
import http.server
import json
import sys
import urllib.parse
import urllib.request

import ledger

# Connections end with their requests, so neither side's headers about them are passed on.
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "proxy-connection"}
REFUSAL = json.dumps({"__type": "AccessDeniedException", "message": "no policy allows it"}).encode()

def signed_for(authorization):
    """Key and service of `AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/SERVICE/aws4_request, …`"""
    _, _, credential = (authorization or "").partition("Credential=")
    parts = credential.split(",")[0].split("/")
    return (parts[0], parts[3]) if len(parts) == 5 else ("", "")


class Router(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # An answer is sent whole: in two pieces, the second would wait for the receiver's delayed acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True
    upstreams = {}
    judge = None

    def route(self):
        account, service = signed_for(self.headers.get("Authorization"))
        body = self.body()
        if self.judge and service == "application-autoscaling":
            account, allowed = self.judged(account, body)
            if not allowed:
                return self.say(400, REFUSAL)
        if not account:
            return self.say(200, ledger.answer(self.path, body))
        name = ledger.operation(self.headers, self.command, self.path, body)
        doom = ledger.note(account, f"{service}:{name}")
        side = doom and doom["side"]
        if side == "before":
            return self.end(doom)
        answer, content = self.ask(account, service, body)
        if side == "unanswered":
            return self.end(doom)
        self.answer(answer, content)
        if doom:
            self.end(doom)

    def end(self, doom):
        ledger.kill(doom)
        self.close_connection = True

    def judged(self, key, body):
        operation = self.headers["X-Amz-Target"].split(".")[-1]
        question = {"key": key, "operation": operation, "told": json.loads(body)}
        request = urllib.request.Request(f"{self.judge}/may-scale", json.dumps(question).encode())
        with urllib.request.urlopen(request, timeout=10) as answer:
            found = json.load(answer)
        return found["account"], found["allowed"]

    def say(self, status, content):
        self.send_response_only(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def ask(self, account, service, body):
        host = urllib.parse.urlsplit(self.upstreams.get(service, self.upstreams[""])).netloc
        connection = http.client.HTTPConnection(host, timeout=60)
        try:
            # The host is part of the signature, which emulators of policies check.
            connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for key, value in self.headers.items():
                if key.lower() not in HOP_BY_HOP | {"content-length", "x-moto-account-id"}:
                    connection.putheader(key, value)
            # One takes the key for the account, the other wants to be told.
            connection.putheader("x-moto-account-id", account)
            if body or self.command in ("POST", "PUT"):
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            return answer, answer.read()
        finally:
            connection.close()

    def answer(self, answer, content):
        self.send_response_only(answer.status, answer.reason)
        for key, value in answer.getheaders():
            if key.lower() not in HOP_BY_HOP | {"content-length"}:
                self.send_header(key, value)
        length = answer.getheader("Content-Length") if self.command == "HEAD" else str(len(content))
        self.send_header("Content-Length", length or "0")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def body(self):
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = route

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


if __name__ == "__main__":
    Router.upstreams = json.loads(sys.argv[2])
    Router.judge = sys.argv[3] if len(sys.argv) > 3 else None
    Server(("127.0.0.1", int(sys.argv[1])), Router).serve_forever()
