//! FF1 from inside: what is refused, where the limits lie, and the arithmetic on digits.
//! The published vectors are in `tests/it`.

use super::*;

const KEY: [u8; 16] = [7; 16];

#[test]
fn refusals_name_the_input_at_fault() {
    let ten = [0u16; 10];
    let long = vec![0u16; LENGTH_MAX + 1];
    for (key, radix, tweak, digits, refusal) in [
        (&KEY[..15], 10, 0, &ten[..], Ff1Refusal::KeyLength { found: 15 }),
        (&[], 10, 0, &ten[..], Ff1Refusal::KeyLength { found: 0 }),
        (&KEY[..], 1, 0, &ten[..], Ff1Refusal::Radix { found: 1 }),
        (&KEY[..], 65_537, 0, &ten[..], Ff1Refusal::Radix { found: 65_537 }),
        (&KEY[..], 10, 0, &[], Ff1Refusal::Length { found: 0 }),
        (&KEY[..], 65_536, 0, &ten[..1], Ff1Refusal::Length { found: 1 }),
        (&KEY[..], 10, 0, &long, Ff1Refusal::Length { found: LENGTH_MAX + 1 }),
        (&KEY[..], 10, 0, &ten[..5], Ff1Refusal::Domain),
        (&KEY[..], 2, 0, &[0; 19], Ff1Refusal::Domain),
        (&KEY[..], 10, TWEAK_MAX + 1, &ten[..], Ff1Refusal::TweakLength { found: 65_536 }),
        (&KEY[..], 10, 0, &[0, 0, 9, 10, 0, 11], Ff1Refusal::Digit { position: 4 }),
    ] {
        let tweak = vec![0; tweak];
        assert_eq!(ff1_encrypt(key, radix, &tweak, digits), Err(refusal));
        assert_eq!(ff1_decrypt(key, radix, &tweak, digits), Err(refusal));
        assert!(refusal.label().starts_with("ff1_"));
    }
}

#[test]
fn limits_themselves_are_taken() {
    for (radix, tweak, length) in
        [(2, 0, 20), (10, 0, 6), (65_536, 0, 2), (2, TWEAK_MAX, 20), (65_536, 17, 300)]
    {
        let digits: Vec<u16> = (0..length).map(|i| (i * 7919 % radix) as u16).collect();
        let tweak = vec![0xA5; tweak];
        let hidden = ff1_encrypt(&KEY, radix, &tweak, &digits).unwrap();
        assert_ne!(hidden, digits);
        assert_eq!(ff1_decrypt(&KEY, radix, &tweak, &hidden).unwrap(), digits);
    }
}

#[test]
fn legacy_domains_are_taken_on_request_only() {
    let strict = Ff1::new(&KEY, 10).unwrap();
    assert_eq!(strict.encrypt(&[], &[1, 2, 3]), Err(Ff1Refusal::Domain));
    let lenient = strict.accepting_legacy_domains();
    let hidden = lenient.encrypt(&[], &[1, 2, 3]).unwrap();
    assert_eq!(lenient.decrypt(&[], &hidden).unwrap(), [1, 2, 3]);
    let ternary = Ff1::new(&KEY, 3).unwrap().accepting_legacy_domains();
    assert_eq!(ternary.encrypt(&[], &[1, 2, 0, 1]), Err(Ff1Refusal::Domain));
}

#[test]
fn the_whole_of_a_small_domain_is_permuted() {
    let ff1 = Ff1::new(&KEY, 10).unwrap().accepting_legacy_domains();
    let mut seen: Vec<Vec<u16>> = (0..1000u16)
        .map(|n| ff1.encrypt(b"tweak", &[n / 100, n / 10 % 10, n % 10]).unwrap())
        .collect();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 1000);
}

#[test]
fn decimals_outside_the_domain_are_refused_unchanged() {
    let ff1 = DecimalFf1::<11>::new(&KEY).unwrap();
    let mut numbers = [1, 99_999_999_999, 100_000_000_000, 3];
    let refusal = ff1.encrypt(&mut numbers).unwrap_err();
    assert_eq!(refusal, Ff1Refusal::Digit { position: 3 });
    assert_eq!(ff1.decrypt(&mut numbers), Err(refusal));
    assert_eq!(numbers, [1, 99_999_999_999, 100_000_000_000, 3]);
    assert_eq!(ff1.encrypt(&mut []), Ok(()));
}

#[test]
fn keys_do_not_show() {
    let shown = [
        format!("{:?}", Ff1::new(&KEY, 10).unwrap()),
        format!("{:?}", DecimalFf1::<11>::new(&KEY).unwrap()),
    ];
    assert_eq!(shown, ["Ff1(radix 10, key ••••)", "DecimalFf1(11 digits, key ••••)"]);
}

#[test]
fn carries_and_borrows_run_through() {
    for (radix, by) in [(10u32, 1u16), (10, 9), (65_536, 65_535), (2, 1)] {
        let top = (radix - 1) as u16;
        let mut digits = [top; 5];
        add(&mut digits, Limbs::from_digits(&[by], radix), radix);
        assert_eq!(digits, [0, 0, 0, 0, by - 1]);
        subtract(&mut digits, Limbs::from_digits(&[by], radix), radix);
        assert_eq!(digits, [top; 5]);
    }
    let mut digits = [1, 2, 3];
    add(&mut digits, Limbs::from_digits(&[9, 9, 0, 0, 0], 10), 10);
    assert_eq!(digits, [1, 2, 3]);
}
