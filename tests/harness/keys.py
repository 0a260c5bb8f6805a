"""What the verifiers need of signing keys, by openssl: nothing of ours is asked."""

import base64

from .process import run

ED25519_PREFIX = 12  # bytes of DER before the 32 that DNS shows (RFC 8463)


def public_record(path):
    """The text of the DNS record that belongs to a private key's file."""
    der = run("openssl", "pkey", "-in", path, "-pubout", "-outform", "DER").stdout
    kind = "rsa"
    if len(der) == ED25519_PREFIX + 32:
        kind, der = "ed25519", der[ED25519_PREFIX:]
    return f"v=DKIM1; k={kind}; p={base64.b64encode(der).decode()}"


def public_records(folder):
    """{"selector._domainkey.domain": record} of every key in a folder of <domain>/<selector>.pem."""
    return {
        f"{path.stem}._domainkey.{path.parent.name}": public_record(path)
        for path in sorted(folder.glob("*/*.pem"))
    }
