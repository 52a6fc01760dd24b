"""A client that knows the issuer's address and its own registration, and nothing else of the platform.

Everything comes from the discovery document; the protocol is Authlib's, the ID token is judged by joserfc. The person
is a form on a page: what a browser without scripts would do with it. Prints one line for each flow that worked.
"""

import base64
import hashlib
import html.parser
import json
import os
import sys
import time
import urllib.parse

import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.common.security import generate_token
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OKPKey

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class Form(html.parser.HTMLParser):
    """The only form of a page."""

    def __init__(self, page):
        super().__init__()
        self.action, self.fields = None, {}
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form":
            self.action = attributes["action"]
        elif tag == "input" and attributes.get("type") == "hidden":
            self.fields[attributes["name"]] = attributes["value"]


class Person:
    """Somebody with a browser."""

    def __init__(self, email, password):
        self.browser, self.email, self.password = requests.Session(), email, password

    def submit(self, page, **typed):
        form = Form(page.text)
        assert form.action, page.text
        address = urllib.parse.urljoin(page.url, form.action)
        return self.browser.post(address, data={**form.fields, **typed}, allow_redirects=False)

    def sign_in(self, address):
        page = self.browser.get(address)
        assert page.ok, page.text
        for _ in range(20):
            answer = self.submit(page, step="sign_in", email=self.email, password=self.password)
            if answer.status_code < 500:
                break
            # Hashing passwords has little room, on purpose.
            time.sleep(1)
        assert answer.status_code == 303, answer.text
        return self.browser.get(urllib.parse.urljoin(page.url, answer.headers["location"]), allow_redirects=False)


def discovered(issuer):
    """Both documents are the same, and name the issuer that they were asked of (RFC 8414 section 3.3)."""
    documents = [
        requests.get(f"{issuer}/.well-known/{name}").json()
        for name in ("openid-configuration", "oauth-authorization-server")
    ]
    assert documents[0] == documents[1]
    assert documents[0]["issuer"] == issuer
    return documents[0]


def identity(server, token, client_id, nonce):
    """Validates an ID token with the published keys (OpenID Connect Core section 3.1.3.7)."""
    keys = KeySet.import_key_set(requests.get(server["jwks_uri"]).json())
    token = jwt.decode(token, keys, algorithms=server["id_token_signing_alg_values_supported"])
    essential = {"essential": True}
    registry = jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": server["issuer"]},
        aud={"essential": True, "value": client_id},
        nonce={"essential": True, "value": nonce} if nonce else {},
        sub=essential, exp=essential, iat=essential, auth_time=essential,
    )
    registry.validate(token.claims)
    return token.claims


def code_session(server, app, person, nonce):
    """What a person lets an application have, by the code flow."""
    session = OAuth2Session(app["id"], redirect_uri=app["redirect_uri"], scope="openid email",
                            token_endpoint_auth_method="none", code_challenge_method="S256")
    verifier = generate_token(64)
    address, state = session.create_authorization_url(
        server["authorization_endpoint"], code_verifier=verifier, nonce=nonce)
    assert create_s256_code_challenge(verifier) in address
    answer = person.sign_in(address)
    if answer.status_code == 200:
        # Once for each person and client.
        answer = person.submit(answer, step="allow")
    redirect = answer.headers["location"]
    assert redirect.startswith(app["redirect_uri"]), redirect
    parameters = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(redirect).query))
    assert parameters["iss"] == server["issuer"] and parameters["state"] == state
    session.fetch_token(server["token_endpoint"], authorization_response=redirect,
                        state=state, code_verifier=verifier)
    return session


def code_flow(server, app, person):
    nonce = generate_token(32)
    session = code_session(server, app, person, nonce)
    claims = identity(server, session.token["id_token"], app["id"], nonce)
    info = session.get(server["userinfo_endpoint"]).json()
    assert info["sub"] == claims["sub"] and info["email"] == person.email, info
    print("code flow with PKCE, ID token, userinfo")
    return session


def refresh(server, session):
    before = dict(session.token)
    session.refresh_token(server["token_endpoint"])
    assert session.token["refresh_token"] != before["refresh_token"]
    assert session.token["access_token"] != before["access_token"]
    assert session.get(server["userinfo_endpoint"]).ok
    print("refresh")


def introspection_and_revocation(server, machine, session):
    resource = OAuth2Session(machine["id"], machine["secret"], token_endpoint_auth_method="client_secret_post")

    def is_active():
        answer = resource.introspect_token(server["introspection_endpoint"], token=session.token["access_token"])
        return answer.json()["active"]

    assert is_active()
    answer = session.revoke_token(server["revocation_endpoint"], token=session.token["refresh_token"],
                                  token_type_hint="refresh_token")
    assert answer.status_code == 200, answer.text
    assert not is_active()
    print("introspection and revocation")


def client_credentials(server, machine):
    for method in ("client_secret_basic", "client_secret_post"):
        session = OAuth2Session(machine["id"], machine["secret"], token_endpoint_auth_method=method)
        token = session.fetch_token(server["token_endpoint"], grant_type="client_credentials")
        assert token["token_type"] == "Bearer" and "refresh_token" not in token, token
    print("client credentials")


def device_flow(server, app, person):
    waiting = requests.post(server["device_authorization_endpoint"],
                            data={"client_id": app["id"], "scope": "openid"}).json()
    session = OAuth2Session(app["id"], token_endpoint_auth_method="none")
    polls = iter(range(12))

    def poll():
        return requests.post(server["token_endpoint"], data={
            "grant_type": DEVICE_GRANT, "device_code": waiting["device_code"], "client_id": app["id"],
        })

    assert poll().json()["error"] == "authorization_pending"
    page = person.browser.get(waiting["verification_uri_complete"])
    assert waiting["user_code"] in page.text, page.text
    assert "Connected" in person.submit(page, step="allow").text
    while next(polls) < 11:
        time.sleep(waiting["interval"])
        answer = poll()
        if answer.ok:
            session.token = answer.json()
            break
        assert answer.json()["error"] in ("authorization_pending", "slow_down"), answer.text
    claims = identity(server, session.token["id_token"], app["id"], None)
    assert session.get(server["userinfo_endpoint"]).json()["sub"] == claims["sub"]
    print("device flow")


class Prover:
    """A key, and proofs of it (RFC 9449 section 4.2)."""

    def __init__(self, algorithm):
        self.algorithm = algorithm
        self.key = ECKey.generate_key("P-256") if algorithm == "ES256" else OKPKey.generate_key("Ed25519")
        self.thumbprint = self.key.thumbprint()

    def headers(self, method, address, token=None):
        jwk = {name: value for name, value in self.key.as_dict(private=False).items() if name != "kid"}
        claims = {"jti": generate_token(32), "htm": method, "htu": address, "iat": int(time.time())}
        headers = {}
        if token:
            digest = hashlib.sha256(token.encode()).digest()
            claims["ath"] = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            headers["authorization"] = f"DPoP {token}"
        header = {"typ": "dpop+jwt", "alg": self.algorithm, "jwk": jwk}
        headers["dpop"] = jwt.encode(header, claims, self.key, algorithms=[self.algorithm])
        return headers


def bound_tokens(server, person):
    """A session's tokens, bound to a key: every service asks for proofs of it."""
    session = requests.post(f"{server['issuer']}/v1/sessions",
                            json={"email": person.email, "password": person.password}).json()
    refresh_token = session["refresh_token"]
    for algorithm in server["dpop_signing_alg_values_supported"]:
        prover = Prover(algorithm)
        form = {"client_id": "first-party", "grant_type": "refresh_token", "refresh_token": refresh_token}
        answer = requests.post(server["token_endpoint"], data=form, headers=prover.headers("POST", server["token_endpoint"]))
        assert answer.ok and answer.json()["token_type"] == "DPoP", answer.text
        token, refresh_token = answer.json()["access_token"], answer.json()["refresh_token"]
        keys = KeySet.import_key_set(requests.get(server["jwks_uri"]).json())
        bound = jwt.decode(token, keys, algorithms=["EdDSA"]).claims["cnf"]
        assert bound == {"jkt": prover.thumbprint}, bound
        for path in ("/v1/accounts/me", "/v1/playback/positions/video_00000000000000000000000000"):
            address = f"{server['issuer']}{path}"
            headers = prover.headers("GET", address, token)
            believed = requests.get(address, headers=headers)
            assert believed.status_code in (200, 404), believed.text
            for refused in (headers, {"authorization": f"Bearer {token}"}, prover.headers("POST", address, token)):
                answer = requests.get(address, headers=refused)
                assert (answer.status_code, answer.json()["code"]) == (401, "invalid_dpop_proof"), answer.text
                assert answer.headers["www-authenticate"].startswith("DPoP "), answer.headers
    print("bound tokens")


def main():
    given = json.loads(os.environ["CLIENT_TEST"])
    server = discovered(given["issuer"])
    person = Person(given["email"], given["password"])
    session = code_flow(server, given["app"], person)
    refresh(server, session)
    device_flow(server, given["app"], person)
    introspection_and_revocation(server, given["machine"], session)
    client_credentials(server, given["machine"])
    bound_tokens(server, person)


if __name__ == "__main__":
    sys.exit(main())
