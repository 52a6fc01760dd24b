"""A person with a real browser, headless Chromium, with scripts and without: signs in, consents, lets a device in.

The client is a server on a loopback address, as a native application has one. Screenshots go to the directory that
CLIENT_TEST names. Prints one line for each walk that worked.
"""

import contextlib
import http.server
import json
import os
import shutil
import sys
import threading
import urllib.parse

import requests
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
PATIENCE_S = 30


class Application(http.server.ThreadingHTTPServer):
    """A client that waits for its code."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Callback)
        self.answers = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def callback(self):
        return f"http://127.0.0.1:{self.server_port}/callback"


class Callback(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        address = urllib.parse.urlsplit(self.path)
        if address.path == "/callback":
            self.server.answers.append(dict(urllib.parse.parse_qsl(address.query)))
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Back</title><h1>Back in the application</h1>")

    def log_message(self, *_):
        pass


def browser(with_scripts, dark=False, phone=False):
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1000,800"):
        options.add_argument(argument)
    if dark:
        options.add_argument("--force-dark-mode")
        options.add_argument("--blink-settings=preferredColorScheme=0")
    scripts = 1 if with_scripts else 2
    options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": scripts})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    options.binary_location = shutil.which("chromium")
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
    if phone:
        # No window is as narrow as the least of phones.
        screen = {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    return driver


@contextlib.contextmanager
def walking(given, name, failed="failed", **options):
    """A walk in a browser of its own; where it does not get to its end, a picture of the place is kept."""
    driver = browser(**options)
    walk = Walk(given, driver, name)
    try:
        yield walk
    except BaseException:
        walk.keep(failed)
        raise
    finally:
        driver.quit()


class Walk:
    def __init__(self, given, driver, name):
        self.given, self.driver, self.name = given, driver, name

    def shot(self, page):
        """Keeps a picture, and wants the page to fit its window: nothing is as long as people's addresses."""
        self.keep(page)
        sizes = self.driver.execute_cdp_cmd("Page.getLayoutMetrics", {})
        assert sizes["cssContentSize"]["width"] <= sizes["cssLayoutViewport"]["clientWidth"], (page, sizes)

    def keep(self, page):
        self.driver.save_screenshot(os.path.join(self.given["screenshots"], f"{self.name}-{page}.png"))

    def wait(self, title):
        WebDriverWait(self.driver, PATIENCE_S).until(lambda driver: driver.title == title, f"no page {title!r}")

    def type(self, name, text):
        self.driver.find_element(By.NAME, name).send_keys(text)

    def press(self, text):
        self.driver.find_element(By.XPATH, f"//button[normalize-space()={text!r}]").click()

    def sign_in(self, password=None):
        self.wait("Sign in")
        field = self.driver.find_element(By.NAME, "email")
        assert self.driver.switch_to.active_element == field or field.get_attribute("value"), "focus"
        field.clear()
        field.send_keys(self.given["email"])
        # By the keyboard alone.
        self.driver.find_element(By.NAME, "password").send_keys(password or self.given["password"], Keys.ENTER)

    def complaints(self):
        """What the browser holds against the pages: violations of the policy above all."""
        return [entry["message"] for entry in self.driver.get_log("browser")
                if "favicon" not in entry["message"]]


def code_walk(given, walk, application):
    query = urllib.parse.urlencode({
        "client_id": given["app"]["id"], "redirect_uri": application.callback, "response_type": "code",
        "scope": "openid email", "state": "s", "code_challenge": CHALLENGE, "code_challenge_method": "S256",
        "prompt": "consent",
    })
    walk.driver.get(f"{given['issuer']}/oauth/authorize?{query}")
    walk.wait("Sign in")
    walk.shot("sign-in")
    walk.sign_in("not the password")
    WebDriverWait(walk.driver, PATIENCE_S).until(lambda driver: driver.find_elements(By.CSS_SELECTOR, "[role=alert]"))
    walk.shot("wrong")
    # The browser logs the 403 of that page itself.
    walk.complaints()
    walk.sign_in()
    walk.wait("Allow access?")
    walk.shot("consent")
    walk.press("Allow")
    walk.wait("Back")
    answer = application.answers[-1]
    assert answer["state"] == "s" and answer["iss"] == given["issuer"] and answer["code"], answer
    walk.driver.back()
    assert not walk.complaints(), walk.complaints()


def device_walk(given, walk):
    waiting = requests.post(f"{given['issuer']}/oauth/device_authorization",
                            data={"client_id": given["app"]["id"], "scope": "openid playback.start"}).json()
    walk.driver.get(waiting["verification_uri"])
    walk.wait("Connect a device")
    walk.shot("device-code")
    walk.type("user_code", waiting["user_code"].lower() + Keys.ENTER)
    walk.wait("Connect a device?")
    walk.shot("device-decision")
    walk.press("Allow")
    walk.wait("Connected")
    walk.shot("device-done")
    assert not walk.complaints(), walk.complaints()


def main():
    given = json.loads(os.environ["CLIENT_TEST"])
    os.makedirs(given["screenshots"], exist_ok=True)
    application = Application()
    for name, options in (
        ("with-scripts", {"with_scripts": True}),
        ("without-scripts", {"with_scripts": False, "dark": True}),
        ("phone", {"with_scripts": False, "phone": True}),
    ):
        with walking(given, name, **options) as walk:
            code_walk(given, walk, application)
            device_walk(given, walk)
            print(f"{name}: signed in, consented, let a device in")


if __name__ == "__main__":
    sys.exit(main())
