"""A certification authority of our own and one server certificate, by openssl."""

import ssl
import warnings
from pathlib import Path

from .process import run

class Certificates:
    def __init__(self, folder: Path, host="mail.example.com"):
        folder.mkdir()
        self.ca = folder / "ca.pem"
        self.key = folder / "server.key"
        self.cert = folder / "server.pem"
        ca_key = folder / "ca.key"
        request = folder / "server.csr"
        extensions = folder / "server.ext"
        extensions.write_text(f"subjectAltName=DNS:{host},IP:127.0.0.1\n")
        new_key = ("-newkey", "rsa:2048", "-nodes")
        run("openssl", "req", "-x509", *new_key, "-days", "2", "-subj", "/CN=test CA",
            "-keyout", ca_key, "-out", self.ca)
        run("openssl", "req", *new_key, "-subj", f"/CN={host}", "-keyout", self.key, "-out", request)
        run("openssl", "x509", "-req", "-days", "2", "-in", request, "-CA", self.ca, "-CAkey", ca_key,
            "-CAcreateserial", "-extfile", extensions, "-out", self.cert)

    def client(self, version=None, cipher="ALL"):
        """A client that trusts this authority; version: the only one that it speaks, "TLSv1.1"."""
        context = ssl.create_default_context(cafile=str(self.ca))
        if version:
            context.set_ciphers(f"{cipher}:@SECLEVEL=0")
            with warnings.catch_warnings():  # of old versions, which are what we want
                warnings.simplefilter("ignore")
                only = ssl.TLSVersion[version.replace(".", "_")]
                context.minimum_version = context.maximum_version = only
        return context
