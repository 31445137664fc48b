#!/usr/bin/env python3
"""The part of the internet that a release asks besides AWS: the addresses of its checks, and a public registry.

Programs come here through `HTTPS_PROXY`, as they would to any proxy, and take the certificates for real ones
because `SSL_CERT_FILE` names our authority. The proxy's user is an account and its password a balancer there:
what is asked for at a host that is no registry is asked of that balancer. Containers are not run, so what a
balancer passes on to a task that is there counts as answered.

Started with a port, the balancers' address and region, and the file for the authority's certificate.
"""

import base64
import datetime
import hashlib
import http.client
import http.server
import json
import pathlib
import ssl
import sys
import tempfile
import threading
import urllib.parse

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

REGISTRIES = {"public.ecr.aws", "ghcr.io", "registry-1.docker.io"}
TOKEN = "a-token-for-anybody"
DAY = datetime.timedelta(days=1)


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


class Authority:
    """Vouches for every host, to whoever believes in it."""

    def __init__(self, file):
        self.key, self.contexts, self.lock = ec.generate_private_key(ec.SECP256R1()), {}, threading.Lock()
        constraints = x509.BasicConstraints(ca=True, path_length=0)
        self.certificate = self.sign("authority of a test", self.key.public_key(), constraints)
        pathlib.Path(file).write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def sign(self, subject, key, *extensions):
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name("authority of a test"))
        builder = builder.public_key(key).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - DAY).not_valid_after(now + DAY)
        for extension in extensions:
            builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        return builder.sign(self.key, hashes.SHA256())

    def context(self, host):
        with self.lock:
            if host not in self.contexts:
                self.contexts[host] = self.make(host)
            return self.contexts[host]

    def make(self, host):
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self.sign(host, key.public_key(), x509.SubjectAlternativeName([x509.DNSName(host)]))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        plain = serialization.NoEncryption()
        format_ = serialization.PrivateFormat.PKCS8
        with tempfile.NamedTemporaryFile() as file:
            file.write(key.private_bytes(serialization.Encoding.PEM, format_, plain))
            file.write(certificate.public_bytes(serialization.Encoding.PEM))
            file.flush()
            context.load_cert_chain(file.name)
        return context


class Host(http.server.BaseHTTPRequestHandler):
    """What answers inside a tunnel."""

    protocol_version = "HTTP/1.1"

    def __init__(self, connection, proxy, host, account, balancer):
        self.host, self.account, self.balancer = host, account, balancer
        super().__init__(connection, proxy.client_address, proxy.server)

    def do_GET(self):
        if self.host in REGISTRIES:
            self.registry()
        else:
            self.answer(self.reached())

    do_HEAD = do_GET

    def registry(self):
        """Every tag of every repository exists. https://distribution.github.io/distribution/spec/auth/token/"""
        if self.path.startswith("/token"):
            return self.answer(200, json.dumps({"token": TOKEN, "expires_in": 300}).encode())
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            realm = f'Bearer realm="https://{self.host}/token/",service="{self.host}",scope="aws"'
            return self.answer(401, headers={"WWW-Authenticate": realm})
        _, _, reference = self.path.rpartition("/")
        digest = f"sha256:{hashlib.sha256(f'{self.host}{self.path}'.encode()).hexdigest()}"
        digest = reference if reference.startswith("sha256:") else digest
        return self.answer(200, headers={"Docker-Content-Digest": digest})

    def reached(self):
        connection = http.client.HTTPConnection(self.server.balancers, timeout=10)
        scope = f"{self.account}/20260101/{self.server.region}/elasticloadbalancing/aws4_request"
        own = {"host": self.host, "authorization": f"AWS4-HMAC-SHA256 Credential={scope}"}
        headers = {key.lower(): value for key, value in self.headers.items()}
        try:
            connection.request("GET", f"/_alb/{self.balancer}{self.path}", headers={**headers, **own})
            status = connection.getresponse().status
        finally:
            connection.close()
        # 502: a target is registered, and nobody listens there. 503: there is no target.
        return 200 if status == 502 else status

    def answer(self, status, content=b"", headers=None):
        self.send_response_only(status)
        for key, value in {**(headers or {}), "Content-Length": str(len(content))}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_):
        pass


class Proxy(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_CONNECT(self):
        scheme, _, credentials = self.headers.get("Proxy-Authorization", "").partition(" ")
        if scheme != "Basic":
            return self.send_error(407)
        account, _, balancer = base64.b64decode(credentials).decode().partition(":")
        host = urllib.parse.urlsplit(f"//{self.path}").hostname
        self.send_response_only(200)
        self.end_headers()
        self.close_connection = True
        try:
            with self.server.authority.context(host).wrap_socket(self.connection, server_side=True) as tunnel:
                Host(tunnel, self, host, account, balancer)
        except OSError:
            pass  # Whoever asked is gone.

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True


if __name__ == "__main__":
    server = Server(("127.0.0.1", int(sys.argv[1])), Proxy)
    server.authority = Authority(sys.argv[4])
    server.balancers = urllib.parse.urlsplit(sys.argv[2]).netloc
    server.region = sys.argv[3]
    server.serve_forever()
