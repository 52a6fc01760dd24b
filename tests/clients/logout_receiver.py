"""A client that is told of logouts: a server of its own, and a JOSE library that judges what it is sent.

Says first where it listens. Then it is told who it is and whom to be, signs in twice, and ends these sessions one after the
other. The first logout token is answered with 503, so it must come again. Prints one line for each session that it heard of.
"""

import http.server
import json
import queue
import sys
import threading
import urllib.parse

import requests
from joserfc import jwt
from joserfc.jwk import KeySet

from oauth_client import Person, code_session, discovered, generate_token, identity

EVENT = "http://schemas.openid.net/event/backchannel-logout"
# The bridge looks for timers once a second, and waits a second after a failure.
PATIENCE_S = 60


class Receiver(http.server.ThreadingHTTPServer):
    """Answers the first request with 503, and all others with 200."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.heard, self.answers = queue.Queue(), iter([503])
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_address[1]}/told"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        assert self.path == "/told" and self.headers["content-type"] == "application/x-www-form-urlencoded"
        form = urllib.parse.parse_qs(body, strict_parsing=True)
        assert list(form) == ["logout_token"] and len(form["logout_token"]) == 1
        self.send_response(next(self.server.answers, 200))
        self.send_header("cache-control", "no-store")
        self.end_headers()
        self.server.heard.put(form["logout_token"][0])

    def log_message(self, *_):
        pass


def logout(server, token, client_id):
    """Validates a logout token (OpenID Connect Back-Channel Logout section 2.6)."""
    keys = KeySet.import_key_set(requests.get(server["jwks_uri"]).json())
    token = jwt.decode(token, keys, algorithms=server["id_token_signing_alg_values_supported"])
    assert token.header["typ"] == "logout+jwt", token.header
    essential = {"essential": True}
    registry = jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": server["issuer"]},
        aud={"essential": True, "value": client_id},
        sub=essential, sid=essential, iat=essential, exp=essential, jti=essential, events=essential,
    )
    registry.validate(token.claims)
    assert token.claims["events"] == {EVENT: {}} and "nonce" not in token.claims, token.claims
    return token.claims


def main():
    receiver = Receiver()
    print(receiver.address, flush=True)
    given = json.loads(sys.stdin.readline())
    server, app = discovered(given["issuer"]), given["app"]
    assert server["backchannel_logout_supported"] and server["backchannel_logout_session_supported"]
    signed_in = []
    for _ in range(2):
        nonce = generate_token(32)
        session = code_session(server, app, Person(given["email"], given["password"]), nonce)
        signed_in.append(identity(server, session.token["id_token"], app["id"], nonce))
    assert signed_in[0]["sid"] != signed_in[1]["sid"]
    bearer, seen = {"authorization": f"Bearer {given['token']}"}, set()
    for index, expected in enumerate(signed_in):
        ended = requests.delete(f"{server['issuer']}/v1/sessions/{expected['sid']}", headers=bearer)
        assert ended.status_code == 204, ended.text
        # The first one of all was refused.
        for _ in range(2 if index == 0 else 1):
            claims = logout(server, receiver.heard.get(timeout=PATIENCE_S), app["id"])
            assert (claims["sub"], claims["sid"]) == (expected["sub"], expected["sid"]), claims
            assert claims["jti"] not in seen
            seen.add(claims["jti"])
        print(f"told of session {index + 1}", flush=True)
    assert receiver.heard.empty()


if __name__ == "__main__":
    sys.exit(main())
