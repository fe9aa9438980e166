import argparse, http.server
from local.lifeline import follow_parent


class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *a):
        pass


p = argparse.ArgumentParser()
p.add_argument("--port", type=int)
p.add_argument("--follow-parent", action="store_true")
o = p.parse_args()
if o.follow_parent:
    follow_parent()
http.server.ThreadingHTTPServer(("127.0.0.1", o.port), H).serve_forever()
