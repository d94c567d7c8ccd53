//! From bytes to text: UTF-8 or Shift_JIS (Windows-31J, as in the WHATWG Encoding Standard).
//!
//! The whole file has one encoding. A byte-order mark decides it, or else the first line that is
//! more than ASCII. Much Japanese UTF-8 also decodes as Shift_JIS, into nonsense, so a line of
//! valid UTF-8 in a Shift_JIS file is refused rather than guessed at.

use base::{Label, labels};
use encoding_rs::{DecoderResult, SHIFT_JIS};
use std::fmt;
use zeroize::Zeroizing;

#[derive(Default)]
pub(super) struct Decoder {
    encoding: Option<Encoding>,
    /// Text decoded from Shift_JIS; the room is used again for each line.
    text: Zeroizing<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Encoding {
    Utf8,
    ShiftJis,
}

impl Decoder {
    /// Takes a byte-order mark off the first line.
    pub(super) fn strip_mark<'a>(&mut self, first_line: &'a [u8]) -> &'a [u8] {
        match first_line.strip_prefix(BYTE_ORDER_MARK) {
            Some(rest) => {
                self.expect_utf8();
                rest
            }
            None => first_line,
        }
    }

    /// Nothing but UTF-8 from here on.
    pub(super) const fn expect_utf8(&mut self) {
        self.encoding = Some(Encoding::Utf8);
    }

    /// The text of a line.
    pub(super) fn decode<'a>(&'a mut self, line: &'a [u8]) -> Result<&'a str, &'static Label> {
        match (std::str::from_utf8(line), self.encoding) {
            (Ok(text), Some(Encoding::Utf8)) => Ok(text),
            (Ok(text), _) if line.is_ascii() => Ok(text),
            (Ok(text), None) => {
                self.encoding = Some(Encoding::Utf8);
                Ok(text)
            }
            (Ok(_), Some(Encoding::ShiftJis)) => Err(&labels::FEED_MIXED_ENCODING),
            (Err(_), Some(Encoding::Utf8)) => match self.decode_shift_jis(line) {
                Some(_) => Err(&labels::FEED_MIXED_ENCODING),
                None => Err(&labels::FEED_ENCODING),
            },
            (Err(_), _) => {
                let known = self.encoding;
                self.encoding = Some(Encoding::ShiftJis);
                if self.decode_shift_jis(line).is_none() {
                    self.encoding = known;
                    return Err(&labels::FEED_ENCODING);
                }
                Ok(&self.text)
            }
        }
    }

    fn decode_shift_jis(&mut self, line: &[u8]) -> Option<&str> {
        let mut decoder = SHIFT_JIS.new_decoder_without_bom_handling();
        self.text.clear();
        self.text.reserve(decoder.max_utf8_buffer_length_without_replacement(line.len())?);
        let (result, _) = decoder.decode_to_string_without_replacement(line, &mut self.text, true);
        (result == DecoderResult::InputEmpty).then_some(&**self.text)
    }
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Decoder({:?})", self.encoding)
    }
}

const BYTE_ORDER_MARK: &[u8] = "\u{FEFF}".as_bytes();
