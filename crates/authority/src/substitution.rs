//! Names and addresses in the permitted characters, and where a substitute stands.
//!
//! A certificate carries JIS X 0208 and JIS X 0212. What is registered otherwise is replaced by the
//! same character in a permitted form, or by ● where none is known, and every such place is told:
//! one digit per character. Nothing else is changed. Writing half-width characters in full width
//! and composing a letter with its mark changes no character, so it is not told.

mod permitted;
mod variants;

use crate::content::EncodedText;
use base::Personal;
pub use permitted::is_permitted;
use std::fmt;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use variants::permitted_form;

/// Why a name or an address cannot stand in a certificate.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum TextRefusal {
    /// There is no text.
    Empty,
    /// It has more characters than fit.
    TooLong,
}

/// Writes a registered name: up to 100 characters, U+3000 between surname and given name.
pub fn encode_name(name: &Personal) -> Result<EncodedText, TextRefusal> {
    encode(name.reveal(), NAME_CHARACTERS_MAX)
}

/// Writes a registered address: up to 200 characters, digits and hyphens of house numbers in full
/// width.
pub fn encode_address(address: &Personal) -> Result<EncodedText, TextRefusal> {
    encode(address.reveal(), ADDRESS_CHARACTERS_MAX)
}

/// What stands for a character of which no permitted form is known.
pub const SUBSTITUTE: char = '●';

/// Longest name, in characters as written.
pub const NAME_CHARACTERS_MAX: usize = 100;

/// Longest address, in characters as written.
pub const ADDRESS_CHARACTERS_MAX: usize = 200;

fn encode(registered: &str, characters_max: usize) -> Result<EncodedText, TextRefusal> {
    if registered.is_empty() {
        return Err(TextRefusal::Empty);
    }
    let mut text = String::with_capacity(registered.len() + registered.len() / 2);
    let mut substitutes = String::with_capacity(registered.len());
    let mut rest = registered;
    while !rest.is_empty() {
        let (character, after) = rest.split_at(character_length(rest));
        let (written, substituted) = write(character);
        text.push(written);
        substitutes.push(if substituted { '1' } else { '0' });
        rest = after;
    }
    if substitutes.len() > characters_max {
        return Err(TextRefusal::TooLong);
    }
    Ok(EncodedText { text: Personal::new(text), substitutes: Personal::new(substitutes) })
}

/// Bytes of the first character: with the selector that chooses its glyph and the marks upon it.
fn character_length(text: &str) -> usize {
    let belongs = |c: char| is_selector(c) || is_combining_mark(c) || is_half_width_mark(c);
    let mut after = text.char_indices().skip(1);
    after.find(|(_, c)| !belongs(*c)).map_or(text.len(), |(at, _)| at)
}

/// One character as it is written, and whether that is a substitute.
fn write(character: &str) -> (char, bool) {
    let mut plain = character.chars().filter(|c| !is_selector(*c)).map(full_width).nfc();
    let (first, more) = (plain.next(), plain.next());
    let Some(first) = first else { return (SUBSTITUTE, true) };
    let selected = character.chars().any(is_selector);
    let faithful = more.is_none() && !selected && is_own_form(character);
    if is_permitted(first) {
        return (first, !faithful);
    }
    let form = permitted_form(first).or_else(|| compatible(first).filter(|c| is_permitted(*c)));
    (form.unwrap_or(SUBSTITUTE), true)
}

/// Whether composing leaves the character the one it was: a compatibility ideograph (U+FA19) would
/// become another one (U+795E), with another glyph.
fn is_own_form(character: &str) -> bool {
    !character.chars().any(|c| matches!(c, '\u{F900}'..='\u{FAFF}' | '\u{2F800}'..='\u{2FA1F}'))
}

/// The one character that Unicode names as compatible: the kanji of a Kangxi radical.
fn compatible(c: char) -> Option<char> {
    let mut form = std::iter::once(c).nfkc();
    let only = form.next().map(full_width).filter(|_| form.next().is_none());
    only.filter(|only| *only != c)
}

/// A half-width character in full width; any other as it is. A quotation mark becomes the closing
/// one: the straight ones are not in JIS X 0208.
fn full_width(c: char) -> char {
    match c {
        ' ' => '\u{3000}',
        '"' => '”',
        '\'' => '’',
        '!'..='~' => char::from_u32(c as u32 + ASCII_TO_FULL_WIDTH).unwrap_or(c),
        '\u{FF61}'..='\u{FF9F}' => {
            let place = (c as u32 - 0xFF61) as usize;
            HALF_WIDTH.chars().nth(place).unwrap_or(c)
        }
        _ => c,
    }
}

/// Whether a character only chooses the glyph of the one before it: the standardised selectors and
/// those of ideographic variation sequences (UTS #37).
const fn is_selector(c: char) -> bool {
    matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

const fn is_half_width_mark(c: char) -> bool {
    matches!(c, '\u{FF9E}' | '\u{FF9F}')
}

impl TextRefusal {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Empty, Self::TooLong];

    /// The stable label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Empty => "certificate_text_empty",
            Self::TooLong => "certificate_text_too_long",
        }
    }
}

impl fmt::Display for TextRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl std::error::Error for TextRefusal {}

const ASCII_TO_FULL_WIDTH: u32 = 0xFEE0;

/// Full-width forms of U+FF61 to U+FF9F, in their order. The two marks are the combining ones, so
/// that they compose with the kana before them.
const HALF_WIDTH: &str = "。「」、・ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテト\
                          ナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン\u{3099}\u{309A}";

#[cfg(test)]
mod tests;
