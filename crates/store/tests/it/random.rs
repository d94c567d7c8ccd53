//! Random commits on both databases and on the model: the same ones are refused, and every
//! question has the same answer afterwards.

use crate::certificate_rows::{
    abandoned, authority, certificate, delegate, digest, held, id, intention, ocsp_answer,
    partition, revocation_list, verifier, week,
};
use crate::harness::{Db, commit, look};
use crate::model::Model;
use crate::rows::{
    act, answer, checkpoint, code, cosignature, cursor, data_key, delivery, index, list, message,
    number, outbox, person, sixteen, stock, ward,
};
use base::{ActId, Moment, PersonId, Problem};
use numbers::LocalGovernmentCode;
use ports::rows::{
    AuthorityRow, CertificateId, CertificateStatusRow, Changes, DelegateKey, IntentionRow,
    NumberRow, OcspKey, OutboxRow, Partition, PersonRow, RevocationListRow, VerifierRow,
    week_in_japan,
};
use ports::{CertificateView as _, Store, View};
use proptest::collection::vec;
use proptest::prelude::*;

/// One transaction.
#[derive(Clone, Debug)]
enum Step {
    Write(Box<Changes>, u64),
    Publish(u64),
    Cosign(u64, u8),
    Set(u8, String),
    Forget(i64, usize),
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
        let first = Step::Write(Box::new(three_authorities()), 0);
        for step in std::iter::once(&first).chain(&steps) {
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
            let mut ends = Ends::default();
            store.snapshot("test", &mut |view| {
                ends = Ends::of(view)?;
                Ok(())
            })?;
            commit(store, &placed(changes, ends, *gap))
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
        Step::Forget(before, limit) => store
            .transact("test", &mut |tx| tx.forget_ocsp_answers(week(*before), *limit).map(drop)),
    }
}

/// Does the step on the model; the label it is refused with, if it is.
fn step_model(model: &mut Model, step: &Step) -> Option<&'static str> {
    match step {
        Step::Write(changes, gap) => {
            let ends = Ends::of(model).unwrap();
            let Some(after) = model.with(&placed(changes, ends, *gap)) else {
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
        Step::Forget(before, limit) => {
            model.certificates.forget(week(*before), *limit);
        }
    }
    None
}

/// Where the ledger and the serial numbers of three authorities go on.
#[derive(Clone, Copy, Default)]
struct Ends {
    act: u64,
    serials: [u64; 3],
}

impl Ends {
    fn of(view: &mut dyn View) -> Result<Self, Problem> {
        let serials = [view.next_serial(1)?, view.next_serial(2)?, view.next_serial(3)?];
        Ok(Self { act: view.act_count()?, serials })
    }
}

/// The changes with their acts put at the end of the ledger, or behind a gap, and with serial
/// numbers that go on; what they have says how far beyond, and the greatest is one that was passed.
/// What is said of certificates is said of those so many before.
fn placed(changes: &Changes, ends: Ends, gap: u64) -> Changes {
    let mut changes = changes.clone();
    for (id, act) in (ends.act + gap..).zip(&mut changes.acts) {
        act.id = ActId(id);
    }
    let before =
        |id: CertificateId| ends.serials[(id.authority - 1) as usize].saturating_sub(id.serial);
    for row in &mut changes.certificates {
        row.id.serial = before(row.id);
    }
    for row in &mut changes.statuses {
        row.id.serial = before(row.id);
        row.municipality = row.municipality.map(|_| near(row.id.serial));
        if row.not_after != week(0) {
            row.not_after = end_of(row.id.serial);
        }
    }
    let mut serials = ends.serials;
    let mut place = |authority: i64, beyond: u64| {
        let next = &mut serials[(authority - 1) as usize];
        let serial = if beyond == PASSED { next.saturating_sub(1) } else { *next + beyond };
        *next = serial + 1;
        serial
    };
    for row in &mut changes.intentions {
        let serial = place(row.head.id.authority, row.head.id.serial);
        row.head.id.serial = serial;
        (row.head.municipality, row.head.not_after) = (near(serial), end_of(serial));
    }
    for row in &mut changes.delegates {
        row.key.serial = place(row.key.authority, row.key.serial);
    }
    changes
}

/// When the certificate of a serial number ends.
fn end_of(serial: u64) -> Moment {
    week(8 + (serial % 6).cast_signed())
}

/// Stands for a serial number that was given before.
const PASSED: u64 = 2;

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
    let issuer = (after % 3).cast_signed() + 1;
    let place = Partition { authority: issuer, municipality: after.checked_sub(6).map(near) };
    let certificates: Vec<_> = keys.iter().map(|key| id(issuer, *key)).collect();
    let digests: Vec<_> = keys.iter().map(|key| digest(*key)).collect();
    let stated: Vec<_> = certificates.iter().map(|id| (place.municipality, *id)).collect();
    let lists: Vec<_> = keys.iter().map(|key| partition(issuer, to_ward(*key))).collect();
    let asked: Vec<_> = certificates.iter().map(|id| OcspKey { id: *id, id_hash: 2 }).collect();
    let delegated = DelegateKey { authority: issuer, purpose: 1, serial: *after };
    let names: Vec<_> = keys.iter().map(|key| actor(*key)).collect();
    let weeks = [10, 12].map(|weeks| week_in_japan(week(weeks)));
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
        set_of(of, person, limit)
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
        next_sender(after.checked_sub(1).map(near))
        lists_page(after.checked_sub(1).map(|list| (of, list.cast_signed())), limit)
        answers(&named)
        answers_page((&actor(*after), &after.to_string()), limit)
        answers_page(("", ""), limit)
        last_checkpoint()
        checkpoints(*after, limit)
        cosignatures(*after, *after + 3)
        setting(&(after % 4).to_string())
        authorities()
        next_serial(issuer)
        intentions(&certificates)
        intention_heads(&certificates)
        intentions_page(issuer, *after, limit)
        intention_heads_page(issuer, *after, limit)
        open_intentions(id(issuer, *after), limit)
        certificates(&certificates)
        certificates_page(issuer, *after, limit)
        certificates_of(&ids)
        key_holders(&digests)
        statuses(&stated)
        statuses_page(place, None, *after, limit)
        statuses_page(place, Some(week(after.cast_signed())), 0, limit)
        status_counts(place)
        next_status_partition(place)
        revocation_lists(&lists)
        revocation_lists_page(place, limit)
        lists_due(week(after.cast_signed()), limit)
        ocsp_answers(&asked)
        newest_delegates(issuer, 1, limit)
        delegates_page(delegated, limit)
        verifiers(&names)
        verifiers_page(&names.concat(), limit)
        expiries(issuer, (weeks[0], place.municipality), weeks[1], limit)
        expiries(issuer, (0, None), i64::MAX, limit)
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
        8 => (any_changes(), prop_oneof![19 => Just(0_u64), 1 => 1..3_u64])
            .prop_map(|(changes, gap)| Step::Write(Box::new(changes), gap)),
        1 => (0..6_u64).prop_map(Step::Publish),
        1 => (0..6_u64, 0..3_u8).prop_map(|(size, witness)| Step::Cosign(size, witness)),
        1 => (0..4_u8, "\\PC{0,8}").prop_map(|(name, value)| Step::Set(name, value)),
        1 => (0..9_i64, 0..3_usize).prop_map(|(before, limit)| Step::Forget(before, limit)),
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

/// Of the registry, of the authority, now and then of both.
fn any_changes() -> impl Strategy<Value = Changes> {
    let both = (changes(), issuance()).prop_map(|(registry, authority)| Changes {
        authorities: authority.authorities,
        intentions: authority.intentions,
        certificates: authority.certificates,
        ..registry
    });
    prop_oneof![4 => changes(), 4 => issuance(), 1 => both]
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
        vec((0..2_u64, 0..12_u64), 0..2),
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
        answers_forgotten: work
            .6
            .into_iter()
            .map(|(who, key)| (actor(who), key.to_string()))
            .collect(),
        ..Changes::default()
    })
}

/// What an authority does: mostly what holds, so that much comes to be.
fn issuance() -> impl Strategy<Value = Changes> {
    let of = || prop_oneof![4 => Just(1_i64), 1 => 2..4_i64];
    let beyond = || prop_oneof![20 => Just(0_u64), 2 => Just(1), 1 => Just(PASSED)];
    let key = prop_oneof![1 => 0..12_u64, 9 => any::<u64>()];
    let meant = ((of(), beyond()), 1..8_i64, key);
    let state = prop_oneof![9 => 1..4_i64, 1 => Just(0)];
    let said = (of(), 1..4_u64, 0..20_u8, state);
    let list = (1..4_i64, 0..4_u64, 1..6_u64, (0..30_i64, any::<bool>()));
    (
        sometimes((1..4_i64, 1..4_i64)),
        vec(meant, 0..4),
        sometimes((of(), 1..4_u64, proptest::bool::weighted(0.8))),
        sometimes(said),
        sometimes(list),
        vec((1..4_i64, 1..8_u64, 1..10_i64), 0..3),
        sometimes((1..4_i64, 1..3_i64, beyond())),
        vec((0..2_u64, 0..5_i64), 0..2),
    )
        .prop_map(|rows| Changes {
            authorities: rows.0.into_iter().map(an_authority).collect(),
            intentions: rows.1.into_iter().map(an_intention).collect(),
            certificates: rows
                .2
                .into_iter()
                .map(|(of, n, good)| if good { certificate(of, n) } else { abandoned(of, n) })
                .collect(),
            statuses: rows.3.into_iter().map(a_status).collect(),
            revocation_lists: rows.4.into_iter().map(a_list).collect(),
            ocsp_answers: rows
                .5
                .into_iter()
                .map(|(of, n, ends)| {
                    let mut row = ocsp_answer(n, ends);
                    row.key.id.authority = of;
                    row
                })
                .collect(),
            delegates: rows.6.into_iter().map(|(of, what, n)| delegate(of, what, n)).collect(),
            verifiers: rows
                .7
                .into_iter()
                .map(|(who, state)| VerifierRow { state, ..verifier(&actor(who)) })
                .collect(),
            ..Changes::default()
        })
}

/// Those that the random rows are about, so that most of these hold.
fn three_authorities() -> Changes {
    Changes {
        persons: (1..8).map(person).collect(),
        authorities: (1..4).map(authority).collect(),
        ..Changes::default()
    }
}

fn an_authority((id, state): (i64, i64)) -> AuthorityRow {
    AuthorityRow { state, ..authority(id) }
}

/// Mostly nothing: what is said of a certificate that is not there spoils a commit.
fn sometimes<T: Clone + std::fmt::Debug>(
    what: impl Strategy<Value = T>,
) -> impl Strategy<Value = Vec<T>> {
    prop_oneof![2 => Just(Vec::new()), 1 => vec(what, 1..3)]
}

/// Where and until when follows from the serial number, once that is known.
fn an_intention(((of, beyond), person, key): ((i64, u64), i64, u64)) -> IntentionRow {
    let mut row = intention(of, beyond, person);
    row.head.key_digest = digest(key);
    row
}

/// Mostly of a certificate as it was meant.
fn a_status((of, n, slip, state): (i64, u64, u8, i64)) -> CertificateStatusRow {
    let municipality = (slip != 1).then(|| ward(0));
    let not_after = week(i64::from(slip != 2));
    CertificateStatusRow { state, municipality, not_after, ..held(of, n) }
}

fn a_list((of, place, number, (base, due)): (i64, u64, u64, (i64, bool))) -> RevocationListRow {
    RevocationListRow {
        base_number: (base < 6).then_some(base.cast_unsigned()),
        due: due.then_some(week(base % 12)),
        published: if base == 5 { number + 1 } else { number / 2 },
        ..revocation_list(partition(of, to_ward(place)), number)
    }
}

/// Mostly a municipality, now and then the list of authorities.
fn to_ward(n: u64) -> Option<u32> {
    (!n.is_multiple_of(4)).then_some((n % 3) as u32)
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
            set_digest: (name % 2 > 0).then(|| sixteen(name)),
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
