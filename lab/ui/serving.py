"""`python -m lab.ui.serving`: what `streamlit run app.py` does, and one sentence where the server cannot begin.

Streamlit answers a port or an address that cannot be served with a traceback, and some with words that say neither
which it was nor what helps. So each is tried here first, as Streamlit will.
"""

from __future__ import annotations

import errno
import os
import socket
import ssl
import sys
from collections.abc import Sequence

import click
from streamlit import config
from streamlit.web import bootstrap
from streamlit.web.cli import main_run

from lab.console import ReaderMayLeave, replace_what_is_closed, visible

APP = "app.py"
LAST_PORT = 65535
WRONG_ARGUMENTS, CANNOT_SERVE, INTERRUPTED = 2, 1, 130
"""Exit codes."""


def main(arguments: Sequence[str]) -> int:
    """Serve the app until it is ended; returns the exit code."""
    try:
        with main_run.make_context("streamlit run", [APP, *arguments]) as context:
            options = {name: value for name, value in context.params.items() if name not in ("target", "args")}
            bootstrap.load_config_options(flag_options=options)
            if problem := reason_not_to_begin():
                return _refuse(problem, CANNOT_SERVE)
            main_run.invoke(context)
    except KeyboardInterrupt:  # before the server was there: it ends by itself
        return INTERRUPTED
    except click.exceptions.Exit as leaving:  # after --help
        return leaving.exit_code
    except click.ClickException as error:
        words = error.format_message().rstrip(".")
        return _refuse(f"{words}. `python start.py --server.port 8600 --help` lists what can be set.", WRONG_ARGUMENTS)
    return 0


def reason_not_to_begin() -> str:
    """Why the server would not begin with the options as they are, in a sentence; empty where nothing is known."""
    address, port = config.get_option("server.address"), int(config.get_option("server.port"))
    chosen = config.is_manually_set("server.port")
    return not_listening(address, port, chosen) or not_encrypted(
        config.get_option("server.sslCertFile"), config.get_option("server.sslKeyFile")
    )


def not_listening(address: str | None, port: int, chosen: bool = True) -> str:
    """Why nobody can listen there. Where the port was not `chosen`, Streamlit takes the next free one."""
    if not 0 <= port <= LAST_PORT:
        return f"There is no port {port}: --server.port takes a number from 1 to {LAST_PORT}, such as 8600."
    if address is None:  # every address of this machine
        address = "0.0.0.0"
    if address.startswith("unix://"):
        return f"The lab cannot be served at {address}: --server.address takes the name or address of this machine."
    try:
        _listen(address, port)
    except PermissionError:
        return f"Port {port} may not be used by you: {_another(port)}." if chosen else ""
    except (OSError, TypeError) as error:  # the latter where a name is too long to be one
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            return f"Port {port} is in use by another program: {_another(port)}." if chosen else ""
        return (
            f"The lab cannot be served at {address} ({getattr(error, 'strerror', None) or error}): "
            "--server.address takes localhost, an address of this machine, or 0.0.0.0 for all of them."
        )
    return ""


def _another(port: int) -> str:
    return f"choose another one, such as --server.port {8600 if port != 8600 else 8601}"


def _listen(address: str, port: int) -> None:
    """As Streamlit does, for a moment."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as trial:
        if os.name != "nt":  # there it would let two programs have one port
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        trial.bind((address, port))
        trial.listen(1)


def not_encrypted(certificate: str | None, key: str | None) -> str:
    """Why the server cannot encrypt with these files, where it is to."""
    if not certificate and not key:
        return ""
    if not certificate or not key:
        return "To encrypt, the lab needs both --server.sslCertFile and --server.sslKeyFile."
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    except OSError as error:  # ssl.SSLError, too
        return (
            f"The lab cannot encrypt with {certificate} and {key} ({error.strerror or error}): "
            "--server.sslCertFile and --server.sslKeyFile take a certificate and its key, as PEM files."
        )
    return ""


def _refuse(sentence: str, code: int) -> int:
    print(visible(" ".join(sentence.split())), file=sys.stderr)
    return code


if __name__ == "__main__":
    replace_what_is_closed()
    sys.stdout, sys.stderr = ReaderMayLeave(sys.stdout), ReaderMayLeave(sys.stderr)
    sys.exit(main(sys.argv[1:]))
