"""A proxy in front of PostgreSQL that cuts a connection at its COMMIT: before it arrives or before the reply does."""

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

Cut = Literal["never", "before", "after"]


class CuttingProxy:
    """A socket in a folder of its own; `cut` says what happens at the next COMMIT, once."""

    def __init__(self, folder: Path, server: Path) -> None:
        self.cut: Cut = "never"
        self.times = 0
        self._server = str(server / ".s.PGSQL.5432")
        self.listening = socket.socket(socket.AF_UNIX)
        self.listening.bind(str(folder / ".s.PGSQL.5432"))
        self.listening.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self.listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server:
            server.connect(self._server)
            while True:
                for one in select.select([client, server], [], [])[0]:
                    data = one.recv(1 << 16)
                    if not data:
                        return
                    if one is server:
                        client.sendall(data)
                    elif b"COMMIT\0" in data and self.cut != "never":
                        when, self.cut = self.cut, "never"
                        self.times += 1
                        if when == "after":
                            server.sendall(data)
                            server.recv(1 << 16)  # it is done; its reply goes nowhere
                        return
                    else:
                        server.sendall(data)


@contextmanager
def cutting_proxy(folder: Path, server: Path) -> Iterator[CuttingProxy]:
    """Stand in front of the server whose socket lies in a folder."""
    proxy = CuttingProxy(folder, server)
    try:
        yield proxy
    finally:
        proxy.listening.shutdown(socket.SHUT_RDWR)
        proxy.listening.close()
