//! What a crash left between intention and outcome is finished, or the case is closed. Reads open
//! intentions; writes their outcomes. Invariants touched: K1, R1.
//!
//! The stored bytes are signed, again if need be: they are the same, so there is one certificate of
//! a serial number whatever was signed before. A case is closed when its holder's data are gone or
//! its time is over; then the serial number goes on the list, in case a signature got out.

use crate::authorities::Authorities;
use crate::certificate_issue::{CertificateAsked, Intended, Issued, Keyed, Signed, conclude, sign};
use crate::certificates::{change, own_permit, tbs_place};
use crate::commit::transact;
use crate::number_ask::{ask_about, permit_about};
use crate::permits::permit;
use crate::platform::Platform;
use crate::work::{Outcome, Work, broken, generation_of, open_key};
use authority::certificate::Change;
use base::{Actor, Label, Moment, Problem, Purpose, labels};
use policy::Action;
use ports::View;
use ports::rows::{CertificateId, CertificateRow, IntentionRow};
use seal::fields;
use std::sync::Arc;

/// What became of open intentions.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Finished {
    /// Certificates that are in force now.
    pub issued: usize,
    /// Cases that were closed without one.
    pub closed: usize,
    /// Cases that are still open: the keys or what is stored of them do not answer as they should.
    pub left: usize,
}

/// Finishes all intentions that are older than `grace_us`; younger ones may be on their way.
pub fn certificate_finish(platform: &Platform, grace_us: i64) -> Result<Finished, Problem> {
    let mut finished = Finished::default();
    let before = platform.clock.now().plus_us(-grace_us);
    let mut after = CertificateId::ZERO;
    loop {
        let page = open_page(platform, after, before)?;
        let Some(last) = page.last else { return Ok(finished) };
        after = last;
        for id in page.ready {
            match finish_one(platform, id) {
                Ok(true) => finished.issued += 1,
                Ok(false) => finished.closed += 1,
                Err(problem) if is_one_of(&problem, &OF_THE_STORE) => return Err(problem),
                Err(problem) => {
                    let (authority, serial, label) = (id.authority, id.serial, problem.label());
                    tracing::error!(authority, serial, label, "a certificate was not finished");
                    finished.left += 1;
                }
            }
        }
    }
}

/// Finishes the case that has this key (SHA-256 of its SubjectPublicKeyInfo), if there is one: the
/// others are left to whoever is at work on them.
pub fn certificate_finish_of(platform: &Platform, key: &[u8; 32]) -> Result<(), Problem> {
    let mut id = None;
    platform.store.snapshot("key_holder", &mut |view| {
        id = view.key_holders(&[*key])?.pop().flatten();
        Ok(())
    })?;
    id.map_or(Ok(()), |id| finish_one(platform, id).map(drop))
}

/// The certificate of an intention, signed now if it was not yet.
pub fn certificate_of(platform: &Platform, id: CertificateId) -> Result<Issued, Problem> {
    let (intended, outcome) = found(platform, id)?;
    if let Some(outcome) = outcome {
        return intended.issued(outcome);
    }
    let mut issued = None;
    let signed = sign(platform, &intended)?;
    transact(platform, |work| {
        issued = Some(conclude(work, &signed)?);
        Ok(())
    })?;
    issued.ok_or_else(|| broken("no certificate"))
}

/// An intention with its signature: the stored one, or one made now. For a case that was closed
/// none is made any more.
pub fn signed(platform: &Platform, id: CertificateId) -> Result<Signed, Problem> {
    let (intended, outcome) = found(platform, id)?;
    match outcome {
        Some(outcome) => intended.signed(outcome),
        None => sign(platform, &intended),
    }
}

/// An intention, opened, and what came of it.
fn found(
    platform: &Platform,
    id: CertificateId,
) -> Result<(Intended, Option<CertificateRow>), Problem> {
    let (mut intended, mut outcome) = (None, None);
    platform.store.snapshot("certificate", &mut |view| {
        outcome = view.certificates(&[id])?.pop().flatten();
        intended = open_in(platform, view, id)?;
        Ok(())
    })?;
    let intended = intended.ok_or_else(|| Problem::new(&labels::CONTENT_ERASED, ""))?;
    Ok((intended, outcome))
}

/// Enters that what came of an earlier application is told again, to whoever may still ask for it.
/// What nothing has come of yet is no reading.
pub fn certificate_again(
    work: &mut Work<'_>,
    actor: &Actor,
    purpose: Purpose,
    (asked, id): (&CertificateAsked, CertificateId),
) -> Result<(), Problem> {
    let action = Action::CertificateIssue;
    let asking = permit(actor, action, purpose, actor.municipality())?;
    let Keyed { content, .. } = Keyed::new(asked.clone());
    ask_about(work, &asking, &asked.whose, &content, |work, person| {
        let permit = permit_about(work, actor, action, purpose, person)?;
        let held = work.certificate(id)?.filter(|held| held.intention.person == person);
        let absent = || Problem::new(&labels::CERTIFICATE_ABSENT, "");
        if held.ok_or_else(absent)?.outcome.is_some() {
            work.record(&permit, Outcome::Read, Some(person), &content)?;
        }
        Ok(())
    })
}

struct Page {
    last: Option<CertificateId>,
    ready: Vec<CertificateId>,
}

fn open_page(platform: &Platform, after: CertificateId, before: Moment) -> Result<Page, Problem> {
    let mut page = Page { last: None, ready: Vec::new() };
    platform.store.snapshot("open_intentions", &mut |view| {
        let open = view.open_intentions(after, PAGE_ROWS)?;
        let heads = view.intention_heads(&open)?;
        page.last = open.last().copied();
        let old = heads.into_iter().flatten().filter(|head| head.not_before <= before);
        page.ready = old.map(|head| head.id).collect();
        Ok(())
    })?;
    Ok(page)
}

/// Whether the case ended with a certificate.
fn finish_one(platform: &Platform, id: CertificateId) -> Result<bool, Problem> {
    let done = certificate_of(platform, id);
    match done {
        Ok(_) => Ok(true),
        Err(problem) if problem.label() == labels::CERTIFICATE_CLOSED.text => Ok(false),
        // Nothing can be signed any more: what it would say is gone, or its time is over.
        Err(problem) if is_one_of(&problem, &CLOSING) => {
            transact(platform, |work| close(work, id, problem.label()))?;
            Ok(false)
        }
        Err(problem) => Err(problem),
    }
}

fn close(work: &mut Work<'_>, id: CertificateId, why: &str) -> Result<(), Problem> {
    let held = work.certificate(id)?.ok_or_else(|| broken("an open intention of nothing"))?;
    if held.outcome.is_some() {
        return Ok(());
    }
    let content = fields::pack(&[&id.authority.to_string(), &id.serial.to_string(), why]);
    let permit = own_permit(Action::CertificateIssue)?;
    change(work, &permit, &held, Change::Abandon, &content).map(|_| ())
}

/// The intention as it was on its way to the key; `None` if the holder's data were disposed of.
pub(crate) fn open_in(
    platform: &Platform,
    view: &mut (impl View + ?Sized),
    id: CertificateId,
) -> Result<Option<Intended>, Problem> {
    let row = view.intentions(&[id])?.pop().flatten();
    let absent = || Problem::new(&labels::CERTIFICATE_ABSENT, "");
    let IntentionRow { head, tbs } = row.ok_or_else(absent)?;
    let issuer = Arc::clone(Authorities::read(view)?.by_id(id.authority)?);
    let Some(key) = view.data_keys(&[head.person])?.pop().flatten() else { return Ok(None) };
    let key = open_key(platform, &key)?;
    let place = tbs_place(id, generation_of(head.key_generation)?);
    let tbs = key.open(&place, &tbs);
    let tbs = tbs.map_err(|refusal| Problem::from_refusal(refusal.label()))?;
    Ok(Some(Intended { id, act: head.act, issuer, tbs }))
}

fn is_one_of(problem: &Problem, labels: &[&Label]) -> bool {
    labels.iter().any(|label| label.text == problem.label())
}

const PAGE_ROWS: usize = 256;

/// What ends a case. Anything else is left to be tried again: to close one for a key store that
/// refuses today would cost the holder the certificate.
const CLOSING: [&Label; 2] = [&labels::CONTENT_ERASED, &labels::CERTIFICATE_CARD_EXPIRED];

/// What any other case would meet now too.
const OF_THE_STORE: [&Label; 3] =
    [&labels::STORE_BUSY, &labels::STORE_FULL, &labels::STORE_UNREACHABLE];
