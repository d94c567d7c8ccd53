//! Assignment as the law wants it: unique, valid by the public rule, and reversible only with the
//! key. Resident record codes from a counter likewise.

use std::collections::HashSet;

use proptest::collection::vec;
use proptest::prelude::*;
use sekisho_numbers::assignment::{
    AssignmentRefusal, CODE_DOMAIN, CodeIssuer, Generation, NUMBER_DOMAIN, Numbering, WalkingFf1,
    number_from, slot, slot_of_number,
};
use sekisho_numbers::{IndividualNumber, ResidentRecordCode};

const KEY: [u8; 32] = [0x42; 32];

fn code(payload: u64) -> ResidentRecordCode {
    ResidentRecordCode::from_payload(payload).unwrap()
}

fn generations() -> impl Iterator<Item = Generation> {
    (0..8).map(|g| Generation::new(g).unwrap())
}

#[test]
fn nobody_shares_a_number_and_nobody_gets_one_twice() {
    let numbering = Numbering::new(&KEY).unwrap();
    let issuer = CodeIssuer::new(&[1; 16]).unwrap();
    let codes = issuer.issue(0..3000).unwrap();
    let people: Vec<_> =
        codes.iter().flat_map(|code| generations().map(move |g| (code, g))).collect();
    let numbers = numbering.assign(&people);
    let distinct: HashSet<_> = numbers.iter().map(IndividualNumber::reveal_u64).collect();
    assert_eq!(distinct.len(), 24_000);
    for (number, (code, generation)) in numbers.iter().zip(&people) {
        assert_eq!(*number, numbering.assign_one(code, *generation));
        assert_eq!(numbering.recover(number), Some(((*code).clone(), *generation)));
        assert_eq!(number.reveal().parse(), Ok(number.clone()));
    }
}

#[test]
fn the_road_in_place_gives_the_same_numbers() {
    let numbering = Numbering::new(&KEY).unwrap();
    let issuer = CodeIssuer::new(&[1; 16]).unwrap();
    let codes = issuer.issue(77..20_077).unwrap();
    let generation = Generation::new(3).unwrap();
    let mut integers: Vec<u64> = codes.iter().map(ResidentRecordCode::reveal_u64).collect();
    numbering.assign_in_place(&mut integers, generation).unwrap();
    let people: Vec<_> = codes.iter().map(|code| (code, generation)).collect();
    let numbers = numbering.assign(&people);
    assert_eq!(integers, numbers.iter().map(IndividualNumber::reveal_u64).collect::<Vec<_>>());
}

#[test]
fn a_wrong_code_stops_the_road_in_place_before_it_starts() {
    let numbering = Numbering::new(&KEY).unwrap();
    for wrong in [12_345_678_901, 112_345_678_903, u64::MAX] {
        let mut integers = [12_345_678_903, 19, wrong, 19];
        let refusal = numbering.assign_in_place(&mut integers, Generation::FIRST).unwrap_err();
        assert_eq!(refusal, AssignmentRefusal::Code { position: 3 });
        assert_eq!(integers, [12_345_678_903, 19, wrong, 19]);
    }
}

#[test]
fn another_key_gives_other_numbers() {
    let (one, other) = (Numbering::new(&KEY).unwrap(), Numbering::new(&[0x43; 32]).unwrap());
    let same = (0..1000)
        .filter(|payload| {
            let code = code(*payload);
            one.assign_one(&code, Generation::FIRST) == other.assign_one(&code, Generation::FIRST)
        })
        .count();
    assert_eq!(same, 0);
}

#[test]
fn the_ends_of_the_domain() {
    assert_eq!(slot(&code(0), Generation::FIRST), 0);
    assert_eq!(slot(&code(CODE_DOMAIN - 1), Generation::LAST), NUMBER_DOMAIN - 1);
    let refusal = number_from(NUMBER_DOMAIN).unwrap_err();
    assert_eq!(refusal.label(), "assignment_outside");
    let last = number_from(NUMBER_DOMAIN - 1).unwrap();
    assert!(last.reveal().starts_with("9999999999"));
}

#[test]
fn numbers_of_others_have_no_slot_unless_the_scheme_could_give_them() {
    // Remainder 0 or 1: check digit 0.
    for payload in [0, 6] {
        let number = IndividualNumber::from_payload(payload).unwrap();
        assert_eq!(slot_of_number(&number), None);
        assert_eq!(Numbering::new(&KEY).unwrap().recover(&number), None);
    }
    let published: IndividualNumber = "621498320257".parse().unwrap();
    let y = slot_of_number(&published).unwrap();
    assert_eq!(number_from(y), Ok(published));
}

#[test]
fn codes_come_from_a_counter_and_go_back_to_it() {
    let issuer = CodeIssuer::new(&KEY).unwrap();
    let codes = issuer.issue(5000..9000).unwrap();
    let distinct: HashSet<_> = codes.iter().map(ResidentRecordCode::reveal_u64).collect();
    assert_eq!(distinct.len(), 4000);
    for (counter, code) in (5000..).zip(&codes) {
        assert_eq!(issuer.issue_one(counter).as_ref(), Ok(code));
        assert_eq!(issuer.counter_of(code), counter);
    }
    assert!(issuer.issue_one(CODE_DOMAIN - 1).is_ok());
    assert!(issuer.issue_one(CODE_DOMAIN).is_err());
    let refusal = issuer.issue(CODE_DOMAIN - 1..CODE_DOMAIN + 1).unwrap_err();
    assert_eq!(refusal.label(), "assignment_counter");
    assert_eq!(issuer.issue(7..7), Ok(Vec::new()));
}

#[test]
fn a_value_outside_is_refused_and_nothing_changes() {
    let walking = WalkingFf1::for_domain(&KEY, NUMBER_DOMAIN).unwrap();
    let mut values = [0, NUMBER_DOMAIN, 1];
    let refusal = AssignmentRefusal::Outside { position: 2 };
    assert_eq!(walking.permute(&mut values), Err(refusal));
    assert_eq!(walking.invert(&mut values), Err(refusal));
    assert_eq!(values, [0, NUMBER_DOMAIN, 1]);
}

#[test]
fn nothing_shows_in_debug() {
    let numbering = Numbering::new(&KEY).unwrap();
    let issuer = CodeIssuer::new(&KEY).unwrap();
    let walking = WalkingFf1::for_domain(&KEY, CODE_DOMAIN).unwrap();
    let number = numbering.assign_one(&code(5), Generation::FIRST);
    let shown = format!("{numbering:?} {issuer:?} {walking:?} {number:?} {:?}", number.reveal());
    assert_eq!(
        shown,
        "Numbering(••••) CodeIssuer(••••) WalkingFf1(0..10000000000, key ••••) \
         IndividualNumber(••••) Digits(••••)"
    );
}

proptest! {
    #[test]
    fn permuting_stays_inside_and_comes_back(
        key in any::<[u8; 16]>(),
        below in 1_000_000_001..=100_000_000_000u64,
        seed in vec(any::<u64>(), 0..700),
    ) {
        let walking = WalkingFf1::for_domain(&key, below).unwrap();
        let plain: Vec<u64> = seed.iter().map(|value| value % below).collect();
        let mut values = plain.clone();
        walking.permute(&mut values).unwrap();
        prop_assert!(values.iter().all(|value| *value < below));
        walking.invert(&mut values).unwrap();
        prop_assert_eq!(values, plain);
    }

    #[test]
    fn slots_and_numbers_are_one_to_one(y in 0..NUMBER_DOMAIN) {
        let number = number_from(y).unwrap();
        prop_assert_eq!(slot_of_number(&number), Some(y));
    }
}
