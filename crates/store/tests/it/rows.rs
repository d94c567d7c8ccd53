//! Rows to write: valid by themselves, told apart by their numbers.

use base::{ActId, Moment, PersonId};
use numbers::LocalGovernmentCode;
use ports::rows::{
    ActRow, Changes, CheckpointRow, CosignatureRow, DataKeyRow, DeliveryRow, FeedCursorRow,
    FeedMessageRow, IdempotencyRow, NumberListRow, NumberRow, OutboxRow, PersonRow, RecordCodeRow,
    SetRow, StockRow, number_state, status, topic,
};
use seal::BlindIndex;

/// Municipality 0, 1, 2 …: wards of Tokyo.
pub(crate) fn ward(n: u32) -> LocalGovernmentCode {
    LocalGovernmentCode::from_five_u32(13_101 + n).unwrap()
}

/// A blind index that stands for `n`.
pub(crate) fn index(n: u64) -> BlindIndex {
    BlindIndex::from_bytes(sixteen(n))
}

pub(crate) fn sixteen(n: u64) -> [u8; 16] {
    let mut bytes = [0xa5; 16];
    bytes[..8].copy_from_slice(&n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    bytes
}

pub(crate) fn person(id: i64) -> PersonRow {
    PersonRow {
        id: PersonId(id),
        municipality: ward(0),
        status: status::REGISTERED,
        number_generation: Some(0),
        key_generation: 1,
        identity: Some(vec![1; 40]),
        contact: Some(vec![2; 30]),
        name_birth_index: Some(index(id.cast_unsigned())),
        set_position: id.wrapping_mul(7),
        set_digest: Some(sixteen(id.cast_unsigned())),
    }
}

/// A person's place in the set digest, if there is one.
pub(crate) fn set_entry(row: &PersonRow) -> Option<SetRow> {
    let (person, position) = (row.id, row.set_position);
    Some(SetRow { person, position, digest: row.set_digest? })
}

pub(crate) fn data_key(person: i64) -> DataKeyRow {
    DataKeyRow { person: PersonId(person), generation: 1, epoch: 1, wrapped: vec![3; 60] }
}

pub(crate) fn code(person: i64, ordinal: i64, n: u64) -> RecordCodeRow {
    RecordCodeRow {
        person: PersonId(person),
        ordinal,
        code_index: index(n),
        code: vec![4; 40],
        assigned_act: ActId(n),
        ended_act: None,
    }
}

pub(crate) fn number(person: i64, generation: i64, n: u64) -> NumberRow {
    NumberRow {
        person: PersonId(person),
        generation,
        number_index: index(n),
        number: vec![5; 40],
        state: number_state::DESIGNATED,
        assigned_act: ActId(n),
        ended_act: None,
    }
}

/// A message that was worked on.
pub(crate) fn message(of: u32, sequence: u64) -> FeedMessageRow {
    FeedMessageRow {
        municipality: ward(of),
        sequence,
        digest: sixteen(sequence),
        act: Some(ActId(sequence)),
        label: None,
        content: None,
    }
}

/// A message that waits.
pub(crate) fn waiting(of: u32, sequence: u64) -> FeedMessageRow {
    FeedMessageRow { act: None, content: Some(vec![6; 50]), ..message(of, sequence) }
}

/// A message that was refused.
pub(crate) fn refused(of: u32, sequence: u64) -> FeedMessageRow {
    FeedMessageRow { label: Some("record_code_used".into()), ..message(of, sequence) }
}

pub(crate) fn cursor(of: u32, next: u64) -> FeedCursorRow {
    FeedCursorRow { municipality: ward(of), next, waiting: 0 }
}

pub(crate) fn stock(id: i64, of: u32, first: u64) -> StockRow {
    StockRow { id, municipality: ward(of), first, count: 100, used: 0 }
}

pub(crate) fn act(id: u64) -> ActRow {
    ActRow { id: ActId(id), subject: Some(sixteen(id % 3)), entry: format!("act {id}").into() }
}

pub(crate) fn acts(ids: std::ops::Range<u64>) -> Vec<ActRow> {
    ids.map(act).collect()
}

pub(crate) fn outbox(act: u64) -> OutboxRow {
    OutboxRow {
        act: ActId(act),
        topic: topic::NUMBER_LIST,
        municipality: ward(0),
        person: PersonId(1),
    }
}

pub(crate) fn list(of: u32, list: i64) -> NumberListRow {
    NumberListRow { municipality: ward(of), list, act: ActId(9), entries: 12, digest: [7; 32] }
}

pub(crate) fn delivery(of: u32, list: i64) -> DeliveryRow {
    DeliveryRow { municipality: ward(of), list, content: vec![6; 40] }
}

pub(crate) fn answer(actor: &str, key: &str) -> IdempotencyRow {
    IdempotencyRow {
        actor: actor.into(),
        key: key.into(),
        digest: sixteen(1),
        act: ActId(3),
        answer: vec![8; 20],
    }
}

pub(crate) fn checkpoint(size: u64) -> CheckpointRow {
    let at = Moment::from_us(1_700_000_000_000_000);
    CheckpointRow { size, root: [9; 32], note: format!("origin\n{size}\nroot\n"), at }
}

pub(crate) fn cosignature(size: u64, witness: &str) -> CosignatureRow {
    CosignatureRow { size, witness: witness.into(), line: format!("— {witness} {size}") }
}

/// One resident as the platform writes them: an act and everything that hangs on it.
pub(crate) fn resident(id: i64, act_id: u64) -> Changes {
    let n = id.cast_unsigned();
    Changes {
        persons: vec![person(id)],
        data_keys: vec![data_key(id)],
        codes: vec![code(id, 0, n)],
        numbers: vec![number(id, 0, n)],
        messages: vec![message(0, n)],
        acts: vec![act(act_id)],
        outbox: vec![outbox(act_id)],
        ..Changes::default()
    }
}

/// Several changes as one.
pub(crate) fn together(all: impl IntoIterator<Item = Changes>) -> Changes {
    all.into_iter().fold(Changes::default(), |mut sum, one| {
        sum.persons.extend(one.persons);
        sum.data_keys.extend(one.data_keys);
        sum.data_keys_destroyed.extend(one.data_keys_destroyed);
        sum.codes.extend(one.codes);
        sum.numbers.extend(one.numbers);
        sum.messages.extend(one.messages);
        sum.cursors.extend(one.cursors);
        sum.stocks.extend(one.stocks);
        sum.acts.extend(one.acts);
        sum.outbox.extend(one.outbox);
        sum.outbox_done.extend(one.outbox_done);
        sum.lists.extend(one.lists);
        sum.deliveries.extend(one.deliveries);
        sum.delivered.extend(one.delivered);
        sum.answers.extend(one.answers);
        sum.answers_forgotten.extend(one.answers_forgotten);
        sum.authorities.extend(one.authorities);
        sum.intentions.extend(one.intentions);
        sum.certificates.extend(one.certificates);
        sum.statuses.extend(one.statuses);
        sum.revocation_lists.extend(one.revocation_lists);
        sum.ocsp_answers.extend(one.ocsp_answers);
        sum.delegates.extend(one.delegates);
        sum.verifiers.extend(one.verifiers);
        sum
    })
}
