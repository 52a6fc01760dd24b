//! The headers that mean something in this API, described once.

use serde_json::{Value, json};

/// A header of requests or answers.
pub(crate) struct Described {
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    schema: Schema,
    pub(crate) example: &'static str,
}

enum Schema {
    Text,
    Integer,
    Pattern(&'static str),
}

impl Described {
    pub(crate) fn schema(&self) -> Value {
        match self.schema {
            Schema::Text => json!({"type": "string"}),
            Schema::Integer => json!({"type": "integer", "minimum": 0}),
            Schema::Pattern(pattern) => json!({"type": "string", "pattern": pattern}),
        }
    }

    pub(crate) fn example(&self) -> Value {
        match self.schema {
            Schema::Integer => self.example.parse::<u64>().map_or(Value::Null, Value::from),
            Schema::Text | Schema::Pattern(_) => self.example.into(),
        }
    }
}

/// Ends the name of a header's description where it is not always there.
pub(crate) const OPTIONAL: &str = "-where-given";

/// By their names as they are written, which are compared without regard to case.
pub(crate) const HEADERS: &[Described] = &[
    Described {
        name: "Allow",
        description: "The methods that this path takes (RFC 9110, section 10.2.1).",
        schema: Schema::Text,
        example: "GET, HEAD, POST",
    },
    Described {
        name: "Cache-Control",
        description: "How long the answer may be kept, and by whom (RFC 9111).",
        schema: Schema::Text,
        example: "no-store",
    },
    Described {
        name: "DPoP",
        description: "Proves that the request comes from who has the key that its token is bound to, or is to be bound to (RFC \
            9449): a JWT for this one request. A bound token is sent as `Authorization: DPoP …`.",
        schema: Schema::Text,
        example: "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7fX0.e30.c2lnbmF0dXJl",
    },
    Described {
        name: "ETag",
        description: "The version of what was read or written, for `If-Match` (RFC 9110, section 8.8.3).",
        schema: Schema::Pattern("^(W/)?\"[^\"]*\"$"),
        example: "\"7\"",
    },
    Described {
        name: "Idempotency-Key",
        description: "Makes a repetition safe: the same key gives the first answer again, for 24 hours \
            (IETF draft-ietf-httpapi-idempotency-key-header-07). 1 to 255 visible ASCII characters, bare or in \
            quotes; a random UUID is a good one.",
        schema: Schema::Text,
        example: "8e03978e-40d5-43dd-bc93-6894a57f9324",
    },
    Described {
        name: "If-Match",
        description: "The ETags that the change may be based on, or `*`. When none of them is the current one, \
            nothing is changed and the answer is 412 `stale` (RFC 9110, section 13.1.1).",
        schema: Schema::Text,
        example: "\"7\"",
    },
    Described {
        name: "If-None-Match",
        description: "The ETags of what the reader has, or `*`. When one of them is the current one, the answer is 304 without a \
            body (RFC 9110, section 13.1.2).",
        schema: Schema::Text,
        example: "\"7\"",
    },
    Described {
        name: "Location",
        description: "Where to find what was made, or where to go on.",
        schema: Schema::Text,
        example: "/v1/accounts/me",
    },
    Described {
        name: "Mcsp-Served-From",
        description: "What has answered: `redis`, `postgres`, `catalog` (Content), or `memory` while they are away; of several, \
            the one that counts the least.",
        schema: Schema::Text,
        example: "redis",
    },
    Described {
        name: "Mcsp-Stale-Ms",
        description: "How old what was answered with may be.",
        schema: Schema::Integer,
        example: "0",
    },
    Described {
        name: "RateLimit",
        description: "What is left of each limit: `r` requests, and `t` seconds until all of it is there again \
            (IETF draft-ietf-httpapi-ratelimit-headers-10).",
        schema: Schema::Text,
        example: "\"default\";r=99;t=1",
    },
    Described {
        name: "RateLimit-Policy",
        description: "Each limit: `q` requests in `w` seconds (IETF draft-ietf-httpapi-ratelimit-headers-10).",
        schema: Schema::Text,
        example: "\"default\";q=100;w=10",
    },
    Described {
        name: "Retry-After",
        description: "Seconds to wait before the request is worth repeating.",
        schema: Schema::Integer,
        example: "1",
    },
    Described {
        name: "Search-Backend",
        description: "What has answered: `opensearch`, or `postgres` where there is no search engine, or while it does not answer.",
        schema: Schema::Text,
        example: "postgres",
    },
    Described {
        name: "traceparent",
        description: "The trace that the request belongs to: the one that the caller sent, or a new one (W3C \
            Trace Context).",
        schema: Schema::Pattern("^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$"),
        example: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    },
    Described {
        name: "Tus-Checksum-Algorithm",
        description: "The checksums that are taken, each `Upload-Checksum` of one of them (tus 1.0, checksum).",
        schema: Schema::Text,
        example: "sha1,sha256",
    },
    Described {
        name: "Tus-Extension",
        description: "The extensions of tus that are there.",
        schema: Schema::Text,
        example: "creation,checksum,expiration,termination",
    },
    Described {
        name: "Tus-Max-Size",
        description: "The largest file that is taken, in bytes.",
        schema: Schema::Integer,
        example: "52428800000",
    },
    Described {
        name: "Tus-Resumable",
        description: "The version of tus that the client speaks: `1.0.0`. Every answer has it too.",
        schema: Schema::Text,
        example: "1.0.0",
    },
    Described {
        name: "Tus-Version",
        description: "The versions of tus that are spoken here.",
        schema: Schema::Text,
        example: "1.0.0",
    },
    Described {
        name: "Upload-Checksum",
        description: "The checksum of the body: an algorithm, a space, and the digest in base64 (tus 1.0, checksum).",
        schema: Schema::Text,
        example: "sha256 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
    },
    Described {
        name: "Upload-Expires",
        description: "Until when the upload must be complete (RFC 9110, section 5.6.7).",
        schema: Schema::Text,
        example: "Tue, 01 Dec 2026 18:00:00 GMT",
    },
    Described {
        name: "Upload-Length",
        description: "The size of the whole file, in bytes.",
        schema: Schema::Integer,
        example: "1048576",
    },
    Described {
        name: "Upload-Metadata",
        description: "Pairs of a name and a value in base64, with commas between them: `filename` and `filetype` must be there, `protection` may be, and others mean nothing (tus 1.0, creation).",
        schema: Schema::Text,
        example: "filename YS5tcDQ=,filetype dmlkZW8vbXA0",
    },
    Described {
        name: "Upload-Offset",
        description: "How many bytes of the file are there; of a request, behind which its body belongs.",
        schema: Schema::Integer,
        example: "0",
    },
    Described {
        name: "Vary",
        description: "The request headers that the answer depends on (RFC 9110, section 12.5.5).",
        schema: Schema::Text,
        example: "authorization",
    },
    Described {
        name: "WWW-Authenticate",
        description: "What kind of token is asked for, and what is wrong with the one that came (RFC 6750, RFC 9449).",
        schema: Schema::Text,
        example: "Bearer realm=\"mcsp\", error=\"invalid_token\"",
    },
];

/// The description of a header, if there is one.
pub(crate) fn find(name: &str) -> Option<&'static Described> {
    HEADERS.iter().find(|header| header.name.eq_ignore_ascii_case(name))
}
