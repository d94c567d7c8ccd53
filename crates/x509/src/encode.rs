//! Writing DER forwards into one buffer.
//!
//! A length is written once its contents are there, so nothing is counted beforehand; contents of
//! 128 bytes and more are moved up by the bytes that their length needs. Values are written in
//! their shortest form: what comes out is DER (ITU-T X.690 chapter 10).

use crate::KeyAlgorithm;
use base::Moment;
use const_oid::ObjectIdentifier;

/// Writes a tag, its length and what `fill` appends.
pub(crate) fn nested(out: &mut Vec<u8>, tag: u8, fill: impl FnOnce(&mut Vec<u8>)) {
    out.extend([tag, 0]);
    let start = out.len();
    fill(out);
    close(out, start);
}

/// Writes a tag, its length and its contents.
pub(crate) fn value(out: &mut Vec<u8>, tag: u8, contents: &[u8]) {
    out.push(tag);
    length(out, contents.len());
    out.extend_from_slice(contents);
}

/// Writes an OBJECT IDENTIFIER.
pub(crate) fn oid(out: &mut Vec<u8>, oid: &ObjectIdentifier) {
    value(out, tag::OID, oid.as_bytes());
}

/// Writes a non-negative INTEGER from its big-endian bytes, whatever zeros lead them.
pub(crate) fn unsigned(out: &mut Vec<u8>, tag: u8, big_endian: &[u8]) {
    let zeros = big_endian.iter().take_while(|byte| **byte == 0).count();
    let digits = &big_endian[zeros..];
    let sign = digits.first().is_none_or(|first| first & 0x80 != 0);
    out.push(tag);
    length(out, digits.len() + usize::from(sign));
    if sign {
        out.push(0);
    }
    out.extend_from_slice(digits);
}

/// Writes a BIT STRING of whole bytes.
pub(crate) fn bit_string(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(tag::BIT_STRING);
    length(out, bytes.len() + 1);
    out.push(0);
    out.extend_from_slice(bytes);
}

/// Writes a BIT STRING of named bits: bit 0 is the top bit, and zeros at the end are left out
/// (X.690 §11.2.2).
pub(crate) fn named_bits(out: &mut Vec<u8>, tag: u8, bits: u16) {
    let [first, second] = bits.to_be_bytes();
    match (first, second) {
        (0, 0) => value(out, tag, &[0]),
        (_, 0) => value(out, tag, &[unused(first), first]),
        _ => value(out, tag, &[unused(second), first, second]),
    }
}

/// Writes TRUE. FALSE is the default wherever it may stand, and DER leaves defaults out.
pub(crate) fn boolean_true(out: &mut Vec<u8>, tag: u8) {
    value(out, tag, &[0xff]);
}

/// Writes a time of a certificate or list: UTCTime through 2049, GeneralizedTime otherwise, both
/// in whole seconds (RFC 5280 §4.1.2.5).
pub(crate) fn time(out: &mut Vec<u8>, at: Moment) {
    let digits = fourteen_digits(at);
    if (*b"1950"..=*b"2049").contains(&[digits[0], digits[1], digits[2], digits[3]]) {
        out.extend([tag::UTC_TIME, 13]);
        out.extend_from_slice(&digits[2..]);
        out.push(b'Z');
    } else {
        generalized_time(out, tag::GENERALIZED_TIME, at);
    }
}

/// Writes a GeneralizedTime in whole seconds, as OCSP and time stamps have it in every year.
pub(crate) fn generalized_time(out: &mut Vec<u8>, tag: u8, at: Moment) {
    out.extend([tag, 15]);
    out.extend_from_slice(&fourteen_digits(at));
    out.push(b'Z');
}

/// The AlgorithmIdentifier of the signatures of this algorithm.
pub(crate) const fn signature_identifier(algorithm: KeyAlgorithm) -> &'static [u8] {
    match algorithm {
        KeyAlgorithm::Ed25519 => b"\x30\x05\x06\x03\x2b\x65\x70",
        KeyAlgorithm::P256 => b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02",
        KeyAlgorithm::P384 => b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03",
        KeyAlgorithm::Rsa2048 => b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00",
    }
}

/// The algorithm whose signatures have this AlgorithmIdentifier.
pub(crate) fn algorithm_signed_with(identifier: &[u8]) -> Option<KeyAlgorithm> {
    KeyAlgorithm::ALL.into_iter().find(|algorithm| signature_identifier(*algorithm) == identifier)
}

/// Something signed: the bytes, the algorithm, the signature (the outer form of certificates,
/// requests and lists).
pub(crate) fn signed(tbs: &[u8], algorithm: KeyAlgorithm, signature: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(tbs.len() + signature.len() + 40);
    nested(&mut out, tag::SEQUENCE, |out| {
        out.extend_from_slice(tbs);
        out.extend_from_slice(signature_identifier(algorithm));
        bit_string(out, signature);
    });
    out
}

/// Puts the length of everything from `start` into the byte before it.
fn close(out: &mut Vec<u8>, start: usize) {
    let count = out.len() - start;
    if let Ok(short @ 0..=127) = u8::try_from(count) {
        out[start - 1] = short;
        return;
    }
    let digits = count.to_be_bytes();
    let digits = &digits[count.leading_zeros() as usize / 8..];
    out[start - 1] = long_form(digits);
    out.splice(start..start, digits.iter().copied());
}

/// Writes a length in its shortest form.
pub(crate) fn length(out: &mut Vec<u8>, count: usize) {
    if let Ok(short @ 0..=127) = u8::try_from(count) {
        out.push(short);
        return;
    }
    let digits = count.to_be_bytes();
    let digits = &digits[count.leading_zeros() as usize / 8..];
    out.push(long_form(digits));
    out.extend_from_slice(digits);
}

/// The byte that says how many bytes of length follow: at most eight.
const fn long_form(digits: &[u8]) -> u8 {
    0x80 | digits.len() as u8
}

/// Bits of the last byte that say nothing; a byte that is not zero.
const fn unused(last: u8) -> u8 {
    last.trailing_zeros() as u8
}

/// `YYYYMMDDhhmmss` in UTC. Years before 0 and after 9999, which no certificate can name, become
/// the nearest that it can.
fn fourteen_digits(at: Moment) -> [u8; 14] {
    let seconds = at.seconds().clamp(YEAR_0, END_OF_9999);
    let (year, month, day) = civil(seconds.div_euclid(DAY));
    let second = seconds.rem_euclid(DAY);
    let mut out = [b'0'; 14];
    let parts = [(4, year), (2, month), (2, day)];
    let parts =
        parts.into_iter().chain([(2, second / 3600), (2, second / 60 % 60), (2, second % 60)]);
    let mut end = 0;
    for (width, mut number) in parts {
        end += width;
        for place in out[end - width..end].iter_mut().rev() {
            *place = b'0' + (number % 10) as u8;
            number /= 10;
        }
    }
    out
}

/// Year, month and day of a day counted from 1970-01-01 in the Gregorian calendar. Counted in
/// years that begin on 1 March, so that the leap day comes last.
fn civil(day: i64) -> (i64, i64, i64) {
    let day = day + DAYS_FROM_0000_03_01;
    let era = day.div_euclid(DAYS_OF_400_YEARS);
    let of_era = day.rem_euclid(DAYS_OF_400_YEARS);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day_of_month = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day_of_month)
}

/// The tags in use (X.690 §8.1.2).
pub(crate) mod tag {
    pub(crate) const BOOLEAN: u8 = 0x01;
    pub(crate) const INTEGER: u8 = 0x02;
    pub(crate) const BIT_STRING: u8 = 0x03;
    pub(crate) const OCTET_STRING: u8 = 0x04;
    pub(crate) const NULL: u8 = 0x05;
    pub(crate) const OID: u8 = 0x06;
    pub(crate) const UTF8_STRING: u8 = 0x0c;
    pub(crate) const PRINTABLE_STRING: u8 = 0x13;
    pub(crate) const IA5_STRING: u8 = 0x16;
    pub(crate) const UTC_TIME: u8 = 0x17;
    pub(crate) const GENERALIZED_TIME: u8 = 0x18;
    pub(crate) const SEQUENCE: u8 = 0x30;
    pub(crate) const SET: u8 = 0x31;

    /// `[number]` around a primitive value.
    pub(crate) const fn context(number: u8) -> u8 {
        0x80 | number
    }

    /// `[number]` around a constructed value, or EXPLICIT.
    pub(crate) const fn constructed(number: u8) -> u8 {
        0xa0 | number
    }
}

const DAY: i64 = 86_400;
const DAYS_FROM_0000_03_01: i64 = 719_468;
const DAYS_OF_400_YEARS: i64 = 146_097;
/// 0000-01-01T00:00:00Z.
const YEAR_0: i64 = -62_167_219_200;
/// 9999-12-31T23:59:59Z.
const END_OF_9999: i64 = 253_402_300_799;

#[cfg(test)]
mod tests {
    use super::*;
    use const_oid::db::{rfc5912, rfc8410};
    use der::{Decode, Encode};
    use proptest::prelude::*;
    use x509_cert::spki::AlgorithmIdentifierOwned;

    #[test]
    fn algorithm_identifiers_are_those_of_the_standards() {
        for algorithm in KeyAlgorithm::ALL {
            let null = Some(der::Any::from(der::asn1::Null));
            let (oid, parameters) = match algorithm {
                KeyAlgorithm::Ed25519 => (rfc8410::ID_ED_25519, None),
                KeyAlgorithm::P256 => (rfc5912::ECDSA_WITH_SHA_256, None),
                KeyAlgorithm::P384 => (rfc5912::ECDSA_WITH_SHA_384, None),
                KeyAlgorithm::Rsa2048 => (rfc5912::SHA_256_WITH_RSA_ENCRYPTION, null),
            };
            let theirs = AlgorithmIdentifierOwned { oid, parameters }.to_der().unwrap();
            assert_eq!(signature_identifier(algorithm), theirs);
        }
    }

    #[test]
    fn named_bits_end_with_the_last_one() {
        let written = |bits| {
            let mut out = Vec::new();
            named_bits(&mut out, tag::BIT_STRING, bits);
            out
        };
        assert_eq!(written(0xc000), [3, 2, 6, 0xc0]);
        assert_eq!(written(0x8000), [3, 2, 7, 0x80]);
        assert_eq!(written(0x0600), [3, 2, 1, 0x06]);
        assert_eq!(written(0x0880), [3, 3, 7, 0x08, 0x80]);
        assert_eq!(written(0), [3, 1, 0]);
    }

    #[test]
    fn times_change_their_form_with_2050() {
        let written = |seconds: i64| {
            let mut out = Vec::new();
            time(&mut out, Moment::from_us(seconds * 1_000_000 + 999_999));
            out
        };
        assert_eq!(written(2_524_607_999), b"\x17\x0d491231235959Z");
        assert_eq!(written(2_524_608_000), b"\x18\x0f20500101000000Z");
        assert_eq!(written(-631_152_000), b"\x17\x0d500101000000Z");
        assert_eq!(written(-631_152_001), b"\x18\x0f19491231235959Z");
        assert_eq!(written(1_835_449_199), b"\x17\x0d280229145959Z");
        let mut last = Vec::new();
        time(&mut last, Moment::from_us(i64::MAX));
        assert_eq!(last, b"\x18\x0f99991231235959Z");
    }

    proptest! {
        #[test]
        fn times_have_the_digits_of_the_calendar(seconds in YEAR_0..=END_OF_9999) {
            let at = Moment::from_us(seconds * 1_000_000);
            let digits = String::from_utf8(fourteen_digits(at).to_vec()).unwrap();
            let shown: String = at.to_string().chars().filter(char::is_ascii_digit).collect();
            prop_assert_eq!(digits, shown);
        }

        #[test]
        fn lengths_and_integers_are_those_of_another_encoder(
            count in prop_oneof![0..300_usize, 65_500..65_600_usize],
            number in any::<u64>(),
        ) {
            let bytes = vec![7; count];
            let mut out = Vec::new();
            value(&mut out, tag::OCTET_STRING, &bytes);
            let theirs = der::asn1::OctetString::new(bytes.clone()).unwrap().to_der().unwrap();
            prop_assert_eq!(&out, &theirs);
            out.clear();
            nested(&mut out, tag::OCTET_STRING, |out| out.extend_from_slice(&bytes));
            prop_assert_eq!(&out, &theirs);
            out.clear();
            unsigned(&mut out, tag::INTEGER, &number.to_be_bytes());
            prop_assert_eq!(&out, &number.to_der().unwrap());
            prop_assert_eq!(u64::from_der(&out).unwrap(), number);
        }
    }
}
