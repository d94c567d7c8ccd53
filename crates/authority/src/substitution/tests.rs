//! Which characters stand, which are replaced and told, and that nothing else changes.

use super::*;
use proptest::prelude::*;

fn encoded(text: &str) -> (String, String) {
    let out = encode_address(&Personal::new(text)).unwrap();
    (out.text.reveal().to_owned(), out.substitutes.reveal().to_owned())
}

#[test]
fn permitted_text_stands_as_it_is() {
    for text in
        ["関所　一郎", "東京都千代田区千代田１－１", "渡邉　濵子", "ジョン・スミス", "々ヶヵ"]
    {
        assert_eq!(encoded(text), (text.to_owned(), "0".repeat(text.chars().count())));
    }
}

#[test]
fn other_forms_are_replaced_and_told() {
    for (registered, written, substitutes) in [
        ("髙橋　一郎", "高橋　一郎", "10000"),
        ("宮﨑　德子", "宮崎　徳子", "01010"),
        ("𠮷野家", "吉野家", "100"),
        ("\u{FA19}", "神", "1"),
        ("\u{2F83F}", "周", "1"),
        ("葛\u{E0100}城", "葛城", "10"),
        ("渡\u{E0100}邉\u{E0101}", "渡邉", "11"),
        ("髙\u{E0100}", "高", "1"),
        ("⼭田", "山田", "10"),
        ("𪚥川", "●川", "10"),
        ("\u{E000}川", "●川", "10"),
        ("①番", "１番", "10"),
        ("😀", "●", "1"),
        ("\u{E0100}山", "●山", "10"),
    ] {
        assert_eq!(encoded(registered), (written.into(), substitutes.into()), "{registered}");
    }
}

#[test]
fn width_and_composition_are_no_substitutes() {
    for (registered, written) in [
        ("千代田1-2-3", "千代田１－２－３"),
        ("SMITH JOHN", "ＳＭＩＴＨ　ＪＯＨＮ"),
        ("ﾊﾞﾝﾊﾟｽﾞ", "バンパズ"),
        ("か\u{3099}", "が"),
        ("O'NEIL", "Ｏ’ＮＥＩＬ"),
        ("A~Z", "Ａ～Ｚ"),
    ] {
        let count = written.chars().count();
        assert_eq!(encoded(registered), (written.into(), "0".repeat(count)), "{registered}");
    }
}

#[test]
fn a_mark_without_a_composed_letter_is_told() {
    assert_eq!(encoded("あ\u{3099}い"), ("あい".into(), "10".into()));
}

#[test]
fn lengths_are_counted_in_characters() {
    let name = |count: usize| encode_name(&Personal::new("𠮷\u{E0100}".repeat(count)));
    assert!(name(NAME_CHARACTERS_MAX).is_ok());
    assert_eq!(name(NAME_CHARACTERS_MAX + 1).err(), Some(TextRefusal::TooLong));
    assert_eq!(name(0).err(), Some(TextRefusal::Empty));
    let address = |count: usize| encode_address(&Personal::new("丁".repeat(count)));
    assert!(address(ADDRESS_CHARACTERS_MAX).is_ok());
    assert_eq!(address(ADDRESS_CHARACTERS_MAX + 1).err(), Some(TextRefusal::TooLong));
}

proptest! {
    #[test]
    fn whatever_is_registered_is_written_in_permitted_characters(text in "\\PC{1,40}") {
        let (written, substitutes) = encoded(&text);
        prop_assert_eq!(written.chars().count(), substitutes.len());
        prop_assert!(written.chars().all(is_permitted), "{}", written);
        prop_assert!(substitutes.bytes().all(|b| b == b'0' || b == b'1'));
        let (again, none) = encoded(&written);
        prop_assert_eq!(again, written);
        prop_assert!(none.bytes().all(|b| b == b'0'));
    }

    #[test]
    fn a_place_that_is_not_told_holds_what_was_registered(text in "[ぁ-ゖ゛-ヿ一-龥豈-頻Ａ-ｚ　]{1,40}") {
        let (written, substitutes) = encoded(&text);
        let told = substitutes.bytes().zip(text.chars().zip(written.chars()));
        for (digit, (registered, written)) in told {
            prop_assert!(digit == b'1' || registered == written, "{registered} {written}");
            prop_assert!(digit == b'0' || !is_permitted(registered), "{registered}");
        }
    }
}
