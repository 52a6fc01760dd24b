"""Uploads with curl, as a script of anybody's would, and looks into the object store with boto3, the client of S3 that most
have: what is there, and what the pipeline reads.

CLIENT_TEST says where, whom to be, a file, and the keys to the store. Prints one line for each thing that was so.
"""

import json
import os
import pathlib
import struct
import subprocess
import tempfile
import urllib.parse
import uuid

import boto3
from botocore.config import Config

PART_BYTES = 5 * 1024 * 1024
# How an MP4 file begins.
HEAD = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41"


def curl(*arguments):
    """Status and body of what curl was told to ask for."""
    command = ["curl", "--silent", "--show-error", "--write-out", "\n%{http_code}", *arguments]
    told = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout.decode()
    body, _, status = told.rpartition("\n")
    return int(status), body


class Creator:
    """Asks the API, with curl."""

    def __init__(self, given, directory):
        self.url, self.token, self.directory = given["url"], given["token"], pathlib.Path(directory)

    def ask(self, expected, method, path, body=None):
        headers = [f"Authorization: Bearer {self.token}", f"Idempotency-Key: {uuid.uuid4()}"]
        arguments = [argument for header in headers for argument in ("--header", header)]
        if body is not None:
            arguments += ["--json", json.dumps(body)]
        status, told = curl("--request", method, *arguments, self.url + path)
        assert status == expected, f"{method} {path}: {status} {told}"
        return json.loads(told) if told else None

    def create(self, size_bytes, **more):
        wanted = {"file_name": "a.mp4", "size_bytes": size_bytes, "content_type": "video/mp4", **more}
        return self.ask(201, "POST", "/v1/uploads", wanted)

    def complete(self, expected, upload):
        return self.ask(expected, "POST", f"/v1/uploads/{upload['id']}/complete", {})

    def send(self, signed, data):
        """As `signed` says, and nothing else: the status."""
        file = self.directory / "body"
        file.write_bytes(data)
        headers = [f"{name}: {value}" for name, value in signed["headers"].items()]
        arguments = [argument for header in headers for argument in ("--header", header)]
        return curl("--upload-file", str(file), *arguments, signed["url"])[0]


class Store:
    """The object store, as boto3 sees it."""

    def __init__(self, given):
        url = urllib.parse.urlsplit(given["store"])
        self.s3 = boto3.client(
            "s3",
            endpoint_url=f"{url.scheme}://{url.hostname}:{url.port}",
            region_name=urllib.parse.parse_qs(url.query)["region"][0],
            aws_access_key_id=urllib.parse.unquote(url.username),
            aws_secret_access_key=urllib.parse.unquote(url.password),
            config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
        )
        self.bucket = given["bucket"]

    def keys(self, upload):
        told = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=f"uploads/{upload['id']}/")
        return [content["Key"] for content in told.get("Contents", [])]

    def read(self, key):
        return self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()


def mp4(size_bytes, last):
    return HEAD + bytes(size_bytes - 1 - len(HEAD)) + bytes([last])


def in_one_piece(creator, store, film):
    upload = creator.create(len(film))
    assert creator.send(upload["put"], film) == 200
    creator.complete(200, upload)
    [key] = store.keys(upload)
    assert store.read(key) == film
    # The URL is still good, and what it writes to is not what was announced.
    assert creator.send(upload["put"], film[:-1] + b"?") == 200
    creator.complete(200, upload)
    assert store.read(key) == film
    print("in one piece: what was announced stays")


def padded(film, size_bytes):
    """The same film in a larger file: with a box that says nothing (ISO/IEC 14496-12)."""
    padding_bytes = size_bytes - len(film)
    return film + struct.pack(">I", padding_bytes) + b"free" + bytes(padding_bytes - 8)


def in_parts(creator, store, film):
    whole = padded(film, PART_BYTES + 7)
    upload = creator.create(len(whole), method="multipart")
    path = f"/v1/uploads/{upload['id']}/parts"
    first, last = creator.ask(200, "POST", path, {"part_numbers": [1, 2]})["parts"]
    assert creator.send(last, whole[PART_BYTES:]) == 200
    creator.complete(409, upload)
    assert creator.send(first, whole[: PART_BYTES - 1]) == 403
    assert [part["part_number"] for part in creator.ask(200, "GET", path)["items"]] == [2]
    assert creator.send(first, whole[:PART_BYTES]) == 200
    creator.complete(200, upload)
    [key] = store.keys(upload)
    assert store.read(key) == whole
    assert creator.send(last, bytes(7)) == 404, "its parts are closed"
    assert store.read(key) == whole
    print("in parts: resumed, joined and closed")


def not_as_declared(creator, store):
    upload = creator.create(64)
    for other in [mp4(63, 1), mp4(65, 1)]:
        assert creator.send(upload["put"], other) == 403
    creator.complete(409, upload)
    assert creator.send(upload["put"], b"<html>".ljust(64)) == 200
    creator.complete(422, upload)
    assert store.keys(upload) == []
    print("not as declared: nothing stays")


def cancelled(creator, store):
    upload = creator.create(64)
    assert creator.send(upload["put"], mp4(64, 1)) == 200
    assert len(store.keys(upload)) == 1
    creator.ask(204, "DELETE", f"/v1/uploads/{upload['id']}")
    assert store.keys(upload) == []
    print("cancelled: nothing stays")


def main():
    given = json.loads(os.environ["CLIENT_TEST"])
    with tempfile.TemporaryDirectory() as directory:
        creator, store = Creator(given, directory), Store(given)
        film = pathlib.Path(given["film"]).read_bytes()
        in_one_piece(creator, store, film)
        in_parts(creator, store, film)
        not_as_declared(creator, store)
        cancelled(creator, store)


if __name__ == "__main__":
    main()
