//! Sealing as its users meet it: what goes in comes out, and only at its own place.

use base::Entropy;
use proptest::{collection::vec, prelude::*, sample::select};
use sekisho_seal::{DataKey, OVERHEAD, Place, SealRefusal, fields, open, seal};

/// A counter that stands in for chance.
struct Counter(u64);

impl Entropy for Counter {
    fn fill(&mut self, out: &mut [u8]) {
        for byte in out {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            *byte = (self.0 >> 56) as u8;
        }
    }
}

fn places() -> impl Strategy<Value = Place> {
    let names = || select(vec!["a", "b", "ab", "person", "identity"]);
    let rows = prop_oneof![0..3i64, any::<i64>()];
    let generations = prop_oneof![0..3u32, any::<u32>()];
    (names(), names(), rows, generations).prop_map(|(table, column, row, generation)| Place {
        table,
        column,
        row,
        generation,
    })
}

proptest! {
    #[test]
    fn what_is_sealed_opens_at_its_place(
        place in places(),
        plain in vec(any::<u8>(), 0..300),
        seed in any::<u64>(),
    ) {
        let mut entropy = Counter(seed);
        let key = DataKey::from_entropy(&mut entropy);
        let sealed = seal(&key, &place, &plain, &mut entropy);
        prop_assert_eq!(sealed.len(), plain.len() + OVERHEAD);
        prop_assert_eq!(&open(&key, &place, &sealed).unwrap()[..], &plain[..]);
        prop_assert_eq!(&key.opened().open(&place, &sealed).unwrap()[..], &plain[..]);
    }

    #[test]
    fn a_moved_value_does_not_open(
        place in places(),
        other in places(),
        plain in vec(any::<u8>(), 0..100),
        seed in any::<u64>(),
    ) {
        let mut entropy = Counter(seed);
        let key = DataKey::from_entropy(&mut entropy);
        let sealed = seal(&key, &place, &plain, &mut entropy);
        let others = [
            other,
            Place { table: other.table, ..place },
            Place { column: other.column, ..place },
            Place { table: place.column, column: place.table, ..place },
            Place { row: place.row ^ 1, ..place },
            Place { row: other.row, ..place },
            Place { generation: place.generation ^ 1, ..place },
            Place { generation: other.generation, ..place },
        ];
        for moved in others.into_iter().filter(|moved| *moved != place) {
            prop_assert_eq!(open(&key, &moved, &sealed), Err(SealRefusal::Broken));
        }
        let stranger = DataKey::from_entropy(&mut entropy);
        prop_assert_eq!(open(&stranger, &place, &sealed), Err(SealRefusal::Broken));
    }

    #[test]
    fn every_changed_bit_is_noticed(
        place in places(),
        plain in vec(any::<u8>(), 0..40),
        seed in any::<u64>(),
    ) {
        let mut entropy = Counter(seed);
        let key = DataKey::from_entropy(&mut entropy).opened();
        let sealed = key.seal(&place, &plain, &mut entropy);
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(key.open(&place, &changed).is_err(), "bit {}", bit);
        }
        for length in 0..sealed.len() {
            prop_assert!(key.open(&place, &sealed[..length]).is_err(), "cut to {}", length);
        }
    }

    #[test]
    fn equal_values_look_different(place in places(), plain in vec(any::<u8>(), 0..40)) {
        let mut entropy = Counter(1);
        let key = DataKey::from_entropy(&mut entropy).opened();
        let sealed = key.seal(&place, &plain, &mut entropy);
        prop_assert_ne!(sealed, key.seal(&place, &plain, &mut entropy));
    }

    #[test]
    fn fields_come_back(texts in vec(".{0,40}", 0..8)) {
        let packed = fields::pack(&texts);
        let unpacked = fields::unpack(&packed).unwrap();
        prop_assert!(unpacked.iter().map(|text| &**text).eq(&texts));
    }

    /// One list of fields, one encoding: whatever reads as fields is what `pack` writes.
    #[test]
    fn packing_has_no_second_spelling(
        lengths in vec(0..4u8, 0..6),
        noise in vec(prop_oneof![Just(0x80), Just(0), any::<u8>()], 0..20),
        at in any::<prop::sample::Index>(),
    ) {
        let texts: Vec<_> = lengths.iter().map(|length| "x".repeat((*length).into())).collect();
        let mut packed = fields::pack(&texts).to_vec();
        let at = at.index(packed.len());
        packed.splice(at..at, noise);
        if let Ok(fields) = fields::unpack(&packed) {
            let again = fields::pack(&fields.iter().map(|text| &***text).collect::<Vec<_>>());
            prop_assert_eq!(&again[..], &packed[..]);
        }
    }

    #[test]
    fn salts_differ_by_act_and_by_person(one in any::<u64>(), other in any::<u64>()) {
        let mut entropy = Counter(one);
        let key = DataKey::from_entropy(&mut entropy).opened();
        let stranger = DataKey::from_entropy(&mut entropy).opened();
        prop_assert_eq!(key.leaf_salt(one) == key.leaf_salt(other), one == other);
        prop_assert_ne!(key.leaf_salt(one), stranger.leaf_salt(one));
    }
}
