"""A receiver of webhooks with nothing but Python's standard library (3.9 or newer): python3 receiver.py

It believes only what is signed, keeps what it takes on disk before it answers, and does the work afterwards.
"""

import base64
import hmac
import json
import os
import re
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# What this app handles. Anything else is declined: no catch-all.
KNOWN_TYPES = {"ping", "issue.opened", "issue.closed"}
TOLERANCE_S = 300
BODY_BYTES_MAX = 1024 * 1024

SECRETS = os.environ.get("SECRETS", "secrets.json")
INBOX = os.environ.get("INBOX", "inbox")
PORT = int(os.environ.get("PORT", "9000"))


def verify(secrets, message_id, timestamp, signature, body, now_s):
    """`valid`, or why not. `secrets`: all that are live, so that a rotation loses nothing.

    `body`: the bytes as they came. Parsed and written again they would be others.
    """
    if not message_id or not timestamp or not signature:
        return "header-missing"
    if not re.fullmatch(r"[0-9]{1,12}", timestamp):
        return "timestamp-malformed"
    if now_s - int(timestamp) > TOLERANCE_S:
        return "timestamp-too-old"
    if int(timestamp) - now_s > TOLERANCE_S:
        return "timestamp-too-new"
    signed = f"{message_id}.{timestamp}.".encode() + body
    is_valid = False
    for secret in secrets:
        expected = b"v1," + base64.b64encode(hmac.digest(key_of(secret), signed, "sha256"))
        # Every signature is compared, each in a time that tells nothing of it.
        for given in signature.split(" ", 16)[:16]:
            if hmac.compare_digest(given.encode(), expected):
                is_valid = True
    return "valid" if is_valid else "signature-mismatch"


def key_of(secret):
    """The key in `whsec_` and base64 of 24 to 64 bytes."""
    if not secret.startswith("whsec_"):
        raise ValueError("That is no secret of a webhook.")
    key = base64.b64decode(secret[len("whsec_") :], validate=True)
    if not 24 <= len(key) <= 64:
        raise ValueError("That is no secret of a webhook.")
    return key


def receive(headers, body):
    """The status and the JSON to answer with."""
    # { "hook": ["whsec_…"], "users": { "ada": ["whsec_…"] } }; read anew, so that a rotation needs no restart.
    with open(SECRETS, encoding="utf-8") as file:
        secrets = json.load(file)
    # The header only chooses the secret: until that fits it is a stranger's word.
    user = headers.get("TruLinks-User")
    live = secrets.get("users", {}).get(user, secrets["hook"])
    message_id = headers.get("webhook-id")
    timestamp, signature = headers.get("webhook-timestamp"), headers.get("webhook-signature")
    verdict = verify(live, message_id, timestamp, signature, body, int(time.time()))
    if verdict != "valid":
        return 401, {"error": verdict}

    envelope = json.loads(body)
    # Signed by one user's secret it may speak of that user alone: one that leaked harms nobody else.
    if live is not secrets["hook"] and envelope.get("user") != user:
        return 401, {"error": "another user's"}
    if envelope["type"] not in KNOWN_TYPES:
        return 422, {"error": f"no use for {envelope['type']}"}
    if envelope["type"] == "ping":
        return 200, answer_to(envelope, secrets["hook"][0])
    if envelope.get("test"):  # The example of a type, sent by hand: there is nothing to do.
        return 200, {}
    keep(envelope, message_id, body)
    return 202, {}


def answer_to(envelope, secret):
    """A platform may ask for more than 2xx before it sends anything: that the secret is known here."""
    challenge = envelope["data"].get("challenge")
    if challenge is None:
        return {}
    answer = hmac.digest(key_of(secret), challenge.encode(), "sha256")
    return {"challenge": base64.b64encode(answer).decode()}


def keep(envelope, message_id, body):
    """On disk once it returns. The name is the same on every retry, so what comes twice is kept once."""
    name = f"{envelope['hook']}.{envelope.get('sequence') or 0:012d}.{message_id}.json"
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", name):
        raise ValueError(f"The id {message_id} is no name for a file.")
    if os.path.exists(f"{INBOX}/{name}") or os.path.exists(f"{INBOX}/done/{name}"):
        return
    part = f"{INBOX}/{name}.{threading.get_ident()}.part"
    with open(part, "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, f"{INBOX}/{name}")


def work():
    """The work itself, after the answer and in the order of the numbers."""
    for name in sorted(name for name in os.listdir(INBOX) if name.endswith(".json")):
        with open(f"{INBOX}/{name}", encoding="utf-8") as file:
            envelope = json.load(file)
        data = json.dumps(envelope["data"], separators=(",", ":"), ensure_ascii=False)
        print(envelope["type"], envelope.get("sequence", "-"), data, flush=True)
        os.replace(f"{INBOX}/{name}", f"{INBOX}/done/{name}")


def work_for_ever():
    while True:
        try:
            work()
        except Exception as error:  # What could not be done is tried again.
            print(repr(error), file=sys.stderr, flush=True)
        time.sleep(0.2)


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 10

    def do_POST(self):
        length = int(self.headers.get("Content-Length", "0"))
        if length > BODY_BYTES_MAX:
            self.close_connection = True
            return self.answer(413, {})
        try:
            status, answer = receive(self.headers, self.rfile.read(length))
        except Exception as error:  # Whatever goes wrong here is ours: 503 asks for the same once more.
            print(repr(error), file=sys.stderr, flush=True)
            status, answer = 503, {}
        self.answer(status, answer)

    def answer(self, status, answer):
        text = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        if status == 503:
            self.send_header("Retry-After", "5")
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    os.makedirs(f"{INBOX}/done", exist_ok=True)
    threading.Thread(target=work_for_ever, daemon=True).start()
    server = ThreadingHTTPServer(("127.0.0.1", PORT), Receiver)
    print(f"listening on {PORT}", flush=True)
    server.serve_forever()
