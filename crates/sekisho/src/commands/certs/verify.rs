//! `sekisho certs verify`: what a certificate is worth. Needs no platform.

use super::super::{Context, read_file};
use crate::cli::CertsVerify;
use crate::output::{Answer, table};
use crate::wiring;
use base::{Moment, Problem, labels};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use x509::path::{
    Accepted, Certificate, Crl, PolicyQuestion, PolicySet, Purpose, Question, Reason, Refusal,
    Revocation, validate,
};
use x509::pem;

/// Says whether a certificate is to be believed.
pub(super) fn verify(context: &Context, asked: &CertsVerify) -> Result<Answer, Problem> {
    let anchors = read_all(&asked.anchors, pem::CERTIFICATE, "anchor", Certificate::parse)?;
    let intermediates =
        read_all(&asked.intermediates, pem::CERTIFICATE, "intermediate", Certificate::parse)?;
    let crls = read_all(&asked.crls, pem::X509_CRL, "crl", Crl::parse)?;
    let mut leaves = read(&asked.leaf, pem::CERTIFICATE, "leaf", Certificate::parse)?;
    // What follows the certificate in its own file is the chain that came with it.
    let leaf = leaves.remove(0);
    let intermediates = [intermediates, leaves].concat();
    let now = wiring::clock(&context.config)?.now();
    let question = Question {
        leaf: &leaf,
        intermediates: &intermediates,
        anchors: &anchors,
        crls: &crls,
        at: asked.time.map_or(now, |time| Moment::from_us(time.as_microsecond())),
        purpose: Purpose::from_word(&asked.purpose).unwrap_or_default(),
        policies: policies(asked)?,
        revocation: revocation(asked),
        limits: x509::path::Limits::default(),
    };
    match validate(&question) {
        Ok(accepted) => Ok(believed(&accepted, &question)),
        Err(refusal) => Err(told(&refusal)),
    }
}

/// The problem of a refusal, with the place in the chain.
fn told(refusal: &Refusal) -> Problem {
    Problem::from_refusal(refusal.label()).detail(refusal.to_string())
}

fn policies(asked: &CertsVerify) -> Result<PolicyQuestion, Problem> {
    let malformed = |_| Problem::new(&labels::REQUEST_MALFORMED, "").in_field("policy");
    let wanted: Result<_, _> = asked.policies.iter().map(|oid| oid.parse()).collect();
    Ok(PolicyQuestion {
        wanted: wanted.map_err(malformed)?,
        // Whoever names a policy wants it; RFC 5280 would take a path without it all the same.
        require_explicit: asked.explicit_policy || !asked.policies.is_empty(),
        inhibit_mapping: asked.inhibit_policy_mapping,
        inhibit_any: asked.inhibit_any_policy,
    })
}

const fn revocation(asked: &CertsVerify) -> Revocation {
    if asked.no_revocation {
        Revocation::None
    } else if asked.revocation_if_present {
        Revocation::IfPresent
    } else {
        Revocation::Required
    }
}

fn believed(accepted: &Accepted<'_>, question: &Question<'_>) -> Answer {
    let at = Moment::from_us(question.at.seconds() * 1_000_000);
    let last = accepted.path.len() - 1;
    let role = |depth: usize| match depth {
        0 => "leaf".to_owned(),
        _ if depth == last => "trust anchor".to_owned(),
        _ => format!("issuer {depth}"),
    };
    let path = accepted.path.iter().enumerate();
    let rows: Vec<Vec<String>> = path
        .map(|(depth, certificate)| {
            vec![
                role(depth),
                hex(certificate.serial()),
                certificate.not_after().to_string(),
                hex(certificate.fingerprint()),
            ]
        })
        .collect();
    let keys = ["role", "serial", "not_after", "sha256"];
    let path: Vec<Value> = rows
        .iter()
        .map(|row| keys.iter().zip(row).map(|(key, cell)| (*key, cell.as_str())).collect())
        .collect();
    let (shown, policies) = match &accepted.policies {
        PolicySet::Any => ("any".to_owned(), json!("any")),
        PolicySet::These(these) if these.is_empty() => ("none".to_owned(), json!([])),
        PolicySet::These(these) => {
            (these.iter().map(String::as_str).collect::<Vec<_>>().join(", "), json!(these))
        }
    };
    let revocation = match question.revocation {
        Revocation::Required => "required",
        Revocation::IfPresent => "if_present",
        Revocation::None => "none",
    };
    let caveat = match question.revocation {
        Revocation::Required => "",
        Revocation::IfPresent => " Revocation was looked at where lists were given, only there.",
        Revocation::None => " Revocation was not looked at.",
    };
    let text = format!(
        "{}\nThe certificate is valid at {at}. Policies: {shown}.{caveat}",
        table(&["path", "serial (hex)", "valid until", "SHA-256"], &rows)
    );
    let answer = json!({
        "accepted": true,
        "time": at.to_string(),
        "revocation": revocation,
        "path": path,
        "policies": policies,
    });
    Answer::good(text, answer)
}

fn read_all<T>(
    files: &[PathBuf],
    label: &str,
    field: &'static str,
    parse: fn(&[u8]) -> Result<T, Refusal>,
) -> Result<Vec<T>, Problem> {
    let mut out = Vec::new();
    for file in files {
        out.extend(read(file, label, field, parse)?);
    }
    Ok(out)
}

/// What a file holds under a label: at least one document.
fn read<T>(
    file: &Path,
    label: &str,
    field: &'static str,
    parse: fn(&[u8]) -> Result<T, Refusal>,
) -> Result<Vec<T>, Problem> {
    let documents = read_documents(file, label, field)?;
    let parsed: Result<_, _> = documents.iter().map(|document| parse(document)).collect();
    parsed.map_err(|refusal: Refusal| {
        let detail = format!("{}: {refusal}", file.display());
        Problem::from_refusal(refusal.label()).in_field(field).detail(detail)
    })
}

/// The documents of a file under a label, in DER. One that holds nothing is told by what it should
/// have been.
pub(super) fn read_documents(
    file: &Path,
    label: &str,
    field: &'static str,
) -> Result<Vec<Vec<u8>>, Problem> {
    let bytes = read_file(file).map_err(|problem| problem.in_field(field))?;
    let wanted = if label == pem::X509_CRL { Reason::CrlMalformed } else { Reason::Malformed };
    let absent = || {
        let shown = file.display().to_string();
        Problem::from_refusal(wanted.label()).in_field(field).detail(shown)
    };
    pem::documents(&bytes, label).ok_or_else(absent)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
