//! What differs between two records of one person, field by field, without showing either.
//!
//! A clerk is told *how* a field differs: a trailing space is called a trailing space. The kinds of
//! small difference are tried together, and those without which the two texts would not agree are
//! reported; so a field can have several.

use crate::{
    record::ResidentRecord,
    text::{base_form, fold_address, is_variation_selector, to_katakana},
};
use base::Personal;
use std::fmt;
use unicode_normalization::{UnicodeNormalization, char::compose};
use zeroize::Zeroizing;

/// One way in which a field differs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FieldDifference {
    /// The field, by its name in the feed.
    pub field: &'static str,
    /// How it differs.
    pub kind: DifferenceKind,
}

/// How a field differs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum DifferenceKind {
    /// Only the other side has it.
    MissingHere,
    /// Only this side has it.
    MissingThere,
    /// One has more space at the end.
    TrailingSpace,
    /// One has more space at the beginning.
    LeadingSpace,
    /// One has more or other space in between.
    InnerSpace,
    /// Full-width against half-width characters.
    FullWidth,
    /// Hiragana against katakana.
    Kana,
    /// Two forms of one character: a variant kanji, a variation selector, a compatibility form.
    VariantCharacter,
    /// Capital against small letters.
    LetterCase,
    /// The same address with its house numbers in another notation, as 一丁目２番地の３ and 1-2-3.
    HouseNumber,
    /// The content is another.
    Different,
}

/// How two records differ; empty if they are equal.
pub fn differences(ours: &ResidentRecord, theirs: &ResidentRecord) -> Vec<FieldDifference> {
    let mut found = Vec::new();
    text("name", &ours.name, &theirs.name, &mut found);
    text("name_kana", &ours.name_kana, &theirs.name_kana, &mut found);
    value("birth_date", Some(&ours.birth_date), Some(&theirs.birth_date), &mut found);
    value("sex", Some(&ours.sex), Some(&theirs.sex), &mut found);
    value("postal_code", ours.postal_code.as_ref(), theirs.postal_code.as_ref(), &mut found);
    text("address", &ours.address, &theirs.address, &mut found);
    let folded = |address: &Personal| Zeroizing::new(fold_address(address.reveal()));
    if let Some(last) = found.last_mut()
        && (last.field, last.kind) == ("address", DifferenceKind::Different)
        && folded(&ours.address) == folded(&theirs.address)
    {
        last.kind = DifferenceKind::HouseNumber;
    }
    found
}

fn value<T: PartialEq>(
    field: &'static str,
    ours: Option<&T>,
    theirs: Option<&T>,
    found: &mut Vec<FieldDifference>,
) {
    if ours != theirs {
        let kind = missing(ours.is_none(), theirs.is_none()).unwrap_or(DifferenceKind::Different);
        found.push(FieldDifference { field, kind });
    }
}

fn text(field: &'static str, ours: &Personal, theirs: &Personal, found: &mut Vec<FieldDifference>) {
    if ours != theirs {
        let kinds = match missing(ours.is_empty(), theirs.is_empty()) {
            Some(kind) => vec![kind],
            None => small_differences(ours.reveal(), theirs.reveal()),
        };
        found.extend(kinds.into_iter().map(|kind| FieldDifference { field, kind }));
    }
}

const fn missing(ours: bool, theirs: bool) -> Option<DifferenceKind> {
    match (ours, theirs) {
        (true, false) => Some(DifferenceKind::MissingHere),
        (false, true) => Some(DifferenceKind::MissingThere),
        _ => None,
    }
}

/// The kinds of small difference that together explain two unequal texts.
fn small_differences(ours: &str, theirs: &str) -> Vec<DifferenceKind> {
    let agree_without = |left_out: Option<DifferenceKind>| {
        let kinds = || SMALL.into_iter().filter(move |kind| Some(*kind) != left_out);
        fold(ours, kinds()) == fold(theirs, kinds())
    };
    if !agree_without(None) {
        return vec![DifferenceKind::Different];
    }
    let mut needed: Vec<_> = SMALL.into_iter().filter(|kind| !agree_without(Some(*kind))).collect();
    if needed.is_empty() {
        // Two kinds can each explain the difference alone, as between width and variant.
        let alone = |kind: &DifferenceKind| fold(ours, [*kind]) == fold(theirs, [*kind]);
        needed.push(SMALL.into_iter().find(alone).unwrap_or(DifferenceKind::VariantCharacter));
    }
    needed
}

fn fold(text: &str, kinds: impl IntoIterator<Item = DifferenceKind>) -> String {
    kinds.into_iter().fold(text.to_owned(), |text, kind| without(&text, kind))
}

/// The text with one kind of difference taken away.
fn without(text: &str, kind: DifferenceKind) -> String {
    match kind {
        DifferenceKind::TrailingSpace => text.trim_end().to_owned(),
        DifferenceKind::LeadingSpace => text.trim_start().to_owned(),
        DifferenceKind::InnerSpace => close_up(text),
        DifferenceKind::FullWidth => one_width(text),
        DifferenceKind::Kana => text.chars().map(to_katakana).collect(),
        DifferenceKind::VariantCharacter => text.chars().flat_map(one_form).collect(),
        DifferenceKind::LetterCase => text.to_uppercase(),
        _ => text.to_owned(),
    }
}

/// Takes out the space that has something on both sides.
fn close_up(text: &str) -> String {
    let inner = text.trim();
    let start = text.len() - text.trim_start().len();
    let tight = inner.chars().filter(|c| !c.is_whitespace());
    let (before, after) = (&text[..start], &text[start + inner.len()..]);
    before.chars().chain(tight).chain(after.chars()).collect()
}

/// Half-width katakana become full-width, full-width Latin letters and the full-width space
/// half-width; a voicing mark joins its letter.
fn one_width(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        for narrow in std::iter::once(c).nfkc().filter(|_| has_width(c)) {
            let joined = out.chars().last().and_then(|last| compose(last, narrow));
            if joined.is_some() {
                out.pop();
            }
            out.push(joined.unwrap_or(narrow));
        }
        if !has_width(c) {
            out.push(c);
        }
    }
    out
}

/// The characters that stand for `c` when glyph variants do not count.
fn one_form(c: char) -> impl Iterator<Item = char> {
    let counts = !is_variation_selector(c);
    let form = base_form(c);
    let (kept, folded) = if has_width(c) { (Some(c), None) } else { (None, Some(form)) };
    kept.into_iter().chain(folded.into_iter().nfkc().map(base_form)).filter(move |_| counts)
}

const fn has_width(c: char) -> bool {
    matches!(c, '\u{3000}' | '\u{FF00}'..='\u{FFEF}')
}

/// In the order in which they are taken away: width before kana, so that half-width katakana and
/// hiragana meet; space last at the ends, as width can make a space of one.
const SMALL: [DifferenceKind; 7] = [
    DifferenceKind::FullWidth,
    DifferenceKind::VariantCharacter,
    DifferenceKind::Kana,
    DifferenceKind::LetterCase,
    DifferenceKind::TrailingSpace,
    DifferenceKind::LeadingSpace,
    DifferenceKind::InnerSpace,
];

impl DifferenceKind {
    /// All kinds, in the order of the documentation.
    pub const ALL: [Self; 11] = [
        Self::MissingHere,
        Self::MissingThere,
        Self::TrailingSpace,
        Self::LeadingSpace,
        Self::InnerSpace,
        Self::FullWidth,
        Self::Kana,
        Self::VariantCharacter,
        Self::LetterCase,
        Self::HouseNumber,
        Self::Different,
    ];

    /// The word of the API.
    pub const fn word(self) -> &'static str {
        match self {
            Self::MissingHere => "missing_here",
            Self::MissingThere => "missing_there",
            Self::TrailingSpace => "trailing_space",
            Self::LeadingSpace => "leading_space",
            Self::InnerSpace => "inner_space",
            Self::FullWidth => "full_width",
            Self::Kana => "kana",
            Self::VariantCharacter => "variant_character",
            Self::LetterCase => "letter_case",
            Self::HouseNumber => "house_number",
            Self::Different => "different",
        }
    }

    /// The word for people in Japan.
    pub const fn japanese(self) -> &'static str {
        match self {
            Self::MissingHere => "当方に記載なし",
            Self::MissingThere => "先方に記載なし",
            Self::TrailingSpace => "末尾の空白",
            Self::LeadingSpace => "先頭の空白",
            Self::InnerSpace => "途中の空白",
            Self::FullWidth => "全角・半角",
            Self::Kana => "ひらがな・カタカナ",
            Self::VariantCharacter => "異体字",
            Self::LetterCase => "大文字・小文字",
            Self::HouseNumber => "番地の表記",
            Self::Different => "内容の相違",
        }
    }
}

impl fmt::Display for FieldDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.kind.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{
        Sex,
        tests::{jiff_date, record},
    };
    use proptest::prelude::*;

    fn kinds(ours: &str, theirs: &str) -> Vec<&'static str> {
        let (mut here, mut there) = (record(), record());
        here.name = Personal::new(ours);
        there.name = Personal::new(theirs);
        let found = differences(&here, &there);
        assert!(found.iter().all(|difference| difference.field == "name"));
        found.iter().map(|difference| difference.kind.word()).collect()
    }

    #[test]
    fn small_differences_have_their_names() {
        for (ours, theirs, expected) in [
            ("山田太郎", "山田太郎", &[][..]),
            ("", "山田", &["missing_here"]),
            ("山田", "", &["missing_there"]),
            ("山田太郎", "山田太郎 ", &["trailing_space"]),
            ("山田太郎　", "山田太郎", &["trailing_space"]),
            (" 山田太郎", "山田太郎", &["leading_space"]),
            ("山田　太郎", "山田太郎", &["inner_space"]),
            ("山田　太郎", "山田 太郎", &["full_width"]),
            ("山田　太郎", "山田  太郎", &["inner_space"]),
            ("ＪＯＨＮ", "JOHN", &["full_width"]),
            ("ﾔﾏﾀﾞ", "ヤマダ", &["full_width"]),
            ("やまだ", "ヤマダ", &["kana"]),
            ("やまだ", "ﾔﾏﾀﾞ", &["full_width", "kana"]),
            ("髙橋", "高橋", &["variant_character"]),
            ("渡邉\u{E0101}", "渡邉", &["variant_character"]),
            ("神\u{FE00}田", "神田", &["variant_character"]),
            ("\u{FA19}田", "\u{795E}田", &["variant_character"]),
            ("㍿山", "株式会社山", &["variant_character"]),
            ("John", "JOHN", &["letter_case"]),
            ("髙橋 ", "高橋", &["variant_character", "trailing_space"]),
            (" John", "ＪＯＨＮ", &["full_width", "letter_case", "leading_space"]),
            ("山田", "山本", &["different"]),
            ("髙田 ", "山田", &["different"]),
            (" ", "  ", &["trailing_space"]),
        ] {
            assert_eq!(kinds(ours, theirs), expected, "{ours:?} {theirs:?}");
        }
    }

    #[test]
    fn every_field_is_compared() {
        let ours = record();
        let mut theirs = record();
        theirs.name = Personal::new("別人");
        theirs.name_kana = Personal::default();
        theirs.birth_date = jiff_date("1990-04-02");
        theirs.sex = Sex::Unknown;
        theirs.postal_code = None;
        theirs.address = Personal::new("東京都千代田区霞が関一丁目２番３号 ");
        let found: Vec<_> = differences(&ours, &theirs).iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "name: different",
                "name_kana: missing_there",
                "birth_date: different",
                "sex: different",
                "postal_code: missing_there",
                "address: trailing_space"
            ]
        );
        assert_eq!(differences(&ours, &ours), []);
    }

    #[test]
    fn house_numbers_in_another_notation_are_called_so() {
        for (there, expected) in [
            ("東京都千代田区霞が関1-2-3", "address: house_number"),
            ("東京都千代田区霞が関１丁目２番地３", "address: house_number"),
            ("東京都千代田区霞が関1-2-4", "address: different"),
            ("東京都千代田区霞が関", "address: different"),
        ] {
            let theirs = ResidentRecord { address: Personal::new(there), ..record() };
            let found = differences(&record(), &theirs);
            assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), [expected]);
        }
    }

    proptest! {
        #[test]
        fn unequal_texts_always_differ_somehow_and_both_ways_alike(
            ours in "[ぁ-んァ-ヶｦ-ﾟ髙高A-cＡ-ｃ 　\u{E0100}]{1,8}",
            theirs in "[ぁ-んァ-ヶｦ-ﾟ髙高A-cＡ-ｃ 　\u{E0100}]{1,8}",
        ) {
            prop_assert_eq!(kinds(&ours, &theirs).is_empty(), ours == theirs);
            prop_assert_eq!(kinds(&ours, &theirs), kinds(&theirs, &ours));
        }

        #[test]
        fn added_space_is_called_by_its_place(name in "[ァ-ヶ]{1,6}", spaces in "[ 　]{1,3}") {
            prop_assert_eq!(kinds(&name, &format!("{name}{spaces}")), ["trailing_space"]);
            prop_assert_eq!(kinds(&format!("{spaces}{name}"), &name), ["leading_space"]);
        }
    }
}
