//! What a crash left between intention and outcome is finished, or the case is closed. Reads open
//! intentions; writes their outcomes. Invariants touched: K1, R1.
//!
//! The stored bytes are signed, again if need be: they are the same, so there is one certificate of
//! a serial number whatever was signed before. A case is closed when its holder's data are gone or
//! its time is over; then the serial number goes on the list, in case a signature got out.

use crate::authorities::Authorities;
use crate::certificate_issue::{CertificateAsked, Intended, Issued, conclude, sign};
use crate::certificate_issue::{asked_content, key_digest};
use crate::certificates::{change, own_permit, tbs_place};
use crate::commit::transact;
use crate::number_ask::{ask_about, permit_about};
use crate::permits::permit;
use crate::platform::Platform;
use crate::work::{Outcome, Work, broken, generation_of, open_key};
use authority::certificate::Change;
use base::{Actor, Moment, Problem, Purpose, Remedy, labels};
use policy::Action;
use ports::View;
use ports::rows::{CertificateId, IntentionRow};
use seal::fields;
use std::sync::Arc;

/// What became of open intentions.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Finished {
    /// Certificates that are in force now.
    pub issued: usize,
    /// Cases that were closed without one.
    pub closed: usize,
    /// Cases that are still open: the keys cannot be reached.
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
                Err(problem) if problem.remedy() == Remedy::Again => finished.left += 1,
                Err(problem) => return Err(problem),
            }
        }
    }
}

/// The certificate of an intention, signed now if it was not yet.
pub fn certificate_of(platform: &Platform, id: CertificateId) -> Result<Issued, Problem> {
    let (intended, signature) = signed(platform, id)?;
    let mut issued = None;
    transact(platform, |work| {
        issued = Some(conclude(work, &intended, &signature)?);
        Ok(())
    })?;
    issued.ok_or_else(|| broken("no certificate"))
}

/// An intention with its signature: the stored one, or one made now.
pub fn signed(platform: &Platform, id: CertificateId) -> Result<(Intended, Vec<u8>), Problem> {
    let intended = reopen(platform, id)?;
    let intended = intended.ok_or_else(|| Problem::new(&labels::CONTENT_ERASED, ""))?;
    let signature = match stored_signature(platform, id)? {
        Some(signature) => signature,
        None => sign(platform, &intended)?,
    };
    Ok((intended, signature))
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
    let content = asked_content(asked, &key_digest(asked));
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
        Err(problem) if matches!(problem.remedy(), Remedy::Refused | Remedy::Absent) => {
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
pub(crate) fn reopen(platform: &Platform, id: CertificateId) -> Result<Option<Intended>, Problem> {
    let mut found = None;
    platform.store.snapshot("intention", &mut |view| {
        found = open_in(platform, view, id)?;
        Ok(())
    })?;
    Ok(found)
}

/// The same on a view.
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
    let key = open_key(platform, &platform.names.kek, &key)?;
    let place = tbs_place(id, generation_of(head.key_generation)?);
    let tbs = key.open(&place, &tbs);
    let tbs = tbs.map_err(|refusal| Problem::from_refusal(refusal.label()))?;
    Ok(Some(Intended { id, act: head.act, issuer, tbs }))
}

fn stored_signature(platform: &Platform, id: CertificateId) -> Result<Option<Vec<u8>>, Problem> {
    let mut found = None;
    platform.store.snapshot("signature", &mut |view| {
        found = view.certificates(&[id])?.pop().flatten().and_then(|row| row.signature);
        Ok(())
    })?;
    Ok(found)
}

const PAGE_ROWS: usize = 256;
