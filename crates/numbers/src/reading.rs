//! From text to the integer its digits write: strictly for machines, leniently for people.
//! Knows nothing of check digits.

use crate::family::Fault;

/// How text is taken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// ASCII digits and nothing else.
    Strict,
    /// Full-width digits too, and between the digits any spaces and hyphens.
    Lenient,
}

/// Reads exactly `length` digits (at most 19).
pub(crate) fn read(text: &str, length: usize, manner: Manner) -> Result<u64, Fault> {
    let (number, found) = read_any(text, length, manner)?;
    if found == length { Ok(number) } else { Err(Fault::Length { found }) }
}

/// Reads up to `length_max` digits (at most 19) and says how many there were; the number has a
/// meaning only if there were no more than that.
pub(crate) fn read_any(
    text: &str,
    length_max: usize,
    manner: Manner,
) -> Result<(u64, usize), Fault> {
    let (mut number, mut found) = (0, 0);
    for (index, character) in text.chars().enumerate() {
        match digit(character, manner) {
            Some(digit) => {
                if found < length_max {
                    number = number * 10 + digit;
                }
                found += 1;
            }
            None if manner == Manner::Lenient && is_separator(character) => {}
            None => return Err(Fault::NotADigit { position: index + 1 }),
        }
    }
    if found == 0 { Err(Fault::Empty) } else { Ok((number, found)) }
}

fn digit(character: char, manner: Manner) -> Option<u64> {
    let wide = (manner == Manner::Lenient)
        .then(|| u64::from(character).checked_sub(FULL_WIDTH_ZERO))
        .flatten()
        .filter(|digit| *digit < 10);
    character.to_digit(10).map(u64::from).or(wide)
}

/// A public number out of its text; what was written stays out of the error.
#[cfg(feature = "serde")]
pub(crate) fn deserialize<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: std::str::FromStr<Err = crate::NumberRefusal>,
    D: serde::Deserializer<'de>,
{
    let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
    text.parse().map_err(serde::de::Error::custom)
}

/// Space, tab, no-break and ideographic space; hyphen-minus, the hyphens and dashes of Unicode, the
/// minus sign, the full-width hyphen-minus, and the long vowel marks that Japanese keyboards give
/// in their place.
fn is_separator(character: char) -> bool {
    matches!(
        character,
        ' ' | '\t' | '\u{A0}' | '\u{3000}' | '-' | '\u{2010}'
            ..='\u{2015}' | '\u{2212}' | '\u{FF0D}' | '\u{30FC}' | '\u{FF70}'
    )
}

const FULL_WIDTH_ZERO: u64 = 0xFF10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strict_takes_ascii_digits_only() {
        assert_eq!(read("0123", 4, Manner::Strict), Ok(123));
        for (text, fault) in [
            ("", Fault::Empty),
            ("012", Fault::Length { found: 3 }),
            ("01234", Fault::Length { found: 5 }),
            (" 123", Fault::NotADigit { position: 1 }),
            ("0123\n", Fault::NotADigit { position: 5 }),
            ("01-23", Fault::NotADigit { position: 3 }),
            ("+123", Fault::NotADigit { position: 1 }),
            ("\u{FF10}123", Fault::NotADigit { position: 1 }),
            ("01\u{662}3", Fault::NotADigit { position: 3 }),
            ("あ123", Fault::NotADigit { position: 1 }),
        ] {
            assert_eq!(read(text, 4, Manner::Strict), Err(fault), "{text}");
        }
    }

    #[test]
    fn lenient_folds_what_people_write() {
        for text in [
            "0123",
            "\u{FF10}\u{FF11}\u{FF12}\u{FF13}",
            " 01-23 ",
            "\u{FF10}1\u{3000}2\u{FF13}",
            "0\u{2010}1\u{2011}2\u{2013}3",
            "01\u{2212}23",
            "01\u{30FC}23",
        ] {
            assert_eq!(read(text, 4, Manner::Lenient), Ok(123), "{text}");
        }
        for (text, fault) in [
            (" - ", Fault::Empty),
            ("01-2", Fault::Length { found: 3 }),
            ("01.23", Fault::NotADigit { position: 3 }),
            ("01\u{662}3", Fault::NotADigit { position: 3 }),
            ("\u{2460}123", Fault::NotADigit { position: 1 }),
        ] {
            assert_eq!(read(text, 4, Manner::Lenient), Err(fault), "{text}");
        }
    }

    #[test]
    fn endless_digits_do_not_overflow() {
        let text = "9".repeat(100_000);
        assert_eq!(read(&text, 13, Manner::Strict), Err(Fault::Length { found: 100_000 }));
    }
}
