//! The OpenAPI 3.1 document, written from the table of routes.
//!
//! Owns the frame: what every operation has by virtue of its access (security, permits, problems)
//! and its parameters. Each resource describes its own bodies and answers with the words of
//! [`schema`]. The document carries `links`, so that a stateful tester can walk from an act to its
//! proof.

pub(crate) mod schema;

use crate::reply::{JSON, PROBLEM_MEDIA_TYPE, problem_body};
use crate::route::{self, Access, Handle, Route};
use authority::CertificateKind;
use base::{Problem, Purpose, labels};
use hyper::Method;
use policy::{Action, TABLE};
use schema::{integer, object, object_with, one_of, text};
use serde_json::{Map, Value, json};

/// What a resource says of one of its operations.
pub(crate) struct Doc {
    pub(crate) tag: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) body: Option<Content>,
    pub(crate) answer: Content,
    /// Links of OpenAPI by name: operation and parameters.
    pub(crate) links: Vec<Link>,
}

/// A body or an answer.
pub(crate) struct Content {
    pub(crate) media_type: &'static str,
    pub(crate) schema: Value,
    pub(crate) example: Value,
}

/// Where an answer leads: an operation, and what of request and answer goes into its parameters and
/// its body.
pub(crate) struct Link {
    to: &'static str,
    parameters: Vec<(&'static str, Value)>,
    body: Option<Value>,
}

impl Content {
    /// JSON of a shape, with an example.
    pub(crate) fn json(schema: Value, example: Value) -> Self {
        Self { media_type: JSON, schema, example }
    }

    fn value(&self) -> Value {
        json!({ self.media_type: { "schema": self.schema, "example": self.example } })
    }
}

impl Link {
    /// To an operation with a parameter.
    pub(crate) fn to(to: &'static str, parameter: &'static str, expression: &str) -> Self {
        Self { to, parameters: vec![(parameter, expression.into())], body: None }
    }

    /// The same with one more parameter.
    pub(crate) fn and(mut self, parameter: &'static str, expression: &str) -> Self {
        self.parameters.push((parameter, expression.into()));
        self
    }

    /// The same with a body.
    pub(crate) fn with_body(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }

    fn value(&self) -> Value {
        let mut link = json!({ "operationId": self.to });
        for (name, expression) in &self.parameters {
            link["parameters"][name] = expression.clone();
        }
        if let Some(body) = &self.body {
            link["requestBody"] = body.clone();
        }
        link
    }
}

/// The OpenAPI document of this API.
pub fn document() -> Value {
    write(&route::table())
}

/// The document as it is served and checked in.
pub(crate) fn text_of(routes: &[Route]) -> String {
    format!("{:#}\n", write(routes))
}

fn write(routes: &[Route]) -> Value {
    let mut paths = Map::new();
    for route in routes {
        let path = shown(route.path);
        let method = route.method.as_str().to_ascii_lowercase();
        let item = paths.entry(path).or_insert_with(|| json!({}));
        item[method] = operation(route);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Sekisho",
            "version": "1",
            "description": DESCRIPTION,
            "license": { "name": "Apache-2.0 OR MIT", "identifier": "Apache-2.0 OR MIT" },
        },
        "servers": [{ "url": "http://127.0.0.1:8790" }],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" },
            },
            "schemas": { "Problem": problem_schema() },
            "responses": { "Problem": {
                "description": "What went wrong, with a stable label.",
                "content": Content {
                    media_type: PROBLEM_MEDIA_TYPE,
                    schema: json!({ "$ref": "#/components/schemas/Problem" }),
                    example: problem_body(&Problem::new(&labels::RESIDENT_ABSENT, "")),
                }.value(),
            } },
        },
    })
}

fn operation(route: &Route) -> Value {
    let doc = (route.doc)();
    let mut operation = json!({
        "operationId": route.operation,
        "tags": [doc.tag],
        "summary": doc.summary,
        "parameters": parameters(route),
        "responses": responses(route, &doc),
    });
    match route.access {
        Access::Probe | Access::Public => operation["security"] = json!([]),
        Access::Caller => operation["security"] = json!([{ "bearer": [] }]),
        Access::Permit(action) => {
            operation["security"] = json!([{ "bearer": [] }]);
            operation["x-sekisho-action"] = action.word().into();
            operation["x-sekisho-permits"] = permits(action);
        }
    }
    if let Some(body) = &doc.body {
        operation["requestBody"] = json!({ "required": true, "content": body.value() });
    }
    operation
}

fn responses(route: &Route, doc: &Doc) -> Value {
    let mut answer = json!({ "description": "Done as asked.", "content": doc.answer.value() });
    if route.handle.is_once() || matches!(route.handle, Handle::Deed(_) | Handle::About) {
        let header = json!({
            "description": "The act that this answer acknowledges; absent when there was none.",
            "schema": integer(0),
        });
        answer["headers"] = json!({ "Sekisho-Act": header });
    }
    if route.handle.is_once() {
        answer["headers"]["Sekisho-Repeated"] = json!({
            "description": "Whether it was done before under this Idempotency-Key and is told \
                            again. False: it was done now, as a new act.",
            "schema": { "type": "boolean" },
        });
    }
    for link in &doc.links {
        answer["links"][link.to] = link.value();
    }
    let mut responses = json!({ "200": answer });
    if VALIDATED.contains(&route.operation) {
        responses["304"] = json!({ "description": "The caller's copy is the newest there is." });
    }
    let mut problems = vec!["default"];
    match route.access {
        Access::Probe | Access::Public => {}
        Access::Caller => problems.push("401"),
        Access::Permit(_) => problems.extend(["401", "403", "422"]),
    }
    if route.method == Method::POST {
        problems.extend(["400", "413", "415", "422"]);
    }
    if ABOUT_A_PERSON.contains(&route.operation) {
        problems.extend(OF_A_PERSON);
    }
    for status in problems {
        responses[status] = json!({ "$ref": "#/components/responses/Problem" });
    }
    responses
}

fn permits(action: Action) -> Value {
    let rows = TABLE.iter().filter(|row| row.action == action);
    rows.map(|row| json!({ "actor": row.actor, "purpose": row.purpose.word(), "basis": row.id }))
        .collect()
}

fn parameters(route: &Route) -> Value {
    let path = shown(route.path);
    let in_path = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let mut list: Vec<Value> =
        in_path.map(|name| parameter("path", name, &path_schema(name), true)).collect();
    for name in route.query {
        list.push(parameter("query", name, &integer(0), NEEDED.contains(name)));
    }
    if let Access::Permit(_) = route.access {
        let words: Vec<_> = Purpose::ALL.iter().map(|purpose| purpose.word()).collect();
        list.push(parameter("header", "Sekisho-Purpose", &one_of(&words), false));
    }
    if route.handle.is_once() {
        let key = json!({ "type": "string", "minLength": 1, "maxLength": 128 });
        list.push(parameter("header", "Idempotency-Key", &key, true));
    }
    list.into()
}

/// A path as OpenAPI has them, where one parameter stands for one segment.
fn shown(path: &str) -> String {
    path.replace("{+path}", "{level}/{position}").replace("{+", "{")
}

fn parameter(place: &str, name: &str, schema: &Value, required: bool) -> Value {
    let mut parameter =
        json!({ "name": name, "in": place, "required": required, "schema": schema });
    if let Some((_, meaning, example)) = MEANINGS.iter().find(|(known, ..)| *known == name) {
        parameter["description"] = (*meaning).into();
        // Texts stand in quotes; a test holds every example against its shape.
        parameter["example"] = serde_json::from_str(example).unwrap_or(Value::Null);
    }
    parameter
}

fn path_schema(name: &str) -> Value {
    match name {
        "municipality" => schema::municipality(),
        "id" => integer(0),
        "kind" => one_of(&CertificateKind::ALL.map(CertificateKind::word)),
        "generation" => text("^[0-9a-f]{16}$"),
        "certificate" => text("^[0-9a-f]{16}[.]cer$"),
        "list" => text("^(authorities|platform|[0-9]{6})(|-delta)[.]crl$"),
        "request" => json!({ "type": "string", "minLength": 1 }),
        "checkpoint" => integer(0),
        "level" => text("^(entries|[0-9]|[1-5][0-9]|6[0-3])$"),
        _ => text("^[0-9]{3}$"),
    }
}

fn problem_schema() -> Value {
    let words: Vec<_> = labels::ALL.iter().map(|label| label.text).collect();
    object_with(
        &[
            ("type", text("^urn:sekisho:problem:[a-z_]+$")),
            ("title", json!({ "type": "string" })),
            ("title_ja", json!({ "type": "string" })),
            ("status", json!({ "type": "integer", "minimum": 400, "maximum": 599 })),
            ("label", one_of(&words)),
            ("remedy", one_of(&["refused", "absent", "again", "broken"])),
        ],
        &[
            ("detail", json!({ "type": "string" })),
            ("line", integer(0)),
            ("field", json!({ "type": "string" })),
        ],
    )
}

/// The answer of an act, with the shape of the rest.
pub(crate) fn act_and(members: &[(&str, Value)]) -> Value {
    let mut all = vec![("act", schema::act())];
    all.extend(members.iter().map(|(name, shape)| (*name, shape.clone())));
    object(&all)
}

/// Operations that look for a person, and what becomes of it when there is nobody, when it is not
/// clear who, and when the content was disposed of.
const ABOUT_A_PERSON: [&str; 11] = [
    "number_ask",
    "number_change",
    "record_difference",
    "subject_acts",
    "certificate_issue",
    "certificate_end",
    "certificate_release",
    "certificate_list",
    "certificate_link_ask",
    "attributes_ask",
    "certificate_explain",
];
const OF_A_PERSON: [&str; 3] = ["404", "409", "410"];

/// Operations of which a caller may have a copy.
const VALIDATED: [&str; 2] = ["revocation_list", "ocsp_get"];

/// Query parameters without which there is no answer.
const NEEDED: [&str; 2] = ["index", "from"];

/// Parameter, meaning, example as JSON.
const MEANINGS: [(&str, &str, &str); 18] = [
    (
        "municipality",
        "Local government code of a unit that keeps a resident register.",
        r#""131016""#,
    ),
    ("id", "The id of an act: its place in the ledger.", "0"),
    ("after", "Where the page before ended.", "0"),
    ("limit", "How many entries at most; 100 unless said, 1000 at most.", "100"),
    ("index", "The place of a leaf.", "0"),
    ("size", "Leaves of the tree that the proof is for; those published, unless said.", "1"),
    ("from", "Leaves of the earlier tree.", "1"),
    ("to", "Leaves of the later tree; those published, unless said.", "1"),
    ("kind", "The hierarchy of an authority.", r#""signature""#),
    (
        "generation",
        "An authority of the hierarchy: the first eight bytes of its key identifier.",
        r#""0123456789abcdef""#,
    ),
    ("certificate", "The certificate of such an authority, in DER.", r#""0123456789abcdef.cer""#),
    (
        "list",
        "A list of such an authority: of a municipality, of authorities, of the platform's own \
         keys; `-delta` for what changed since the last complete one.",
        r#""131016.crl""#,
    ),
    (
        "request",
        "An OCSP request in DER, in base64 with `+`, `/` and `=` escaped as need be.",
        r#""MA0GCSqGSIb3DQEBBQUA""#,
    ),
    ("checkpoint", "Leaves under a checkpoint.", "1"),
    ("level", "The level of a tile of hashes, or `entries` for a bundle of leaves.", r#""0""#),
    ("position", "The place of a tile within its level.", r#""000""#),
    (
        "Sekisho-Purpose",
        "What for. Needed where the caller may do this for more than one purpose.",
        r#""resident_register""#,
    ),
    (
        "Idempotency-Key",
        "A name of the caller's choice, kept for a day: the same request under it is not carried out \
         again but told again, to whom it concerns then, and showing a number again is a reading of \
         its own. Once the day is over the key is forgotten and the request is a new one: look up \
         the act of an answer that is in doubt before repeating it.",
        r#""7f1c2a""#,
    ),
];

const DESCRIPTION: &str = "\
Numbers, resident events, certificates and the ledger of one platform. Callers show a signed token \
(`Authorization: Bearer`), name the purpose of an act where they may have several, and get the id of \
the act back, which can be looked up and proved. Personal numbers never stand in an address. \
Everything that goes wrong is a problem of RFC 9457 with a stable label. To a municipality, people of \
other towns are as absent as nobody (404); what it asked for in vain is an act all the same. Besides the paths here, \
`/tile/…` serves every path of C2SP tlog-tiles, partial tiles and long indexes too.";
