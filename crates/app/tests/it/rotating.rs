//! Keys that follow each other while the platform serves: what was made with the former is found,
//! what is made anew is under the new one, and nothing is given twice or lost on the way.

use crate::house::{CHIYODA, CHUO, House, message, on_both, town};
use base::{ActId, Actor, Label, Moment, Problem, Purpose, labels};
use ledger::Hash;
use policy::Action;
use ports::{KeyKind, KeyLabel, Publication};
use registry::FeedMessage;
use registry::set_digest::{Prefix, Question};
use sekisho_app::digest_key_ask::digest_key_ask;
use sekisho_app::key_ceremony::{Before, Ceremony, PlannedKey, key_ceremony};
use sekisho_app::key_destroy::key_destroy;
use sekisho_app::key_generate::key_generate;
use sekisho_app::key_roles::KeyRole;
use sekisho_app::key_rotate::{Asked, Rotated, key_rotate, key_rotate_begin};
use sekisho_app::key_status::{Standing, key_status};
use sekisho_app::keyed::keyed;
use sekisho_app::number_ask::Whose;
use sekisho_app::once::{Answered, Before as Kept, once};
use sekisho_app::publish::identity;
use sekisho_app::resident_event::resident_events;
use sekisho_app::set_difference::{SetCache, set_question};
use sekisho_app::subject_acts::subject_acts;
use sekisho_app::{KeyNames, Platform, Publisher, Work, permit};
use std::sync::Arc;
use store::PublicationDirectory;
use tempfile::TempDir;

fn operator() -> Actor {
    "operator:k.sato".parse().unwrap()
}

fn rotated(platform: &Platform, role: KeyRole) -> Rotated {
    let asked = Asked { role, to: None, finish: false };
    key_rotate(platform, &operator(), &asked, &mut |_| ()).unwrap()
}

fn finished(platform: &Platform, role: KeyRole) -> Rotated {
    let asked = Asked { role, to: None, finish: true };
    key_rotate(platform, &operator(), &asked, &mut |_| ()).unwrap()
}

/// The platform as another process has it.
fn elsewhere(house: &House) -> Platform {
    let names = Arc::new(KeyNames::first().unwrap());
    Platform { names, ..house.platform.clone() }
}

fn label(text: &str) -> KeyLabel {
    text.parse().unwrap()
}

fn destroy(house: &House, text: &str) -> Result<ActId, &'static str> {
    key_destroy(&house.platform, &operator(), &label(text)).map_err(|problem| problem.label())
}

fn standing(house: &House, text: &str) -> Standing {
    let keys = key_status(&house.platform).unwrap().keys;
    keys.into_iter().find(|state| state.key.label == label(text)).unwrap().standing
}

fn refused<T>(with: &Label, done: Result<T, Problem>) {
    assert_eq!(done.map(drop).map_err(|problem| problem.label()), Err(with.text));
}

#[test]
fn data_keys_move_and_an_interrupted_move_goes_on() {
    on_both(|house| {
        let codes = house.stock(CHIYODA, 2);
        house.take_one(&message(CHIYODA, 1, "birth", Some(&codes[0])));
        let begun = key_rotate_begin(&elsewhere(house), &operator(), KeyRole::Kek, None).unwrap();
        assert!(begun.is_some());
        // Broken off here: new data keys are under the new one, the others follow.
        house.take_one(&message(CHIYODA, 2, "birth", Some(&codes[1])));
        assert_eq!(house.faults(), [""; 0]);
        assert_eq!(destroy(house, "kek/1"), Err("key_in_use"));
        let done = rotated(&house.platform, KeyRole::Kek);
        // The platform itself and the first person.
        assert_eq!((done.key.as_str(), done.begun, done.moved), ("kek/2", None, 2));
        assert!(done.ended.is_some() && done.former.is_empty());
        destroy(house, "kek/1").unwrap();
        assert_eq!(house.take_one(&message(CHIYODA, 3, "death", Some(&codes[0]))), "applied");
        let again = Asked { role: KeyRole::Kek, to: Some(2), finish: false };
        let done = key_rotate(&house.platform, &operator(), &again, &mut |_| ()).unwrap();
        assert_eq!((done.begun, done.ended, done.moved), (None, None, 0));
    });
}

#[test]
fn acts_are_found_under_the_pseudonym_of_their_time() {
    on_both(|house| {
        let code = house.stock(CHIYODA, 1).remove(0);
        let other = elsewhere(house);
        house.take_one(&message(CHIYODA, 1, "birth", Some(&code)));
        house.take_one(&message(CHIYODA, 2, "ex_officio_correction", Some(&code)));
        for sequence in [3, 4] {
            rotated(&other, KeyRole::Pseudonym);
            house.take_one(&message(CHIYODA, sequence, "ex_officio_correction", Some(&code)));
        }
        let actor: Actor = "auditor:a".parse().unwrap();
        let whose = Whose::Code(code);
        let looking =
            house.act(|work| subject_acts(work, &actor, Purpose::Supervision, &whose)).unwrap();
        let all: Vec<_> = looking.page(&house.platform, None, 100).unwrap();
        assert_eq!(all.len(), 4);
        for size in 1..=4 {
            let (mut paged, mut after) = (Vec::new(), None);
            loop {
                let page = looking.page(&house.platform, after, size).unwrap();
                let Some(last) = page.last() else { break };
                after = Some(last.act);
                paged.extend(page);
            }
            assert_eq!(paged, all, "{size} at a time");
        }
        assert_eq!(destroy(house, "pseudonym/1"), Err("key_in_use"));
        assert_eq!(destroy(house, "pseudonym/3"), Err("key_in_use"));
    });
}

#[test]
fn what_comes_again_is_recognised_after_a_new_repeat_key() {
    on_both(|house| {
        let code = house.stock(CHIYODA, 1).remove(0);
        let birth = message(CHIYODA, 1, "birth", Some(&code));
        let late = message(CHIYODA, 3, "ex_officio_correction", Some(&code));
        let ahead = message(CHIYODA, 2, "ex_officio_correction", Some(&code));
        house.take_one(&birth);
        assert_eq!(house.take_one(&late), "waiting");
        let ask = |request: &[u8]| {
            house.act(|work| {
                once(work, &operator(), "key", request, |_, _: Option<&Kept>| {
                    Ok(Answered { act: ActId(0), note: String::new(), answer: () })
                })
            })
        };
        ask(b"request").unwrap();
        // Made ready before, taken in after: as a request that is under way meanwhile.
        let read = FeedMessage::from_json(ahead.to_string().as_bytes()).unwrap();
        let ready = keyed(&house.platform, vec![read]).unwrap();
        rotated(&elsewhere(house), KeyRole::Repeat);
        assert_eq!(house.faults(), [""; 0], "what waits is known by the former key");
        let permit = crate::house::feed_permit;
        house.act(|work| resident_events(work, &ready, &permit)).unwrap();
        for sent in [&birth, &ahead, &late] {
            let taken = house.take(std::slice::from_ref(sent)).remove(0).unwrap();
            assert!(taken.repeated, "{sent}");
            let mut other = sent.clone();
            other["event_date"] = "2026-03-30".into();
            assert_eq!(house.take_one(&other), "feed_repeat_differs");
        }
        assert!(ask(b"request").unwrap().1);
        refused(&labels::IDEMPOTENCY_KEY_REUSED, ask(b"another"));
        assert_eq!(destroy(house, "repeat/1"), Err("key_in_use"));
    });
}

/// A municipality's set as it is compared, or why not.
fn set(
    house: &House,
    sets: &SetCache,
    of: &str,
    epoch: Option<u32>,
) -> Result<(String, u32), Problem> {
    let actor = Actor::Municipality(town(of));
    let purpose = Purpose::ResidentRegister;
    let permit = permit(&actor, Action::SetDifference, purpose, Some(town(of)))?;
    let whole: Prefix = "".parse().unwrap();
    let question = Question { children: vec![whole], entries: Vec::new() };
    let told = set_question(&house.platform, sets, &permit, town(of), (&question, epoch))?;
    Ok((format!("{:?}", told.0), told.1))
}

#[test]
fn municipalities_move_one_by_one_to_their_new_digest_keys() {
    on_both(|house| {
        let (sets, other) = (SetCache::default(), elsewhere(house));
        for (of, sequences) in [(CHIYODA, 3), (CHUO, 2)] {
            for (sequence, code) in (1..).zip(house.stock(of, sequences)) {
                assert_eq!(house.take_one(&message(of, sequence, "birth", Some(&code))), "applied");
            }
        }
        let ask = |of: &str, epoch| set(house, &sets, of, epoch);
        let before = (ask(CHIYODA, Some(1)).unwrap(), ask(CHUO, None).unwrap());
        key_rotate_begin(&other, &operator(), KeyRole::SetDigest, None).unwrap();
        assert_eq!((ask(CHIYODA, Some(1)).unwrap(), ask(CHUO, None).unwrap()), before);
        // Killed while Chiyoda was on the way.
        house.raw(&format!(
            "UPDATE setting SET value = value || 'moving {CHIYODA} 1\n' WHERE name = 'key_epochs'"
        ));
        refused(&labels::SET_DIGEST_MOVING, ask(CHIYODA, None));
        assert_eq!(ask(CHUO, Some(1)).unwrap(), before.1);
        let code = house.stock(CHIYODA, 1).remove(0);
        assert_eq!(house.take_one(&message(CHIYODA, 4, "birth", Some(&code))), "applied");
        assert_eq!(house.faults(), [""; 0], "some under the one, some under the other");
        let done = rotated(&other, KeyRole::SetDigest);
        assert_eq!((done.begun, done.moved), (None, 6));
        assert!(done.ended.is_some());
        for of in [CHIYODA, CHUO] {
            refused(&labels::SET_DIGEST_EPOCH, ask(of, Some(1)));
            assert_eq!(ask(of, Some(2)).unwrap().1, 2);
        }
        assert_ne!(ask(CHUO, None).unwrap().0, before.1.0);
        let actor = Actor::Municipality(town(CHUO));
        let purpose = Purpose::ResidentRegister;
        let may = permit(&actor, Action::SetDifference, purpose, Some(town(CHUO))).unwrap();
        let told = house.act(|work| digest_key_ask(work, &may, town(CHUO))).unwrap();
        assert_eq!(told.epoch, 2);
        destroy(house, "set-digest/1").unwrap();
    });
}

/// A ledger published into a folder.
struct Ledger(
    #[expect(dead_code, reason = "it is there as long as this")] TempDir,
    Arc<dyn Publication>,
);

impl Ledger {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let publication = PublicationDirectory::open(folder.path()).unwrap();
        Self(folder, Arc::new(publication))
    }

    /// Publishes as a process that starts does; the checkpoint.
    fn publish(&self, platform: &Platform) -> String {
        let mut publisher = Publisher::open(platform.clone(), Arc::clone(&self.1)).unwrap();
        publisher.publish().unwrap();
        String::from_utf8(self.1.read("checkpoint").unwrap().unwrap()).unwrap()
    }
}

#[test]
fn checkpoints_carry_both_signatures_until_the_former_key_is_ended() {
    on_both(|house| {
        let (ledger, other) = (Ledger::new(), elsewhere(house));
        house.stock(CHIYODA, 1);
        ledger.publish(&house.platform);
        let former = identity(&house.platform).unwrap();
        assert!(rotated(&other, KeyRole::Ledger).begun.is_some());
        assert_eq!(rotated(&other, KeyRole::Ledger).begun, None, "it is open");
        let note = ledger.publish(&house.platform);
        let both = identity(&house.platform).unwrap();
        assert_eq!((both.keys.len(), &both.keys[1]), (2, &former.keys[0]));
        let mut newer = both.clone();
        newer.keys.truncate(1);
        // Whoever knows the one or the other or both can check it.
        for known in [&former, &newer, &both] {
            assert!(known.open(&note, &[]).is_ok());
        }
        assert_eq!(note.lines().filter(|line| line.starts_with('—')).count(), 2);
        assert_eq!(destroy(house, "ledger/1"), Err("key_in_use"));
        assert!(finished(&other, KeyRole::Ledger).ended.is_some());
        assert_eq!(finished(&other, KeyRole::Ledger).ended, None);
        destroy(house, "ledger/1").unwrap();
        let note = ledger.publish(&house.platform);
        assert_eq!(identity(&house.platform).unwrap(), newer);
        assert!(newer.open(&note, &[]).is_ok() && former.open(&note, &[]).is_err());
        // What the key that is gone has signed can be checked still.
        assert_eq!(house.faults(), [""; 0]);
    });
}

/// Nothing is published between beginning and end: what is public is by the former key alone.
#[test]
fn a_publication_by_a_former_key_is_taken_up() {
    on_both(|house| {
        let ledger = Ledger::new();
        house.stock(CHIYODA, 1);
        ledger.publish(&house.platform);
        rotated(&house.platform, KeyRole::Ledger);
        finished(&house.platform, KeyRole::Ledger);
        let note = ledger.publish(&house.platform);
        assert!(identity(&house.platform).unwrap().open(&note, &[]).is_ok());
    });
}

#[test]
fn a_token_key_may_go_when_its_last_token_has_expired() {
    on_both(|house| {
        assert!(rotated(&house.platform, KeyRole::Token).begun.is_some());
        assert!(matches!(standing(house, "token/1"), Standing::Former(_)));
        house.clock.pass_hours(31 * 24 - 1);
        assert_eq!(destroy(house, "token/1"), Err("key_in_use"));
        assert_eq!(rotated(&house.platform, KeyRole::Token).begun, None);
        house.clock.pass_hours(1);
        assert_eq!(standing(house, "token/1"), Standing::Done);
        destroy(house, "token/1").unwrap();
        // The next one begins, and is ended at once: its key is in wrong hands.
        assert!(rotated(&house.platform, KeyRole::Token).begun.is_some());
        assert_eq!(destroy(house, "token/2"), Err("key_in_use"));
        assert!(finished(&house.platform, KeyRole::Token).ended.is_some());
        destroy(house, "token/2").unwrap();
        assert_eq!(standing(house, "token/3"), Standing::InUse);
    });
}

#[test]
fn a_key_made_ahead_waits_until_it_is_put_into_use() {
    on_both(|house| {
        let make =
            |text: &str, kind| key_generate(&house.platform, &operator(), &label(text), kind);
        let sign = KeyRole::Token.kind();
        for (text, kind) in [
            ("token/3", sign),
            ("token", sign),
            ("token/2", KeyKind::Mac),
            ("ca-signature/1", sign),
        ] {
            refused(&labels::KEY_LABEL_UNKNOWN, make(text, kind));
        }
        refused(&labels::KEY_EXISTS, make("token/1", sign));
        refused(&labels::KEY_NOT_ROTATABLE, make("numbering/2", KeyKind::Permutation));
        let (_, key) = make("token/2", sign).unwrap();
        refused(&labels::KEY_EXISTS, make("token/2", sign));
        assert_eq!(standing(house, "token/2"), Standing::Waiting);
        assert_eq!(destroy(house, "token/2"), Err("key_in_use"));
        house.clock.pass_hours(1);
        rotated(&house.platform, KeyRole::Token);
        assert_eq!(standing(house, "token/2"), Standing::InUse);
        let there = house.platform.keys.list().unwrap();
        assert!(there.contains(&key), "it is the same key");
    });
}

/// N1: nothing of what defines codes and numbers, or keeps them from a second holder, is followed.
#[test]
fn keys_that_define_numbers_are_not_followed() {
    on_both(|house| {
        let before = house.platform.keys.list().unwrap();
        for role in [KeyRole::Numbering, KeyRole::RecordCode, KeyRole::Index] {
            let asked = Asked { role, to: None, finish: false };
            let done = key_rotate(&house.platform, &operator(), &asked, &mut |_| ());
            refused(&labels::KEY_NOT_ROTATABLE, done);
        }
        for role in [KeyRole::Kek, KeyRole::Repeat] {
            let asked = Asked { role, to: None, finish: true };
            let done = key_rotate(&house.platform, &operator(), &asked, &mut |_| ());
            refused(&labels::KEY_ROTATION, done);
        }
        let asked = Asked { role: KeyRole::Token, to: Some(3), finish: false };
        let done = key_rotate(&house.platform, &operator(), &asked, &mut |_| ());
        refused(&labels::KEY_ROTATION, done);
        let nobody: Actor = "auditor:a".parse().unwrap();
        let asked = Asked { role: KeyRole::Token, to: None, finish: false };
        let done = key_rotate(&house.platform, &nobody, &asked, &mut |_| ());
        refused(&labels::PERMIT_REFUSED, done);
        assert_eq!(house.platform.keys.list().unwrap(), before);
    });
}

/// Makes a ceremony one that does not fit.
type Change = fn(&mut Ceremony);

/// A later ceremony, as it fits a new platform.
fn later(house: &House) -> Ceremony {
    let there = house.platform.keys.list().unwrap().into_iter().map(|key| key.label);
    let key = |text: &str, kind| PlannedKey { label: label(text), kind, purpose: text.to_owned() };
    Ceremony {
        digest: Hash::of(b"the file"),
        date: "2026-04-01".parse().unwrap(),
        present: [("a", "master"), ("b", "witness")].map(|(n, r)| (n.into(), r.into())).to_vec(),
        before: Before { origin: None, keys: there.collect() },
        keys: vec![key("kek/2", KeyKind::Wrap), key("token/2", KeyRole::Token.kind())],
    }
}

#[test]
fn a_later_ceremony_makes_the_next_keys_once() {
    on_both(|house| {
        let ceremony = later(house);
        // Interrupted after its first key.
        let entropy = &mut *(house.platform.entropy)();
        let at = Moment::from_us(1);
        house.platform.keys.generate(&label("kek/2"), KeyKind::Wrap, at, entropy).unwrap();
        let carried = key_ceremony(&house.platform, &operator(), &ceremony).unwrap();
        assert_eq!((carried.keys.len(), carried.repeated), (2, false));
        let again = key_ceremony(&house.platform, &operator(), &ceremony).unwrap();
        assert_eq!((again.repeated, &again.keys), (true, &carried.keys));
        let acts = house.act(|work: &mut Work<'_>| Ok(work.epochs().era(KeyRole::Kek).current));
        assert_eq!(acts.unwrap(), 1, "made, and not in use");
        rotated(&house.platform, KeyRole::Kek);
    });
}

#[test]
fn a_ceremony_that_does_not_fit_makes_nothing() {
    on_both(|house| {
        let fits = later(house);
        let before = house.platform.keys.list().unwrap();
        let changes: [(&str, Change); 9] = [
            ("today", |c| c.date = "2026-04-02".parse().unwrap()),
            ("fewer than two", |c| c.present.truncate(1)),
            ("present twice", |c| c.present.push(c.present[0].clone())),
            ("is a platform already", |c| c.before.origin = Some("x.example/l".to_owned())),
            ("not to be", |c| drop(c.before.keys.pop_first())),
            ("to be there", |c| c.before.keys.extend([label("token/7")])),
            ("next epoch is", |c| c.keys[0].label = label("kek/3")),
            ("kind", |c| c.keys[0].kind = KeyKind::Mac),
            ("no such key", |c| c.keys[0].label = label("ca-root/1")),
        ];
        for (why, change) in changes {
            let mut ceremony = fits.clone();
            change(&mut ceremony);
            let problem = key_ceremony(&house.platform, &operator(), &ceremony).unwrap_err();
            assert_eq!(problem.label(), "ceremony_unfit", "{why}");
            assert!(problem.detail_text().contains(why), "{}", problem.detail_text());
        }
        assert_eq!(house.platform.keys.list().unwrap(), before);
    });
}
