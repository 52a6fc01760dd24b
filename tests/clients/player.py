"""A viewer with a real browser: hls.js plays the HLS manifests of a session and Shaka Player the DASH manifest, from the
first frame to the last, while URLs expire and are given anew, and where a CDN fails.

The application is a server of pages alone, on the port that is given: its scripts call the API, whose origin is another one. Screenshots
go to the directory that CLIENT_TEST names. Prints one line for each walk that worked.
"""

import http.server
import json
import os
import subprocess
import sys
import threading
import urllib.parse

import requests
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from browser import walking

PATIENCE_S = 60
HERE = os.path.dirname(os.path.abspath(__file__))
# A frame of the test picture has hundreds of greys, one that is blank has one.
GREYS_LEAST = 64
FRAME = (160, 90)
FRAMES_EACH_S = 24


class Application(http.server.ThreadingHTTPServer):
    """The pages of an application."""

    def __init__(self, port, modules):
        super().__init__(("127.0.0.1", port), Pages)
        self.files = {
            "/": f"{HERE}/player/index.html", "/player.js": f"{HERE}/player/player.js",
            "/hls.js": f"{modules}/hls.js/dist/hls.min.js",
            "/shaka-player.js": f"{modules}/shaka-player/dist/shaka-player.compiled.js",
        }
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def address(self, host):
        return f"http://{host}:{self.server_port}/"


class Pages(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        file = self.server.files.get(urllib.parse.urlsplit(self.path).path)
        if file is None:
            return self.answer(404, "text/plain", b"")
        with open(file, "rb") as content:
            kind = "text/html" if file.endswith(".html") else "text/javascript"
            return self.answer(200, kind, content.read())

    def answer(self, status, kind, body):
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def greys(picture):
    """How many greys a picture has."""
    command = ["ffmpeg", "-v", "error", "-i", picture, "-vf", f"scale={FRAME[0]}:{FRAME[1]}", "-pix_fmt", "gray",
               "-f", "rawvideo", "-"]
    pixels = subprocess.run(command, check=True, capture_output=True).stdout
    assert len(pixels) == FRAME[0] * FRAME[1], len(pixels)
    return len(set(pixels))


class Viewer:
    def __init__(self, given, walk, application):
        self.given, self.walk, self.driver = given, walk, walk.driver
        # Keys for protected content are given to secure origins alone, and this is one by its name.
        self.driver.get(application.address("localhost"))

    def play(self, player, video="video_id", renews=True, licensed=True):
        told = {"api": self.given["issuer"], "token": self.given["token"], "video_id": self.given[video],
                "player": player, "renews": renews, "licensed": licensed}
        self.driver.execute_script("play(arguments[0])", told)

    def look(self):
        return self.driver.execute_script("return look()")

    def until(self, what, is_so):
        def now(_):
            seen = self.look()
            return seen if is_so(seen) else None

        wait = WebDriverWait(self.driver, PATIENCE_S, poll_frequency=0.2)
        try:
            return wait.until(now)
        except Exception as error:
            raise AssertionError(f"{self.walk.name}: {what}: {self.look()}") from error


def over(seen):
    return seen["ended"] or seen["failure"]


def half_way_over(seen):
    return seen["failure"] or seen["session"] and seen["position_s"] > seen["session"]["duration_ms"] / 2000


def plays(given, walk, application, player, video="video_id"):
    viewer = Viewer(given, walk, application)
    viewer.play(player, video)
    viewer.until("half way", half_way_over)
    picture = os.path.join(given["screenshots"], f"{walk.name}.png")
    viewer.driver.find_element(By.TAG_NAME, "video").screenshot(picture)
    seen = viewer.until("to the end", over)
    assert seen["failure"] is None and seen["waits"] == 0, seen
    duration_s = seen["session"]["duration_ms"] / 1000
    assert abs(seen["duration_s"] - duration_s) < 0.5 and abs(seen["position_s"] - seen["duration_s"]) < 0.1, seen
    assert seen["frames"] > 0.9 * FRAMES_EACH_S * duration_s and seen["width"] > 0, seen
    assert greys(picture) > GREYS_LEAST, picture
    # What was fetched last was fetched with a URL that was not there at the beginning, whose time is over now.
    assert seen["urls"] > 2 and len(seen["tokens"]) > 2, seen
    expired = requests.get(seen["session"]["manifests"][player])
    assert (expired.status_code, expired.json()["code"]) == (403, "url_expired"), expired.text
    return seen


def stops_without_new_urls(given, walk, application, player):
    viewer = Viewer(given, walk, application)
    viewer.play(player, renews=False)
    seen = viewer.until("is refused", over)
    assert seen["failure"] and "403" in seen["failure"] and not seen["ended"], seen
    assert len(seen["tokens"]) == 1 and seen["segments"] > 0, seen


def goes_to_another_cdn(given, walk, application):
    viewer = Viewer(given, walk, application)
    viewer.play("hls_steered")
    seen = viewer.until("plays", lambda seen: over(seen) or seen["position_s"] > 2)
    assert not over(seen) and seen["cdns"] == [given["cdn"]], seen
    # From here on nothing comes from the first one, and no application does anything about it.
    walk.driver.execute_cdp_cmd("Network.enable", {})
    walk.driver.execute_cdp_cmd("Network.setBlockedURLs", {"urls": [given["cdn"] + "/*"]})
    seen = viewer.until("to the end", over)
    assert seen["failure"] is None and given["other_cdn"] in seen["cdns"], seen
    assert abs(seen["position_s"] - seen["duration_s"]) < 0.1 and len(seen["tokens"]) > 2, seen


def plays_with_keys(given, walk, application):
    seen = plays(given, walk, application, "dash", "protected_video_id")
    # One licence is enough, and its path is good for no other.
    assert seen["licences"] == 1, seen
    path = given["issuer"] + seen["session"]["licences"]["clearkey"]
    again = requests.post(path, json={"kids": ["AAECAwQFBgcICQoLDA0ODw"], "type": "temporary"},
                          headers={"authorization": f"Bearer {given['token']}"})
    assert again.status_code == 403, again.text


def is_dark_without_keys(given, walk, application):
    viewer = Viewer(given, walk, application)
    viewer.play("dash", "protected_video_id", licensed=False)
    seen = viewer.until("is refused", over)
    assert seen["failure"] and not seen["started"] and seen["frames"] == 0, seen


def is_not_answered_elsewhere(given, walk, application):
    viewer = Viewer(given, walk, application)
    # The same page by another name has another origin, which is not listed.
    viewer.driver.get(application.address("127.0.0.1"))
    viewer.play("hls")
    seen = viewer.until("is refused", over)
    assert "Failed to fetch" in seen["failure"] and seen["session"] is None, seen


def main():
    given = json.loads(os.environ["CLIENT_TEST"])
    os.makedirs(given["screenshots"], exist_ok=True)
    application = Application(given["page_port"], given["modules"])
    for player in ("hls", "dash"):
        with walking(given, f"player-{player}", with_scripts=True) as walk:
            plays(given, walk, application, player)
            print(f"{player}: played to the end, with new URLs and without a stall")
        with walking(given, f"player-{player}-expired", with_scripts=True) as walk:
            stops_without_new_urls(given, walk, application, player)
            print(f"{player}: stopped without new URLs")
    with walking(given, "player-steered", with_scripts=True) as walk:
        plays(given, walk, application, "hls_steered")
        print("steered: played to the end, with URLs that the player asked for")
    with walking(given, "player-steered-failover", with_scripts=True) as walk:
        goes_to_another_cdn(given, walk, application)
        print("steered: went to another CDN")
    with walking(given, "player-protected", with_scripts=True) as walk:
        plays_with_keys(given, walk, application)
        print("protected: played to the end with its keys")
    with walking(given, "player-protected-dark", with_scripts=True) as walk:
        is_dark_without_keys(given, walk, application)
        print("protected: not played without")
    with walking(given, "player-elsewhere", with_scripts=True) as walk:
        is_not_answered_elsewhere(given, walk, application)
        print("elsewhere: not answered to a page that is not listed")


if __name__ == "__main__":
    sys.exit(main())
