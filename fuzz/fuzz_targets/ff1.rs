//! FF1 with any key, radix, tweak and digits: refused, or undone by decryption; on short decimal
//! numbers the fast road and the general one agree.
#![no_main]

use libfuzzer_sys::fuzz_target;
use numbers::ff1::{DecimalFf1, Ff1};

fuzz_target!(|data: &[u8]| {
    let Some(([key_bytes, a, b, tweak_bytes], rest)) = data.split_first_chunk() else { return };
    let radix = u32::from(u16::from_be_bytes([*a, *b])) + 1;
    let Some((key, rest)) = rest.split_at_checked(usize::from(*key_bytes % 34)) else { return };
    let Some((tweak, rest)) = rest.split_at_checked(usize::from(*tweak_bytes)) else { return };
    let digits: Vec<u16> =
        rest.as_chunks().0.iter().map(|pair: &[u8; 2]| u16::from_be_bytes(*pair)).collect();
    let Ok(ff1) = Ff1::new(key, radix) else { return };
    let ff1 = ff1.accepting_legacy_domains();
    let Ok(hidden) = ff1.encrypt(tweak, &digits) else { return };
    assert_eq!(hidden.len(), digits.len());
    assert!(hidden.iter().all(|digit| u32::from(*digit) < radix));
    assert_eq!(ff1.decrypt(tweak, &hidden).as_ref(), Ok(&digits));
    if radix == 10 && tweak.is_empty() && digits.len() == 11 {
        let mut number = [value(&digits)];
        let fast = DecimalFf1::<11>::new(key).expect("a key that Ff1 took");
        fast.encrypt(&mut number).expect("eleven digits");
        assert_eq!(number, [value(&hidden)]);
        fast.decrypt(&mut number).expect("eleven digits");
        assert_eq!(number, [value(&digits)]);
    }
});

fn value(digits: &[u16]) -> u64 {
    digits.iter().fold(0, |value, digit| value * 10 + u64::from(*digit))
}
