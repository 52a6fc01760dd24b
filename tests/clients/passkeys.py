"""A person with a passkey: headless Chromium with an authenticator of its own, as WebAuthn has it for tests. Enrols,
signs in on the page and at the API, shows it as second factor and to step up, and removes it.

A passkey is of a domain, so the platform is visited at localhost. Screenshots go to the directory that CLIENT_TEST names.
Prints one line for each step that worked.
"""

import base64
import json
import os
import sys
import time
import urllib.parse

import requests
from selenium.webdriver.common.by import By
from selenium.webdriver.common.virtual_authenticator import VirtualAuthenticatorOptions
from selenium.webdriver.support.ui import WebDriverWait

from browser import CHALLENGE, PATIENCE_S, Application, walking

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

CREATE = """
const [options, done] = arguments;
const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
navigator.credentials.create({ publicKey }).then((made) => done(made.toJSON()), (error) => done(String(error)));
"""
GET = """
const [options, done] = arguments;
const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
navigator.credentials.get({ publicKey }).then((shown) => done(shown.toJSON()), (error) => done(String(error)));
"""


class Person:
    """At the API, with what a browser and its authenticator say."""

    def __init__(self, given, driver):
        self.given, self.driver = given, driver
        self.here = given["issuer"].replace("127.0.0.1", "localhost")
        self.driver.set_script_timeout(PATIENCE_S)

    def post(self, path, body, token=None, status=200):
        headers = {"authorization": f"Bearer {token}"} if token else {}
        deadline = time.monotonic() + PATIENCE_S
        while True:
            answer = requests.post(self.given["issuer"] + path, json=body, headers=headers, timeout=PATIENCE_S)
            # Hashing passwords has the least priority, on purpose.
            if answer.status_code not in (503, 504) or time.monotonic() > deadline:
                break
            time.sleep(1)
        assert answer.status_code == status, (path, answer.status_code, answer.text)
        return answer.json() if answer.text else None

    def ask(self, script, options):
        """Runs a ceremony on a page of the platform."""
        self.driver.get(f"{self.here}/oauth/device")
        said = self.driver.execute_async_script(script, options)
        assert isinstance(said, dict), said
        return said

    def password(self, status=201):
        return self.post("/v1/sessions", {"email": self.given["email"], "password": self.given["password"]}, status=status)

    def sign_in(self, status=201):
        asked = self.post("/v1/sessions/passkey-challenge", None)
        return self.post("/v1/sessions/passkey", {"public_key": self.ask(GET, asked["public_key"])}, status=status)


def claims(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def enrol(person):
    token = person.password()["access_token"]
    factor = person.post("/v1/factors", {"kind": "passkey", "name": "Chromium"}, token, status=201)
    made = person.ask(CREATE, factor["public_key"])
    confirmed = person.post(f"/v1/factors/{factor['id']}/confirmation", {"public_key": made}, token)
    assert len(confirmed["recovery_codes"]) == 10
    return factor["id"]


def page_walk(person, walk, application):
    query = urllib.parse.urlencode({
        "client_id": person.given["app"]["id"], "redirect_uri": application.callback, "response_type": "code",
        "scope": "openid email", "state": "s", "code_challenge": CHALLENGE, "code_challenge_method": "S256",
        "prompt": "login consent", "acr_values": "2",
    })
    walk.driver.get(f"{person.here}/oauth/authorize?{query}")
    walk.wait("Sign in")
    walk.shot("passkey")
    walk.press("Sign in with a passkey")
    walk.wait("Allow access?")
    assert not walk.complaints(), walk.complaints()
    walk.press("Allow")
    walk.wait("Back")
    code = application.answers[-1]["code"]
    form = {"client_id": person.given["app"]["id"], "grant_type": "authorization_code", "code": code,
            "redirect_uri": application.callback, "code_verifier": VERIFIER}
    granted = requests.post(f"{person.given['issuer']}/oauth/token", data=form, timeout=PATIENCE_S).json()
    for token in (granted["access_token"], granted["id_token"]):
        assert claims(token)["acr"] == "2" and {"user", "mfa"} < set(claims(token)["amr"]), claims(token)


def refused_walk(person, walk):
    """What the page says of a passkey that it does not know, and of a person who shows none."""
    # Those of localhost, where the last ceremony was.
    walk.driver.delete_all_cookies()
    walk.driver.get(f"{person.here}/oauth/device")
    walk.wait("Sign in")
    walk.press("Sign in with a passkey")
    WebDriverWait(walk.driver, PATIENCE_S).until(lambda driver: driver.find_elements(By.ID, "error"))
    walk.shot("passkey-wrong")
    walk.driver.remove_virtual_authenticator()


def main():
    given = json.loads(os.environ["CLIENT_TEST"])
    os.makedirs(given["screenshots"], exist_ok=True)
    application = Application()
    for name, options in (("light", {}), ("phone", {"phone": True}), ("night", {"phone": True, "dark": True})):
        with walking(given, name, "passkey-failed", with_scripts=True, **options) as walk:
            walk.driver.add_virtual_authenticator(VirtualAuthenticatorOptions(
                protocol="ctap2", transport="internal", has_resident_key=True, has_user_verification=True,
                is_user_verified=True))
            person = Person(given, walk.driver)
            factor = enrol(person)
            page_walk(person, walk, application)
            session = person.sign_in()
            assert claims(session["access_token"])["acr"] == "2"
            asked = person.password(status=401)
            shown = {"challenge": asked["challenge"], "public_key": person.ask(GET, asked["public_key"])}
            both = person.post("/v1/sessions/second-factor", shown, status=201)
            assert {"pwd", "mfa"} < set(claims(both["access_token"])["amr"])
            asked = person.post("/v1/factors/passkey-challenge", None, both["access_token"])
            shown = {"public_key": person.ask(GET, asked["public_key"])}
            stepped_up = person.post(f"/v1/sessions/{both['id']}/step-up", shown, both["access_token"])
            token = stepped_up["access_token"]
            removed = requests.delete(f"{given['issuer']}/v1/factors/{factor}", timeout=PATIENCE_S,
                                      headers={"authorization": f"Bearer {token}"})
            assert removed.status_code == 204, removed.text
            assert person.sign_in(status=403)["code"] == "wrong_passkey"
            refused_walk(person, walk)
            print(f"{name}: enrolled, signed in on the page and at the API, stepped up, removed")


if __name__ == "__main__":
    sys.exit(main())
