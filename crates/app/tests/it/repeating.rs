//! What is asked again under its key: told again to whom it concerns now, with an entry of its own,
//! and forgotten after a day.

use crate::house::{CHIYODA, CHUO, House, message, on_both, town};
use base::{ActId, Actor, Problem, Purpose};
use numbers::{IndividualNumber, ResidentRecordCode};
use policy::Action;
use ports::rows::IdempotencyRow;
use registry::resident::{ChangeGround, LeakReason};
use sekisho_app::number_ask::Whose;
use sekisho_app::number_change::{ChangeAsked, number_change, number_change_again};
use sekisho_app::number_provisional::{note_of, provisional_list, provisional_list_again};
use sekisho_app::once::{Answered, Before, once};
use sekisho_app::subject_acts::subject_acts;
use sekisho_app::{Committer, Work, permit};

fn chiyoda() -> Actor {
    Actor::Municipality(town(CHIYODA))
}

/// Changes a number ex officio under a key.
fn change(house: &House, key: &str, code: &ResidentRecordCode) -> Result<(ActId, String), Problem> {
    let asked = ChangeAsked {
        municipality: town(CHIYODA),
        code: code.clone(),
        ground: ChangeGround::ExOfficio,
        reason: Some(LeakReason::ALL[0]),
        current: None,
    };
    let act = |work: &mut Work<'_>, before: Option<&Before>| {
        let (actor, purpose) = (chiyoda(), Purpose::Numbering);
        let changed = match before {
            None => number_change(work, &actor, purpose, &asked)?,
            Some(before) => number_change_again(work, &actor, purpose, &asked, before.act)?,
        };
        let answer = changed.number.reveal().as_str().to_owned();
        Ok(Answered { act: changed.act, note: String::new(), answer })
    };
    let told = house.act(|work| once(work, &chiyoda(), key, b"change", act));
    told.map(|(told, _)| (told.act, told.answer))
}

/// The actions about a person, in order, with how each ended.
fn acts_about(house: &House, actor: &str, code: &ResidentRecordCode) -> Vec<String> {
    let (actor, whose) = (actor.parse().unwrap(), Whose::Code(code.clone()));
    let look = |work: &mut Work<'_>| subject_acts(work, &actor, Purpose::Disclosure, &whose);
    let acts = house.act(look).unwrap().page(&house.platform, None, 100).unwrap();
    let fields = acts.iter().map(|found| found.leaf.fields());
    fields.map(|leaf| format!("{} {}", leaf.act, leaf.outcome)).collect()
}

fn kept(house: &House) -> Vec<IdempotencyRow> {
    let mut rows = Vec::new();
    let look = &mut |view: &mut dyn ports::View| {
        rows = view.answers_page(("", ""), 10_000)?;
        Ok(())
    };
    house.platform.store.snapshot("kept", look).unwrap();
    rows
}

#[test]
fn a_number_that_is_told_again_is_read_again() {
    on_both(|house| {
        let code = house.stock(CHIYODA, 1).remove(0);
        house.take_one(&message(CHIYODA, 1, "birth", Some(&code)));
        let first = change(house, "k", &code).unwrap();
        let repeated = change(house, "k", &code).unwrap();
        assert_eq!(repeated, first);
        let entries = ["resident_event done", "number_change done", "number_change read"];
        assert_eq!(acts_about(house, "municipality:131016", &code), entries);
        // A later change does not alter what the earlier one led to.
        let later = change(house, "l", &code).unwrap();
        assert_ne!(later.1, first.1);
        assert_eq!(change(house, "k", &code).unwrap(), first);
    });
}

#[test]
fn a_key_opens_nothing_to_a_former_municipality() {
    on_both(|house| {
        let code = house.stock(CHIYODA, 1).remove(0);
        house.take_one(&message(CHIYODA, 1, "birth", Some(&code)));
        change(house, "k", &code).unwrap();
        house.take_one(&message(CHIYODA, 2, "move_out", Some(&code)));
        // Nobody else keeps the record yet.
        change(house, "k", &code).unwrap();
        assert_eq!(house.take_one(&message(CHUO, 1, "move_in", Some(&code))), "applied");
        let problem = change(house, "k", &code).unwrap_err();
        assert_eq!(problem.label(), "resident_absent");
        let last = acts_about(house, "municipality:131024", &code).pop().unwrap();
        assert_eq!(last, "resident_event done", "what was refused read nothing");
    });
}

#[test]
fn a_list_is_told_again_code_by_code() {
    on_both(|house| {
        let codes = house.stock(CHIYODA, 3);
        let sent = [codes[0].clone(), codes[0].clone(), codes[1].clone()];
        let purpose = Purpose::Numbering;
        let may = permit(&chiyoda(), Action::NumberProvisional, purpose, Some(town(CHIYODA)));
        let may = may.unwrap();
        let ask = || {
            let act = |work: &mut Work<'_>, before: Option<&Before>| {
                let (act, list) = match before {
                    None => provisional_list(work, &may, town(CHIYODA), &sent)?,
                    Some(Before { act, note }) => {
                        (*act, provisional_list_again(work, &may, &sent, note)?)
                    }
                };
                let number = |number: &IndividualNumber| number.reveal().as_str().to_owned();
                let told = list.iter().map(|one| match &one.result {
                    Ok((act, one)) => format!("{act} {}", number(one)),
                    Err(problem) => problem.label().to_owned(),
                });
                Ok(Answered { act, note: note_of(&list), answer: told.collect::<Vec<_>>() })
            };
            house.act(|work| once(work, &chiyoda(), "k", b"list", act)).unwrap()
        };
        let (first, repeated) = ask();
        assert!(!repeated);
        assert_eq!(first.answer[1], "number_already_assigned");
        assert_eq!(ask(), (first.clone(), true));
        let about = || acts_about(house, "municipality:131016", &codes[0]);
        assert_eq!(about(), ["number_provisional done", "number_provisional read"]);
        // Who has moved since is no longer this municipality's to read; the others are.
        house.take_one(&message(CHIYODA, 1, "birth", Some(&codes[0])));
        house.take_one(&message(CHIYODA, 2, "move_out", Some(&codes[0])));
        house.take_one(&message(CHUO, 1, "move_in", Some(&codes[0])));
        let (later, _) = ask();
        assert_eq!(later.answer[0], "resident_absent");
        assert_eq!(later.answer[1..], first.answer[1..]);
    });
}

/// Nothing that is kept for a repeat would tell a number, even to the platform itself.
#[test]
fn what_is_kept_holds_no_number() {
    on_both(|house| {
        let code = house.stock(CHIYODA, 1).remove(0);
        house.take_one(&message(CHIYODA, 1, "birth", Some(&code)));
        let (act, number) = change(house, "k", &code).unwrap();
        let [row] = &kept(house)[..] else { panic!("one answer is kept") };
        assert_eq!(row.act, act);
        let place = seal::Place {
            table: "answer",
            column: "answer",
            row: act.0.cast_signed(),
            generation: 1,
        };
        let plain = house.act(|work| Ok(work.own_key().open(&place, &row.answer).unwrap()));
        let plain = String::from_utf8(plain.unwrap().to_vec()).unwrap();
        assert!(!plain.contains(&number), "{plain}");
    });
}

#[test]
fn keys_are_forgotten_after_a_day() {
    on_both(|house| {
        let codes = house.stock(CHIYODA, 1);
        house.take_one(&message(CHIYODA, 1, "birth", Some(&codes[0])));
        let committer = Committer::start(house.platform.clone()).unwrap();
        let let_it_work = || (0..10).for_each(|_| committer.call(|_| Ok(())).unwrap());
        let first = change(house, "first", &codes[0]).unwrap();
        house.clock.pass_hours(23);
        change(house, "second", &codes[0]).unwrap();
        let_it_work();
        assert_eq!(kept(house).len(), 2);
        assert_eq!(change(house, "first", &codes[0]).unwrap(), first);
        house.clock.pass_hours(2);
        let_it_work();
        let keys: Vec<_> = kept(house).into_iter().map(|row| row.key).collect();
        assert_eq!(keys, ["second"]);
        // The key is new again, and so is what is done under it: it says so by its act.
        assert_ne!(change(house, "first", &codes[0]).unwrap().0, first.0);
    });
}

/// Many keys are forgotten a page at a time.
#[test]
fn many_keys_are_forgotten() {
    on_both(|house| {
        let code = house.stock(CHIYODA, 1).remove(0);
        house.take_one(&message(CHIYODA, 1, "birth", Some(&code)));
        house
            .act(|work| {
                for key in 0..3_000 {
                    once(work, &chiyoda(), &key.to_string(), b"x", |_, _| {
                        Ok(Answered { act: ActId(0), note: String::new(), answer: () })
                    })?;
                }
                Ok(())
            })
            .unwrap();
        house.clock.pass_hours(25);
        change(house, "young", &code).unwrap();
        let committer = Committer::start(house.platform.clone()).unwrap();
        (0..10).for_each(|_| committer.call(|_| Ok(())).unwrap());
        let keys: Vec<_> = kept(house).into_iter().map(|row| row.key).collect();
        assert_eq!(keys, ["young"]);
    });
}
