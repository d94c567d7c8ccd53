//! For tests: the suite that every key store passes, whatever is behind it, and a key store whose
//! signatures go wrong on demand.
//!
//! `suite` panics at the first promise of the port that does not hold. It makes its keys under
//! names that begin with `suite-` and destroys them again.

mod fitful;

pub use fitful::{FitfulKeyStore, Signing};

use crate::OsEntropy;
use base::{Entropy, Moment, Problem};
use ports::{Domain, KeyKind, KeyLabel, KeyStore};
use seal::{DataKey, WrapPlace};
use std::collections::BTreeSet;
use x509::KeyAlgorithm;

/// Every operation and every refusal of the port.
pub fn suite(store: &dyn KeyStore) -> Result<(), Problem> {
    keys_are_made_listed_and_destroyed(store)?;
    a_key_is_for_one_thing_only(store)?;
    permutations(store)?;
    macs(store)?;
    wrappings(store)?;
    signatures(store)
}

fn keys_are_made_listed_and_destroyed(store: &dyn KeyStore) -> Result<(), Problem> {
    let before = store.list()?;
    let at = Moment::from_us(1_234_567);
    for kind in KeyKind::ALL {
        let label: KeyLabel = format!("suite-{kind}/7").parse()?;
        refused("key_absent", store.destroy(&label));
        let info = store.generate(&label, kind, at, &mut OsEntropy::new())?;
        assert_eq!((&info.label, info.kind, info.created), (&label, kind, at));
        assert_eq!(info.public.is_some(), matches!(kind, KeyKind::Sign(_)));
        assert!(store.list()?.contains(&info));
        refused("key_exists", store.generate(&label, kind, at, &mut OsEntropy::new()));
        assert!(store.list()?.contains(&info), "a refused generation changes nothing");
    }
    assert!(store.list()?.is_sorted_by_key(|info| info.label.clone()));
    assert_eq!(store.list()?.len(), before.len() + KeyKind::ALL.len());
    for kind in KeyKind::ALL {
        store.destroy(&format!("suite-{kind}/7").parse()?)?;
    }
    assert_eq!(store.list()?, before);
    Ok(())
}

fn a_key_is_for_one_thing_only(store: &dyn KeyStore) -> Result<(), Problem> {
    let nobody: KeyLabel = "suite-nobody".parse()?;
    let (place, data_key) = (WrapPlace { person: 1, generation: 1 }, data_key());
    let attempts: [(KeyKind, Attempt<'_>); 8] = [
        (KeyKind::Permutation, &|label| store.permute(label, ALL_ELEVEN, &mut [1])),
        (KeyKind::Permutation, &|label| store.invert(label, ALL_ELEVEN, &mut [1])),
        (KeyKind::Mac, &|label| store.mac(label, b"message").map(drop)),
        (KeyKind::Wrap, &|label| {
            store.wrap(label, &place, &data_key, &mut OsEntropy::new()).map(drop)
        }),
        (KeyKind::Wrap, &|label| store.unwrap(label, &place, &[0; 64]).map(drop)),
        (SIGN, &|label| store.sign(label, b"message").map(drop)),
        (SIGN, &|label| store.sign_accepted(label, b"message", &|_| true).map(drop)),
        (SIGN, &|label| store.public_key(label).map(drop)),
    ];
    for kind in KeyKind::ALL {
        with_key(store, kind, |label| {
            for (needed, attempt) in &attempts {
                refused("key_absent", attempt(&nobody));
                let both_sign = matches!((needed, kind), (KeyKind::Sign(_), KeyKind::Sign(_)));
                if *needed != kind && !both_sign {
                    refused("key_kind", attempt(label));
                }
            }
            Ok(())
        })?;
    }
    Ok(())
}

fn permutations(store: &dyn KeyStore) -> Result<(), Problem> {
    with_key(store, KeyKind::Permutation, |label| {
        let domain = Domain { digits: 11, below: 80_000_000_000 };
        let values: Vec<u64> = (0..1_000).chain(domain.below - 1_000..domain.below).collect();
        let mut images = values.clone();
        store.permute(label, domain, &mut images)?;
        assert!(images.iter().all(|image| *image < domain.below));
        assert_eq!(images.iter().collect::<BTreeSet<_>>().len(), values.len(), "one to one");
        assert!(images.iter().zip(&values).filter(|(image, value)| image == value).count() < 10);
        for (value, image) in values.iter().zip(&images) {
            let mut single = [*value];
            store.permute(label, domain, &mut single)?;
            assert_eq!(single, [*image], "alone as among others");
        }
        let mut other = values.clone();
        let mut back = images.clone();
        store.invert(label, domain, &mut back)?;
        assert_eq!(back, values, "there and back");
        store.permute(label, ALL_ELEVEN, &mut other)?;
        assert_ne!(other, images, "another domain is another permutation");
        let mut outside = [5, domain.below, 6];
        refused("key_operation", store.permute(label, domain, &mut outside));
        assert_eq!(outside, [5, domain.below, 6], "all or none");
        for (digits, below) in [(0, 1), (11, 0), (11, 100_000_000_001), (64, 10)] {
            refused("key_operation", store.permute(label, Domain { digits, below }, &mut [0]));
        }
        store.permute(label, domain, &mut [])
    })
}

fn macs(store: &dyn KeyStore) -> Result<(), Problem> {
    with_key(store, KeyKind::Mac, |label| {
        let mac = store.mac(label, b"message")?;
        assert_eq!(store.mac(label, b"message")?, mac);
        assert_ne!(store.mac(label, b"messagf")?, mac);
        assert_ne!(store.mac(label, b"")?, mac);
        let long = [0x5a; 70_000];
        assert_ne!(store.mac(label, &long)?, store.mac(label, &long[1..])?);
        let other: KeyLabel = "suite-other".parse()?;
        store.generate(&other, KeyKind::Mac, Moment::from_us(0), &mut OsEntropy::new())?;
        assert_ne!(store.mac(&other, b"message")?, mac, "another key");
        store.destroy(&other)?;
        store.generate(&other, KeyKind::Mac, Moment::from_us(0), &mut OsEntropy::new())?;
        assert_ne!(store.mac(&other, b"message")?, mac, "a name does not bring a key back");
        store.destroy(&other)?;
        assert_eq!(store.mac(label, b"message")?, mac);
        Ok(())
    })
}

fn wrappings(store: &dyn KeyStore) -> Result<(), Problem> {
    with_key(store, KeyKind::Wrap, |label| {
        let (place, key) = (WrapPlace { person: 7, generation: 3 }, data_key());
        let wrapped = store.wrap(label, &place, &key, &mut OsEntropy::new())?;
        assert!(store.unwrap(label, &place, &wrapped)? == key);
        let again = store.wrap(label, &place, &key, &mut OsEntropy::new())?;
        assert_ne!(again, wrapped, "equal keys look different");
        for person in [0, 8, -7] {
            let other = WrapPlace { person, ..place };
            refused("key_operation", store.unwrap(label, &other, &wrapped));
        }
        let other = WrapPlace { generation: 4, ..place };
        refused("key_operation", store.unwrap(label, &other, &wrapped));
        for bit in 0..wrapped.len() * 8 {
            let mut changed = wrapped.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            refused("key_operation", store.unwrap(label, &place, &changed));
        }
        for length in 0..wrapped.len() {
            refused("key_operation", store.unwrap(label, &place, &wrapped[..length]));
        }
        let next = label.with_epoch(8)?;
        store.generate(&next, KeyKind::Wrap, Moment::from_us(0), &mut OsEntropy::new())?;
        refused("key_operation", store.unwrap(&next, &place, &wrapped));
        store.destroy(&next)
    })
}

fn signatures(store: &dyn KeyStore) -> Result<(), Problem> {
    for algorithm in KeyAlgorithm::ALL {
        with_key(store, KeyKind::Sign(algorithm), |label| {
            let public = store.public_key(label)?;
            assert_eq!(public.algorithm(), algorithm);
            let listed = store.list()?.into_iter().find(|info| info.label == *label);
            assert_eq!(listed.and_then(|info| info.public), Some(public.clone()));
            for message in [&b""[..], b"message", &[0x5a; 70_000]] {
                let signature = store.sign(label, message)?;
                assert!(public.has_signed(message, &signature), "{algorithm}");
                assert!(!public.has_signed(b"massage", &signature), "{algorithm}");
                let good = |signature: &[u8]| public.has_signed(message, signature);
                assert!(good(&store.sign_accepted(label, message, &good)?), "{algorithm}");
            }
            let unwanted = store.sign_accepted(label, b"message", &|_| false);
            refused("signing_signature", unwanted);
            Ok(())
        })?;
    }
    Ok(())
}

/// One call of the port under a label.
type Attempt<'a> = &'a dyn Fn(&KeyLabel) -> Result<(), Problem>;

/// Does `work` with a fresh key that is destroyed afterwards.
fn with_key(
    store: &dyn KeyStore,
    kind: KeyKind,
    work: impl FnOnce(&KeyLabel) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let label: KeyLabel = format!("suite-{kind}/7").parse()?;
    store.generate(&label, kind, Moment::from_us(0), &mut OsEntropy::new())?;
    work(&label)?;
    store.destroy(&label)
}

fn data_key() -> DataKey {
    let mut entropy = OsEntropy::new();
    DataKey::from_entropy(&mut entropy as &mut dyn Entropy)
}

fn refused<T>(label: &str, result: Result<T, Problem>) {
    assert_eq!(result.err().map(|problem| problem.label()), Some(label));
}

const ALL_ELEVEN: Domain = Domain { digits: 11, below: 100_000_000_000 };
const SIGN: KeyKind = KeyKind::Sign(KeyAlgorithm::Ed25519);
