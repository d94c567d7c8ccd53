//! `sekisho certs explain`: why a certificate is not valid, in plain words. By files alone, or with
//! what the platform of the data directory knows; asking that is an act of the operator's.

use super::super::{Context, read_file};
use super::verify::read_documents;
use crate::cli::{CertsExplain, Language};
use crate::output::Answer;
use crate::wiring;
use app::certificate_explain::{ExplainAsked, certificate_explain};
use authority::CertificateKind;
use authority::explain::{Files, Reason, Verdict, explain_files};
use base::{ActId, Moment, Problem, Purpose};
use serde_json::{Value, json};
use std::path::PathBuf;
use x509::pem;
use zeroize::Zeroizing;

/// Explains a certificate.
pub(crate) fn explain(context: &Context, asked: &CertsExplain) -> Result<Answer, Problem> {
    let file = read_file(&asked.file).map_err(|problem| problem.in_field("file"))?;
    // What is no PEM is taken as it is: that it is no certificate is an answer too.
    let der = pem::documents(&file, pem::CERTIFICATE).and_then(|all| all.into_iter().next());
    let der = Zeroizing::new(der.unwrap_or(file));
    let wanted = asked.wanted.as_deref().and_then(CertificateKind::from_word);
    let by_files = asked.offline
        || asked.at.is_some()
        || !asked.anchors.is_empty()
        || !asked.crls.is_empty()
        || !wiring::has_keystore(&context.config);
    if !by_files {
        return with_platform(context, asked, der, wanted);
    }
    let anchors = all(&asked.anchors, pem::CERTIFICATE, "anchor")?;
    let lists = all(&asked.crls, pem::X509_CRL, "crl")?;
    let now = wiring::clock(&context.config)?.now();
    let now = asked.at.map_or(now, |at| Moment::from_us(at.as_microsecond()));
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
    let verdict = Verdict::of(reasons);
    let mut lines = Vec::new();
    if language != Some(Language::Ja) {
        lines.push(verdict.english(at));
        lines.extend(reasons.iter().map(|reason| format!("- {}", reason.english())));
    }
    if language != Some(Language::En) {
        lines.push(verdict.japanese(at));
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
        "verdict": verdict.word(),
        "time": at.to_string(),
        "reasons": reasons_json,
        "act": act.map(|act| act.0),
    });
    Answer::good(lines.join("\n"), answer).holds_if(reasons.is_empty())
}

fn all(files: &[PathBuf], label: &str, field: &'static str) -> Result<Vec<Vec<u8>>, Problem> {
    let mut out = Vec::new();
    for file in files {
        out.extend(read_documents(file, label, field)?);
    }
    Ok(out)
}
