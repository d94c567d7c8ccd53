//! What a unit of work takes in moves its mark, whatever it is.

use super::*;
use crate::platform::KeyNames;
use base::{Actor, Clock, Purpose};
use policy::Action;
use ports::rows::{NumberListRow, OutboxRow};
use std::sync::Arc;
use store::{SqliteOptions, SqliteStore};

struct Noon;

impl Clock for Noon {
    fn now(&self) -> Moment {
        Moment::from_us(1_775_012_400_000_000)
    }
}

fn town() -> LocalGovernmentCode {
    "131016".parse().unwrap()
}

/// Every way to take something in, by name; what follows from it is of no concern here.
type Way = (&'static str, fn(&mut Work<'_>) -> Result<(), Problem>);

const ACT: ActId = ActId(0);
const PERSON: PersonId = PersonId(1);

fn number() -> NumberRow {
    NumberRow {
        person: PERSON,
        generation: 0,
        number_index: BlindIndex::from_bytes([1; 16]),
        number: vec![1],
        state: 1,
        assigned_act: ACT,
        ended_act: None,
    }
}

fn code() -> RecordCodeRow {
    RecordCodeRow {
        person: PERSON,
        ordinal: 0,
        code_index: BlindIndex::from_bytes([1; 16]),
        code: vec![1],
        assigned_act: ACT,
        ended_act: None,
    }
}

fn message() -> FeedMessageRow {
    let (act, content) = (None, Some(vec![1]));
    FeedMessageRow { municipality: town(), sequence: 1, digest: [1; 16], act, label: None, content }
}

fn answer() -> IdempotencyRow {
    let (actor, key) = ("a".to_owned(), "k".to_owned());
    IdempotencyRow { actor, key, digest: [1; 16], act: ACT, answer: vec![1] }
}

const WAYS: [Way; 12] = [
    ("record", |work| {
        let (actor, purpose) = (Actor::Municipality(town()), Purpose::ResidentRegister);
        let permit = crate::permit(&actor, Action::StockIssue, purpose, Some(town()))?;
        work.record(&permit, Outcome::Done, None, b"").map(drop)
    }),
    ("new_person_id", |work| {
        work.new_person_id();
        Ok(())
    }),
    ("keep_data_key", |work| {
        let key = seal::DataKey::from_entropy(work.entropy);
        work.keep_data_key(PERSON, 1, key);
        Ok(())
    }),
    ("keep_code", |work| {
        work.keep_code(code());
        Ok(())
    }),
    ("keep_number", |work| {
        work.keep_number(number());
        Ok(())
    }),
    ("keep_message", |work| {
        work.keep_message(message());
        Ok(())
    }),
    ("keep_cursor", |work| {
        work.keep_cursor(FeedCursorRow { municipality: town(), next: 1, waiting: 0 });
        Ok(())
    }),
    ("keep_stock", |work| {
        work.keep_stock(StockRow { id: 1, municipality: town(), first: 0, count: 1, used: 0 })
    }),
    ("keep_answer", |work| {
        work.keep_answer(answer());
        Ok(())
    }),
    ("put_out", |work| {
        work.put_out(OutboxRow { act: ACT, topic: 1, municipality: town(), person: PERSON });
        Ok(())
    }),
    ("outbox_done", |work| {
        work.outbox_done(ACT, 1);
        Ok(())
    }),
    ("keep_list", |work| {
        let (municipality, list, act, entries, digest) = (town(), 1, ACT, 0, [1; 32]);
        work.keep_list(NumberListRow { municipality, list, act, entries, digest });
        Ok(())
    }),
];

#[test]
fn whatever_is_taken_in_moves_the_mark_every_time() {
    let folder = tempfile::TempDir::new().unwrap();
    let options = SqliteOptions { create: true, ..SqliteOptions::default() };
    let store = SqliteStore::open(&folder.path().join("store"), options, Noon.now()).unwrap();
    let platform = Platform {
        store: Arc::new(store),
        keys: Arc::new(keys::SoftKeyStore::in_memory()),
        clock: Arc::new(Noon),
        entropy: Arc::new(|| Box::new(keys::OsEntropy::new())),
        names: Arc::new(KeyNames::first().unwrap()),
        profile: Arc::new(crate::CertificateProfile::first().unwrap()),
    };
    crate::init::make_keys(&platform).unwrap();
    crate::init::make_store(&platform, "sekisho.test/ledger").unwrap();
    let done = platform.store.transact("test", &mut |tx| {
        let mut entropy = (platform.entropy)();
        let mut work = Work::begin(&platform, tx, &mut *entropy)?;
        for (name, way) in WAYS {
            for _ in 0..2 {
                let before = work.mark();
                way(&mut work)?;
                assert_ne!(work.mark(), before, "{name}");
            }
        }
        let before = work.mark();
        work.cursor(town())?;
        work.stocks(town())?;
        work.next_stock()?;
        assert_eq!(work.mark(), before, "looking is not taking in");
        Err(Problem::new(&labels::RESIDENT_ABSENT, "nothing of this is written"))
    });
    assert_eq!(done.unwrap_err().label(), "resident_absent");
}
