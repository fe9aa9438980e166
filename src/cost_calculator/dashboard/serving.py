"""Shows the page in a browser on this machine; each load reads the tables again."""

from __future__ import annotations

import http.server
from collections.abc import Callable


def serve(page: Callable[[], str], port: int = 0) -> None:
    """Serve the page on a loopback port (0: a free one) until Ctrl-C."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            # Another name that leads here is a web site's, which must not read the page.
            host = self.headers.get("host", "").partition(":")[0]
            found = self.path == "/" and host in ("127.0.0.1", "localhost")
            body = page().encode() if found else b"the page is at http://127.0.0.1/"
            self.send_response(200 if found else 404)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Keep quiet: the terminal is for the address."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        print(f"http://127.0.0.1:{server.server_port}/ (Ctrl-C ends it)", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()
