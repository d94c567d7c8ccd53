//! The nine FF1 samples that NIST publishes with SP 800-38G: three key lengths, two radices, with
//! and without a tweak.

use sekisho_numbers::ff1::{DecimalFf1, ff1_decrypt, ff1_encrypt};

const KEY: &str = "2B7E151628AED2A6ABF7158809CF4F3CEF4359D8D580AA4F7F036D6F04FC6A94";
const TWEAK_10: &str = "39383736353433323130";
const TWEAK_36: &str = "3737373770717273373737";

#[test]
fn samples_1_to_9() {
    for (sample, key_len, radix, tweak, plain, hidden) in [
        (1, 16, 10, "", "0123456789", "2433477484"),
        (2, 16, 10, TWEAK_10, "0123456789", "6124200773"),
        (3, 16, 36, TWEAK_36, "0123456789abcdefghi", "a9tv40mll9kdu509eum"),
        (4, 24, 10, "", "0123456789", "2830668132"),
        (5, 24, 10, TWEAK_10, "0123456789", "2496655549"),
        (6, 24, 36, TWEAK_36, "0123456789abcdefghi", "xbj3kv35jrawxv32ysr"),
        (7, 32, 10, "", "0123456789", "6657667009"),
        (8, 32, 10, TWEAK_10, "0123456789", "1001623463"),
        (9, 32, 36, TWEAK_36, "0123456789abcdefghi", "xs8a0azh2avyalyzuwd"),
    ] {
        let (key, tweak) = (&bytes(KEY)[..key_len], bytes(tweak));
        let (plain, hidden) = (digits(plain), digits(hidden));
        assert_eq!(ff1_encrypt(key, radix, &tweak, &plain).unwrap(), hidden, "sample {sample}");
        assert_eq!(ff1_decrypt(key, radix, &tweak, &hidden).unwrap(), plain, "sample {sample}");
    }
}

#[test]
fn samples_without_tweak_on_the_fast_road() {
    for (key_len, hidden) in [(16, 2_433_477_484), (24, 2_830_668_132), (32, 6_657_667_009)] {
        let ff1 = DecimalFf1::<10>::new(&bytes(KEY)[..key_len]).unwrap();
        let mut numbers = [123_456_789; 3];
        ff1.encrypt(&mut numbers).unwrap();
        assert_eq!(numbers, [hidden; 3]);
        ff1.decrypt(&mut numbers).unwrap();
        assert_eq!(numbers, [123_456_789; 3]);
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    let pairs = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

fn digits(text: &str) -> Vec<u16> {
    text.chars().map(|character| character.to_digit(36).unwrap() as u16).collect()
}
