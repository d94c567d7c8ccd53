//! The certification authorities as anybody sees them: their certificates, and where their lists
//! are. Whoever trusts one should have its fingerprint from somewhere else.

use crate::door::Inside;
use crate::openapi::schema::{hash, integer, list, object, one_of, or_null, text};
use crate::openapi::{Content, Doc, Link};
use crate::reply::Reply;
use crate::request::Ask;
use crate::route::{Access, Handle, Route};
use app::authorities::{Authorities, Authority};
use authority::CertificateKind;
use authority::profile::Partition;
use base::{Problem, labels};
use hyper::Method;
use ports::rows::authority_state;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::sync::Arc;
use x509::KeyAlgorithm;

pub(crate) fn routes() -> Vec<Route> {
    let route = |operation, path, handle, doc| Route {
        operation,
        method: Method::GET,
        path,
        access: Access::Public,
        query: &[],
        handle: Handle::Look(handle),
        doc,
    };
    vec![
        route("authority_list", "/ca", all, all_doc),
        route("authority_certificate", "/ca/{kind}/{certificate}", certificate, certificate_doc),
    ]
}

fn all(inside: &Inside, _: &Ask) -> Result<Reply, Problem> {
    let profile = &inside.state.platform.profile.profile;
    let authorities = authorities(inside)?;
    let told: Vec<_> = authorities.iter().map(|authority| told(authority)).collect();
    let body = json!({ "authorities": told, "list_address": profile.settings().lists });
    Ok(Reply::json(&body).cached(FOR_HALF_A_MINUTE))
}

fn certificate(inside: &Inside, ask: &Ask) -> Result<Reply, Problem> {
    let absent = || Problem::new(&labels::AUTHORITY_ABSENT, "");
    let path = ask.path.join("/");
    let word = path.strip_suffix(".cer").ok_or_else(absent)?;
    let authorities = authorities(inside)?;
    let found = authorities.iter().find(|authority| authority.word() == word);
    let certificate = found.ok_or_else(absent)?.row.certificate.clone();
    Ok(Reply::of(MEDIA_TYPE, certificate).cached(FOR_A_DAY))
}

fn authorities(inside: &Inside) -> Result<Vec<Arc<Authority>>, Problem> {
    let mut found = Vec::new();
    inside.state.platform.store.snapshot("authorities", &mut |view| {
        found = Authorities::read(view)?.iter().cloned().collect();
        Ok(())
    })?;
    Ok(found)
}

fn told(authority: &Authority) -> Value {
    let Authority { row, issuer, .. } = authority;
    let word = authority.word();
    json!({
        "authority": word,
        "kind": authority.kind().word(),
        "generation": row.generation,
        "state": state_word(row.state),
        "algorithm": authority.algorithm().word(),
        "serial": row.serial,
        "not_before": issuer.not_before.to_string(),
        "not_after": issuer.not_after.to_string(),
        "key_identifier": hex(&issuer.public_key.key_identifier()),
        "sha256": hex(&x509::sha256(&row.certificate)),
        "certificate": format!("/ca/{word}.cer"),
        "lists": {
            "authorities": format!("/crl/{}", issuer.list_path(Partition::Authorities)),
            "platform": format!("/crl/{}", issuer.list_path(Partition::Platform)),
            "holders": format!("/crl/{word}/{{municipality}}.crl"),
        },
    })
}

/// The word of an authority's state.
const fn state_word(state: i64) -> &'static str {
    match state {
        authority_state::ISSUING => STATES[0],
        authority_state::REVOKED => STATES[2],
        _ => STATES[1],
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing into a String cannot fail.
        let _ = write!(out, "{byte:02x}");
    }
    out
}

/// Issues; signs lists and answers alone; revoked.
const STATES: [&str; 3] = ["issuing", "retired", "revoked"];
const MEDIA_TYPE: &str = "application/pkix-cert";
const FOR_HALF_A_MINUTE: &str = "public, max-age=30";
/// The bytes under an address never change.
const FOR_A_DAY: &str = "public, max-age=86400, immutable";

/// Hierarchy and generation.
pub(crate) fn authority_word() -> Value {
    text("^(signature|authentication)/[0-9a-f]{16}$")
}

/// An invented one.
pub(crate) const AUTHORITY: &str = "signature/0123456789abcdef";

fn all_doc() -> Doc {
    let kinds = CertificateKind::ALL.map(CertificateKind::word);
    let algorithms =
        [KeyAlgorithm::Rsa2048, KeyAlgorithm::P256, KeyAlgorithm::P384].map(KeyAlgorithm::word);
    let word = || json!({ "type": "string" });
    let moment = || json!({ "type": "string", "format": "date-time" });
    let lists = [("authorities", word()), ("platform", word()), ("holders", word())];
    let authority = object(&[
        ("authority", authority_word()),
        ("kind", one_of(&kinds)),
        ("generation", integer(1)),
        ("state", one_of(&STATES)),
        ("algorithm", one_of(&algorithms)),
        ("serial", integer(1)),
        ("not_before", moment()),
        ("not_after", moment()),
        ("key_identifier", text("^[0-9a-f]{40}$")),
        ("sha256", hash()),
        ("certificate", word()),
        ("lists", object(&lists)),
    ]);
    Doc {
        tag: "certificates",
        summary: "The certification authorities, with the addresses of certificates and lists.",
        body: None,
        answer: Content::json(
            object(&[
                ("authorities", list(&authority)),
                // Certificates name lists below this address; here they are below `/crl`.
                ("list_address", or_null(&word())),
            ]),
            json!({ "authorities": [], "list_address": "http://crl.sekisho.example" }),
        ),
        links: vec![Link::to(
            "authority_certificate",
            "kind",
            "$response.body#/authorities/0/kind",
        )],
    }
}

fn certificate_doc() -> Doc {
    Doc {
        tag: "certificates",
        summary: "The certificate of an authority, in DER.",
        body: None,
        answer: Content { media_type: MEDIA_TYPE, schema: json!({}), example: "".into() },
        links: Vec::new(),
    }
}
