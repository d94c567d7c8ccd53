//! Certificates in bodies: shown as DER in base64, or named by issuer and serial number; and what
//! goes with every answer to a verifier.

use crate::body::{Fields, refused};
use crate::openapi::schema::{integer, list, object, one_of, text};
use app::CertificateNamed;
use authority::CertificateKind;
use authority::verifier::consent::key_identifier;
use authority::verifier::{Duty, Keeping, Right, VerifierKind};
use base::Problem;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

/// The members that [`named`] reads.
pub(crate) const NAMED: [&str; 3] = ["certificate", "issuer", "serial"];

/// Which certificate is meant: `certificate`, or `issuer` and `serial`.
pub(crate) fn named(fields: &Fields) -> Result<CertificateNamed, Problem> {
    match (fields.text("certificate")?, fields.text("issuer")?, fields.whole("serial")?) {
        (Some(_), None, None) => {
            let der = base64_of(fields, "certificate")?;
            CertificateNamed::shown(der).map_err(|problem| problem.in_field("certificate"))
        }
        (None, Some(issuer), Some(serial)) => {
            let issuer = key_identifier(issuer)
                .ok_or_else(|| refused("40 hexadecimal digits").in_field("issuer"))?;
            Ok(CertificateNamed::Number { issuer, serial })
        }
        _ => Err(refused("show a certificate, or name issuer and serial")),
    }
}

/// Bytes in base64, with padding.
pub(crate) fn base64_of(fields: &Fields, name: &'static str) -> Result<Vec<u8>, Problem> {
    let text = fields.needed(name)?;
    STANDARD.decode(text).map_err(|_| refused("not base64").in_field(name))
}

/// What a verifier owes for an answer, and how long it may keep what it is told.
pub(crate) fn owed(kind: VerifierKind, right: Right) -> Value {
    let duty = |duty: &Duty| {
        json!({
            "duty": duty.word(),
            "article": duty.article(),
            "text": duty.english(),
            "text_ja": duty.japanese(),
        })
    };
    let keeping = |keeping: &Keeping| {
        json!({
            "keeping": keeping.word(),
            "text": keeping.english(),
            "text_ja": keeping.japanese(),
        })
    };
    json!({
        "duties": kind.duties(right).iter().map(duty).collect::<Vec<_>>(),
        "keeping": right.keeping().iter().map(keeping).collect::<Vec<_>>(),
    })
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The two shapes that [`named`] reads, each with these members besides.
pub(crate) fn named_shapes(besides: &[(&str, Value)]) -> Value {
    let shown = crate::openapi::schema::object_with(&[("certificate", base64_shape())], besides);
    let number = [("issuer", issuer_shape()), ("serial", integer(1))];
    let number = crate::openapi::schema::object_with(&number, besides);
    json!({ "oneOf": [shown, number] })
}

pub(crate) fn issuer_shape() -> Value {
    text("^[0-9a-f]{40}$")
}

pub(crate) fn base64_shape() -> Value {
    json!({ "type": "string", "minLength": 1, "maxLength": 16_384 })
}

/// A service provider that a platform operator asks for.
pub(crate) fn provider_shape() -> Value {
    text("^[a-z0-9._-]{1,64}$")
}

pub(crate) fn kind_shape() -> Value {
    one_of(&CertificateKind::ALL.map(CertificateKind::word))
}

/// The shape of [`owed`].
pub(crate) fn owed_shape() -> Value {
    let words = Duty::ALL.map(Duty::word);
    let sentence = || json!({ "type": "string" });
    let duty = object(&[
        ("duty", one_of(&words)),
        ("article", sentence()),
        ("text", sentence()),
        ("text_ja", sentence()),
    ]);
    let keeping = object(&[
        ("keeping", one_of(&Keeping::ALL.map(Keeping::word))),
        ("text", sentence()),
        ("text_ja", sentence()),
    ]);
    object(&[("duties", list(&duty)), ("keeping", list(&keeping))])
}

/// An invented authority's key identifier.
pub(crate) const ISSUER: &str = "5f3a1c0de9b2847766554433221100ffeeddccbb";
