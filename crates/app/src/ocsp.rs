//! Telling whether a certificate holds (RFC 6960, RFC 5019). Reads what was issued and revoked;
//! writes kept answers and no act: whoever asks over OCSP is nobody in particular.
//!
//! An answer is signed once for each certificate and window and kept, in memory at once and in the
//! store a moment later, many together. While a kept answer is told, the certificate's state is
//! looked at every few seconds: what has changed is signed anew at once. A request with a nonce is
//! signed live. While the keys cannot be reached, kept answers are told until they end.

mod keeper;
mod kept;
mod states;

use crate::authorities::{Authorities, Authority};
use crate::delegate::{Delegate, newest_ocsp_delegate};
use crate::platform::Platform;
use base::{Moment, Problem, Remedy, labels};
use keeper::Keeper;
use kept::{Kept, Prepared};
use ports::View;
use ports::rows::{CertificateId, OcspAnswerRow, OcspKey, id_hash};
use states::read_statuses;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use x509::{
    CertId, CertStatus, IdHash, IssuerId, OcspAnswer, OcspRequest, OcspResponseData, OcspStatus,
};

/// A responder for all authorities of the platform.
pub struct Responder {
    platform: Platform,
    known: RwLock<Arc<Known>>,
    kept: Kept,
    keeper: Keeper,
    tally: Tally,
}

/// How many requests were answered so far.
#[derive(Default, Debug)]
pub struct Tally {
    /// With an answer that was kept.
    pub prepared: AtomicU64,
    /// With an answer that was signed for it.
    pub signed: AtomicU64,
    /// With a refusal.
    pub refused: AtomicU64,
}

/// What is told to one request.
#[derive(Clone, Debug)]
pub struct Told {
    /// The OCSPResponse in DER.
    pub response: Arc<[u8]>,
    /// Since when it is so; absent for refusals.
    pub this_update: Option<Moment>,
    /// Until when others may keep it; absent for what must not be kept.
    pub keep_until: Option<Moment>,
}

/// Who answers for whom, as it was read last.
struct Known {
    read_at: Moment,
    issuers: Vec<Issuer>,
}

struct Issuer {
    id: IssuerId,
    authority: Arc<Authority>,
    delegate: Option<Delegate>,
}

impl Responder {
    /// A responder that has signed nothing yet.
    pub fn new(platform: Platform) -> Self {
        let nobody = Known { read_at: Moment::from_us(i64::MIN), issuers: Vec::new() };
        let known = RwLock::new(Arc::new(nobody));
        let keeper = Keeper::start(Arc::clone(&platform.store));
        Self { platform, known, kept: Kept::default(), keeper, tally: Tally::default() }
    }

    /// How many requests were answered so far.
    pub const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// The answer that was prepared for these very bytes, if it may be told now; needs no store.
    pub fn prepared(&self, request: &[u8]) -> Option<Told> {
        let now = self.platform.clock.now();
        let prepared = self.kept.of_request(request)?;
        // A look in the future was one before the clock was set back: it may be of any age.
        let looked = Moment::from_us(prepared.checked.load(Ordering::Relaxed));
        let known = looked <= now && now.plus_us(-CHECK_EVERY_US) < looked && prepared.holds(now);
        known.then(|| {
            self.tally.prepared.fetch_add(1, Ordering::Relaxed);
            prepared.told(now)
        })
    }

    /// The answer to a request. There is always one: what went wrong is told in OCSP's own words.
    pub fn answer(&self, request: &[u8]) -> Told {
        match OcspRequest::parse(request) {
            Ok(asked) => match self.answer_parsed(request, &asked) {
                Ok(told) => told,
                Err(problem) => {
                    tracing::warn!(label = problem.label(), "an OCSP request was not answered");
                    let again = problem.remedy() == Remedy::Again;
                    let later = OcspStatus::TryLater;
                    self.refusal(if again { later } else { OcspStatus::InternalError })
                }
            },
            Err(refused) => self.refusal(refused.status()),
        }
    }

    fn refusal(&self, status: OcspStatus) -> Told {
        self.tally.refused.fetch_add(1, Ordering::Relaxed);
        let response = Arc::from(&status.response()[..]);
        Told { response, this_update: None, keep_until: None }
    }

    fn answer_parsed(&self, request: &[u8], asked: &OcspRequest<'_>) -> Result<Told, Problem> {
        let now = self.platform.clock.now();
        let known = self.known(now)?;
        let issuer_of = |id: &CertId| known.issuers.iter().find(|issuer| issuer.id.issued(id));
        let Some(issuer) = asked.certificates.first().and_then(issuer_of) else {
            return Ok(self.refusal(OcspStatus::Unauthorized));
        };
        // One responder signs one response: all certificates must be of one authority.
        if !asked.certificates.iter().all(|id| issuer.id.issued(id)) {
            return Ok(self.refusal(OcspStatus::Unauthorized));
        }
        match (&asked.certificates[..], asked.nonce) {
            ([id], None) => self.one(request, id, issuer, now),
            (ids, nonce) => self.live(ids, nonce, issuer, now),
        }
    }

    /// One certificate without a nonce: the answer is kept.
    fn one(
        &self,
        request: &[u8],
        id: &CertId,
        issuer: &Issuer,
        now: Moment,
    ) -> Result<Told, Problem> {
        let status = self.statuses(issuer, &[*id])?.pop().unwrap_or(CertStatus::Unknown);
        let Some(key) = key_of(issuer, id).filter(|_| status != CertStatus::Unknown) else {
            return self.live(&[*id], None, issuer, now);
        };
        let answer = answer_of(*id, status, issuer, now);
        let prepared = self.kept_or_signed(key, &answer, issuer)?;
        prepared.checked.store(now.us(), Ordering::Relaxed);
        self.kept.keep_request(request, &prepared);
        Ok(prepared.told(now))
    }

    /// The answer that is kept and says this, or a new one. One signs it, others wait for that; but
    /// nobody waits who can be told an older one that still holds.
    fn kept_or_signed(
        &self,
        key: OcspKey,
        answer: &OcspAnswer,
        issuer: &Issuer,
    ) -> Result<Arc<Prepared>, Problem> {
        let now = answer.this_update;
        let fits = |kept: &Arc<Prepared>| kept.holds(now) && kept.status == answer.status;
        let tell = |kept: Arc<Prepared>| {
            self.tally.prepared.fetch_add(1, Ordering::Relaxed);
            Ok(kept)
        };
        let older = self.kept.of_key(key).filter(fits);
        if let Some(fresh) = older.as_ref().filter(|kept| now < kept.sign_again_at()) {
            return tell(Arc::clone(fresh));
        }
        let _alone = match (self.kept.alone_at_once(&key), older) {
            (Some(alone), _) => alone,
            (None, Some(older)) => return tell(older),
            (None, None) => self.kept.alone(&key),
        };
        let kept = match self.kept.of_key(key).filter(fits) {
            Some(kept) => Some(kept),
            None => self.stored(key)?.filter(fits),
        };
        let prepared = match kept {
            Some(kept) if now < kept.sign_again_at() => tell(kept),
            // Whatever ails the keys, what was signed still holds.
            Some(older) => self.sign(key, answer, issuer).or_else(|problem| {
                tracing::warn!(label = problem.label(), "an OCSP answer was not signed anew");
                tell(older)
            }),
            None => self.sign(key, answer, issuer),
        }?;
        self.kept.keep_key(key, &prepared);
        Ok(prepared)
    }

    /// The newest answer about a certificate that the store keeps.
    fn stored(&self, key: OcspKey) -> Result<Option<Arc<Prepared>>, Problem> {
        let mut row = None;
        self.platform.store.snapshot("ocsp_answer", &mut |view| {
            row = view.ocsp_answers(&[key])?.pop().flatten();
            Ok(())
        })?;
        Ok(row.and_then(Prepared::read).map(Arc::new))
    }

    /// Signs an answer and has it kept in the store, so that it outlives the program.
    fn sign(
        &self,
        key: OcspKey,
        answer: &OcspAnswer,
        issuer: &Issuer,
    ) -> Result<Arc<Prepared>, Problem> {
        let (status, this_update) = (answer.status, answer.this_update);
        // A wrong signature would be told for hours; one that is told once hurts one client, who
        // sees it.
        let sign = |delegate: &Delegate, data: &[u8]| {
            let accept = |signature: &[u8]| delegate.public.has_signed(data, signature);
            self.platform.keys.sign_accepted(&delegate.key, data, &accept)
        };
        let response = self.signed(&[*answer], None, (issuer, this_update), sign)?;
        let next_update = answer.next_update.unwrap_or(this_update);
        let answer = response.to_vec();
        self.keeper.keep(OcspAnswerRow { key, this_update, next_update, answer });
        let checked = AtomicI64::new(this_update.us());
        Ok(Arc::new(Prepared { response, status, this_update, next_update, checked }))
    }

    /// Signs an answer for this request alone.
    fn live(
        &self,
        ids: &[CertId],
        nonce: Option<&[u8]>,
        issuer: &Issuer,
        now: Moment,
    ) -> Result<Told, Problem> {
        let statuses = self.statuses(issuer, ids)?;
        let answer = |(id, status): (&CertId, CertStatus)| answer_of(*id, status, issuer, now);
        let answers: Vec<_> = ids.iter().zip(statuses).map(answer).collect();
        let sign = |delegate: &Delegate, data: &[u8]| self.platform.keys.sign(&delegate.key, data);
        let response = self.signed(&answers, nonce, (issuer, now), sign)?;
        Ok(Told { response, this_update: Some(now), keep_until: None })
    }

    fn signed(
        &self,
        answers: &[OcspAnswer],
        nonce: Option<&[u8]>,
        (issuer, now): (&Issuer, Moment),
        sign: impl FnOnce(&Delegate, &[u8]) -> Result<Vec<u8>, Problem>,
    ) -> Result<Arc<[u8]>, Problem> {
        let unready = || Problem::new(&labels::DELEGATE_ABSENT, "");
        let delegate = issuer.delegate.as_ref().filter(|delegate| delegate.is_valid(now));
        let delegate = delegate.ok_or_else(unready)?;
        let data = OcspResponseData {
            responder_key: delegate.public.key_identifier(),
            produced_at: now,
            answers,
            nonce,
        };
        let data = data.encode();
        let signature = sign(delegate, &data)?;
        let algorithm = delegate.public.algorithm();
        let certificates = [&delegate.row.certificate[..]];
        let whole = OcspResponseData::assemble(&data, algorithm, &signature, &certificates);
        self.tally.signed.fetch_add(1, Ordering::Relaxed);
        Ok(whole.into())
    }

    /// What holds of each certificate now, in the order of the question.
    fn statuses(&self, issuer: &Issuer, ids: &[CertId]) -> Result<Vec<CertStatus>, Problem> {
        let of = |id: &CertId| id.serial().to_u64().filter(|serial| *serial <= SERIAL_MAX);
        // Nothing has the number 0.
        let serials: Vec<_> = ids.iter().map(|id| of(id).unwrap_or(0)).collect();
        let mut statuses = Vec::new();
        self.platform.store.snapshot("ocsp_statuses", &mut |view| {
            statuses = read_statuses(view, &issuer.authority.row, &serials)?;
            Ok(())
        })?;
        Ok(statuses)
    }

    fn known(&self, now: Moment) -> Result<Arc<Known>, Problem> {
        let known = Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner));
        if known.read_at <= now && now < known.read_at.plus_us(READ_EVERY_US) {
            return Ok(known);
        }
        let mut issuers = Vec::new();
        self.platform.store.snapshot("ocsp_issuers", &mut |view| {
            issuers = Authorities::read(view)?
                .iter()
                .map(|authority| Issuer::read(view, authority, now))
                .collect::<Result<_, _>>()?;
            Ok(())
        })?;
        let fresh = Arc::new(Known { read_at: now, issuers });
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&fresh);
        Ok(fresh)
    }
}

impl Issuer {
    fn read(
        view: &mut (impl View + ?Sized),
        authority: &Arc<Authority>,
        now: Moment,
    ) -> Result<Self, Problem> {
        let delegate = newest_ocsp_delegate(view, authority.id(), now)?;
        let id = IssuerId::new(&authority.issuer.name, authority.public());
        Ok(Self { id, authority: Arc::clone(authority), delegate })
    }
}

/// Forgets kept answers that have ended; how many.
pub fn forget_ended(platform: &Platform) -> Result<usize, Problem> {
    let (now, mut ended) = (platform.clock.now(), 0);
    loop {
        let mut some = 0;
        platform.store.transact("ocsp_answers_ended", &mut |tx| {
            some = tx.forget_ocsp_answers(now, ANSWERS_AT_A_TIME)?;
            Ok(())
        })?;
        ended += some;
        if some < ANSWERS_AT_A_TIME {
            return Ok(ended);
        }
    }
}

/// The answer about a certificate as of now.
fn answer_of(certificate: CertId, status: CertStatus, issuer: &Issuer, now: Moment) -> OcspAnswer {
    // What is not known may be issued in the next moment.
    let window_us = if status == CertStatus::Unknown { UNKNOWN_US } else { WINDOW_US };
    // Nobody believes an answer longer than the certificate of its signer.
    let end = issuer.delegate.as_ref().map(|delegate| delegate.row.not_after);
    let next_update = end.into_iter().fold(now.plus_us(window_us), Moment::min);
    OcspAnswer { certificate, status, this_update: now, next_update: Some(next_update) }
}

fn key_of(issuer: &Issuer, id: &CertId) -> Option<OcspKey> {
    let serial = id.serial().to_u64()?;
    let id_hash = match id.hash() {
        IdHash::Sha1 => id_hash::SHA1,
        IdHash::Sha256 => id_hash::SHA256,
    };
    Some(OcspKey { id: CertificateId { authority: issuer.authority.id(), serial }, id_hash })
}

/// How long an answer holds.
const WINDOW_US: i64 = 12 * 60 * 60 * 1_000_000;
/// How long it holds that a certificate is not known.
const UNKNOWN_US: i64 = 5 * 60 * 1_000_000;
/// How old what is known of a certificate may be when a kept answer is told.
const CHECK_EVERY_US: i64 = 10 * 1_000_000;
/// How old what is known of authorities and delegates may be.
const READ_EVERY_US: i64 = 30 * 1_000_000;
/// The greatest serial number that the store can hold.
const SERIAL_MAX: u64 = i64::MAX as u64;
/// So that nobody waits long behind it.
const ANSWERS_AT_A_TIME: usize = 4_096;
