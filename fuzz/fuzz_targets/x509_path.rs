//! Paths out of any bytes: each part is the inside of a certificate or a list, and is signed here
//! with the one key that the seeds name, so that what lies behind a good signature is reached.
#![no_main]

use aws_lc_rs::signature::Ed25519KeyPair;
use base::Moment;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use x509::path::{Certificate, Crl, Purpose, Question, Revocation, validate};

fuzz_target!(|data: &[u8]| {
    let Some((&[time, purpose], parts)) = data.split_first_chunk() else { return };
    let mut bag = Bag::default();
    bag.fill(parts);
    let Some((leaf, intermediates)) = bag.others.split_first() else { return };
    let question = Question {
        intermediates,
        crls: &bag.lists,
        purpose: Purpose::ALL[usize::from(purpose) % Purpose::ALL.len()],
        ..Question::new(leaf, &bag.anchors, at(time))
    };
    let found = validate(&question);
    assert_eq!(found, validate(&question));
    let lenient = Question { revocation: Revocation::None, ..question.clone() };
    if let Ok(accepted) = &found {
        assert_eq!(accepted.path[0], leaf);
        assert!(accepted.path.len() > 1);
        assert!(accepted.path.last().is_some_and(|last| bag.anchors.contains(last)));
        assert!(validate(&lenient).is_ok());
    } else if let Err(refusal) = validate(&lenient) {
        assert!(!refusal.label().is_empty());
    }
});

#[derive(Default)]
struct Bag {
    anchors: Vec<Certificate>,
    others: Vec<Certificate>,
    lists: Vec<Crl>,
}

impl Bag {
    /// Parts of one byte for the kind, two for the length, and so many for the inside.
    fn fill(&mut self, mut rest: &[u8]) {
        while let Some((&[kind, high, low], behind)) = rest.split_first_chunk() {
            let length = usize::from(u16::from_be_bytes([high, low])).min(behind.len());
            let (inside, after) = behind.split_at(length);
            rest = after;
            let signed = signed(inside);
            match kind % 3 {
                0 => self.anchors.extend(Certificate::parse(&signed)),
                1 => self.others.extend(Certificate::parse(&signed)),
                _ => self.lists.extend(Crl::parse(&signed)),
            }
        }
    }
}

fn signed(inside: &[u8]) -> Vec<u8> {
    let signature = KEY.sign(inside);
    let tail = [ED25519, &[3, 65, 0], signature.as_ref()].concat();
    let length = inside.len() + tail.len();
    let head = [0x30, 0x83, (length >> 16) as u8, (length >> 8) as u8, length as u8];
    let head = if length > 0xffff {
        head.to_vec()
    } else if length > 0xff {
        vec![0x30, 0x82, head[3], head[4]]
    } else {
        vec![0x30, 0x81, head[4]]
    };
    [&head[..], inside, &tail].concat()
}

/// From 2025 on, a month a step.
fn at(time: u8) -> Moment {
    Moment::from_us((1_735_700_000 + i64::from(time) * 2_592_000) * 1_000_000)
}

static KEY: LazyLock<Ed25519KeyPair> =
    LazyLock::new(|| Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("an Ed25519 key"));
const ED25519: &[u8] = &[0x30, 5, 6, 3, 0x2b, 0x65, 0x70];
