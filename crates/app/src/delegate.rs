//! Keys that an authority lets act for it: responders of OCSP, and the platform's time stamps.
//!
//! They renew themselves: while one is good, the next is made. Each has a key of its own, an
//! intention and two acts, as every certificate.

use crate::authorities::{Authorities, Authority};
use crate::authority_init::public_key;
use crate::certificate_issue::check_clock;
use crate::commit::transact;
use crate::meant::{self, Meant, delegate_setting};
use crate::permits::permit;
use crate::platform::Platform;
use crate::work::{Outcome, Work, broken};
use authority::CertificateKind;
use authority::profile::{Form, OwnContent};
use base::{Actor, Moment, Problem, Purpose};
use policy::Action;
use ports::rows::{DelegateKey, DelegateRow, authority_state, delegate_purpose};
use ports::{KeyLabel, View};
use std::sync::Arc;
use x509::{Certificate, PublicKey, Serial};

/// A delegate, opened.
#[derive(Clone, Debug)]
pub struct Delegate {
    /// Its row.
    pub row: DelegateRow,
    /// Its key.
    pub key: KeyLabel,
    /// The public half.
    pub public: PublicKey,
    not_before: Moment,
}

impl Delegate {
    pub(crate) fn open(row: DelegateRow) -> Result<Self, Problem> {
        let unreadable = || broken("a delegate's certificate does not parse");
        let certificate = Certificate::parse(&row.certificate).map_err(|_| unreadable())?;
        let public = certificate.public_key().map_err(|_| unreadable())?;
        let not_before = certificate.not_before();
        let key = row.key_label.parse().map_err(|_| broken("a delegate without a key label"))?;
        Ok(Self { row, key, public, not_before })
    }

    /// Whether it may act now.
    pub fn is_valid(&self, now: Moment) -> bool {
        self.not_before <= now && now <= self.row.not_after
    }
}

/// Makes the delegates that are missing or end soon; how many there were to make.
pub fn renew(platform: &Platform) -> Result<usize, Problem> {
    let mut wanted = Vec::new();
    let now = platform.clock.now();
    platform.store.snapshot("delegates_wanted", &mut |view| {
        wanted.clear();
        for authority in Authorities::read(view)?.iter() {
            for (purpose, form) in purposes_of(authority) {
                wanted.extend(want(view, authority, (*purpose, *form), now)?);
            }
        }
        Ok(())
    })?;
    wanted.iter().try_for_each(|wanted| make(platform, wanted))?;
    Ok(wanted.len())
}

/// Whether a key of this name is a delegate's.
pub(crate) fn is_ones_key(label: &KeyLabel) -> bool {
    let name = label.name();
    [OCSP, TIME_STAMP]
        .iter()
        .filter_map(|word| name.strip_prefix(word)?.strip_prefix('-'))
        .any(|authority| authority.parse::<u16>().is_ok())
}

/// A delegate to be made.
struct Wanted {
    authority: Arc<Authority>,
    purpose: i64,
    form: Form,
    key: KeyLabel,
}

/// Every authority answers OCSP as long as its certificates can be asked for; the newest one of
/// signatures stamps the time.
fn purposes_of(authority: &Authority) -> &'static [(i64, Form)] {
    const OCSP: (i64, Form) = (delegate_purpose::OCSP, Form::Responder);
    const TIME: (i64, Form) = (delegate_purpose::TIME_STAMP, Form::TimeStamper);
    match (authority.row.state, authority.kind()) {
        (authority_state::REVOKED, _) => &[],
        (authority_state::ISSUING, CertificateKind::Signature) => &[OCSP, TIME],
        _ => &[OCSP],
    }
}

fn want(
    view: &mut (impl View + ?Sized),
    authority: &Arc<Authority>,
    (purpose, form): (i64, Form),
    now: Moment,
) -> Result<Option<Wanted>, Problem> {
    // None outlives its authority, and that one has delegates to its end.
    let end = authority.issuer.not_after;
    let wanted_until = now.plus_us(RENEW_BEFORE_US).min(end);
    let rows = view.newest_delegates(authority.id(), purpose, NEWEST)?;
    if end <= now || rows.iter().any(|row| row.not_after >= wanted_until) {
        return Ok(None);
    }
    let epochs = rows.iter().filter_map(|row| row.key_label.parse::<KeyLabel>().ok()?.epoch());
    let epoch = epochs.max().unwrap_or(0) + 1;
    let word = if form == Form::TimeStamper { TIME_STAMP } else { OCSP };
    let id = authority.id();
    let key = format!("{word}-{id}/{epoch}").parse().map_err(Problem::from)?;
    Ok(Some(Wanted { authority: Arc::clone(authority), purpose, form, key }))
}

fn make(platform: &Platform, wanted: &Wanted) -> Result<(), Problem> {
    let issuer = &wanted.authority.issuer;
    let public = public_key(platform, &wanted.key, issuer.public_key.algorithm())?;
    let mut meant = None;
    transact(platform, |work| {
        meant = mean(work, wanted, &public)?;
        Ok(())
    })?;
    let Some(meant) = meant else { return Ok(()) };
    let certificate = meant.sign(platform, (&wanted.authority.key, issuer))?;
    transact(platform, |work| keep(work, wanted, &meant, &certificate))
}

/// Stores the intention, or finds the one that is stored; `None` if another program has made the
/// delegate meanwhile.
fn mean(
    work: &mut Work<'_>,
    wanted: &Wanted,
    public: &PublicKey,
) -> Result<Option<Meant>, Problem> {
    let authority = &wanted.authority;
    let setting = delegate_setting(authority.id(), wanted.purpose);
    if let Some(meant) = Meant::read(work.tx, &setting)?.filter(|meant| meant.key == wanted.key) {
        return Ok(Some(meant));
    }
    let there = work.tx.newest_delegates(authority.id(), wanted.purpose, NEWEST)?;
    if there.iter().any(|row| row.key_label == wanted.key.as_str()) {
        return Ok(None);
    }
    check_clock(work)?;
    let serial = work.take_serial(authority.id())?;
    let now = work.now();
    let content = OwnContent {
        serial: Serial::try_from(serial).map_err(|_| broken("a serial number of zero"))?,
        not_before: Moment::from_us(now.seconds() * 1_000_000),
        not_after: now.plus_us(VALID_US).min(authority.issuer.not_after),
        public_key: public.clone(),
    };
    let profile = &work.platform().profile;
    let tbs = profile.delegate(wanted.form, &authority.issuer, &content)?;
    let meant = Meant { key: wanted.key.clone(), serial, tbs };
    meant.keep(work, &setting)?;
    let permit = own_permit()?;
    work.record(&permit, Outcome::Intended, None, &x509::sha256(&meant.tbs))?;
    Ok(Some(meant))
}

fn keep(
    work: &mut Work<'_>,
    wanted: &Wanted,
    meant: &Meant,
    certificate: &[u8],
) -> Result<(), Problem> {
    let key = DelegateKey {
        authority: wanted.authority.id(),
        purpose: wanted.purpose,
        serial: meant.serial,
    };
    // Another program may have finished the same intention.
    let there = work.tx.newest_delegates(key.authority, key.purpose, NEWEST)?;
    if there.iter().any(|row| row.key == key) {
        return Ok(());
    }
    let read = Certificate::parse(certificate).map_err(|_| broken("a delegate's certificate"))?;
    let act = work.record(&own_permit()?, Outcome::Done, None, &x509::sha256(certificate))?;
    work.keep_delegate(DelegateRow {
        key,
        key_label: wanted.key.to_string(),
        not_after: read.not_after(),
        certificate: certificate.to_vec(),
        act,
    });
    meant::forget(work, &delegate_setting(key.authority, key.purpose))
}

fn own_permit() -> Result<policy::Permit, Problem> {
    permit(&Actor::Platform, Action::CertificateIssue, Purpose::Operation, None)
}

/// The newest responder of an authority that may act now.
pub(crate) fn newest_ocsp_delegate(
    view: &mut (impl View + ?Sized),
    authority: i64,
    now: Moment,
) -> Result<Option<Delegate>, Problem> {
    newest(view, (authority, delegate_purpose::OCSP), now)
}

pub(crate) fn newest(
    view: &mut (impl View + ?Sized),
    (authority, purpose): (i64, i64),
    now: Moment,
) -> Result<Option<Delegate>, Problem> {
    let rows = view.newest_delegates(authority, purpose, NEWEST)?;
    let opened = rows.into_iter().map(Delegate::open).collect::<Result<Vec<_>, _>>()?;
    Ok(opened.into_iter().find(|delegate| delegate.is_valid(now)))
}

/// What the names of their keys begin with.
const OCSP: &str = "ocsp";
const TIME_STAMP: &str = "time-stamp";
/// A new one is made before the one in use ends: two overlap at most.
const NEWEST: usize = 4;
/// How long a delegate is good: short, since verifiers do not look it up on a list.
const VALID_US: i64 = 30 * DAY_US;
const RENEW_BEFORE_US: i64 = 10 * DAY_US;
const DAY_US: i64 = 86_400 * 1_000_000;
