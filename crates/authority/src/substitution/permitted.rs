//! The characters that a certificate may carry: JIS X 0208 (kanji of levels 1 and 2, kana, the
//! full-width letters, digits and symbols) and JIS X 0212 (補助漢字).
//!
//! Both sets are what EUC-JP decodes to, code by code, so no list of thirteen thousand characters
//! stands here. What vendors added to JIS X 0208 (rows 13, 89 to 92) is left out.

use encoding_rs::EUC_JP;
use std::{ops::RangeInclusive, sync::OnceLock};

/// Whether a certificate may carry this character as it is.
pub fn is_permitted(c: char) -> bool {
    permitted().binary_search(&c).is_ok()
}

fn permitted() -> &'static [char] {
    static PERMITTED: OnceLock<Vec<char>> = OnceLock::new();
    PERMITTED.get_or_init(|| {
        let mut all: Vec<char> = basic().chain(supplementary()).chain(ALIASES).collect();
        all.sort_unstable();
        all.dedup();
        all
    })
}

/// JIS X 0208: two bytes of EUC-JP.
fn basic() -> impl Iterator<Item = char> {
    let rows = SYMBOL_ROWS.chain(KANJI_ROWS);
    rows.flat_map(|row| CELLS.filter_map(move |cell| decoded(&[0xA0 + row, 0xA0 + cell])))
}

/// JIS X 0212: three bytes of EUC-JP.
fn supplementary() -> impl Iterator<Item = char> {
    let rows = CELLS;
    rows.flat_map(|row| CELLS.filter_map(move |cell| decoded(&[0x8F, 0xA0 + row, 0xA0 + cell])))
}

fn decoded(bytes: &[u8]) -> Option<char> {
    let text = EUC_JP.decode_without_bom_handling_and_without_replacement(bytes)?;
    let mut characters = text.chars();
    characters.next().filter(|_| characters.next().is_none())
}

const CELLS: RangeInclusive<u8> = 1..=94;
/// Symbols, letters, digits, kana, Greek, Cyrillic, rules.
const SYMBOL_ROWS: RangeInclusive<u8> = 1..=8;
/// Level 1 is rows 16 to 47, level 2 rows 48 to 84.
const KANJI_ROWS: RangeInclusive<u8> = 16..=84;

/// Characters that other mappings of JIS X 0208 have where EUC-JP on the Web has ―, ～, ∥ and －:
/// the em dash, the wave dash, the double line and the minus sign.
const ALIASES: [char; 4] = ['\u{2014}', '\u{301C}', '\u{2016}', '\u{2212}'];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn both_standards_are_whole() {
        let kanji = |c: &char| ('\u{4E00}'..='\u{9FFF}').contains(c);
        let basic: BTreeSet<char> = basic().collect();
        assert_eq!(basic.len(), 6_879, "JIS X 0208:1997");
        // The two levels, and 仝 among the symbols.
        assert_eq!(basic.iter().filter(|c| kanji(c)).count(), 2_965 + 3_390 + 1);
        let supplementary: BTreeSet<char> = supplementary().collect();
        assert_eq!(supplementary.len(), 6_067, "JIS X 0212-1990");
        assert_eq!(supplementary.iter().filter(|c| kanji(c)).count(), 5_801);
    }

    #[test]
    fn what_vendors_added_is_left_out() {
        for c in ['①', '㈱', 'Ⅳ', '㍻', '髙', '﨑', '德', '\u{FA19}', '仼'] {
            assert!(!is_permitted(c), "{c}");
        }
        for c in ['高', '崎', '徳', '神', '邉', '邊', '濵', '凜', '　', '－', '―', '々', 'ヶ', 'Ａ']
        {
            assert!(is_permitted(c), "{c}");
        }
        for c in ['A', '-', ' ', 'ｱ', '\u{E000}', '\u{E0100}', '𠮷', '\n'] {
            assert!(!is_permitted(c), "{c:?}");
        }
    }
}
