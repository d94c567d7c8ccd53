//! `sekisho certs verify`: what a certificate is worth. Needs no platform.

use crate::cli::CertsVerify;
use crate::output::{Answer, table};
use crate::wiring::SystemClock;
use base::{Clock, Moment, Problem, labels};
use serde_json::{Value, json};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use x509::path::{
    Accepted, Certificate, Crl, PolicyQuestion, PolicySet, Purpose, Question, Reason, Refusal,
    Revocation, validate,
};
use x509::pem;

/// Says whether a certificate is to be believed.
pub(super) fn verify(asked: &CertsVerify) -> Result<Answer, Problem> {
    let anchors = read_all(&asked.anchors, pem::CERTIFICATE, "anchor", Certificate::parse)?;
    let intermediates =
        read_all(&asked.intermediates, pem::CERTIFICATE, "intermediate", Certificate::parse)?;
    let crls = read_all(&asked.crls, pem::X509_CRL, "crl", Crl::parse)?;
    let mut leaves = read(&asked.leaf, pem::CERTIFICATE, "leaf", Certificate::parse)?;
    // What follows the certificate in its own file is the chain that came with it.
    let leaf = leaves.remove(0);
    let intermediates = [intermediates, leaves].concat();
    let question = Question {
        leaf: &leaf,
        intermediates: &intermediates,
        anchors: &anchors,
        crls: &crls,
        at: asked
            .time
            .map_or_else(|| SystemClock.now(), |time| Moment::from_us(time.as_microsecond())),
        purpose: Purpose::from_word(&asked.purpose).unwrap_or_default(),
        policies: policies(asked)?,
        revocation: revocation(asked),
        limits: x509::path::Limits::default(),
    };
    match validate(&question) {
        Ok(accepted) => Ok(believed(&accepted, question.at)),
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
        require_explicit: asked.explicit_policy,
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

fn believed(accepted: &Accepted<'_>, at: Moment) -> Answer {
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
    let text = format!(
        "{}\nThe certificate is valid at {at}. Policies: {shown}.",
        table(&["path", "serial", "valid until", "SHA-256"], &rows)
    );
    let answer = json!({
        "accepted": true,
        "time": at.to_string(),
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
    let bytes = std::fs::read(file).map_err(|error| match error.kind() {
        ErrorKind::NotFound => Problem::new(&labels::PATH_ABSENT, file.display().to_string()),
        _ => Problem::from_io(error),
    });
    let bytes = bytes.map_err(|problem| problem.in_field(field))?;
    let found = documents(&bytes, label).map_err(|problem| problem.in_field(field))?;
    let refused = |refusal: Refusal| told(&refusal).in_field(field);
    found.iter().map(|document| parse(document)).collect::<Result<_, _>>().map_err(refused)
}

/// What a file holds under a label. One that holds nothing is told by what it should have been.
pub(super) fn documents(file: &[u8], label: &str) -> Result<Vec<Vec<u8>>, Problem> {
    let wanted = if label == pem::X509_CRL { Reason::CrlMalformed } else { Reason::Malformed };
    pem::documents(file, label).ok_or_else(|| Problem::from_refusal(wanted.label()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
