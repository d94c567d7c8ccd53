//! Sealed values out of any bytes: nothing opens that was not sealed, here, whole and unmoved. The
//! bytes are tried as a sealed value, then sealed themselves and changed in one bit.
#![no_main]

use base::Entropy;
use libfuzzer_sys::fuzz_target;
use seal::{DataKey, OVERHEAD, Place, WrapPlace};
use std::sync::LazyLock;

fuzz_target!(|data: &[u8]| {
    let key = KEY.opened();
    if let Ok(plain) = key.open(&HOME, data) {
        let mut nonce = Fixed(data[1..13].to_vec());
        assert_eq!(key.seal(&HOME, &plain, &mut nonce), data);
    }
    let Some(([nonce, at, row], plain)) = data.split_first_chunk() else { return };
    let sealed = key.seal(&HOME, plain, &mut Fixed(vec![*nonce]));
    assert_eq!(sealed.len(), plain.len() + OVERHEAD);
    assert_eq!(key.open(&HOME, &sealed).as_ref().map(|plain| &plain[..]), Ok(plain));
    let mut changed = sealed.clone();
    let length = changed.len();
    changed[usize::from(*at) % length] ^= 1 << (row % 8);
    assert!(key.open(&HOME, &changed).is_err());
    assert!(key.open(&HOME, &sealed[..usize::from(*at) % length]).is_err());
    let elsewhere = Place { row: HOME.row + 1 + i64::from(*row), ..HOME };
    assert!(key.open(&elsewhere, &sealed).is_err());
    let wrap = WrapPlace { person: i64::from(*row), generation: 1 };
    assert_ne!(wrap.additional(1), HOME.additional());
    assert_eq!(DataKey::from_slice(data).is_ok(), data.len() == 32);
});

/// Chance that repeats what it was given.
struct Fixed(Vec<u8>);

impl Entropy for Fixed {
    fn fill(&mut self, out: &mut [u8]) {
        out.iter_mut().zip(self.0.iter().cycle()).for_each(|(out, byte)| *out = *byte);
    }
}

static KEY: LazyLock<DataKey> = LazyLock::new(|| DataKey::from_entropy(&mut Fixed(vec![7])));

const HOME: Place = Place { table: "residents", column: "name", row: 1, generation: 1 };
