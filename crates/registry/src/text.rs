//! Folded forms of names and addresses: what is searched by, never what is kept or shown.
//!
//! Two spellings that a clerk would call the same person's name fold to one key: half-width and
//! full-width, hiragana and katakana, 髙 and 高, a glyph with and without its variation selector.
//! Folding may also bring together what is different (that is the price of finding), so a match by
//! key is a candidate and never a proof.

mod address;
mod variants;

pub use address::fold_address;
use unicode_normalization::UnicodeNormalization;
pub(crate) use variants::base_form;

/// The search key of a name: NFKC, without spaces and variation selectors, in katakana and upper
/// case, with variant kanji replaced by their usual form. Folding a key again changes nothing.
pub fn fold_name(name: &str) -> String {
    let mut folded = fold_once(name);
    // A removed space or a changed letter can bring together what composes only then.
    for _ in 0..FOLDS_MAX {
        let again = fold_once(&folded);
        if again == folded {
            break;
        }
        folded = again;
    }
    folded
}

fn fold_once(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !is_variation_selector(*c)).nfkc() {
        if c.is_whitespace() || is_variation_selector(c) {
            continue;
        }
        match unify(c) {
            latin if is_latin(latin) => folded.extend(latin.to_uppercase()),
            other => folded.push(other),
        }
    }
    folded
}

fn unify(c: char) -> char {
    match to_katakana(base_form(c)) {
        'ヵ' => 'カ',
        'ヶ' => 'ケ',
        other => other,
    }
}

/// The katakana of a hiragana letter; any other character as it is.
pub(crate) fn to_katakana(c: char) -> char {
    match c {
        'ぁ'..='ゖ' | 'ゝ' | 'ゞ' => char::from_u32(c as u32 + KATAKANA_OFFSET).unwrap_or(c),
        _ => c,
    }
}

/// Whether a character only chooses the glyph of the one before it: the standardised selectors,
/// the Mongolian ones, and the supplement that ideographic variation sequences use (UTS #37).
pub(crate) const fn is_variation_selector(c: char) -> bool {
    let mongolian = matches!(c, '\u{180B}'..='\u{180D}' | '\u{180F}');
    mongolian || matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

const fn is_latin(c: char) -> bool {
    c.is_ascii_lowercase() || matches!(c, '\u{DF}'..='\u{24F}' | '\u{1E00}'..='\u{1EFF}')
}

/// Distance between the hiragana and the katakana block.
const KATAKANA_OFFSET: u32 = 0x60;

/// Rounds after which folding has settled for every text that occurs.
const FOLDS_MAX: usize = 4;

#[cfg(test)]
mod tests;
