//! The tables are sound and the draws look like a country.

use std::collections::HashSet;

use jiff::civil::date;

use super::*;

const ALL: [&[Written]; 8] = [
    names::SURNAMES,
    names::MALE,
    names::FEMALE,
    names::HARD_MALE,
    names::HARD_FEMALE,
    names::LATIN_SURNAMES,
    names::LATIN_MALE,
    names::LATIN_FEMALE,
];

fn draw(count: usize) -> Vec<Resident> {
    let mut dice = Dice::from_seed(7);
    (0..count).map(|_| Resident::draw(&mut dice, date(2025, 4, 1))).collect()
}

fn age(resident: &Resident) -> i16 {
    date(2025, 4, 1).year() - resident.birth.year()
}

#[test]
fn tables_are_long_enough_and_free_of_repeats() {
    assert!(names::SURNAMES.len() >= 150);
    assert!(names::MALE.len() >= 100 && names::FEMALE.len() >= 100);
    for table in ALL {
        assert_eq!(table.iter().collect::<HashSet<_>>().len(), table.len());
    }
}

#[test]
fn readings_are_full_width_katakana() {
    let hard = names::HARD_SURNAMES.iter().map(|(form, _)| form);
    for (name, reading) in ALL.into_iter().flatten().chain(hard) {
        assert!(!name.is_empty() && !reading.is_empty());
        assert!(reading.chars().all(|c| ('ァ'..='ー').contains(&c)), "{name} {reading}");
    }
}

#[test]
fn hard_forms_differ_from_their_plain_forms() {
    for ((form, _), plain) in names::HARD_SURNAMES {
        assert_ne!(form, plain);
        assert!(!plain.chars().any(is_hard), "{plain}");
    }
}

#[test]
fn the_characters_that_break_systems_are_there() {
    let hard: Vec<&str> = names::HARD_SURNAMES.iter().map(|((form, _), _)| *form).collect();
    for character in ['髙', '﨑', '𠮷', '\u{E0100}', '邊', '邉', '\u{FA19}', '德'] {
        assert!(hard.iter().any(|form| form.contains(character)), "{character}");
    }
    assert!(hard.iter().any(|form| form.starts_with("\u{845B}\u{E0100}")));
}

fn is_hard(c: char) -> bool {
    matches!(u32::from(c), 0xF900..=0xFAFF | 0x20000.. ) || "髙邊邉德濵瀨".contains(c)
}

#[test]
fn ages_follow_the_pyramid() {
    let people = draw(20_000);
    let share = |ages: std::ops::Range<i16>| {
        people.iter().filter(|person| ages.contains(&age(person))).count() * 100 / people.len()
    };
    assert!((9..=14).contains(&share(0..15)), "{}", share(0..15));
    assert!((26..=33).contains(&share(65..120)), "{}", share(65..120));
    assert!(people.iter().all(|person| (0..=105).contains(&age(person))));
    assert!(people.iter().all(|person| person.birth < date(2025, 4, 1)));
}

#[test]
fn every_sex_foreign_names_and_hard_forms_occur() {
    let people = draw(20_000);
    let count = |fits: fn(&Resident) -> bool| people.iter().filter(|&person| fits(person)).count();
    assert!((9_000..11_500).contains(&count(|person| person.sex == Sex::Female)));
    assert!((1..40).contains(&count(|person| person.sex == Sex::Unknown)));
    assert!((400..700).contains(&count(|person| person.name.latin)));
    let hard = count(|person| person.name.written().chars().any(is_hard));
    assert!((600..2_400).contains(&hard), "{hard}");
}

#[test]
fn a_child_takes_family_and_address_of_the_mother() {
    let mut dice = Dice::from_seed(9);
    let mother = draw(1).remove(0);
    let child = Resident::child(&mother, &mut dice, date(2025, 5, 5));
    assert_eq!(child.name.family, mother.name.family);
    assert!(child.address == mother.address);
    assert_eq!(child.birth, date(2025, 5, 5));
    assert_eq!(child.code, "");
}

#[test]
fn names_are_written_with_the_gap_of_their_script() {
    let mut name =
        Name { family: ("高橋", "タカハシ"), given: ("清", "キヨシ"), latin: false };
    assert_eq!(
        (name.written().as_str(), name.reading().as_str()),
        ("高橋　清", "タカハシ　キヨシ")
    );
    assert_eq!(name.with_original_form().map(|name| name.written()).as_deref(), Some("髙橋　清"));
    name = Name { family: ("LI", "リー"), given: ("WEI", "ウェイ"), latin: true };
    assert_eq!((name.written().as_str(), name.reading().as_str()), ("LI WEI", "リー　ウェイ"));
    assert!(name.with_original_form().is_none());
}
