"""Uploads with tuspy, a client of tus that knows nothing of this platform, and looks into the object store with boto3.

CLIENT_TEST says where, whom to be, a file, and the keys to the store. Prints one line for each thing that was so. With an
argument it is the program that goes on with an upload, as far as it gets.
"""

import hashlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

import requests
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError
from tusclient.storage.filestorage import FileStorage

from uploader import Store

MIB = 1024 * 1024
LARGE_BYTES = 256 * MIB + 12_345
SMALL_BYTES = 11 * MIB + 1
# Neither a part nor a part of one.
CHUNK_BYTES = 3 * MIB + 7
# How much of the large file is there when its sender is killed, at least.
KILLED_AT_BYTES = 24 * MIB
PATIENCE_S = 60


class Creator:
    def __init__(self, given, directory):
        self.given, self.directory = given, pathlib.Path(directory)
        self.headers = {"Authorization": f"Bearer {given['token']}"}
        self.client = TusClient(f"{given['url']}/v1/tus", headers=self.headers)

    def remembered(self):
        return FileStorage(str(self.directory / "urls.json"))

    def remembered_url(self):
        """What another process remembers by now; it may be writing it down."""
        try:
            urls = json.loads((self.directory / "urls.json").read_text())["_default"]
            return next(iter(urls.values()))["url"]
        except (OSError, ValueError, KeyError, StopIteration):
            return None

    def uploader(self, file, **more):
        metadata = {"filename": file.name, "filetype": "video/mp4"}
        return self.client.uploader(str(file), metadata=metadata, retries=20, retry_delay=1, **more)

    def ask(self, method, url, **more):
        headers = {**self.headers, "Tus-Resumable": "1.0.0", **more.pop("headers", {})}
        return requests.request(method, url, headers=headers, timeout=PATIENCE_S, **more)

    def offset(self, url):
        return int(self.ask("HEAD", url).headers["upload-offset"])

    def seen(self, url):
        return self.ask("GET", url.replace("/v1/tus/", "/v1/uploads/")).json()

    def file(self, name, film, size_bytes):
        """The film, and behind it a box that says nothing: bytes that are other ones everywhere."""
        file = self.directory / name
        noise = os.urandom(MIB)
        with file.open("wb") as out:
            out.write(film)
            left = size_bytes - len(film)
            out.write(left.to_bytes(4, "big") + b"free")
            left -= 8
            for number in range(left // MIB + 1):
                out.write((number.to_bytes(8, "big") + noise[8:])[: min(MIB, left - number * MIB)])
        return file


def digest(file):
    with open(file, "rb") as bytes_:
        return hashlib.file_digest(bytes_, "sha256").hexdigest()


def stored_digest(store, key):
    whole = hashlib.sha256()
    for bytes_ in store.s3.get_object(Bucket=store.bucket, Key=key)["Body"].iter_chunks(MIB):
        whole.update(bytes_)
    return whole.hexdigest()


def go_on(creator, file):
    creator.uploader(file, store_url=True, url_storage=creator.remembered()).upload()


def killed(creator, store, film):
    file = creator.file("large.mp4", film, LARGE_BYTES)
    sender = subprocess.Popen([sys.executable, __file__, str(creator.directory), str(file)])
    begun = time.monotonic()
    url, offset = None, 0
    while offset < KILLED_AT_BYTES:
        assert time.monotonic() - begun < PATIENCE_S and sender.poll() is None, (url, offset, sender.poll())
        time.sleep(0.05)
        url = url or creator.remembered_url()
        offset = creator.offset(url) if url else 0
    sender.send_signal(signal.SIGKILL)
    sender.wait()
    assert offset < LARGE_BYTES, "it was faster than its end"
    go_on(creator, file)
    upload = creator.seen(url)
    assert upload["state"] in ("initiated", "processing", "ready"), upload
    [key] = store.keys(upload)
    assert stored_digest(store, key) == digest(file)
    print("killed half-way: another process went on, and the file is what it was")


def checked(creator, store, film):
    file = creator.file("small.mp4", film, SMALL_BYTES)
    uploader = creator.uploader(file, chunk_size=CHUNK_BYTES, upload_checksum=True)
    uploader.upload()
    [key] = store.keys(creator.seen(uploader.url))
    assert stored_digest(store, key) == digest(file)
    print("in chunks with checksums: the file is what it was")


def wrong(creator, film):
    file = creator.file("wrong.mp4", film, SMALL_BYTES)
    uploader = creator.uploader(file, chunk_size=CHUNK_BYTES)
    uploader.upload_chunk()
    headers = {
        "Content-Type": "application/offset+octet-stream",
        "Upload-Offset": str(CHUNK_BYTES),
        "Upload-Checksum": "sha1 qvTGHdzF6KLavt4PO0gs2a6pQ00=",
    }
    refused = creator.ask("PATCH", uploader.url, headers=headers, data=b"hellO")
    assert refused.status_code == 460, refused.text
    assert creator.offset(uploader.url) == CHUNK_BYTES
    print("a wrong checksum: nothing of the chunk is there")
    return uploader


def terminated(creator, store, uploader):
    upload = creator.seen(uploader.url)
    assert creator.ask("DELETE", uploader.url).status_code == 204
    try:
        uploader.get_offset()
        raise AssertionError("it is still there")
    except TusCommunicationError as gone:
        assert gone.status_code == 410, gone.status_code
    assert store.keys(upload) == []
    print("terminated: nothing stays")


def main():
    given = json.loads(os.environ["CLIENT_TEST"])
    if len(sys.argv) > 1:
        go_on(Creator(given, sys.argv[1]), pathlib.Path(sys.argv[2]))
        return
    with tempfile.TemporaryDirectory() as directory:
        creator, store = Creator(given, directory), Store(given)
        film = pathlib.Path(given["film"]).read_bytes()
        checked(creator, store, film)
        terminated(creator, store, wrong(creator, film))
        killed(creator, store, film)


main()
