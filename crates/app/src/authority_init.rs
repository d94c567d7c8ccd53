//! A certification authority is founded: a key of its own, and a certificate about itself. Writes
//! the intention, the authority and its first lists. Invariants touched: K1, K2, P1.
//!
//! An authority of a hierarchy that has one already is its next generation: it issues from now on,
//! and the former ones sign lists and answers until their certificates have ended.

use crate::authorities::{Authorities, Authority, stored};
use crate::certificate_issue::check_clock;
use crate::commit::transact;
use crate::delegate;
use crate::meant::{self, Meant, authority_setting};
use crate::permits::permit;
use crate::platform::Platform;
use crate::work::{Outcome, Work, broken};
use authority::CertificateKind;
use authority::profile::{Issuer, OwnContent};
use authority::validity::end_of_day;
use base::{Actor, Moment, Problem, Purpose, labels};
use policy::{Action, Permit};
use ports::rows::{AuthorityRow, Partition, authority_state};
use ports::{KeyKind, KeyLabel};
use std::sync::Arc;
use x509::{Certificate, KeyAlgorithm, PublicKey, Serial};

/// What is to be founded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AuthorityAsked {
    /// What it certifies.
    pub kind: CertificateKind,
    /// What it signs with.
    pub algorithm: KeyAlgorithm,
}

/// An authority that does not exist yet.
struct Plan {
    id: i64,
    generation: i64,
    key: KeyLabel,
}

/// Founds an authority. What a crash left of an earlier try is finished first.
pub fn authority_init(
    platform: &Platform,
    operator: &Actor,
    asked: AuthorityAsked,
) -> Result<Arc<Authority>, Problem> {
    let permit = permit(operator, Action::AuthorityInit, Purpose::Operation, None)?;
    let plan = plan(platform, asked.kind)?;
    let public = public_key(platform, &plan.key, asked.algorithm)?;
    let mut meant = None;
    transact(platform, |work| {
        meant = Some(mean(work, &permit, &plan, (asked.kind, &public))?);
        Ok(())
    })?;
    let meant = meant.ok_or_else(|| broken("no intention"))?;
    let issuer = issuer(platform, asked.kind, &meant, &public)?;
    let certificate = meant.sign(platform, (&plan.key, &issuer))?;
    transact(platform, |work| found(work, &permit, &plan, (asked, issuer.serial, &certificate)))?;
    delegate::renew(platform)?;
    let mut founded = None;
    platform.store.snapshot("authority_init", &mut |view| {
        founded = Some(Arc::clone(Authorities::read(view)?.by_id(plan.id)?));
        Ok(())
    })?;
    founded.ok_or_else(|| broken("no authority"))
}

fn plan(platform: &Platform, kind: CertificateKind) -> Result<Plan, Problem> {
    let mut plan = None;
    platform.store.snapshot("authority_plan", &mut |view| {
        let authorities = view.authorities()?;
        let of_kind = authorities.iter().filter(|row| row.kind == stored(kind));
        let generation = of_kind.map(|row| row.generation).max().unwrap_or(0) + 1;
        let id = authorities.iter().map(|row| row.id).max().unwrap_or(0) + 1;
        let key = format!("ca-{}/{generation}", kind.word()).parse().map_err(Problem::from)?;
        plan = Some(Plan { id, generation, key });
        Ok(())
    })?;
    plan.ok_or_else(|| broken("no plan"))
}

/// The public half of a key, which is made if it is not there.
pub(crate) fn public_key(
    platform: &Platform,
    label: &KeyLabel,
    algorithm: KeyAlgorithm,
) -> Result<PublicKey, Problem> {
    let mut entropy = (platform.entropy)();
    let at = platform.clock.now();
    match platform.keys.generate(label, KeyKind::Sign(algorithm), at, &mut *entropy) {
        Err(problem) if problem.label() == labels::KEY_EXISTS.text => {}
        made => drop(made?),
    }
    let public = platform.keys.public_key(label)?;
    if public.algorithm() != algorithm {
        let detail = format!("{label} was made before, as {}", public.algorithm());
        return Err(Problem::new(&labels::KEY_KIND, detail));
    }
    Ok(public)
}

/// Stores the intention, or finds the one that is stored.
fn mean(
    work: &mut Work<'_>,
    permit: &Permit,
    plan: &Plan,
    (kind, public): (CertificateKind, &PublicKey),
) -> Result<Meant, Problem> {
    let setting = authority_setting(plan.id);
    if work.tx.authorities()?.iter().any(|row| row.id == plan.id) {
        return Err(Problem::new(&labels::AUTHORITY_EXISTS, plan.key.as_str()));
    }
    if let Some(meant) = Meant::read(work.tx, &setting)? {
        let other = || Problem::new(&labels::AUTHORITY_EXISTS, "another is being founded");
        return if meant.key == plan.key { Ok(meant) } else { Err(other()) };
    }
    check_clock(work)?;
    let profile = &work.platform().profile;
    let content = content(work.now(), public)?;
    let tbs = profile.root(&profile.profile.issuer(kind, &content), &content)?;
    let meant = Meant { key: plan.key.clone(), serial: FIRST_SERIAL, tbs };
    meant.keep(work, &setting)?;
    work.record(permit, Outcome::Intended, None, &x509::sha256(&meant.tbs))?;
    Ok(meant)
}

fn content(now: Moment, public: &PublicKey) -> Result<OwnContent, Problem> {
    let last = now.date_in_japan();
    let last = last.with().year(last.year().saturating_add(YEARS)).day(last.day().min(28)).build();
    let last = last.map_err(|_| broken("a date out of range"))?;
    let serial = Serial::try_from(FIRST_SERIAL).map_err(|_| broken("a serial number of zero"))?;
    Ok(OwnContent {
        serial,
        not_before: Moment::from_us(now.seconds() * 1_000_000),
        not_after: end_of_day(last),
        public_key: public.clone(),
    })
}

/// The issuer that the stored intention speaks of.
fn issuer(
    platform: &Platform,
    kind: CertificateKind,
    meant: &Meant,
    public: &PublicKey,
) -> Result<Issuer, Problem> {
    // An intention has no signature yet; read as a certificate with an empty one, it shows itself.
    let shown = x509::assemble(&meant.tbs, public.algorithm(), &[]);
    let unreadable = || broken("a stored intention is no certificate");
    let shown = Certificate::parse(&shown).map_err(|_| unreadable())?;
    let issuer = Issuer::of_certificate(kind, &shown).ok_or_else(unreadable)?;
    if issuer.public_key != *public || issuer.name != *platform.profile.profile.root_name(kind) {
        return Err(broken("a stored intention of another key or name"));
    }
    Ok(issuer)
}

/// Writes the authority and makes its first lists due.
fn found(
    work: &mut Work<'_>,
    permit: &Permit,
    plan: &Plan,
    (asked, serial, certificate): (AuthorityAsked, Serial, &[u8]),
) -> Result<(), Problem> {
    if work.tx.authorities()?.iter().any(|row| row.id == plan.id) {
        return Err(Problem::new(&labels::AUTHORITY_EXISTS, plan.key.as_str()));
    }
    let act = work.record(permit, Outcome::Done, None, &x509::sha256(certificate))?;
    work.keep_authority(AuthorityRow {
        id: plan.id,
        kind: stored(asked.kind),
        generation: plan.generation,
        key_label: plan.key.to_string(),
        algorithm: asked.algorithm.word().to_owned(),
        serial: serial.to_u64().ok_or_else(|| broken("a serial number out of range"))?,
        certificate: certificate.to_vec(),
        state: authority_state::ISSUING,
        act,
    });
    work.make_list_due(Partition { authority: plan.id, municipality: None })?;
    meant::forget(work, &authority_setting(plan.id))
}

/// An authority's own certificate is the first of its counter.
const FIRST_SERIAL: u64 = 1;
/// A holder's certificate ends within six years, so an authority can issue for four.
const YEARS: i16 = 10;
