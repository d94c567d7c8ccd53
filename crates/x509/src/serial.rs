//! Serial numbers of certificates (RFC 5280 §4.1.2.2): positive, at most 20 octets.

use crate::decode::shortest_integer;
use std::fmt;
use std::str::FromStr;

/// A serial number, from 1 to 2¹⁵⁹ − 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial([u8; SERIAL_BYTES_MAX]);

/// Not a serial number: zero, negative, or more than 20 octets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SerialRefusal;

/// Octets of the longest serial number.
pub const SERIAL_BYTES_MAX: usize = 20;

impl Serial {
    /// The serial number with this magnitude, big-endian, whatever zeros lead it.
    pub fn from_bytes(magnitude: &[u8]) -> Result<Self, SerialRefusal> {
        let zeros = magnitude.iter().take_while(|byte| **byte == 0).count();
        let digits = &magnitude[zeros..];
        let mut bytes = [0; SERIAL_BYTES_MAX];
        let start = SERIAL_BYTES_MAX.checked_sub(digits.len()).ok_or(SerialRefusal)?;
        bytes[start..].copy_from_slice(digits);
        // The top bit is the sign of an INTEGER, which would need an octet more.
        if digits.is_empty() || bytes[0] & 0x80 != 0 {
            return Err(SerialRefusal);
        }
        Ok(Self(bytes))
    }

    /// Reads the contents of an INTEGER in DER.
    pub fn from_integer(contents: &[u8]) -> Result<Self, SerialRefusal> {
        shortest_integer(contents, SERIAL_BYTES_MAX).map_err(|_| SerialRefusal)?;
        if contents[0] & 0x80 != 0 {
            return Err(SerialRefusal);
        }
        Self::from_bytes(contents)
    }

    /// The magnitude, big-endian, without zeros in front: 1 to 20 bytes.
    pub fn as_bytes(&self) -> &[u8] {
        let zeros = self.0.iter().take_while(|byte| **byte == 0).count();
        &self.0[zeros..]
    }

    /// The number, if it is below 2⁶⁴.
    pub fn to_u64(self) -> Option<u64> {
        let (high, low) = self.0.split_last_chunk::<8>()?;
        high.iter().all(|byte| *byte == 0).then(|| u64::from_be_bytes(*low))
    }
}

impl TryFrom<u64> for Serial {
    type Error = SerialRefusal;

    fn try_from(number: u64) -> Result<Self, SerialRefusal> {
        Self::from_bytes(&number.to_be_bytes())
    }
}

/// Hexadecimal digits in either case, without separators.
impl FromStr for Serial {
    type Err = SerialRefusal;

    fn from_str(text: &str) -> Result<Self, SerialRefusal> {
        if text.len() > 2 * (SERIAL_BYTES_MAX + 1) {
            return Err(SerialRefusal);
        }
        let mut bytes = [0; SERIAL_BYTES_MAX + 1];
        let places = text.bytes().rev().enumerate();
        for (at, digit) in places {
            let value = char::from(digit).to_digit(16).ok_or(SerialRefusal)?;
            bytes[SERIAL_BYTES_MAX - at / 2] |= (value as u8) << (4 * (at % 2));
        }
        Self::from_bytes(&bytes)
    }
}

/// Hexadecimal digits in capitals, two to the byte, as `openssl x509 -serial` has them.
impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

impl fmt::Debug for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Serial({self})")
    }
}

impl SerialRefusal {
    /// The stable label.
    pub const fn label(self) -> &'static str {
        "serial_malformed"
    }
}

impl fmt::Display for SerialRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a serial number is positive and has at most 20 octets")
    }
}

impl std::error::Error for SerialRefusal {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_and_texts_agree() {
        let serial = Serial::try_from(0x0132_c4ab).unwrap();
        assert_eq!(serial.to_string(), "0132C4AB");
        assert_eq!("132c4ab".parse(), Ok(serial));
        assert_eq!("0132C4AB".parse(), Ok(serial));
        assert_eq!(serial.to_u64(), Some(0x0132_c4ab));
        assert!(Serial::try_from(2).unwrap() < Serial::try_from(256).unwrap());
    }

    #[test]
    fn the_ends_of_the_range() {
        assert_eq!(Serial::try_from(0), Err(SerialRefusal));
        let mut longest = [0xff; 20];
        assert_eq!(Serial::from_bytes(&longest), Err(SerialRefusal));
        longest[0] = 0x7f;
        let serial = Serial::from_bytes(&longest).unwrap();
        assert_eq!((serial.to_u64(), serial.as_bytes().len()), (None, 20));
        assert_eq!(Serial::from_bytes(&[1; 21]), Err(SerialRefusal));
        for text in ["", "0", "g", "-1", "1 ", &"1".repeat(43), &"f".repeat(40), "あ"] {
            assert_eq!(text.parse::<Serial>(), Err(SerialRefusal), "{text}");
        }
    }

    #[test]
    fn integers_are_positive_and_shortest() {
        assert_eq!(Serial::from_integer(&[0, 0x80]), Serial::try_from(0x80));
        for bad in [&[][..], &[0], &[0x80], &[0, 0x7f], &[0xff, 0x80]] {
            assert_eq!(Serial::from_integer(bad), Err(SerialRefusal), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_taken_reads_back(bytes in proptest::collection::vec(any::<u8>(), 0..24)) {
            if let Ok(serial) = Serial::from_bytes(&bytes) {
                prop_assert_eq!(serial.to_string().parse(), Ok(serial));
                prop_assert_eq!(Serial::from_bytes(serial.as_bytes()), Ok(serial));
            }
        }
    }
}
