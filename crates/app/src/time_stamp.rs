//! Time stamps (RFC 3161), by the platform's own delegate. Reads authorities, delegates and the
//! time of the last act; writes nothing: whoever asks is nobody in particular.
//!
//! A stamp's number is chance alone, 128 bits of it, so that no two are ever the same and nothing
//! has to be stored before one is signed. A clock that is behind the last act stamps nothing.

use crate::authorities::{Authorities, Authority};
use crate::delegate::{Delegate, newest};
use crate::platform::Platform;
use crate::work::{broken, last_act_at};
use base::{Moment, Problem, Remedy, labels};
use ports::rows::delegate_purpose;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use x509::{
    Certificate, Imprint, ImprintHash, Serial, TimeStampFailure, TimeStampInfo, TimeStampRefusal,
    TimeStampRequest, TimeStampToBeSigned,
};

/// A time-stamping authority.
pub struct Stamper {
    platform: Platform,
    /// Who stamps, as it was read last.
    known: RwLock<Option<(Moment, Arc<Delegate>)>>,
    tally: Tally,
}

/// How many requests were answered so far.
#[derive(Default, Debug)]
pub struct Tally {
    /// With a stamp.
    pub stamped: AtomicU64,
    /// With a refusal.
    pub refused: AtomicU64,
}

impl Stamper {
    /// An authority that has stamped nothing yet.
    pub fn new(platform: Platform) -> Self {
        Self { platform, known: RwLock::new(None), tally: Tally::default() }
    }

    /// How many requests were answered so far.
    pub const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// The TimeStampResp to a TimeStampReq. There is always one: what went wrong is told in the
    /// protocol's own words.
    pub fn answer(&self, request: &[u8]) -> Vec<u8> {
        let answered = match TimeStampRequest::parse(request) {
            Ok(asked) => self.stamped(&asked),
            Err(refusal) => Err((refusal.failure(), refusal.to_string())),
        };
        let count = if answered.is_ok() { &self.tally.stamped } else { &self.tally.refused };
        count.fetch_add(1, Ordering::Relaxed);
        answered.unwrap_or_else(|(failure, sentence)| failure.response(&sentence))
    }

    /// A TimeStampResp over the SHA-256 of bytes of the platform's own.
    pub fn stamp(&self, bytes: &[u8]) -> Result<Vec<u8>, Problem> {
        let imprint = Imprint::new(ImprintHash::Sha256, &x509::sha256(bytes));
        let imprint = imprint.ok_or_else(|| broken("a hash of a wrong length"))?;
        let asked =
            TimeStampRequest { imprint, policy: None, nonce: None, certificate_asked: true };
        self.sign(&asked)
    }

    fn stamped(&self, asked: &TimeStampRequest<'_>) -> Result<Vec<u8>, (TimeStampFailure, String)> {
        let policy = self.platform.profile.profile.settings().time_stamp_policy;
        if asked.policy.is_some_and(|asked| asked != policy) {
            let sentence = format!("stamps are made under the policy {policy}");
            return Err((TimeStampFailure::UnacceptedPolicy, sentence));
        }
        self.sign(asked).map_err(|problem| {
            tracing::warn!(label = problem.label(), "a time stamp was not made");
            let failure = if problem.label() == labels::CLOCK_BEHIND.text {
                TimeStampFailure::TimeNotAvailable
            } else {
                TimeStampFailure::SystemFailure
            };
            let again = problem.remedy() == Remedy::Again;
            let sentence = if again { "no stamp can be made now; try later" } else { "broken" };
            (failure, sentence.to_owned())
        })
    }

    fn sign(&self, asked: &TimeStampRequest<'_>) -> Result<Vec<u8>, Problem> {
        let at = self.platform.clock.now();
        let delegate = self.delegate(at)?;
        let unreadable = || broken("a delegate's certificate does not parse");
        let der = &delegate.row.certificate;
        let certificate = Certificate::parse(der).map_err(|_| unreadable())?;
        let info = TimeStampInfo {
            policy: self.platform.profile.profile.settings().time_stamp_policy,
            imprint: asked.imprint,
            serial: self.serial()?,
            at,
            accuracy_us: Some(ACCURACY_US),
            ordering: false,
            nonce: asked.nonce,
            authority: Some(certificate.subject_name().map_err(|_| unreadable())?),
        };
        let refused = |refusal: TimeStampRefusal| Problem::from_refusal(refusal.label());
        let draft = TimeStampToBeSigned::new(&info, &certificate).map_err(refused)?;
        let message = draft.message();
        let good = |signature: &[u8]| delegate.public.has_signed(&message, signature);
        let signature = self.platform.keys.sign_accepted(&delegate.key, &message, &good)?;
        let certificates = [&der[..]];
        let shown = if asked.certificate_asked { &certificates[..] } else { &[] };
        Ok(draft.assemble(&signature, shown))
    }

    fn serial(&self) -> Result<Serial, Problem> {
        let mut bytes = [0; SERIAL_BYTES];
        (self.platform.entropy)().fill(&mut bytes);
        Serial::from_bytes(&bytes).map_err(|_| broken("a serial number of zero"))
    }

    /// Who stamps now. The clock is held against the ledger each time.
    fn delegate(&self, now: Moment) -> Result<Arc<Delegate>, Problem> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).clone();
        let fresh = |(read_at, delegate): &(Moment, Arc<Delegate>)| {
            *read_at <= now && now < read_at.plus_us(READ_EVERY_US) && delegate.is_valid(now)
        };
        let kept = known.filter(fresh).map(|(_, delegate)| delegate);
        let (mut found, mut last) = (None, None);
        self.platform.store.snapshot("time_stamper", &mut |view| {
            last = last_act_at(view)?;
            if kept.is_none() {
                found = newest_stamper(&mut *view, now)?;
            }
            Ok(())
        })?;
        if last.is_some_and(|last| now < last) {
            return Err(Problem::new(&labels::CLOCK_BEHIND, ""));
        }
        if let Some(kept) = kept {
            return Ok(kept);
        }
        let absent = || Problem::new(&labels::DELEGATE_ABSENT, "");
        let delegate = Arc::new(found.ok_or_else(absent)?);
        let fresh = Some((now, Arc::clone(&delegate)));
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(delegate)
    }
}

/// The delegate of the newest authority that has one for time stamps.
fn newest_stamper(
    view: &mut (impl ports::View + ?Sized),
    now: Moment,
) -> Result<Option<Delegate>, Problem> {
    let authorities = Authorities::read(view)?;
    let mut newest_first: Vec<&Arc<Authority>> = authorities.iter().collect();
    newest_first.sort_unstable_by_key(|authority| std::cmp::Reverse(authority.row.generation));
    for authority in newest_first {
        let found = newest(view, (authority.id(), delegate_purpose::TIME_STAMP), now)?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// How far the clock may be off.
const ACCURACY_US: u64 = 1_000_000;
const SERIAL_BYTES: usize = 16;
/// How old what is known of delegates may be.
const READ_EVERY_US: i64 = 30 * 1_000_000;
