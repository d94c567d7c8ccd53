//! The list is complete, sound and quick to load.

use std::collections::{BTreeMap, HashSet};

use super::*;

fn code(digits: &str) -> LocalGovernmentCode {
    digits.parse().expect("a valid code")
}

fn counts() -> BTreeMap<&'static str, usize> {
    all().iter().fold(BTreeMap::new(), |mut counts, unit| {
        *counts.entry(unit.kind().label()).or_default() += 1;
        counts
    })
}

#[test]
fn every_line_of_the_file_is_a_unit() {
    assert_eq!(
        FILE.lines().next(),
        Some("code,kind,prefecture,name,kana,district,parent,postal_code")
    );
    assert_eq!(all().len(), FILE.lines().count() - 1);
    assert!(FILE.ends_with('\n') && !FILE.contains('\r') && !FILE.contains('"'));
}

#[test]
fn the_country_is_complete() {
    let expected = [
        ("city", 772),
        ("designated_city", 20),
        ("prefecture", 47),
        ("special_ward", 23),
        ("town", 743),
        ("village", 183),
        ("ward", 171),
    ];
    assert_eq!(counts(), BTreeMap::from(expected));
    assert_eq!(prefectures().count(), 47);
    assert_eq!(municipalities().count(), 1_741);
    assert_eq!(registrars().len(), 1_892);
}

#[test]
fn codes_ascend_without_a_repeat() {
    assert!(all().windows(2).all(|pair| pair[0].code() < pair[1].code()));
    let lines: Vec<_> = FILE.lines().skip(1).collect();
    assert!(lines.windows(2).all(|pair| pair[0][..6] < pair[1][..6]));
}

#[test]
fn check_digits_hold_by_an_independent_sum() {
    for line in FILE.lines().skip(1) {
        let sum: u8 =
            line.bytes().zip([6, 5, 4, 3, 2]).map(|(d, weight)| (d - b'0') * weight).sum();
        assert_eq!((11 - sum % 11) % 10, line.as_bytes()[5] - b'0', "{line}");
    }
}

#[test]
fn readings_are_full_width_katakana() {
    for unit in all() {
        assert!(!unit.kana().is_empty(), "{unit:?}");
        assert!(unit.kana().chars().all(|c| ('ァ'..='ヴ').contains(&c)), "{unit:?}");
    }
    let reading = |digits| by_code(code(digits)).map(LocalGovernment::kana);
    assert_eq!(reading("112062"), Some("ギョウダシ"));
    assert_eq!(reading("143839"), Some("マナヅルマチ"));
}

#[test]
fn names_are_unique_in_their_prefecture_and_district() {
    let names: HashSet<String> = all().iter().map(LocalGovernment::full_name).collect();
    assert_eq!(names.len(), all().len());
}

#[test]
fn a_name_ends_as_its_kind_says() {
    for unit in all() {
        let endings: &[char] = match unit.kind() {
            Kind::Prefecture => &['都', '道', '府', '県'],
            Kind::DesignatedCity | Kind::City => &['市'],
            Kind::Ward | Kind::SpecialWard => &['区'],
            Kind::Town => &['町'],
            Kind::Village => &['村'],
        };
        assert!(unit.name().ends_with(endings), "{unit:?}");
    }
}

#[test]
fn units_lie_in_the_prefecture_of_their_code() {
    let names: BTreeMap<_, _> =
        prefectures().map(|unit| (unit.code().prefecture(), unit.name())).collect();
    for unit in all() {
        assert_eq!(names[&unit.code().prefecture()], unit.prefecture(), "{unit:?}");
    }
}

#[test]
fn every_ward_and_nobody_else_has_a_designated_city() {
    for unit in all() {
        let parent = unit.parent().and_then(by_code);
        assert_eq!(unit.kind() == Kind::Ward, parent.is_some(), "{unit:?}");
        if let Some(city) = parent {
            assert_eq!(city.kind(), Kind::DesignatedCity);
            assert!(unit.name().starts_with(city.name()) && unit.kana().starts_with(city.kana()));
        }
    }
}

#[test]
fn every_registrar_has_a_postal_code_and_a_weight() {
    for unit in all() {
        let digits = unit.postal_code().bytes().filter(u8::is_ascii_digit).count();
        let expected = if unit.kind().is_registrar() { 7 } else { 0 };
        assert_eq!((digits, unit.postal_code().len()), (expected, expected), "{unit:?}");
        assert_eq!(unit.weight() > 0, unit.kind().is_registrar(), "{unit:?}");
    }
}

#[test]
fn weights_add_up_to_about_the_population() {
    let total: u64 = registrars().iter().map(|unit| u64::from(unit.weight())).sum();
    assert!((110_000_000..140_000_000).contains(&total), "{total}");
    let villages = registrars().iter().filter(|unit| unit.kind() == Kind::Village);
    let sizes: HashSet<u32> = villages.map(|unit| unit.weight()).collect();
    assert_eq!(sizes.len(), 8, "the spread is used");
}

#[test]
fn known_places_are_found() {
    let place = |digits| by_code(code(digits)).expect("a place");
    assert_eq!(place("011011").full_name(), "北海道札幌市中央区");
    assert_eq!(place("103446").full_name(), "群馬県北群馬郡榛東村");
    assert_eq!(place("131016").kind(), Kind::SpecialWard);
    assert_eq!(place("221384").name(), "浜松市中央区");
    assert_eq!(place("221384").parent(), Some(code("221309")));
    assert_eq!(place("010006").full_name(), "北海道");
    assert_eq!(place("473821").name(), "与那国町");
}

#[test]
fn every_unit_is_found_by_its_code_and_a_code_of_nobody_is_not() {
    assert!(all().iter().all(|unit| by_code(unit.code()) == Some(unit)));
    assert_eq!(by_code(code("221317")), None, "a ward of Hamamatsu until 2023");
}
