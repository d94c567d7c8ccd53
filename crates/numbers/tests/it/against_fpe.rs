//! FF1 against the crate `fpe`, which was written by others, on random keys, radices, tweaks and
//! lengths; and the batches of the fast road against single texts.

use fpe::ff1::{FF1, FlexibleNumeralString};
use proptest::collection::vec;
use proptest::prelude::*;
use sekisho_numbers::ff1::{DecimalFf1, ff1_decrypt, ff1_encrypt};

proptest! {
    #[test]
    fn any_radix_tweak_and_length(
        key in any::<[u8; 32]>(),
        radix in 2u32..65_536,
        tweak in vec(any::<u8>(), 0..40),
        seed in vec(any::<u16>(), 20..90),
    ) {
        let digits: Vec<u16> = seed.iter().map(|d| (u32::from(*d) % radix) as u16).collect();
        let theirs = by_fpe(&key, radix, &tweak, &digits);
        let ours = ff1_encrypt(&key, radix, &tweak, &digits).unwrap();
        prop_assert_eq!(&ours, &theirs);
        prop_assert_eq!(ff1_decrypt(&key, radix, &tweak, &ours).unwrap(), digits);
    }

    #[test]
    fn decimals_of_every_length(key in any::<[u8; 32]>(), seed in vec(any::<u64>(), 1..40)) {
        decimals::<6>(&key, &seed)?;
        decimals::<7>(&key, &seed)?;
        decimals::<8>(&key, &seed)?;
        decimals::<9>(&key, &seed)?;
        decimals::<10>(&key, &seed)?;
        decimals::<11>(&key, &seed)?;
        decimals::<12>(&key, &seed)?;
        decimals::<13>(&key, &seed)?;
        decimals::<17>(&key, &seed)?;
        decimals::<18>(&key, &seed)?;
    }
}

/// Batches of every size around the number of lanes give what the general road gives one by one.
#[test]
fn a_batch_is_its_numbers_one_by_one() {
    for key_len in [16, 24, 32] {
        let key = &[0x5A; 32][..key_len];
        let ff1 = DecimalFf1::<11>::new(key).unwrap();
        for length in [1, 2, 7, 8, 63, 64, 65, 127, 128, 129, 300] {
            let plain: Vec<u64> =
                (0..length).map(|i| i * 9_999_999_967 % 100_000_000_000).collect();
            let mut batch = plain.clone();
            ff1.encrypt(&mut batch).unwrap();
            for (number, hidden) in plain.iter().zip(&batch) {
                let one = ff1_encrypt(key, 10, &[], &digits(*number, 11)).unwrap();
                assert_eq!(one, digits(*hidden, 11));
            }
            ff1.decrypt(&mut batch).unwrap();
            assert_eq!(batch, plain);
        }
    }
}

fn decimals<const DIGITS: u32>(key: &[u8], seed: &[u64]) -> Result<(), TestCaseError> {
    let domain = DecimalFf1::<DIGITS>::DOMAIN;
    let mut plain: Vec<u64> = seed.iter().map(|n| n % domain).collect();
    plain.extend([0, 1, domain - 1]);
    let ff1 = DecimalFf1::<DIGITS>::new(key).unwrap();
    let mut hidden = plain.clone();
    ff1.encrypt(&mut hidden).unwrap();
    for (n, hidden) in plain.iter().zip(&hidden) {
        prop_assert_eq!(by_fpe(key, 10, &[], &digits(*n, DIGITS)), digits(*hidden, DIGITS));
    }
    ff1.decrypt(&mut hidden).unwrap();
    prop_assert_eq!(hidden, plain);
    Ok(())
}

fn by_fpe(key: &[u8], radix: u32, tweak: &[u8], digits: &[u16]) -> Vec<u16> {
    let ff1 = FF1::<aes::Aes256>::new(key, radix).unwrap();
    ff1.encrypt(tweak, &FlexibleNumeralString::from(digits.to_vec())).unwrap().into()
}

fn digits(number: u64, length: u32) -> Vec<u16> {
    (0..length).rev().map(|place| (number / 10u64.pow(place) % 10) as u16).collect()
}
