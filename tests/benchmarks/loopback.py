"""What is made to wear a server down must not reach another machine."""

from urllib.parse import urlsplit

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def only_loopback(address: str) -> str:
    """The address, if it is this machine's own."""
    if urlsplit(address).hostname not in LOOPBACK:
        raise SystemExit(f"{address} is another machine. These scripts visit 127.0.0.1 only.")
    return address.rstrip("/")
