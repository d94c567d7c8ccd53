//! The store: where everything is kept, behind two small doors, one for looking and one for
//! writing.
//!
//! Trust: whoever can change the store can take service away, but cannot read personal content
//! (sealed), nor change history unseen (the ledger's published checkpoints stand against it).

mod certificates;

use crate::rows::{
    ActRow, Changes, CheckpointRow, CosignatureRow, DataKeyRow, DeliveryRow, FeedCursorRow,
    FeedMessageRow, IdempotencyRow, NumberListRow, NumberRow, OutboxRow, PersonRow, RecordCodeRow,
    SetRow, StockRow,
};
use base::{ActId, Moment, PersonId, Problem};
use numbers::LocalGovernmentCode;
use seal::BlindIndex;

pub use certificates::CertificateView;

/// What a writing transaction does.
pub type TxWork<'w> = &'w mut (dyn FnMut(&mut dyn Tx) -> Result<(), Problem> + 'w);

/// What is done on a snapshot.
pub type ViewWork<'w> = &'w mut (dyn FnMut(&mut dyn View) -> Result<(), Problem> + 'w);

/// A store of the platform.
///
/// Contract: when [`Store::transact`] returns `Ok`, everything written is durable (it survives a
/// power cut) and visible to every later snapshot. Writing transactions are serial: each sees all
/// that were committed before it. A problem that says *again* left nothing behind.
pub trait Store: Send + Sync {
    /// `sqlite` or `postgresql`.
    fn kind(&self) -> &'static str;

    /// Runs `work` in a writing transaction named `name` and commits if it returns `Ok`. `work`
    /// may run more than once; it must not keep anything from a run that was not the last.
    fn transact(&self, name: &'static str, work: TxWork<'_>) -> Result<(), Problem>;

    /// Runs `work` on a snapshot.
    fn snapshot(&self, name: &'static str, work: ViewWork<'_>) -> Result<(), Problem>;

    /// Checks what the database itself can check: page integrity, foreign keys, constraints.
    fn check_integrity(&self) -> Result<Vec<String>, Problem>;
}

/// Looking. Batch look-ups answer in the order of the question, `None` where there is nothing;
/// pages answer in ascending key order, at most `limit` rows, from the first key after `after`.
pub trait View: CertificateView {
    /// Persons by row number.
    fn persons(&mut self, ids: &[PersonId]) -> Result<Vec<Option<PersonRow>>, Problem>;
    /// A page of all persons.
    fn persons_page(&mut self, after: PersonId, limit: usize) -> Result<Vec<PersonRow>, Problem>;
    /// A page of the set of a municipality: of those who are registered there.
    fn set_of(
        &mut self,
        municipality: LocalGovernmentCode,
        after: PersonId,
        limit: usize,
    ) -> Result<Vec<SetRow>, Problem>;
    /// Persons with this folded name and birth date.
    fn persons_named(&mut self, index: &BlindIndex) -> Result<Vec<PersonRow>, Problem>;
    /// The greatest person number given, 0 if none.
    fn last_person(&mut self) -> Result<PersonId, Problem>;
    /// Data keys by person.
    fn data_keys(&mut self, persons: &[PersonId]) -> Result<Vec<Option<DataKeyRow>>, Problem>;
    /// A page of data keys that are wrapped under another epoch than `epoch`.
    fn data_keys_not_of(
        &mut self,
        epoch: i64,
        after: PersonId,
        limit: usize,
    ) -> Result<Vec<DataKeyRow>, Problem>;
    /// Codes, present or former, by blind index.
    fn codes(&mut self, indexes: &[BlindIndex]) -> Result<Vec<Option<RecordCodeRow>>, Problem>;
    /// All codes of a person.
    fn codes_of(&mut self, person: PersonId) -> Result<Vec<RecordCodeRow>, Problem>;
    /// Numbers, present or former, by blind index.
    fn numbers(&mut self, indexes: &[BlindIndex]) -> Result<Vec<Option<NumberRow>>, Problem>;
    /// All numbers of a person.
    fn numbers_of(&mut self, person: PersonId) -> Result<Vec<NumberRow>, Problem>;
    /// Feed messages by sender and sequence.
    fn messages(
        &mut self,
        keys: &[(LocalGovernmentCode, u64)],
    ) -> Result<Vec<Option<FeedMessageRow>>, Problem>;
    /// A page of a municipality's messages that wait (`waiting`) or were refused (`!waiting`).
    fn messages_open(
        &mut self,
        municipality: LocalGovernmentCode,
        waiting: bool,
        after: u64,
        limit: usize,
    ) -> Result<Vec<FeedMessageRow>, Problem>;
    /// A page of all messages of a municipality.
    fn messages_page(
        &mut self,
        municipality: LocalGovernmentCode,
        after: u64,
        limit: usize,
    ) -> Result<Vec<FeedMessageRow>, Problem>;
    /// Feed cursors by municipality.
    fn cursors(
        &mut self,
        municipalities: &[LocalGovernmentCode],
    ) -> Result<Vec<Option<FeedCursorRow>>, Problem>;
    /// All feed cursors.
    fn all_cursors(&mut self) -> Result<Vec<FeedCursorRow>, Problem>;
    /// A municipality's stocks, oldest first.
    fn stocks_of(&mut self, municipality: LocalGovernmentCode) -> Result<Vec<StockRow>, Problem>;
    /// All stocks in counter order.
    fn all_stocks(&mut self) -> Result<Vec<StockRow>, Problem>;
    /// How many acts there are: the ledger's size, published or not.
    fn act_count(&mut self) -> Result<u64, Problem>;
    /// A page of acts, from `first` on.
    fn acts(&mut self, first: ActId, limit: usize) -> Result<Vec<ActRow>, Problem>;
    /// A page of the acts about one subject.
    fn acts_about(
        &mut self,
        subject: &[u8; 16],
        after: Option<ActId>,
        limit: usize,
    ) -> Result<Vec<ActRow>, Problem>;
    /// How many acts the subject index covers, and how many entries look-ups find: for `verify`.
    fn subject_index(&mut self) -> Result<(u64, u64), Problem>;
    /// A page of open work of a topic, by act.
    fn outbox(
        &mut self,
        topic: i64,
        after: Option<ActId>,
        limit: usize,
    ) -> Result<Vec<OutboxRow>, Problem>;
    /// Open work of a topic by act.
    fn outbox_at(&mut self, topic: i64, acts: &[ActId]) -> Result<Vec<Option<OutboxRow>>, Problem>;
    /// Files that are to be delivered, at most so many, by municipality and list.
    fn deliveries(&mut self, limit: usize) -> Result<Vec<DeliveryRow>, Problem>;
    /// The next municipality after this one that has sent a message.
    fn next_sender(
        &mut self,
        after: Option<LocalGovernmentCode>,
    ) -> Result<Option<LocalGovernmentCode>, Problem>;
    /// A page of all number lists, by municipality and list.
    fn lists_page(
        &mut self,
        after: Option<(LocalGovernmentCode, i64)>,
        limit: usize,
    ) -> Result<Vec<NumberListRow>, Problem>;
    /// A page of all kept answers, by actor and key; the first comes after two empty texts.
    fn answers_page(
        &mut self,
        after: (&str, &str),
        limit: usize,
    ) -> Result<Vec<IdempotencyRow>, Problem>;
    /// Number lists of a municipality.
    fn lists_of(
        &mut self,
        municipality: LocalGovernmentCode,
    ) -> Result<Vec<NumberListRow>, Problem>;
    /// Kept answers by actor and key.
    fn answers(
        &mut self,
        keys: &[(String, String)],
    ) -> Result<Vec<Option<IdempotencyRow>>, Problem>;
    /// The newest checkpoint.
    fn last_checkpoint(&mut self) -> Result<Option<CheckpointRow>, Problem>;
    /// A page of the checkpoints of `first` leaves and more.
    fn checkpoints(&mut self, first: u64, limit: usize) -> Result<Vec<CheckpointRow>, Problem>;
    /// The cosignatures of the checkpoints of these sizes, both ends included, by size and witness.
    fn cosignatures(&mut self, first: u64, last: u64) -> Result<Vec<CosignatureRow>, Problem>;
    /// A setting of the platform (names of keys in use, the ledger's origin).
    fn setting(&mut self, name: &str) -> Result<Option<String>, Problem>;
}

/// Writing: looking, and the one door through which rows come in.
pub trait Tx: View {
    /// Writes all changes.
    fn write(&mut self, changes: &Changes) -> Result<(), Problem>;
    /// Adds the next acts to the index by subject; false when they are too few yet. Does a bounded
    /// part of what keeps the index easy to search, too. Look-ups are complete at any time: acts
    /// beyond the index are searched one by one.
    fn index_subjects(&mut self) -> Result<bool, Problem>;
    /// Publishes a checkpoint: refused (`ledger_split`) when one of the same size is there.
    fn write_checkpoint(&mut self, checkpoint: &CheckpointRow) -> Result<(), Problem>;
    /// Adds cosignatures of checkpoints that are there, one of each witness.
    fn write_cosignatures(&mut self, cosignatures: &[CosignatureRow]) -> Result<(), Problem>;
    /// Forgets kept OCSP answers that ended before `before`, the oldest first, at most so many;
    /// answers with how many there were.
    fn forget_ocsp_answers(&mut self, before: Moment, limit: usize) -> Result<usize, Problem>;
    /// Sets a setting.
    fn set_setting(&mut self, name: &str, value: &str) -> Result<(), Problem>;
}
