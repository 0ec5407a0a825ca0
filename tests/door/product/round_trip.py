# SPDX-License-Identifier: MIT
"""The README's round trip by a client that knows nothing but the .proto files."""
import json
import os

from product_common import (Server, common_pb2, dumps_pb2, equal, health_pb2, main, pool_of, reflection_pb2,
                            services)

FILMS = b'[{"id": 1, "title": "Carol", "price": 1.50}, {"id": 2, "title": "Ponyo"}]'
SERVED = {"lode.v1." + s for s in ("Documents", "Dumps", "Indexes", "Search", "SettingsService", "System", "Tasks")}
ALWAYS = {"grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"}


def end_of(server, summary):
    """The last message of Tasks.Watch."""
    last = None
    for task in server.stream("Tasks.Watch", task_uid=str(summary.task_uid)):
        last = task
    return last


def test_documents_in_dump_out_server_from_it():
    with Server() as server:
        task = end_of(server, server.upload("films", FILMS, piece=7))
        equal(task.status, common_pb2.TASK_STATUS_SUCCEEDED)
        equal(task.details.document_addition.indexed_documents, 2)
        answer = server.grpc("Documents.Get", index_uid="films", document_id="1")
        equal(answer.document, b'{"id":1,"title":"Carol","price":1.50}', "digits travel as they are")
        created = server.grpc("Dumps.Create")
        steps = list(server.stream("Dumps.Watch", dump_uid=created.uid))
        equal(steps[-1].status, dumps_pb2.DUMP_STATE_DONE)
        pieces = list(server.stream("Dumps.Download", dump_uid=created.uid))
        data = b"".join(p.chunk for p in pieces)
        equal(len(data), pieces[0].total_bytes)
        with open(os.path.join(server.dumps, created.uid + ".dump"), "rb") as f:
            equal(data, f.read())
        copy = os.path.join(server.home, "copy.dump")
        with open(copy, "wb") as f:
            f.write(data)
        with Server("--import-dump", copy, home=server.home, db="second", dumps="dumps2") as second:
            listed = second.grpc("Documents.List", index_uid="films", limit=20)
            equal(list(listed.results), [b'{"id":1,"title":"Carol","price":1.50}', b'{"id":2,"title":"Ponyo"}'])
            equal(json.loads(second.http("GET", "/indexes/films/documents/2").body), {"id": 2, "title": "Ponyo"})


def test_health():
    with Server() as server:
        serving = health_pb2.HealthCheckResponse.SERVING
        equal(server.grpc("Health.Check").status, serving)
        for name in SERVED | ALWAYS:
            equal(server.grpc("Health.Check", service=name).status, serving, name)
        watch = server.stream("Health.Watch", service="lode.v1.Tasks")
        equal(next(watch).status, serving)
        watch.close()
        try:
            server.grpc("Health.Check", service="lode.v1.Nothing")
        except Exception as e:
            equal(getattr(e, "code", None), 5)
        else:
            raise AssertionError("an unknown service is healthy")


def reflect(server, *requests):
    call = server.stub("ServerReflection.ServerReflectionInfo")
    return list(call(iter([reflection_pb2.ServerReflectionRequest(host="h", **r) for r in requests]), timeout=30))


def test_reflection_is_enough_to_build_every_service():
    with Server() as server:
        listed = reflect(server, {"list_services": ""})[0].list_services_response
        names = {s.name for s in listed.service}
        equal(names, SERVED | ALWAYS)
        from google.protobuf import descriptor_pb2
        files = {}
        for name in sorted(names):
            answer = reflect(server, {"file_containing_symbol": name})[0]
            assert answer.HasField("file_descriptor_response"), (name, answer.error_response)
            for raw in answer.file_descriptor_response.file_descriptor_proto:
                parsed = descriptor_pb2.FileDescriptorProto.FromString(raw)
                files[parsed.name] = parsed
        pool, own = pool_of(files), services()
        for name in names:
            found = pool.FindServiceByName(name)
            if name in own:
                equal([m.name for m in found.methods], [m.name for m in own[name].methods], name)


def test_reflection_can_be_switched_off():
    with Server("--reflection", "false") as server:
        try:
            reflect(server, {"list_services": ""})
        except Exception as e:
            equal(e.code().value[0], 12)
        else:
            raise AssertionError("reflection answers")
        equal(server.grpc("Health.Check").status, health_pb2.HealthCheckResponse.SERVING)


if __name__ == "__main__":
    main(globals())
