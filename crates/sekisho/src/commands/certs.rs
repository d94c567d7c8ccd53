//! `sekisho certs`: certificates from the request to their end. Who acts is a municipality, for
//! which the operator of the machine stands in as with feeds, or the operator.

mod batch;
mod chart;
mod explain;
mod forecast;
mod lines;
mod results;
mod verify;

use super::{Context, io_at, maintenance::read_code, read_file};
use crate::cli::{By, Certs, CertsEnd, CertsIssue, CertsList, CertsRelease, CertsSave, Form};
use crate::output::{Answer, program, table};
use crate::wiring::Wired;
use app::certificate_ask::{certificate_ask, certificate_of_key};
use app::certificate_end::{Ended, certificate_end, certificate_release};
use app::certificate_finish::{certificate_finish, certificate_finish_of};
use app::certificate_issue::{CertificateAsked, Issued, conclude, intend, sign};
use app::certificate_list::{Listed, certificate_list};
use app::number_ask::Whose;
use authority::CertificateKind;
use authority::certificate::{Card, State};
use authority::trigger::{Effect, Trigger};
use base::{Actor, Problem, Purpose, Remedy, labels};
use numbers::LocalGovernmentCode;
use ports::rows::CertificateId;
use serde_json::{Value, json};
use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use x509::{CertificationRequest, RequestRefusal, pem};

/// Carries out a certificate command.
pub(crate) fn certs(context: &Context, asked: &Certs) -> Result<Answer, Problem> {
    match asked {
        Certs::Verify(asked) => verify::verify(context, asked),
        Certs::Issue(asked) => issue(context, asked),
        Certs::Batch(asked) => batch::batch(context, asked),
        Certs::End(asked) => end(context, asked),
        Certs::Release(asked) => release(context, asked),
        Certs::List(asked) => list(context, asked),
        Certs::Save(asked) => save(context, asked),
        Certs::Forecast(asked) => forecast::forecast(context, asked),
        Certs::Finish => finish(context),
        Certs::Lists => lists(context),
        Certs::Explain(asked) => explain::explain(context, asked),
    }
}

fn issue(context: &Context, asked: &CertsIssue) -> Result<Answer, Problem> {
    let actor = Actor::Municipality(municipality(&asked.municipality)?);
    let wanted = CertificateAsked {
        kind: asked.kind.into(),
        whose: Whose::Code(read_code(&asked.code).map_err(|problem| problem.in_field("code"))?),
        key: read_request(&asked.request)?.into_key(),
        card: Card { end: asked.card_end, has_pins: !asked.without_pins },
        is_ward: asked.ward,
        algorithm: asked.algorithm.map(Into::into),
    };
    // Before anything is issued: an answer that finds no place would be lost.
    let out = asked.out.as_deref().and_then(file);
    out.map_or(Ok(()), has_place)?;
    let wired = context.open_for_change()?;
    let issued = match issue_now(&wired, &actor, &wanted) {
        Err(problem) if problem.label() == labels::CERTIFICATE_KEY_USED.text => {
            again(&wired, actor, wanted)?.ok_or(problem).map(|issued| (issued, true))
        }
        issued => issued.map(|issued| (issued, false)),
    };
    let answer =
        issued.and_then(|(issued, repeated)| handed_over(&issued, repeated, (out, asked.form)));
    match (answer, out, make_lists(&wired)) {
        (Ok(answer), Some(_), Err(problem)) => Err(adding(problem, &answer.text)),
        (answer, _, Err(problem)) => {
            let (label, detail) = (problem.label(), problem.detail_text());
            tracing::warn!(label, detail, "not all lists are made");
            answer
        }
        (answer, _, Ok(())) => answer,
    }
}

/// Makes the lists that are due and publishes what is committed, one whatever becomes of the other.
fn make_lists(wired: &Wired) -> Result<(), Problem> {
    let made = wired.lists().make_due();
    wired.publish()?;
    made.map(drop)
}

/// The same for a change that was committed before.
fn make_lists_of_change(wired: &Wired) -> Result<(), Problem> {
    make_lists(wired).map_err(|problem| adding(problem, "the change is on record"))
}

/// A problem that tells what is so nevertheless.
fn adding(problem: Problem, so: &str) -> Problem {
    let detail = match problem.detail_text() {
        "" => so.to_owned(),
        told => format!("{told}; {so}"),
    };
    problem.detail(detail)
}

fn issue_now(wired: &Wired, actor: &Actor, wanted: &CertificateAsked) -> Result<Issued, Problem> {
    let (actor, wanted) = (actor.clone(), wanted.clone());
    let intended = wired.act(move |work| intend(work, &actor, Purpose::Certification, &wanted))?;
    let signed = sign(&wired.platform, &intended)?;
    wired.act(move |work| conclude(work, &signed))
}

/// The certificate in force that this key has, if it is the one that is asked for: what asks again
/// may have lost the answer.
fn again(wired: &Wired, actor: Actor, wanted: CertificateAsked) -> Result<Option<Issued>, Problem> {
    let CertificateAsked { whose, kind, key, .. } = wanted;
    let key = x509::sha256(&key.public_key().to_spki());
    let ask = move || {
        let (actor, whose) = (actor.clone(), whose.clone());
        wired.act(move |work| {
            certificate_of_key(work, &actor, Purpose::Certification, (&whose, kind, &key))
        })
    };
    let mut told = ask();
    if told.as_ref().is_err_and(|it| it.label() == labels::CERTIFICATE_UNREADY.text) {
        certificate_finish_of(&wired.platform, &key)?;
        told = ask();
    }
    match told {
        Ok((id, told)) => Ok(Some(Issued { id, act: told.act, certificate: told.certificate })),
        Err(problem) if matches!(problem.remedy(), Remedy::Broken | Remedy::Again) => Err(problem),
        Err(_) => Ok(None),
    }
}

/// Puts an issued certificate where it is wanted.
fn handed_over(
    issued: &Issued,
    repeated: bool,
    (out, form): (Option<&Path>, Form),
) -> Result<Answer, Problem> {
    let (id, act) = (issued.id, issued.act);
    let CertificateId { authority, serial } = id;
    let written = put(out, form, &issued.certificate).map_err(|problem| {
        let so = format!(
            "the certificate is issued: `{} certs save --authority {authority} --serial {serial} \
             FILE`",
            program()
        );
        adding(problem, &so)
    })?;
    let mut answer =
        json!({ "authority": authority, "serial": serial, "act": act.0, "repeated": repeated });
    Ok(match (written, out) {
        (None, Some(file)) => {
            answer["file"] = json!(file);
            let how = if repeated { "issued before and told again" } else { "issued" };
            let told = format!("certificate {serial} of authority {authority}, {how} as act {act}");
            Answer::good(format!("{told}, is in {}", file.display()), answer)
        }
        (text, _) => {
            let text = text.unwrap_or_default();
            answer["certificate"] = json!(text);
            Answer::good(text, answer)
        }
    })
}

fn end(context: &Context, asked: &CertsEnd) -> Result<Answer, Problem> {
    let actor = actor(context, &asked.about.by)?;
    let whose = Whose::Code(read_code(&asked.about.code)?);
    let trigger = Trigger::from_word(&asked.trigger);
    let trigger = trigger.ok_or_else(|| Problem::new(&labels::REQUEST_MALFORMED, ""))?;
    let wired = context.open_for_change()?;
    let ended = wired.act(move |work| {
        certificate_end(work, &actor, Purpose::Certification, (&whose, trigger))
    })?;
    make_lists_of_change(&wired)?;
    told(&wired, &ended, |kind| trigger.effect(kind))
}

fn release(context: &Context, asked: &CertsRelease) -> Result<Answer, Problem> {
    let actor = Actor::Municipality(municipality(&asked.municipality)?);
    let whose = Whose::Code(read_code(&asked.code)?);
    let kind = asked.kind.into();
    let wired = context.open_for_change()?;
    let released = wired.act(move |work| {
        certificate_release(work, &actor, Purpose::Certification, (&whose, kind))
    })?;
    make_lists_of_change(&wired)?;
    told(&wired, &[released], |_| None)
}

/// What became of certificates, each with its act.
fn told(
    wired: &Wired,
    ended: &[Ended],
    effect: impl Fn(CertificateKind) -> Option<Effect>,
) -> Result<Answer, Problem> {
    let authorities = super::ca::read(wired)?;
    let (mut rows, mut facts) = (Vec::new(), Vec::new());
    for (id, act) in ended {
        let kind = authorities.iter().find(|one| one.id() == id.authority).map(|one| one.kind());
        let state = match kind.and_then(&effect) {
            None => State::Released,
            Some(Effect::Hold) => State::Held,
            Some(Effect::Revoke(reason)) => State::Revoked(reason),
        };
        let (kind, reason) = (kind.map_or("", CertificateKind::word), reason_of(state));
        rows.push(vec![
            id.authority.to_string(),
            id.serial.to_string(),
            kind.to_owned(),
            state.word().to_owned(),
            reason.unwrap_or_default().to_owned(),
            act.to_string(),
        ]);
        facts.push(json!({
            "authority": id.authority,
            "serial": id.serial,
            "kind": kind,
            "state": state.word(),
            "reason": reason,
            "act": act.0,
        }));
    }
    let text = table(&["authority", "serial", "kind", "now", "reason", "act"], &rows);
    Ok(Answer::good(format!("{text}\nThe revocation lists tell it now."), facts.into()))
}

fn list(context: &Context, asked: &CertsList) -> Result<Answer, Problem> {
    let actor = actor(context, &asked.about.by)?;
    let whose = Whose::Code(read_code(&asked.about.code)?);
    let wired = context.open_for_change()?;
    let told =
        wired.act(move |work| certificate_list(work, &actor, Purpose::Certification, &whose))?;
    let header =
        ["authority", "serial", "kind", "from", "until", "state", "since", "reason", "act"];
    let rows: Vec<_> = told.certificates.iter().map(row_of).collect();
    let certificates: Vec<_> = told.certificates.iter().map(facts_of).collect();
    let answer = json!({ "act": told.act.0, "certificates": certificates });
    Ok(Answer::good(table(&header, &rows), answer))
}

fn row_of(facts: &Listed) -> Vec<String> {
    vec![
        facts.id.authority.to_string(),
        facts.id.serial.to_string(),
        facts.kind.to_string(),
        facts.not_before.to_string(),
        facts.not_after.to_string(),
        facts.state.word().to_owned(),
        facts.since.to_string(),
        reason_of(facts.state).unwrap_or_default().to_owned(),
        facts.act.to_string(),
    ]
}

fn facts_of(facts: &Listed) -> Value {
    json!({
        "authority": facts.id.authority,
        "serial": facts.id.serial,
        "kind": facts.kind.word(),
        "not_before": facts.not_before.to_string(),
        "not_after": facts.not_after.to_string(),
        "state": facts.state.word(),
        "since": facts.since.to_string(),
        "reason": reason_of(facts.state),
        "act": facts.act.0,
    })
}

const fn reason_of(state: State) -> Option<&'static str> {
    match state {
        State::Revoked(reason) => Some(reason.word()),
        _ => None,
    }
}

fn save(context: &Context, asked: &CertsSave) -> Result<Answer, Problem> {
    let actor = actor(context, &asked.by)?;
    let id = CertificateId { authority: asked.authority, serial: asked.serial };
    let out = file(&asked.out);
    out.map_or(Ok(()), has_place)?;
    let wired = context.open_for_change()?;
    let told = wired.act(move |work| certificate_ask(work, &actor, Purpose::Certification, id))?;
    let written = put(out, asked.form, &told.certificate)?;
    let text = written.unwrap_or_else(|| format!("saved, as act {}", told.act));
    Ok(Answer::good(text, json!({ "act": told.act.0, "file": out })))
}

fn finish(context: &Context) -> Result<Answer, Problem> {
    let wired = context.open_for_change()?;
    let finished = certificate_finish(&wired.platform, 0)?;
    wired.publish()?;
    let rows = [
        ("issued", finished.issued),
        ("closed without one", finished.closed),
        ("still open", finished.left),
    ]
    .map(|(what, count)| super::counted(count as u64, what));
    let answer = json!({
        "issued": finished.issued,
        "closed": finished.closed,
        "left": finished.left,
    });
    Ok(Answer::good(table(&["certificates", ""], &rows), answer).holds_if(finished.left == 0))
}

fn lists(context: &Context) -> Result<Answer, Problem> {
    let wired = context.open_for_change()?;
    let lists = wired.lists();
    // What is wrong with one of them keeps no other from being made and told.
    let (missing, made) = (lists.recover(), lists.make_due());
    wired.publish()?;
    let (missing, made) = (missing?, made?);
    let folder = context.config.data().join("crl");
    let text =
        format!("{made} lists made, {missing} of them missing before, in {}", folder.display());
    Ok(Answer::good(text, json!({ "made": made, "missing": missing, "directory": folder })))
}

/// Who acts.
fn actor(context: &Context, by: &By) -> Result<Actor, Problem> {
    match &by.municipality {
        Some(code) => municipality(code).map(Actor::Municipality),
        None => context.operator(by.acting.operator.as_deref()),
    }
}

fn municipality(code: &str) -> Result<LocalGovernmentCode, Problem> {
    code.parse().map_err(|refusal: numbers::NumberRefusal| {
        Problem::from_refusal(refusal.label()).in_field("municipality")
    })
}

/// A request in PEM or DER, whose key is its holder's.
fn read_request(path: &Path) -> Result<CertificationRequest, Problem> {
    let bytes = read_file(path).map_err(|problem| problem.in_field("request"))?;
    let read = match std::str::from_utf8(&bytes) {
        // DER begins with the tag of a SEQUENCE, which is a digit in text: 0.
        Ok(text) if !text.starts_with('0') => CertificationRequest::from_pem(text),
        _ => CertificationRequest::parse(&bytes),
    };
    read.map_err(|refusal: RequestRefusal| {
        Problem::from_refusal(refusal.label()).in_field("request")
    })
}

/// Puts a certificate into a file for its owner only. Without a file, or for standard output, the
/// text of it comes back; in DER it is written there.
fn put(out: Option<&Path>, form: Form, der: &[u8]) -> Result<Option<String>, Problem> {
    let text = match form {
        Form::Pem => Some(pem::encode(pem::CERTIFICATE, der)),
        Form::Der => None,
    };
    let Some(path) = out else {
        if text.is_none() {
            let mut stream = crate::output::Stream::open();
            let written = stream.write_all(der).map_err(Problem::from_io);
            stream.end(written)?;
        }
        return Ok(Some(text.unwrap_or_default()));
    };
    let bytes = text.as_deref().map_or(der, str::as_bytes);
    let mut options = fs::OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).mode(0o600).open(path);
    let written = file.and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
    written.map_err(|error| io_at(path)(error).in_field("out"))?;
    Ok(None)
}

/// The file of a path, unless standard output is meant.
fn file(out: &Path) -> Option<&Path> {
    (out != Path::new("-")).then_some(out)
}

/// Refuses a file that cannot be made where it is wanted.
fn has_place(path: &Path) -> Result<(), Problem> {
    let above = path.parent().filter(|above| *above != Path::new("")).unwrap_or(Path::new("."));
    let found = fs::metadata(above).map_err(|error| io_at(above)(error).in_field("out"))?;
    if found.is_dir() && !path.is_dir() {
        return Ok(());
    }
    Err(Problem::new(&labels::PATH_ABSENT, path.display().to_string()).in_field("out"))
}
