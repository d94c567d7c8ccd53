//! The rows of the store, one type per table, as every implementation takes and returns them.
//!
//! Field names are the column names. A `sealed` field is bytes that only the person's data key
//! opens; an `index` field is a keyed blind index. Nothing here is readable personal data.

mod certificates;

use base::{ActId, Moment, PersonId};
use numbers::LocalGovernmentCode;
use seal::BlindIndex;

pub use certificates::{
    AuthorityRow, CertificateId, CertificateRow, CertificateStatusRow, DelegateKey, DelegateRow,
    ExpiryRow, IntentionHead, IntentionRow, OcspAnswerRow, OcspKey, Partition, RevocationListRow,
    StatusCounts, VerifierRow, authority_kind, authority_state, certificate_state,
    delegate_purpose, id_hash, verifier_state, week_in_japan,
};

/// A person: where they are registered and their sealed record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PersonRow {
    /// The person.
    pub id: PersonId,
    /// The municipality that keeps the record; the last one, when there is none now.
    pub municipality: LocalGovernmentCode,
    /// State of registration: see [`status`].
    pub status: i64,
    /// Number changes so far; absent before the first number.
    pub number_generation: Option<i64>,
    /// Generation of the data key that the sealed fields are under.
    pub key_generation: i64,
    /// Name, reading, birth date, sex and the day of the present status, sealed.
    pub identity: Option<Vec<u8>>,
    /// Postal code and address, sealed.
    pub contact: Option<Vec<u8>>,
    /// Blind index of folded name and birth date.
    pub name_birth_index: Option<BlindIndex>,
    /// Place of the record in the municipality's set digest.
    pub set_position: i64,
    /// Digest of the record under the municipality's digest key; absent when not registered.
    pub set_digest: Option<[u8; 16]>,
}

/// States of registration as stored.
pub mod status {
    /// Known by code and provisional number only.
    pub const PROVISIONAL: i64 = 0;
    /// Registered.
    pub const REGISTERED: i64 = 1;
    /// Moved out and not registered elsewhere yet.
    pub const MOVED_OUT: i64 = 2;
    /// Dead.
    pub const DEAD: i64 = 3;
    /// Deleted ex officio.
    pub const DELETED: i64 = 4;
    /// Content disposed of.
    pub const DISPOSED: i64 = 5;
}

/// A registered person's place in the municipality's set digest.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SetRow {
    /// The person.
    pub person: PersonId,
    /// Place of the record.
    pub position: i64,
    /// Its digest.
    pub digest: [u8; 16],
}

/// A person's data key, wrapped. Person 0 is the platform itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DataKeyRow {
    /// Whose key.
    pub person: PersonId,
    /// Generation of the data key.
    pub generation: i64,
    /// Epoch of the key-encryption key.
    pub epoch: i64,
    /// The wrapped key.
    pub wrapped: Vec<u8>,
}

/// A resident record code of a person, present or former.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecordCodeRow {
    /// Whose code.
    pub person: PersonId,
    /// Which of the person's codes, counted from 0.
    pub ordinal: i64,
    /// Blind index of the code: unique over all time.
    pub code_index: BlindIndex,
    /// The code, sealed.
    pub code: Vec<u8>,
    /// The act that gave it.
    pub assigned_act: ActId,
    /// The act that ended it.
    pub ended_act: Option<ActId>,
}

/// An Individual Number of a person, present or former.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NumberRow {
    /// Whose number.
    pub person: PersonId,
    /// Number changes before it.
    pub generation: i64,
    /// Blind index of the number: unique over all time.
    pub number_index: BlindIndex,
    /// The number, sealed.
    pub number: Vec<u8>,
    /// See [`number_state`].
    pub state: i64,
    /// The act that made it.
    pub assigned_act: ActId,
    /// The act that ended it.
    pub ended_act: Option<ActId>,
}

/// States of a number as stored.
pub mod number_state {
    /// Reserved, not yet designated.
    pub const PROVISIONAL: i64 = 0;
    /// Designated.
    pub const DESIGNATED: i64 = 1;
    /// Replaced after a leak; never given again.
    pub const REPLACED: i64 = 2;
}

/// A feed message that arrived, by municipality and sequence number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FeedMessageRow {
    /// The sender.
    pub municipality: LocalGovernmentCode,
    /// Its sequence number.
    pub sequence: u64,
    /// Keyed digest of the content.
    pub digest: [u8; 16],
    /// The act it led to; absent while it waits behind a gap.
    pub act: Option<ActId>,
    /// The label of the refusal, when it was refused.
    pub label: Option<String>,
    /// The content, sealed under the platform's key, while it waits.
    pub content: Option<Vec<u8>>,
}

/// How far a municipality's feed has come.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FeedCursorRow {
    /// The sender.
    pub municipality: LocalGovernmentCode,
    /// The next sequence number expected.
    pub next: u64,
    /// Messages waiting behind a gap.
    pub waiting: u64,
}

/// A stock of resident record codes given to a municipality.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StockRow {
    /// The stock's number.
    pub id: i64,
    /// The holder.
    pub municipality: LocalGovernmentCode,
    /// First counter value.
    pub first: u64,
    /// How many codes.
    pub count: u64,
    /// How many of the first, in counter order, are known to be given to somebody.
    pub used: u64,
}

/// A committed act: one leaf of the ledger.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ActRow {
    /// Place in the ledger.
    pub id: ActId,
    /// The subject's pseudonym; absent when the act concerns no person.
    pub subject: Option<[u8; 16]>,
    /// The leaf's bytes.
    pub entry: Vec<u8>,
}

/// Work for the hands, written with the act that caused it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OutboxRow {
    /// The act that caused it.
    pub act: ActId,
    /// What is to be done: see [`topic`].
    pub topic: i64,
    /// For which municipality.
    pub municipality: LocalGovernmentCode,
    /// About whom.
    pub person: PersonId,
}

/// Topics of the outbox.
pub mod topic {
    /// The number goes on the municipality's next number list.
    pub const NUMBER_LIST: i64 = 1;
}

/// A number list that was produced.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NumberListRow {
    /// For which municipality.
    pub municipality: LocalGovernmentCode,
    /// The municipality's list number, counted from 1.
    pub list: i64,
    /// The act that recorded it.
    pub act: ActId,
    /// Entries on it.
    pub entries: u64,
    /// SHA-256 of the file.
    pub digest: [u8; 32],
}

/// The files of a number list that may not be in their place yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeliveryRow {
    /// For which municipality.
    pub municipality: LocalGovernmentCode,
    /// The municipality's list number.
    pub list: i64,
    /// Number list and notification data, sealed under the platform's key.
    pub content: Vec<u8>,
}

/// What was done for a request that carried an idempotency key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IdempotencyRow {
    /// Who asked.
    pub actor: String,
    /// The key.
    pub key: String,
    /// Keyed digest of the request.
    pub digest: [u8; 16],
    /// The act it led to.
    pub act: ActId,
    /// What the answer can be made of again besides the act, sealed under the platform's key. No
    /// personal value: disposal does not come here.
    pub answer: Vec<u8>,
}

/// A published checkpoint of the ledger.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CheckpointRow {
    /// Leaves it covers.
    pub size: u64,
    /// The root hash.
    pub root: [u8; 32],
    /// The signed note.
    pub note: String,
    /// When it was signed.
    pub at: Moment,
}

/// A witness's cosignature of a published checkpoint.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CosignatureRow {
    /// Leaves that the checkpoint covers.
    pub size: u64,
    /// The witness's verifier key (C2SP signed-note).
    pub witness: String,
    /// The signature line, without its newline.
    pub line: String,
}

/// Everything that one commit writes. Rows with the same key replace what was there.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Changes {
    /// Persons, new or changed.
    pub persons: Vec<PersonRow>,
    /// Data keys, new or re-wrapped.
    pub data_keys: Vec<DataKeyRow>,
    /// Data keys to destroy.
    pub data_keys_destroyed: Vec<PersonId>,
    /// Codes, new or ended.
    pub codes: Vec<RecordCodeRow>,
    /// Numbers, new or with a new state.
    pub numbers: Vec<NumberRow>,
    /// Feed messages, new or no longer waiting.
    pub messages: Vec<FeedMessageRow>,
    /// Feed cursors.
    pub cursors: Vec<FeedCursorRow>,
    /// Stocks, new or used.
    pub stocks: Vec<StockRow>,
    /// New acts, in ledger order.
    pub acts: Vec<ActRow>,
    /// New work.
    pub outbox: Vec<OutboxRow>,
    /// Work done, by act and topic.
    pub outbox_done: Vec<(ActId, i64)>,
    /// Number lists produced.
    pub lists: Vec<NumberListRow>,
    /// Files to deliver.
    pub deliveries: Vec<DeliveryRow>,
    /// Files that are in their place, by municipality and list.
    pub delivered: Vec<(LocalGovernmentCode, i64)>,
    /// Answers to keep.
    pub answers: Vec<IdempotencyRow>,
    /// Kept answers to forget, by actor and key.
    pub answers_forgotten: Vec<(String, String)>,
    /// Authorities, new or with a new state.
    pub authorities: Vec<AuthorityRow>,
    /// New intentions. Their public keys must be new.
    pub intentions: Vec<IntentionRow>,
    /// Outcomes of open intentions.
    pub certificates: Vec<CertificateRow>,
    /// What holds of certificates now.
    pub statuses: Vec<CertificateStatusRow>,
    /// Lists, signed or become due.
    pub revocation_lists: Vec<RevocationListRow>,
    /// Answers to keep.
    pub ocsp_answers: Vec<OcspAnswerRow>,
    /// New delegates.
    pub delegates: Vec<DelegateRow>,
    /// Verifiers, new or changed.
    pub verifiers: Vec<VerifierRow>,
}
