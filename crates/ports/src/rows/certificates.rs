//! The rows of the certification authority: who issues, what was meant, what came of it, what
//! holds of it now, and what was told to the world.
//!
//! A certificate is kept in two halves that are never changed: the intention, written before the
//! key signs, and the outcome. Serial numbers count from 1, one sequence for each authority, its
//! own certificate and its delegates' among them.

use base::{ActId, Moment, PersonId};
use numbers::LocalGovernmentCode;

/// Which certificate: the authority and its serial number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CertificateId {
    /// The authority's row number.
    pub authority: i64,
    /// The serial number.
    pub serial: u64,
}

impl CertificateId {
    /// Before every certificate: where the first page begins.
    pub const ZERO: Self = Self { authority: 0, serial: 0 };

    /// One number for both, as a seal's place wants it: different for different certificates, as
    /// the store keeps authorities below 2^15 and serial numbers below 2^48.
    pub const fn row(self) -> i64 {
        (self.authority << 48) | self.serial.cast_signed()
    }
}

/// A part of an authority's certificates, told of on one list.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Partition {
    /// The authority's row number.
    pub authority: i64,
    /// The municipality; absent for certificates of authorities and their delegates.
    pub municipality: Option<LocalGovernmentCode>,
}

impl Partition {
    /// Before every partition: where the first page begins.
    pub const ZERO: Self = Self { authority: 0, municipality: None };
}

/// An authority: one key of one hierarchy. Only its state ever changes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuthorityRow {
    /// Row number, counted from 1.
    pub id: i64,
    /// Which hierarchy: see [`authority_kind`].
    pub kind: i64,
    /// Generation within the hierarchy, counted from 1.
    pub generation: i64,
    /// The key's label in the key store.
    pub key_label: String,
    /// The key's algorithm, by its name in the key store.
    pub algorithm: String,
    /// Serial number of its own certificate.
    pub serial: u64,
    /// Its certificate, DER.
    pub certificate: Vec<u8>,
    /// See [`authority_state`].
    pub state: i64,
    /// The act that made it.
    pub act: ActId,
}

/// Hierarchies as stored.
pub mod authority_kind {
    /// Signature (署名用).
    pub const SIGNATURE: i64 = 1;
    /// User authentication (利用者証明用).
    pub const AUTHENTICATION: i64 = 2;
}

/// States of an authority as stored. A state is never followed by a smaller one.
pub mod authority_state {
    /// Issues certificates.
    pub const ISSUING: i64 = 1;
    /// Signs lists and answers only.
    pub const RETIRED: i64 = 2;
    /// Revoked.
    pub const REVOKED: i64 = 3;
}

/// What an authority means to sign: written before its key is asked, never changed or deleted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IntentionRow {
    /// All but the sealed part.
    pub head: IntentionHead,
    /// The bytes to be signed (TBSCertificate, DER), sealed under the person's data key.
    pub tbs: Vec<u8>,
}

/// An intention without its sealed part.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IntentionHead {
    /// The certificate.
    pub id: CertificateId,
    /// Whose certificate.
    pub person: PersonId,
    /// Municipality of the list that it would be on.
    pub municipality: LocalGovernmentCode,
    /// Begin of validity.
    pub not_before: Moment,
    /// End of validity.
    pub not_after: Moment,
    /// SHA-256 of the subject's public key (SubjectPublicKeyInfo, DER). No other intention ever
    /// has it.
    pub key_digest: [u8; 32],
    /// Generation of the data key that the sealed part is under.
    pub key_generation: i64,
    /// The act that allowed it.
    pub act: ActId,
}

/// What came of an intention: never changed or deleted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CertificateRow {
    /// The certificate.
    pub id: CertificateId,
    /// The authority's signature; absent when the case was closed without a certificate.
    pub signature: Option<Vec<u8>>,
    /// The act that closed the case.
    pub act: ActId,
}

/// What holds of a certificate that is not simply good. A revocation is final.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CertificateStatusRow {
    /// The certificate.
    pub id: CertificateId,
    /// Municipality of its list; absent for certificates of authorities and their delegates.
    pub municipality: Option<LocalGovernmentCode>,
    /// See [`certificate_state`].
    pub state: i64,
    /// Why: a CRLReason (RFC 5280 §5.3.1).
    pub reason: i64,
    /// Since when it holds.
    pub changed_at: Moment,
    /// From when on the certificate was not to be trusted, when that is known.
    pub invalid_from: Option<Moment>,
    /// End of validity of the certificate: kept as it was first written.
    pub not_after: Moment,
    /// The act that changed it last.
    pub act: ActId,
}

/// States of a certificate as stored; one without a row is good.
pub mod certificate_state {
    /// Revoked for good.
    pub const REVOKED: i64 = 1;
    /// Held: may be released or revoked.
    pub const HELD: i64 = 2;
    /// Released from a hold: good again.
    pub const RELEASED: i64 = 3;
}

/// How many certificates of a partition are in which state.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct StatusCounts {
    /// Revoked, expired ones too.
    pub revoked: u64,
    /// Held now.
    pub held: u64,
    /// Released from a hold.
    pub released: u64,
}

/// The list of a partition as it was last signed, and when it is to be signed again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RevocationListRow {
    /// What the list tells of; without a municipality it is the authority revocation list.
    pub partition: Partition,
    /// Its CRL number; 0 before the first. It only grows, with every list that goes on record.
    pub number: u64,
    /// The list whose files were last known to be in their places; 0 before the first. Behind
    /// `number` while a list is on record and its files are still on their way.
    pub published: u64,
    /// Number of the last full list on schedule, when there is one: the base of deltas.
    pub base_number: Option<u64>,
    /// When that one was signed.
    pub base_at: Option<Moment>,
    /// Number of the list on schedule before that one.
    pub before_number: Option<u64>,
    /// When that one was signed.
    pub before_at: Option<Moment>,
    /// When it was signed.
    pub this_update: Moment,
    /// When the next one is there at the latest.
    pub next_update: Moment,
    /// When it is to be signed again; absent when nothing asks for that.
    pub due: Option<Moment>,
}

/// A signed answer about one certificate (RFC 6960), kept until it ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OcspAnswerRow {
    /// What it answers.
    pub key: OcspKey,
    /// When it was signed.
    pub this_update: Moment,
    /// When it ends.
    pub next_update: Moment,
    /// The whole response, DER.
    pub answer: Vec<u8>,
}

/// Which question an answer belongs to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct OcspKey {
    /// The certificate.
    pub id: CertificateId,
    /// Hash of the question's certificate identifier: see [`id_hash`].
    pub id_hash: i64,
}

/// Hashes of certificate identifiers as stored.
pub mod id_hash {
    /// SHA-1.
    pub const SHA1: i64 = 1;
    /// SHA-256.
    pub const SHA256: i64 = 2;
}

/// A key that an authority lets act for it. Never changed or deleted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DelegateRow {
    /// Which one.
    pub key: DelegateKey,
    /// The key's label in the key store.
    pub key_label: String,
    /// End of validity.
    pub not_after: Moment,
    /// Its certificate, DER.
    pub certificate: Vec<u8>,
    /// The act that made it.
    pub act: ActId,
}

/// A delegate by authority, purpose and serial number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DelegateKey {
    /// The authority's row number.
    pub authority: i64,
    /// What for: see [`delegate_purpose`].
    pub purpose: i64,
    /// Serial number of its certificate.
    pub serial: u64,
}

impl DelegateKey {
    /// Before every delegate: where the first page begins.
    pub const ZERO: Self = Self { authority: 0, purpose: 0, serial: 0 };
}

/// Purposes of delegates as stored.
pub mod delegate_purpose {
    /// Signs OCSP answers.
    pub const OCSP: i64 = 1;
    /// Signs time stamps.
    pub const TIME_STAMP: i64 = 2;
}

/// A body that may verify certificates and use what tells of their revocation (署名検証者).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifierRow {
    /// Its name as an actor.
    pub name: String,
    /// On which ground it may verify, as the use cases number them, counted from 1.
    pub kind: i64,
    /// See [`verifier_state`].
    pub state: i64,
    /// Since when.
    pub since: Moment,
    /// The act that changed it last.
    pub act: ActId,
}

/// States of a verifier as stored.
pub mod verifier_state {
    /// Registered.
    pub const REGISTERED: i64 = 1;
    /// Suspended.
    pub const SUSPENDED: i64 = 2;
    /// Ended.
    pub const ENDED: i64 = 3;
}

/// How many certificates of a municipality end in a week. Kept by the store with each commit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ExpiryRow {
    /// The authority's row number.
    pub authority: i64,
    /// The week: see [`week_in_japan`].
    pub week: i64,
    /// Municipality of the list that they would be on.
    pub municipality: LocalGovernmentCode,
    /// Certificates that end in it, without the cases that were closed without one.
    pub certificates: u64,
    /// Those of them that were revoked.
    pub revoked: u64,
}

/// The week of a moment in Japan: weeks begin on Mondays at midnight there and are counted from the
/// one that holds 1970-01-01.
pub const fn week_in_japan(moment: Moment) -> i64 {
    let day = moment.plus_us(9 * 3_600 * 1_000_000).us().div_euclid(86_400 * 1_000_000);
    // 1970-01-01 was a Thursday.
    (day + 3).div_euclid(7)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400 * 1_000_000;
    const HOUR: i64 = DAY / 24;

    #[test]
    fn no_two_certificates_share_a_row_number() {
        let ids = [(1, 1), (1, (1 << 48) - 1), (2, 1), (32_767, 1), (32_767, (1 << 48) - 1)];
        let rows = ids.map(|(authority, serial)| CertificateId { authority, serial }.row());
        assert!(rows.is_sorted_by(|a, b| a < b) && rows[0] > 0, "{rows:?}");
    }

    #[test]
    fn weeks_begin_on_mondays_in_japan() {
        // Monday, 1970-01-05 in Japan begins on Sunday at 15:00 UTC.
        let monday = 4 * DAY - 9 * HOUR;
        assert_eq!(week_in_japan(Moment::from_us(0)), 0);
        assert_eq!(week_in_japan(Moment::from_us(monday - 1)), 0);
        assert_eq!(week_in_japan(Moment::from_us(monday)), 1);
        assert_eq!(week_in_japan(Moment::from_us(monday + 7 * DAY)), 2);
        assert_eq!(week_in_japan(Moment::from_us(monday - 7 * DAY - 1)), -1);
        assert_eq!(week_in_japan(Moment::from_us(i64::MAX)), 15_250_284);
    }
}
