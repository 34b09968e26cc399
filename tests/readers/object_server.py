"""An object store server on loopback for the tests: `object_server.py s3|gcs`.

It prints its port and serves until its stdin ends. `s3` is moto behind a layer that checks the key and injects faults; `gcs`
is the part of the XML API of Google Cloud Storage that uploads need (cloud.google.com/storage/docs/xml-api), because the
emulators on PyPI lack its multipart uploads.

Requests to /_admin?NAME=VALUE configure the layer: `fail_parts=N` answers every Nth part with 503, `delay=SECONDS` delays
every part, `deny=1` refuses all requests that write, and `uploads=1` returns the number of open uploads.
"""

import sys
import threading
import time
import urllib.parse
import xml.sax.saxutils

from werkzeug.serving import WSGIRequestHandler, make_server

KEY = "test-key"
BUCKET = "lake"


class Faults:
    """Checks and faults before a request reaches the server."""

    def __init__(self, server, is_authorized, open_uploads):
        self.server, self.is_authorized, self.open_uploads = server, is_authorized, open_uploads
        self.settings, self.parts, self.lock = {}, 0, threading.Lock()

    def __call__(self, environ, start_response):
        query = urllib.parse.parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
        if environ["PATH_INFO"] == "/_admin":
            self.settings.update({name: float(values[0]) for name, values in query.items()})
            body = str(self.open_uploads()).encode()
            start_response("200 OK", [("content-type", "text/plain"), ("content-length", str(len(body)))])
            return [body]
        if not self.is_authorized(environ):
            return self.refuse(environ, start_response, "403 Forbidden", "InvalidAccessKeyId")
        if self.settings.get("deny") and environ["REQUEST_METHOD"] in ("PUT", "POST"):
            return self.refuse(environ, start_response, "403 Forbidden", "AccessDenied")
        if environ["REQUEST_METHOD"] == "PUT" and "partNumber" in query:
            time.sleep(self.settings.get("delay", 0))
            with self.lock:
                self.parts += 1
                fails = self.settings.get("fail_parts") and self.parts % self.settings["fail_parts"] == 0
            if fails:
                return self.refuse(environ, start_response, "503 Slow Down", "SlowDown")
        return self.server(environ, start_response)

    def refuse(self, environ, start_response, status, code):
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start_response(status, [("content-type", "application/xml"), ("connection", "close")])
        return [f"<Error><Code>{code}</Code><Message>as the test wants it</Message></Error>".encode()]


class GoogleStorage:
    """Objects with generations, and multipart uploads."""

    def __init__(self):
        self.objects, self.uploads, self.generation, self.lock = {}, {}, 1000, threading.Lock()

    def __call__(self, environ, start_response):
        with self.lock:
            status, headers, body = self.answer(environ)
        start_response(status, [*headers, ("content-length", str(len(body)))])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def answer(self, environ):
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"].encode("latin-1").decode()
        query = {k: v[0] for k, v in urllib.parse.parse_qs(environ["QUERY_STRING"], keep_blank_values=True).items()}
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        bucket, _, key = path.lstrip("/").partition("/")
        if bucket != BUCKET:
            return error("404 Not Found", "NoSuchBucket")
        if method == "GET" and not key:
            return self.listing(query)
        if method == "POST" and "uploads" in query:
            self.generation += 1
            upload = f"upload-{self.generation}"
            self.uploads[upload] = {}
            return xml_answer(f"<InitiateMultipartUploadResult><UploadId>{upload}</UploadId></InitiateMultipartUploadResult>")
        if "uploadId" in query:
            parts = self.uploads.get(query["uploadId"])
            if parts is None:
                return error("404 Not Found", "NoSuchUpload")
            if method == "PUT":
                parts[int(query["partNumber"])] = body
                return "200 OK", [("etag", f'"{query["partNumber"]}"')], b""
            del self.uploads[query["uploadId"]]
            if method == "DELETE":
                return "204 No Content", [], b""
            self.store(key, b"".join(parts[number] for number in sorted(parts)))
            return xml_answer(f"<CompleteMultipartUploadResult><ETag>{self.generation}</ETag></CompleteMultipartUploadResult>")
        if method == "PUT":
            wanted = environ.get("HTTP_X_GOOG_IF_GENERATION_MATCH")
            found = self.objects.get(key, (0,))[0]
            if wanted is not None and int(wanted) != found:
                return error("412 Precondition Failed", "PreconditionFailed")
            self.store(key, body)
            return "200 OK", self.headers(key), b""
        if key not in self.objects:
            return error("404 Not Found", "NoSuchKey")
        if method == "DELETE":
            del self.objects[key]
            return "204 No Content", [], b""
        return "200 OK", self.headers(key), self.objects[key][1]

    def store(self, key, body):
        self.generation += 1
        self.objects[key] = (self.generation, body)

    def headers(self, key):
        generation = str(self.objects[key][0])
        modified = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
        return [("etag", f'"{generation}"'), ("x-goog-generation", generation), ("last-modified", modified)]

    def listing(self, query):
        prefix, delimiter, entries = query.get("prefix", ""), query.get("delimiter"), ""
        for key in sorted(key for key in self.objects if key.startswith(prefix)):
            if delimiter and delimiter in key[len(prefix):]:
                continue
            modified = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
            entries += f"<Contents><Key>{xml.sax.saxutils.escape(key)}</Key><LastModified>{modified}</LastModified>"
            entries += f"<ETag>x</ETag><Size>{len(self.objects[key][1])}</Size></Contents>"
        return xml_answer(f"<ListBucketResult><IsTruncated>false</IsTruncated>{entries}</ListBucketResult>")


class Quiet(WSGIRequestHandler):
    """Logs nothing."""

    def log(self, *_):
        pass


def xml_answer(text):
    return "200 OK", [("content-type", "application/xml")], text.encode()


def error(status, code):
    return status, [("content-type", "application/xml")], f"<Error><Code>{code}</Code></Error>".encode()


def s3():
    import os

    os.environ.update(AWS_ACCESS_KEY_ID=KEY, AWS_SECRET_ACCESS_KEY="secret", AWS_DEFAULT_REGION="us-east-1")
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from moto.s3.models import s3_backends

    app = DomainDispatcherApplication(create_backend_app)
    backend = s3_backends["123456789012"]["aws"]
    backend.create_bucket(BUCKET, "us-east-1")

    def is_authorized(environ):
        return f"Credential={KEY}/" in environ.get("HTTP_AUTHORIZATION", "")

    return Faults(app, is_authorized, lambda: len(backend.buckets[BUCKET].multiparts))


def gcs():
    storage = GoogleStorage()
    return Faults(storage, lambda environ: True, lambda: len(storage.uploads))


if __name__ == "__main__":
    application = {"s3": s3, "gcs": gcs}[sys.argv[1]]()
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.port, flush=True)
    sys.stdin.read()
