#!/usr/bin/env python3
"""One address for several emulators: each request goes to the one that stands in for its service.

The service is the one that the request was signed for. What is asked for is passed on as it came, and what is
answered, too. Started with a port and a table as JSON: addresses by service, that of all others under "".
"""

import http.client
import http.server
import json
import sys
import urllib.parse

# Connections end with their requests, so neither side's headers about them are passed on.
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "proxy-connection"}


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

    def route(self):
        account, service = signed_for(self.headers.get("Authorization"))
        host = urllib.parse.urlsplit(self.upstreams.get(service, self.upstreams[""])).netloc
        body = self.body()
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
    Server(("127.0.0.1", int(sys.argv[1])), Router).serve_forever()
