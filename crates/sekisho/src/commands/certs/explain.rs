//! `sekisho certs explain`: why a certificate is not valid, in plain words. By files alone, or with
//! what the platform of the data directory knows; asking that is an act of the operator's.

use super::super::Context;
use crate::cli::{CertsExplain, Language};
use crate::output::Answer;
use crate::wiring::SystemClock;
use app::certificate_explain::{ExplainAsked, certificate_explain};
use authority::CertificateKind;
use authority::explain::{Files, Reason, explain_files};
use base::{ActId, Clock, Moment, Problem, Purpose, labels};
use serde_json::{Value, json};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use x509::pem;
use zeroize::Zeroizing;

/// Explains a certificate.
pub(crate) fn explain(context: &Context, asked: &CertsExplain) -> Result<Answer, Problem> {
    let file = read(&asked.file, "file")?;
    // What is no PEM is taken as it is: that it is no certificate is an answer too.
    let der = pem::documents(&file, pem::CERTIFICATE).and_then(|all| all.into_iter().next());
    let der = Zeroizing::new(der.unwrap_or(file));
    let wanted = asked.wanted.as_deref().and_then(CertificateKind::from_word);
    let by_files = asked.offline
        || asked.at.is_some()
        || !asked.anchors.is_empty()
        || !asked.crls.is_empty()
        || !context.config.data().join("keys").join("keystore").exists();
    if !by_files {
        return with_platform(context, asked, der, wanted);
    }
    let anchors = all(&asked.anchors, pem::CERTIFICATE, "anchor")?;
    let lists = all(&asked.crls, pem::X509_CRL, "crl")?;
    let now = asked.at.map_or_else(|| SystemClock.now(), |at| Moment::from_us(at.as_microsecond()));
    let files = Files { certificate: &der, anchors: &anchors, lists: &lists };
    let reasons = explain_files(&files, wanted, now);
    Ok(told(&reasons, (now, asked.language), None))
}

fn with_platform(
    context: &Context,
    asked: &CertsExplain,
    file: Zeroizing<Vec<u8>>,
    wanted: Option<CertificateKind>,
) -> Result<Answer, Problem> {
    let wired = context.open_for_change()?;
    let operator = context.operator(asked.acting.operator.as_deref())?;
    let question = ExplainAsked { file, wanted };
    let purpose = Purpose::Certification;
    let explained =
        wired.act(move |work| certificate_explain(work, &operator, purpose, &question))?;
    let now = wired.platform.clock.now();
    Ok(told(&explained.reasons, (now, asked.language), Some(explained.act)))
}

fn told(
    reasons: &[Reason],
    (at, language): (Moment, Option<Language>),
    act: Option<ActId>,
) -> Answer {
    let mut lines = Vec::new();
    if language != Some(Language::Ja) {
        lines.push(match reasons {
            [] => format!("Nothing stands against the certificate at {at}."),
            _ => format!("The certificate is not valid at {at}:"),
        });
        lines.extend(reasons.iter().map(|reason| format!("- {}", reason.english())));
    }
    if language != Some(Language::En) {
        lines.push(match reasons {
            [] => "この電子証明書は有効です。".to_owned(),
            _ => "この電子証明書は有効ではありません。".to_owned(),
        });
        lines.extend(reasons.iter().map(|reason| format!("・{}", reason.japanese())));
    }
    let reasons_json: Vec<Value> = reasons
        .iter()
        .map(|reason| {
            json!({
                "label": reason.label(),
                "text": reason.english(),
                "text_ja": reason.japanese(),
            })
        })
        .collect();
    let answer = json!({
        "valid": reasons.is_empty(),
        "time": at.to_string(),
        "reasons": reasons_json,
        "act": act.map(|act| act.0),
    });
    Answer::good(lines.join("\n"), answer).holds_if(reasons.is_empty())
}

fn all(files: &[PathBuf], label: &str, field: &'static str) -> Result<Vec<Vec<u8>>, Problem> {
    let mut out = Vec::new();
    for file in files {
        let found = super::verify::documents(&read(file, field)?, label);
        out.extend(found.map_err(|problem| problem.in_field(field))?);
    }
    Ok(out)
}

fn read(file: &Path, field: &'static str) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    let read = if file == Path::new("-") {
        std::io::stdin().take(FILE_BYTES_MAX).read_to_end(&mut bytes).map(|_| bytes)
    } else {
        std::fs::read(file)
    };
    read.map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            Problem::new(&labels::PATH_ABSENT, file.display().to_string()).in_field(field)
        }
        _ => Problem::from_io(error).in_field(field),
    })
}

/// What is read of standard input: more than any certificate has.
const FILE_BYTES_MAX: u64 = 1 << 20;
