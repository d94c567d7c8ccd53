//! Looking at what the certification authority keeps.
//!
//! Contract as for all looking: batch look-ups answer in the order of the question, pages in
//! ascending key order, at most `limit` rows, from the first key after `after`.

use crate::rows::{
    AuthorityRow, CertificateId, CertificateRow, CertificateStatusRow, DelegateKey, DelegateRow,
    ExpiryRow, IntentionHead, IntentionRow, OcspAnswerRow, OcspKey, Partition, RevocationListRow,
    StatusCounts, VerifierRow,
};
use base::{Moment, PersonId, Problem};
use numbers::LocalGovernmentCode;

/// The certificates' part of [`crate::View`].
pub trait CertificateView {
    /// All authorities, by row number.
    fn authorities(&mut self) -> Result<Vec<AuthorityRow>, Problem>;
    /// The serial number that an authority gives next: one more than the greatest of its own
    /// certificate, its delegates and its intentions; 1 for one that is not there yet.
    fn next_serial(&mut self, authority: i64) -> Result<u64, Problem>;
    /// Intentions by certificate.
    fn intentions(&mut self, ids: &[CertificateId]) -> Result<Vec<Option<IntentionRow>>, Problem>;
    /// Intentions by certificate, without their sealed part.
    fn intention_heads(
        &mut self,
        ids: &[CertificateId],
    ) -> Result<Vec<Option<IntentionHead>>, Problem>;
    /// A page of an authority's intentions, by serial number.
    fn intentions_page(
        &mut self,
        authority: i64,
        after: u64,
        limit: usize,
    ) -> Result<Vec<IntentionRow>, Problem>;
    /// A page of an authority's intentions, by serial number, without their sealed part.
    fn intention_heads_page(
        &mut self,
        authority: i64,
        after: u64,
        limit: usize,
    ) -> Result<Vec<IntentionHead>, Problem>;
    /// A page of intentions without an outcome.
    fn open_intentions(
        &mut self,
        after: CertificateId,
        limit: usize,
    ) -> Result<Vec<CertificateId>, Problem>;
    /// Outcomes by certificate.
    fn certificates(
        &mut self,
        ids: &[CertificateId],
    ) -> Result<Vec<Option<CertificateRow>>, Problem>;
    /// A page of an authority's outcomes, by serial number.
    fn certificates_page(
        &mut self,
        authority: i64,
        after: u64,
        limit: usize,
    ) -> Result<Vec<CertificateRow>, Problem>;
    /// All that was ever meant for each of these persons, in ascending order.
    fn certificates_of(&mut self, persons: &[PersonId])
    -> Result<Vec<Vec<CertificateId>>, Problem>;
    /// Which intentions have these public keys, by their digests.
    fn key_holders(&mut self, digests: &[[u8; 32]]) -> Result<Vec<Option<CertificateId>>, Problem>;
    /// What holds of certificates, by the municipality of their list.
    fn statuses(
        &mut self,
        keys: &[(Option<LocalGovernmentCode>, CertificateId)],
    ) -> Result<Vec<Option<CertificateStatusRow>>, Problem>;
    /// A page of what holds of the certificates of a partition, by serial number; without those
    /// that ended before `over` and have stood so since then at the latest.
    fn statuses_page(
        &mut self,
        partition: Partition,
        over: Option<Moment>,
        after: u64,
        limit: usize,
    ) -> Result<Vec<CertificateStatusRow>, Problem>;
    /// How many certificates of a partition are in which state.
    fn status_counts(&mut self, partition: Partition) -> Result<StatusCounts, Problem>;
    /// The next partition with a certificate that is not simply good.
    fn next_status_partition(&mut self, after: Partition) -> Result<Option<Partition>, Problem>;
    /// Lists by partition.
    fn revocation_lists(
        &mut self,
        partitions: &[Partition],
    ) -> Result<Vec<Option<RevocationListRow>>, Problem>;
    /// A page of all lists, by partition.
    fn revocation_lists_page(
        &mut self,
        after: Partition,
        limit: usize,
    ) -> Result<Vec<RevocationListRow>, Problem>;
    /// The lists that are due at `at` or before, the longest due first, at most so many.
    fn lists_due(&mut self, at: Moment, limit: usize) -> Result<Vec<RevocationListRow>, Problem>;
    /// Kept answers.
    fn ocsp_answers(&mut self, keys: &[OcspKey]) -> Result<Vec<Option<OcspAnswerRow>>, Problem>;
    /// An authority's delegates of a purpose, the newest first, at most so many.
    fn newest_delegates(
        &mut self,
        authority: i64,
        purpose: i64,
        limit: usize,
    ) -> Result<Vec<DelegateRow>, Problem>;
    /// A page of all delegates.
    fn delegates_page(
        &mut self,
        after: DelegateKey,
        limit: usize,
    ) -> Result<Vec<DelegateRow>, Problem>;
    /// Verifiers by name.
    fn verifiers(&mut self, names: &[String]) -> Result<Vec<Option<VerifierRow>>, Problem>;
    /// A page of all verifiers, by name; the first comes after an empty text.
    fn verifiers_page(&mut self, after: &str, limit: usize) -> Result<Vec<VerifierRow>, Problem>;
    /// A page of how many of an authority's certificates end in which week and municipality, by
    /// these, up to the week `last`. It begins after a week and municipality; without one, with
    /// the whole week.
    fn expiries(
        &mut self,
        authority: i64,
        after: (i64, Option<LocalGovernmentCode>),
        last: i64,
        limit: usize,
    ) -> Result<Vec<ExpiryRow>, Problem>;
}
