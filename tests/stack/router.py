#!/usr/bin/env python3
"""One address for several emulators: each request goes to the one that stands in for its service.

The service is the one that the request was signed for. What is asked for is passed on as it came, and what is
answered, too.
"""

import http.client
import http.server
import json
import sys
import urllib.parse

# Everything that is not named here goes to the first emulator.
ELSEWHERE = {"application-autoscaling": "moto"}
# Connections end with their requests, so neither side's headers about them are passed on.
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "proxy-connection"}


def service(authorization):
    """`AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/SERVICE/aws4_request, …`"""
    _, _, credential = (authorization or "").partition("Credential=")
    parts = credential.split(",")[0].split("/")
    return parts[3] if len(parts) == 5 else ""


class Router(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    upstreams = {}

    def route(self):
        name = ELSEWHERE.get(service(self.headers.get("Authorization")), "ministack")
        host = urllib.parse.urlsplit(self.upstreams[name]).netloc
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        connection = http.client.HTTPConnection(host, timeout=60)
        try:
            # The host is part of the signature, which emulators of policies check.
            connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for key, value in self.headers.items():
                if key.lower() not in HOP_BY_HOP:
                    connection.putheader(key, value)
            connection.endheaders(body)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        self.send_response_only(answer.status, answer.reason)
        for key, value in answer.getheaders():
            if key.lower() not in HOP_BY_HOP | {"content-length"}:
                self.send_header(key, value)
        length = answer.getheader("Content-Length") if self.command == "HEAD" else str(len(content))
        self.send_header("Content-Length", length or "0")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = route

    def log_message(self, *_):
        pass


def main():
    port, upstreams = int(sys.argv[1]), json.loads(sys.argv[2])
    Router.upstreams = upstreams
    http.server.ThreadingHTTPServer(("127.0.0.1", port), Router).serve_forever()


if __name__ == "__main__":
    main()
