"""Reads Content's catalog with grpcio, by nothing but the committed descriptors, and compares each field with what HTTP tells.

CLIENT_TEST says where, the platform's token, the descriptors, and ids of videos, with the routes of gRPC. Without videos it is looked at
how calls end. Prints one line for each thing that was so.
"""

import datetime
import json
import os
import pathlib
import re

import grpc
import requests
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.rpc import error_details_pb2, status_pb2

PATIENCE_S = 30
TIMES = ("scheduled_at", "published_at", "deleted_at", "purge_at")
AT_ONCE = 50
UNKNOWN = "video_01h455vb4pex5vsknk084sn02q"
OTHER_KIND = "event_01h455vb4pex5vsknk084sn02q"


class Catalog:
    def __init__(self, given):
        self.given = given
        files = descriptor_pb2.FileDescriptorSet.FromString(pathlib.Path(given["descriptors"]).read_bytes())
        self.pool = descriptor_pool.DescriptorPool()
        for file in files.file:
            self.pool.AddSerializedFile(file.SerializeToString())
        self.services = [f"{file.package}.{service.name}" for file in files.file for service in file.service]
        self.channel = grpc.insecure_channel(given["url"].removeprefix("http://"))

    def message(self, name, **fields):
        return message_factory.GetMessageClass(self.pool.FindMessageTypeByName(f"content.v1.{name}"))(**fields)

    def begin(self, method, request, token=None, **more):
        """A call under way. The request is a message, or any bytes."""
        answer = type(self.message(f"{method}Response"))
        call = self.channel.unary_unary(
            f"/content.v1.Catalog/{method}",
            request_serializer=lambda sent: sent if isinstance(sent, bytes) else sent.SerializeToString(),
            response_deserializer=answer.FromString,
        )
        token = self.given["token"] if token is None else token
        metadata = [("authorization", f"Bearer {token}")] if token else []
        return call.future(request, metadata=metadata, timeout=PATIENCE_S, **more)

    def get(self, id_):
        return self.begin("Get", self.message("GetRequest", id=id_)).result().video

    def by_http(self, id_):
        headers = {"Authorization": f"Bearer {self.given['token']}"}
        return requests.get(f"{self.given['url']}/v1/catalog/{id_}", headers=headers, timeout=PATIENCE_S).json()


def snake(name):
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def plain(field, value):
    if field.message_type is None and field.enum_type is None:
        return value
    if field.enum_type is not None:
        name = field.enum_type.values_by_number[value].name
        return name.lower().removeprefix(f"{snake(field.enum_type.name)}_")
    if field.message_type.full_name == "google.protobuf.Timestamp":
        return value.ToDatetime(tzinfo=datetime.timezone.utc)
    return fields_of(value)


def fields_of(message):
    """A message as JSON has it: null where there is nothing, and states by their names."""
    told = {}
    for field in message.DESCRIPTOR.fields:
        value = getattr(message, field.name)
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            told[field.name] = dict(value)
        elif field.is_repeated:
            told[field.name] = [plain(field, one) for one in value]
        else:
            told[field.name] = plain(field, value) if not field.has_presence or message.HasField(field.name) else None
    return told


def read(json_):
    """JSON with its times taken for what they are, and with the members that are left out where they are null."""
    times = {name: json_[name] and datetime.datetime.fromisoformat(json_[name]) for name in TIMES}
    packaged = json_["packaged"] and {"dash": None, "hls_steered": None, **json_["packaged"]}
    return {**json_, **times, "packaged": packaged}


def refusal(call):
    """The status of a call that fails, the code of the problem, and which fields are bad."""
    error = call.exception(timeout=PATIENCE_S)
    assert error is not None, call.result()
    metadata = dict(error.trailing_metadata())
    reason, fields = None, []
    if "grpc-status-details-bin" in metadata:
        status = status_pb2.Status.FromString(metadata["grpc-status-details-bin"])
        assert (status.code, status.message) == (error.code().value[0], error.details()), (status, error)
        for detail in status.details:
            info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
            if detail.Unpack(info):
                assert info.domain == "mcsp", info
                reason = info.reason
            elif detail.Unpack(bad):
                fields = [(violation.field, violation.reason) for violation in bad.field_violations]
    return error.code().name, reason, fields


def each_field(catalog):
    set_ = set()
    for id_ in catalog.given["videos"]:
        by_grpc, by_http = fields_of(catalog.get(id_)), read(catalog.by_http(id_))
        assert by_grpc == by_http, (by_grpc, by_http)
        set_ |= {name for name, value in by_grpc.items() if value not in (None, "", [], {})}
    never = by_grpc.keys() - set_
    assert not never, never
    print("each field is what HTTP tells, and is set in some video")


def many(catalog):
    first, second, *_ = catalog.given["videos"]
    asked = [second, UNKNOWN, first, second]
    results = catalog.begin("BatchGet", catalog.message("BatchGetRequest", ids=asked)).result().results
    assert [result.id for result in results] == asked
    found = [result.video.video_id if result.HasField("video") else None for result in results]
    assert found == [second, None, first, second], found
    assert results[2].video == catalog.get(first)
    assert not catalog.begin("BatchGet", catalog.message("BatchGetRequest")).result().results
    hundred = catalog.message("BatchGetRequest", ids=[first] * 100)
    assert len(catalog.begin("BatchGet", hundred).result().results) == 100
    print("many at once: in their order, and what is not there is told apart")


def refusals(catalog):
    get = lambda id_, **more: catalog.begin("Get", catalog.message("GetRequest", id=id_), **more)
    batch = lambda ids: catalog.begin("BatchGet", catalog.message("BatchGetRequest", ids=ids))
    known = catalog.given["videos"][0]
    for call, expected in [
        (get(known, token=""), ("UNAUTHENTICATED", "platform_token_needed", [])),
        (get(known, token="another"), ("UNAUTHENTICATED", "platform_token_needed", [])),
        (get(UNKNOWN), ("NOT_FOUND", "not_found", [])),
        (get(OTHER_KIND), ("INVALID_ARGUMENT", "validation_failed", [("id", "invalid_id")])),
        (get(""), ("INVALID_ARGUMENT", "validation_failed", [("id", "invalid_id")])),
        (
            batch([known, OTHER_KIND, ""]),
            ("INVALID_ARGUMENT", "validation_failed", [("ids[1]", "invalid_id"), ("ids[2]", "invalid_id")]),
        ),
        (batch([known] * 101), ("INVALID_ARGUMENT", "validation_failed", [("ids", "too_many")])),
        (batch([known * 3000]), ("RESOURCE_EXHAUSTED", "message_too_large", [])),
        (catalog.begin("Get", b"\x0a\xff"), ("INVALID_ARGUMENT", "malformed_message", [])),
        (get(known, compression=grpc.Compression.Gzip), ("UNIMPLEMENTED", "compression_not_supported", [])),
    ]:
        assert refusal(call) == expected, (refusal(call), expected)
    unknown = catalog.channel.unary_unary("/content.v1.Catalog/Put").future(b"", timeout=PATIENCE_S)
    assert refusal(unknown) == ("UNIMPLEMENTED", None, []), refusal(unknown)
    print("each refusal has its status and its code")


def endings(catalog):
    """One call for each way to end that a deadline has no part in."""
    assert not catalog.begin("BatchGet", catalog.message("BatchGetRequest")).result().results
    unknown = catalog.message("GetRequest", id=UNKNOWN)
    assert refusal(catalog.begin("Get", unknown))[0] == "NOT_FOUND"
    assert refusal(catalog.begin("Get", unknown, token="another"))[0] == "UNAUTHENTICATED"
    print("calls end well, and badly")


def deadlines(catalog):
    """By hand: a client of gRPC sends no other, and its own clock is as early as the server's."""
    for timeout, status in [("0n", "4"), ("1S1", "3"), ("123456789m", "3"), ("soon", "3")]:
        headers = {
            "Authorization": f"Bearer {catalog.given['token']}",
            "Content-Type": "application/grpc",
            "grpc-timeout": timeout,
        }
        url = f"{catalog.given['url']}/content.v1.Catalog/Get"
        answer = requests.post(url, data=b"\0\0\0\0\0", headers=headers, timeout=PATIENCE_S)
        told = (answer.status_code, answer.headers.get("grpc-status"))
        assert told == (200, status), (timeout, told)
    print("a deadline is kept, and what is none is refused")


def at_once(catalog):
    """On one channel, which is one connection. More than one round, so that instances are used again."""
    ids = catalog.given["videos"]
    for _ in range(4):
        asked = [ids[number % len(ids)] for number in range(AT_ONCE)]
        calls = [catalog.begin("Get", catalog.message("GetRequest", id=id_)) for id_ in asked]
        assert [call.result().video.video_id for call in calls] == asked
    print("fifty at once on one connection: each has its own answer")


def main():
    catalog = Catalog(json.loads(os.environ["CLIENT_TEST"]))
    if "videos" not in catalog.given:
        endings(catalog)
        deadlines(catalog)
        return
    assert [f"/{service}/..." for service in catalog.services] == catalog.given["routes"], catalog.services
    each_field(catalog)
    many(catalog)
    refusals(catalog)
    at_once(catalog)


main()
