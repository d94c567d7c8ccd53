//! The decisions as tables, one row per answer, and long random lives against the invariants.

use super::*;
use crate::{
    event::{EventKind, ResidentEvent},
    record::tests::{jiff_date as date, record},
};
use numbers::IndividualNumber;
use proptest::{collection::vec, prelude::*, sample::select};

const HERE: &str = "131016";
const ELSEWHERE: &str = "271004";
const TODAY: &str = "2026-04-01";

fn town(code: &str) -> LocalGovernmentCode {
    code.parse().unwrap()
}

fn code() -> ResidentRecordCode {
    "24727059608".parse().unwrap()
}

fn event(kind: EventKind) -> ResidentEvent {
    let record = kind.needs_record().then(record);
    ResidentEvent { kind, on: date("2026-03-01"), code: Some(code()), record }
}

/// A resident whose record HERE keeps, or kept.
fn resident(status: Status) -> Resident {
    let entered = status != Status::Provisional;
    Resident {
        code: code(),
        municipality: town(HERE),
        status,
        since: date("2020-01-01"),
        number: if entered {
            NumberState::Designated(Generation::FIRST)
        } else {
            NumberState::Provisional
        },
        record: entered.then(record),
    }
}

fn meaning(state: Option<Status>, kind: EventKind, by: &str) -> String {
    let state = state.map(resident);
    match decide(state.as_ref(), &event(kind), town(by), date(TODAY)) {
        Ok(decision) => {
            let words: Vec<_> = decision.facts().map(|fact| fact.change.word()).collect();
            words.join(" ")
        }
        Err(refusal) => refusal.label().to_owned(),
    }
}

/// What each event means: status before, kind of event, then the facts or the refusal when the
/// municipality reports it that keeps or kept the record, and when another one does.
const MEANINGS: &str = "
    unknown     | birth                 | entered number_designated | entered number_designated
    unknown     | move_in               | entered number_designated | entered number_designated
    unknown     | ex_officio_entry      | entered number_designated | entered number_designated
    unknown     | move_within           | resident_unknown          | resident_unknown
    unknown     | move_out              | resident_unknown          | resident_unknown
    unknown     | name_change           | resident_unknown          | resident_unknown
    unknown     | death                 | resident_unknown          | resident_unknown
    unknown     | ex_officio_correction | resident_unknown          | resident_unknown
    unknown     | ex_officio_deletion   | resident_unknown          | resident_unknown
    provisional | birth                 | entered number_designated | record_code_taken
    provisional | move_in               | entered number_designated | record_code_taken
    provisional | ex_officio_entry      | entered number_designated | record_code_taken
    provisional | move_within           | resident_unknown          | resident_unknown
    provisional | move_out              | resident_unknown          | resident_unknown
    provisional | name_change           | resident_unknown          | resident_unknown
    provisional | death                 | resident_unknown          | resident_unknown
    provisional | ex_officio_correction | resident_unknown          | resident_unknown
    provisional | ex_officio_deletion   | resident_unknown          | resident_unknown
    registered  | birth                 | record_code_taken         | record_code_taken
    registered  | move_in               | resident_already_here     | resident_not_moved_out
    registered  | ex_officio_entry      | resident_already_here     | resident_not_moved_out
    registered  | move_within           | record_changed            | resident_elsewhere
    registered  | move_out              | moved_out                 | resident_elsewhere
    registered  | name_change           | record_changed            | resident_elsewhere
    registered  | death                 | died                      | resident_elsewhere
    registered  | ex_officio_correction | record_changed            | resident_elsewhere
    registered  | ex_officio_deletion   | deleted                   | resident_elsewhere
    moved_out   | birth                 | record_code_taken         | record_code_taken
    moved_out   | move_in               | moved_in                  | moved_in
    moved_out   | ex_officio_entry      | restored                  | moved_in
    moved_out   | move_within           | resident_away             | resident_away
    moved_out   | move_out              | resident_away             | resident_away
    moved_out   | name_change           | resident_away             | resident_away
    moved_out   | death                 | resident_away             | resident_away
    moved_out   | ex_officio_correction | record_changed            | resident_away
    moved_out   | ex_officio_deletion   | resident_away             | resident_away
    dead        | birth                 | record_code_taken         | record_code_taken
    dead        | move_in               | resident_dead             | resident_dead
    dead        | ex_officio_entry      | restored                  | resident_dead
    dead        | move_within           | resident_dead             | resident_dead
    dead        | move_out              | resident_dead             | resident_dead
    dead        | name_change           | resident_dead             | resident_dead
    dead        | death                 | resident_dead             | resident_dead
    dead        | ex_officio_correction | record_changed            | resident_dead
    dead        | ex_officio_deletion   | resident_dead             | resident_dead
    deleted     | birth                 | record_code_taken         | record_code_taken
    deleted     | move_in               | moved_in                  | moved_in
    deleted     | ex_officio_entry      | restored                  | moved_in
    deleted     | move_within           | resident_deleted          | resident_deleted
    deleted     | move_out              | resident_deleted          | resident_deleted
    deleted     | name_change           | resident_deleted          | resident_deleted
    deleted     | death                 | resident_deleted          | resident_deleted
    deleted     | ex_officio_correction | record_changed            | resident_deleted
    deleted     | ex_officio_deletion   | resident_deleted          | resident_deleted
";

#[test]
fn what_each_event_means_in_each_status() {
    let rows: Vec<_> = MEANINGS.trim().lines().collect();
    assert_eq!(rows.len(), (Status::ALL.len() + 1) * EventKind::ALL.len());
    for row in rows {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let (state, kind) = (Status::from_word(cells[0]), cells[1].parse().unwrap());
        assert!(state.is_some() || cells[0] == "unknown");
        assert_eq!(meaning(state, kind, HERE), cells[2], "{row}");
        assert_eq!(meaning(state, kind, ELSEWHERE), cells[3], "{row}");
    }
}

/// One row per refusal in the order of the checks: each event has every later fault too.
#[test]
fn refusals_come_in_the_order_of_the_checks() {
    let mut asked = event(EventKind::NameChange);
    asked.on = date("1980-01-01");
    asked.record.as_mut().unwrap().birth_date = date("1985-01-01");
    let mut rows = vec![(Refusal::EventBeforeBirth, HERE, asked.clone())];
    rows.push((Refusal::ResidentElsewhere, ELSEWHERE, asked.clone()));
    asked.record = None;
    rows.push((Refusal::RecordNeeded, ELSEWHERE, asked.clone()));
    asked.on = date("2026-04-02");
    rows.push((Refusal::EventInFuture, ELSEWHERE, asked.clone()));
    asked.code = None;
    rows.push((Refusal::RecordCodeNeeded, ELSEWHERE, asked));
    let mut late = event(EventKind::NameChange);
    late.record.as_mut().unwrap().birth_date = date("1985-01-01");
    rows.insert(0, (Refusal::BirthDateDiffers, HERE, late));
    let registered = resident(Status::Registered);
    for (refusal, by, asked) in rows {
        let decided = decide(Some(&registered), &asked, town(by), date(TODAY));
        assert_eq!(decided.unwrap_err(), refusal);
    }
}

#[test]
fn dates() {
    let registered = resident(Status::Registered);
    let decide = |asked: &ResidentEvent| {
        decide(Some(&registered), asked, town(HERE), date(TODAY)).map(|_| ())
    };
    let mut asked = event(EventKind::MoveOut);
    asked.on = date("1990-03-31");
    assert_eq!(decide(&asked), Err(Refusal::EventBeforeBirth), "the known birth date counts");
    asked.on = date("1990-04-01");
    assert_eq!(decide(&asked), Ok(()), "the day of birth itself is not before it");
    asked.on = date(TODAY);
    assert_eq!(decide(&asked), Ok(()), "today is not in the future");
    let mut correction = event(EventKind::ExOfficioCorrection);
    correction.record.as_mut().unwrap().birth_date = date("1989-01-01");
    assert_eq!(decide(&correction), Ok(()), "a correction changes a birth date");
    let mut death = event(EventKind::Death);
    death.record = correction.record;
    assert_eq!(decide(&death), Err(Refusal::BirthDateDiffers));
}

#[test]
fn a_record_that_comes_with_a_death_is_kept_as_the_last_one() {
    let mut death = event(EventKind::Death);
    let mut last = record();
    last.address = base::Personal::new("大阪市");
    death.record = Some(last.clone());
    let before = resident(Status::Registered);
    let decision = decide(Some(&before), &death, town(HERE), date(TODAY)).unwrap();
    let after = decision.apply(Some(before));
    assert_eq!((after.status, after.record), (Status::Dead, Some(last)));
}

#[test]
fn a_move_keeps_code_and_number_and_changes_the_keeper() {
    let mut before = resident(Status::MovedOut);
    before.number = NumberState::Designated(Generation::new(3).unwrap());
    let asked = event(EventKind::MoveIn);
    let decision = decide(Some(&before), &asked, town(ELSEWHERE), date(TODAY)).unwrap();
    let after = decision.apply(Some(before.clone()));
    assert_eq!(after.municipality, town(ELSEWHERE));
    assert_eq!((after.status, after.since), (Status::Registered, asked.on));
    assert_eq!((after.code, after.number), (before.code, before.number));
}

#[test]
fn somebody_who_left_before_numbering_began_gets_a_number_on_return() {
    let mut before = resident(Status::MovedOut);
    before.number = NumberState::None;
    let asked = event(EventKind::MoveIn);
    let decision = decide(Some(&before), &asked, town(ELSEWHERE), date(TODAY)).unwrap();
    let designated = decision.facts().last().unwrap();
    assert_eq!(designated.on, date(TODAY), "a designation is of the day it is made");
    assert_eq!(decision.apply(Some(before)).generation(), Some(Generation::FIRST));
}

#[test]
fn from_the_provisional_list_into_force() {
    let (here, today) = (town(HERE), date(TODAY));
    let announced = decide_provisional(None, &code(), here, today).unwrap().apply(None);
    assert_eq!(
        (announced.status, announced.number),
        (Status::Provisional, NumberState::Provisional)
    );
    for (by, refusal) in
        [(HERE, Refusal::NumberAlreadyAssigned), (ELSEWHERE, Refusal::RecordCodeTaken)]
    {
        let again = decide_provisional(Some(&announced), &code(), town(by), today);
        assert_eq!(again.unwrap_err(), refusal);
    }
    let birth = event(EventKind::Birth);
    let entry = decide(Some(&announced), &birth, here, today).unwrap();
    assert_eq!(entry.facts().count(), 2, "entered, and the number put into force");
    let entered = entry.apply(Some(announced));
    assert_eq!((entered.generation(), entered.fault()), (Some(Generation::FIRST), None));
}

fn change<'a>(current: Option<&'a IndividualNumber>, ground: ChangeGround) -> NumberChange<'a> {
    NumberChange { by: town(HERE), ground, reason: Some(LeakReason::Theft), current }
}

/// One row per refusal in the order of the checks: each request has every later fault too.
#[test]
fn refusals_of_a_number_change_come_in_the_order_of_the_checks() {
    use ChangeGround::{ByRequest, ExOfficio};
    let present: IndividualNumber = "123456789018".parse().unwrap();
    let other: IndividualNumber = "621498320257".parse().unwrap();
    let mut last = resident(Status::Registered);
    last.number = NumberState::Designated(Generation::LAST);
    let mut announced = resident(Status::Provisional);
    let of = |status| {
        let mut state = last.clone();
        state.status = status;
        Some(state)
    };
    let no_reason = NumberChange { reason: None, ..change(Some(&other), ByRequest) };
    let foreign = NumberChange { by: town(ELSEWHERE), ..change(Some(&other), ByRequest) };
    let wrong = change(Some(&other), ExOfficio);
    announced.number = NumberState::Designated(Generation::LAST);
    for (state, ask, number, refusal) in [
        (None, no_reason, None, Refusal::NumberChangeReason),
        (None, foreign, None, Refusal::ResidentUnknown),
        (of(Status::Dead), foreign, None, Refusal::ResidentDead),
        (of(Status::Deleted), foreign, None, Refusal::ResidentElsewhere),
        (of(Status::Deleted), wrong, None, Refusal::ResidentDeleted),
        (of(Status::MovedOut), wrong, None, Refusal::ResidentAway),
        (Some(announced), wrong, None, Refusal::ResidentUnknown),
        (of(Status::Registered), wrong, None, Refusal::NumberNotAssigned),
        (of(Status::Registered), wrong, Some(&present), Refusal::NumberCurrentDiffers),
        (
            of(Status::Registered),
            change(None, ByRequest),
            Some(&present),
            Refusal::NumberCurrentDiffers,
        ),
        (
            of(Status::Registered),
            change(None, ExOfficio),
            Some(&present),
            Refusal::NumberChangesExhausted,
        ),
    ] {
        let decided = decide_number_change(state.as_ref(), &ask, number, date(TODAY));
        assert_eq!(decided.unwrap_err(), refusal);
    }
}

#[test]
fn seven_changes_and_no_eighth() {
    let present: IndividualNumber = "123456789018".parse().unwrap();
    let mut state = resident(Status::Registered);
    for generation in 1..=7 {
        let ask = change(Some(&present), ChangeGround::ByRequest);
        let decided = decide_number_change(Some(&state), &ask, Some(&present), date(TODAY));
        let before = state.clone();
        state = decided.unwrap().apply(Some(state));
        assert_eq!(state.generation(), Generation::new(generation).ok());
        assert_eq!((state.since, &state.record), (before.since, &before.record));
    }
    let ask = change(Some(&present), ChangeGround::ByRequest);
    let decided = decide_number_change(Some(&state), &ask, Some(&present), date(TODAY));
    assert_eq!(decided.unwrap_err(), Refusal::NumberChangesExhausted);
}

#[test]
fn every_refusal_has_its_entry_in_the_table() {
    let labels = Refusal::ALL.map(Refusal::label);
    for label in labels.iter().chain(&["feed_sex", "feed_postal_code", "feed_event"]) {
        assert!(base::labels::find(label).is_some(), "{label}");
    }
    assert_eq!(labels.iter().collect::<std::collections::BTreeSet<_>>().len(), labels.len());
}

#[test]
fn words_read_back_and_only_leaks_are_reasons() {
    for status in Status::ALL {
        assert_eq!(Status::from_word(status.word()), Some(status));
    }
    for ground in [ChangeGround::ByRequest, ChangeGround::ExOfficio] {
        assert_eq!(ChangeGround::from_word(ground.word()), Some(ground));
    }
    for reason in LeakReason::ALL {
        assert_eq!(reason.to_string().parse(), Ok(reason));
    }
    for text in ["", "marriage", "wish", "theft "] {
        assert_eq!(text.parse::<LeakReason>(), Err(LeakReasonRefusal));
    }
}

#[test]
fn debug_shows_no_person() {
    let state = resident(Status::Registered);
    let decision = decide(Some(&state), &event(EventKind::NameChange), town(HERE), date(TODAY));
    let shown = format!("{state:?} {decision:?}");
    for hidden in ["山田", "1990", "2026", "24727059608", "1000013"] {
        assert!(!shown.contains(hidden), "{shown}");
    }
}

#[derive(Clone, Debug)]
enum Step {
    Event { kind: EventKind, by: &'static str, day: i8, birth: i8, with_record: bool },
    Provisional { by: &'static str },
    Change { by: &'static str },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let by = || select(vec![HERE, ELSEWHERE]);
    let event = (select(EventKind::ALL.to_vec()), by(), 1i8..28, 1i8..3, prop::bool::weighted(0.9))
        .prop_map(|(kind, by, day, birth, with_record)| Step::Event {
            kind,
            by,
            day,
            birth,
            with_record,
        });
    let numbering =
        by().prop_flat_map(|by| select(vec![Step::Provisional { by }, Step::Change { by }]));
    vec(prop_oneof![4 => event, 1 => numbering], 1..40)
}

fn run(state: Option<&Resident>, step: &Step) -> Result<Decision, Refusal> {
    let today = date("2026-01-26");
    let present: IndividualNumber = "123456789018".parse().unwrap();
    match *step {
        Step::Event { kind, by, day, birth, with_record } => {
            let mut record = record();
            record.birth_date = Date::constant(2026, 1, birth);
            let on = Date::constant(2026, 1, day);
            let record = with_record.then_some(record);
            let asked = ResidentEvent { kind, on, code: Some(code()), record };
            decide(state, &asked, town(by), today)
        }
        Step::Provisional { by } => decide_provisional(state, &code(), town(by), today),
        Step::Change { by } => {
            let ask = NumberChange { by: town(by), ..change(None, ChangeGround::ExOfficio) };
            decide_number_change(state, &ask, Some(&present), today)
        }
    }
}

/// What no step may ever do, whatever came before.
fn check_step(before: &Resident, after: &Resident, step: &Step) {
    assert!(after.code == before.code);
    assert!(after.number >= before.number, "a number is never taken back");
    let corrected = matches!(step, Step::Event { kind: EventKind::ExOfficioCorrection, .. });
    if let (Some(old), Some(new)) = (&before.record, &after.record) {
        assert!(old.birth_date == new.birth_date || corrected);
    }
    assert!(before.record.is_none() || after.record.is_some(), "a record is never lost");
    let moved = before.municipality != after.municipality;
    assert!(!moved || matches!(before.status, Status::MovedOut | Status::Deleted));
    assert!(!moved || after.status == Status::Registered);
    if before.status == Status::Dead && after.status != Status::Dead {
        let restored = matches!(step, Step::Event { kind: EventKind::ExOfficioEntry, .. });
        assert!(restored && !moved, "only its own municipality undoes a death");
    }
}

#[test]
fn a_closed_record_is_kept_for_150_years() {
    let told = |status, since, today| {
        let resident = Resident { since: date(since), ..resident(status) };
        decide_disposal(&resident, date(today)).map_err(Refusal::label)
    };
    for status in [Status::Dead, Status::Deleted] {
        for (since, today, over) in [
            ("1876-04-01", "2026-04-01", false),
            ("1876-04-01", "2026-04-02", true),
            ("1876-04-30", "2026-05-01", true),
            ("1876-05-01", "2026-04-30", false),
            ("1872-02-29", "2022-02-28", false),
            ("1872-02-29", "2022-03-01", true),
            ("2026-04-01", "2026-04-01", false),
            ("0001-01-01", "9999-12-31", true),
            ("9999-12-31", "9999-12-31", false),
        ] {
            let expected = if over { Ok(()) } else { Err("disposal_retention") };
            assert_eq!(told(status, since, today), expected, "{since} {today}");
        }
    }
    for status in [Status::Provisional, Status::Registered, Status::MovedOut] {
        assert_eq!(told(status, "0001-01-01", TODAY), Err("disposal_too_early"));
    }
}

proptest! {
    #[test]
    fn no_sequence_of_events_breaks_an_invariant(steps in steps()) {
        let mut state: Option<Resident> = None;
        let mut journal = Vec::new();
        for step in &steps {
            let Ok(decision) = run(state.as_ref(), step) else { continue };
            let after = decision.apply(state.clone());
            prop_assert_eq!(after.fault(), None);
            if let Some(before) = &state {
                check_step(before, &after, step);
            }
            journal.extend(decision.facts().cloned());
            state = Some(after);
        }
        let replayed = journal.iter().fold(None, |state, fact| Some(apply(state, fact)));
        prop_assert_eq!(replayed, state, "the facts alone rebuild the resident");
    }

    #[test]
    fn the_same_step_twice_never_numbers_twice(steps in steps()) {
        let mut state: Option<Resident> = None;
        let mut designations = 0;
        for step in steps.iter().flat_map(|step| [step, step]) {
            let Ok(decision) = run(state.as_ref(), step) else { continue };
            let designated = |fact: &&Fact| matches!(fact.change, Change::NumberDesignated { .. });
            designations += decision.facts().filter(designated).count();
            state = Some(decision.apply(state));
        }
        prop_assert!(designations <= 1);
    }
}
