//! Random commits on both databases and on the model: the same ones are refused, and every
//! question has the same answer afterwards.

use crate::harness::{Db, commit, look};
use crate::model::Model;
use crate::rows::{
    act, answer, checkpoint, code, cosignature, cursor, data_key, delivery, index, list, message,
    number, outbox, person, sixteen, stock, ward,
};
use base::{ActId, PersonId, Problem};
use numbers::LocalGovernmentCode;
use ports::rows::{Changes, NumberRow, OutboxRow, PersonRow};
use ports::{Store, View};
use proptest::collection::vec;
use proptest::prelude::*;

/// One transaction.
#[derive(Clone, Debug)]
enum Step {
    Write(Box<Changes>, u64),
    Publish(u64),
    Cosign(u64, u8),
    Set(u8, String),
}

/// Where a page begins, how long it is, and what is looked up.
#[derive(Clone, Debug)]
struct Question {
    after: u64,
    limit: usize,
    keys: Vec<u64>,
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 8,
        max_shrink_iters: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn both_databases_do_what_the_model_does(
        steps in vec(step(), 1..40),
        questions in vec(question(), 1..6),
    ) {
        let (lite, pg) = (Db::sqlite(), Db::postgresql());
        let mut model = Model::default();
        for step in &steps {
            let expected = step_model(&mut model, step);
            for db in [&lite, &pg] {
                let done = run(db.store(), step);
                let refused = done.as_ref().err().map(Problem::label);
                prop_assert_eq!(refused, expected, "{}: {:?}", db.store().kind(), done);
            }
        }
        for question in &questions {
            for db in [&lite, &pg] {
                look(db.store(), |view| Ok(compare(&mut model, view, question)))?;
            }
        }
        prop_assert_eq!(lite.store().check_integrity().unwrap(), [""; 0]);
    }
}

fn run(store: &dyn Store, step: &Step) -> Result<(), Problem> {
    match step {
        Step::Write(changes, gap) => {
            let mut next = 0;
            store.snapshot("test", &mut |view| {
                next = view.act_count()?;
                Ok(())
            })?;
            commit(store, &placed(changes, next, *gap))
        }
        Step::Publish(size) => {
            store.transact("test", &mut |tx| tx.write_checkpoint(&checkpoint(*size)))
        }
        Step::Cosign(size, witness) => {
            let row = cosignature(*size, &witness.to_string());
            store.transact("test", &mut |tx| tx.write_cosignatures(std::slice::from_ref(&row)))
        }
        Step::Set(name, value) => {
            store.transact("test", &mut |tx| tx.set_setting(&name.to_string(), value))
        }
    }
}

/// Does the step on the model; the label it is refused with, if it is.
fn step_model(model: &mut Model, step: &Step) -> Option<&'static str> {
    match step {
        Step::Write(changes, gap) => {
            let next = model.act_count().unwrap();
            let Some(after) = model.with(&placed(changes, next, *gap)) else {
                return Some("store_constraint");
            };
            *model = after;
        }
        Step::Publish(size) => {
            let Some(after) = model.with_checkpoint(&checkpoint(*size)) else {
                return Some("ledger_split");
            };
            *model = after;
        }
        Step::Cosign(size, witness) => {
            let row = cosignature(*size, &witness.to_string());
            let Some(after) = model.with_cosignature(&row) else {
                return Some("store_constraint");
            };
            *model = after;
        }
        Step::Set(name, value) => model.set(&name.to_string(), value),
    }
    None
}

/// The changes with their acts put at the end of the ledger, or behind a gap.
fn placed(changes: &Changes, next: u64, gap: u64) -> Changes {
    let mut changes = changes.clone();
    for (id, act) in (next + gap..).zip(&mut changes.acts) {
        act.id = ActId(id);
    }
    changes
}

/// Asks a database and the model everything that the port can be asked.
fn compare(
    model: &mut Model,
    view: &mut dyn View,
    question: &Question,
) -> Result<(), TestCaseError> {
    let Question { after, limit, keys } = question;
    let (person, act, limit) =
        (PersonId(after.cast_signed()), after.checked_sub(1).map(ActId), *limit);
    let ids: Vec<_> = keys.iter().map(|key| PersonId(key.cast_signed())).collect();
    let indexes: Vec<_> = keys.iter().map(|key| index(*key)).collect();
    let acts: Vec<_> = keys.iter().map(|key| ActId(*key)).collect();
    let of = near(*after);
    let places: Vec<_> = keys.iter().map(|key| (of, *key)).collect();
    let wards: Vec<_> = keys.iter().map(|key| near(*key)).collect();
    let named: Vec<_> = keys.iter().map(|key| (actor(*key), key.to_string())).collect();
    macro_rules! same {
        ($($method:ident($($argument:expr),*))*) => {
            $(
                let (is, should) = (view.$method($($argument),*), model.$method($($argument),*));
                prop_assert_eq!(is, should, "{}", stringify!($method));
            )*
        };
    }
    same! {
        persons(&ids)
        persons_page(person, limit)
        persons_of(of, person, limit)
        persons_named(&index(*after))
        last_person()
        data_keys(&ids)
        data_keys_not_of(1, person, limit)
        codes(&indexes)
        codes_of(person)
        numbers(&indexes)
        numbers_of(person)
        messages(&places)
        messages_open(of, true, *after, limit)
        messages_open(of, false, *after, limit)
        messages_page(of, *after, limit)
        cursors(&wards)
        all_cursors()
        stocks_of(of)
        all_stocks()
        act_count()
        acts(ActId(*after), limit)
        acts_about(&sixteen(after % 3), act, limit)
        subject_index()
        outbox(1, act, limit)
        outbox_at(1, &acts)
        deliveries(limit)
        lists_of(of)
        answers(&named)
        last_checkpoint()
        checkpoints(*after, limit)
        cosignatures(*after, *after + 3)
        setting(&(after % 4).to_string())
    }
    Ok(())
}

fn near(n: u64) -> LocalGovernmentCode {
    ward((n % 3) as u32)
}

fn actor(n: u64) -> String {
    ["registrar:13101", "auditor"][(n % 2) as usize].to_owned()
}

/// Small domains, so that keys meet; now and then a value that a constraint refuses.
fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (changes(), prop_oneof![19 => Just(0_u64), 1 => 1..3_u64])
            .prop_map(|(changes, gap)| Step::Write(Box::new(changes), gap)),
        1 => (0..6_u64).prop_map(Step::Publish),
        1 => (0..6_u64, 0..3_u8).prop_map(|(size, witness)| Step::Cosign(size, witness)),
        1 => (0..4_u8, "\\PC{0,8}").prop_map(|(name, value)| Step::Set(name, value)),
    ]
}

fn question() -> impl Strategy<Value = Question> {
    let limit = prop_oneof![3 => 0..5_usize, 1 => Just(usize::MAX)];
    (0..12_u64, limit, vec(0..12_u64, 0..12)).prop_map(|(after, limit, keys)| Question {
        after,
        limit,
        keys,
    })
}

fn changes() -> impl Strategy<Value = Changes> {
    let people = (
        vec(a_person(), 0..4),
        vec((0..8_i64, 1..4_i64), 0..3),
        vec((1..8_i64, 0..3_i64, 0..10_u64, any::<bool>()), 0..3),
        vec((1..8_i64, 0..3_i64, 0..10_u64, 0..3_i64), 0..3),
        vec(0..8_i64, 0..2),
    );
    let feed = (
        vec((0..3_u32, 1..10_u64, 0..3_u8), 0..3),
        vec((0..3_u32, 1..5_u64), 0..2),
        vec((1..4_i64, 0..3_u32, 0..4_u64), 0..2),
    );
    let work = (
        0..4_usize,
        vec((0..10_u64, 1..3_i64), 0..2),
        vec((0..10_u64, 1..3_i64), 0..3),
        vec((0..3_u32, 1..20_i64), 0..2),
        vec((0..2_u64, 0..12_u64), 0..2),
        (vec((0..3_u32, 0..6_i64), 0..2), vec((0..3_u32, 0..6_i64), 0..3)),
    );
    (people, feed, work).prop_map(|(people, feed, work)| Changes {
        persons: people.0,
        data_keys: people.1.into_iter().map(key).collect(),
        codes: people.2.into_iter().map(a_code).collect(),
        numbers: people.3.into_iter().map(a_number).collect(),
        data_keys_destroyed: people.4.into_iter().map(PersonId).collect(),
        messages: feed.0.into_iter().map(a_message).collect(),
        cursors: feed.1.into_iter().map(|(of, next)| cursor(of, next)).collect(),
        stocks: feed.2.into_iter().map(|(id, of, first)| stock(id, of, first * 100)).collect(),
        acts: (0..work.0 as u64).map(act).collect(),
        outbox: work.1.into_iter().map(|(act, topic)| OutboxRow { topic, ..outbox(act) }).collect(),
        outbox_done: work.2.into_iter().map(|(act, topic)| (ActId(act), topic)).collect(),
        lists: work.3.into_iter().map(|(of, number)| list(of, number)).collect(),
        deliveries: work.5.0.into_iter().map(|(of, number)| delivery(of, number)).collect(),
        delivered: work.5.1.into_iter().map(|(of, number)| (ward(of), number)).collect(),
        answers: work
            .4
            .into_iter()
            .map(|(who, key)| answer(&actor(who), &key.to_string()))
            .collect(),
    })
}

fn a_person() -> impl Strategy<Value = PersonRow> {
    let status = prop_oneof![8 => 0..5_i64, 1 => 5..7_i64];
    let generation = proptest::option::of(prop_oneof![12 => 0..8_i64, 1 => Just(8)]);
    (1..8_i64, 0..3_u32, status, generation, 0..10_u64, proptest::bool::weighted(0.9)).prop_map(
        |(id, of, status, number_generation, name, sealed)| PersonRow {
            municipality: ward(of),
            status,
            number_generation,
            identity: sealed.then(|| vec![1; 20]),
            contact: sealed.then(|| vec![2; name as usize]),
            name_birth_index: sealed.then(|| index(name)),
            ..person(id)
        },
    )
}

fn key((person, epoch): (i64, i64)) -> ports::rows::DataKeyRow {
    ports::rows::DataKeyRow { epoch, ..data_key(person) }
}

fn a_code((person, ordinal, n, ended): (i64, i64, u64, bool)) -> ports::rows::RecordCodeRow {
    let ended_act = ended.then_some(ActId(n));
    ports::rows::RecordCodeRow { ended_act, ..code(person, ordinal, spread(person, ordinal, n)) }
}

fn a_number((person, generation, n, state): (i64, i64, u64, i64)) -> NumberRow {
    let ended_act = (state == 2).then_some(ActId(n));
    NumberRow { state, ended_act, ..number(person, generation, spread(person, generation, n)) }
}

/// Mostly an index of the row's own, which a later row with this key has again; sometimes any.
fn spread(person: i64, at: i64, n: u64) -> u64 {
    if n > 0 { 20 + (person * 3 + at).cast_unsigned() } else { n }
}

fn a_message((of, sequence, kind): (u32, u64, u8)) -> ports::rows::FeedMessageRow {
    match kind {
        0 => message(of, sequence),
        1 => crate::rows::waiting(of, sequence),
        _ => crate::rows::refused(of, sequence),
    }
}
