//! What the cryptographic library alone can do: the limits that other figures are held against.

use super::failed;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair, ParsedPublicKey,
    RSA_PKCS1_SHA256, RsaKeyPair,
};
use base::Problem;
use std::num::NonZero;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Threads that the limits are measured on: one for each processor, as the platform has them.
pub(super) fn threads() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

/// P-256 signatures, each verified, per second on all processors.
pub(super) fn p256_signed_and_verified() -> Result<(f64, f64), Problem> {
    on_all(|| {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING);
        let pair = pair.map_err(|_| failed("a key"))?;
        let public = ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, pair.public_key().as_ref());
        let public = public.map_err(|_| failed("a public key"))?;
        Ok(move || {
            let signature =
                pair.sign(&SystemRandom::new(), &MESSAGE).map_err(|_| failed("sign"))?;
            public.verify_sig(&MESSAGE, signature.as_ref()).map_err(|_| failed("verify"))
        })
    })
}

/// P-256 signatures per second on all processors.
pub(super) fn p256_signed() -> Result<(f64, f64), Problem> {
    on_all(|| {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING);
        let pair = pair.map_err(|_| failed("a key"))?;
        Ok(move || {
            let signed = pair.sign(&SystemRandom::new(), &MESSAGE);
            signed.map(drop).map_err(|_| failed("sign"))
        })
    })
}

/// RSA-2048 signatures per second on all processors.
pub(super) fn rsa_signed() -> Result<(f64, f64), Problem> {
    on_all(|| {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| failed("a key"))?;
        let mut out = vec![0; pair.public_modulus_len()];
        Ok(move || {
            let signed = pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &MESSAGE, &mut out);
            signed.map_err(|_| failed("sign"))
        })
    })
}

/// How often per second all threads together do something, and the processor time of one in µs.
fn on_all<D: FnMut() -> Result<(), Problem>>(
    begin: impl Fn() -> Result<D, Problem> + Sync,
) -> Result<(f64, f64), Problem> {
    let processor = AtomicU64::new(0);
    // Making the keys takes one thread longer than the other, which must not run alone.
    let all_began = Barrier::new(threads());
    let one = || {
        let act = begin();
        all_began.wait();
        let mut act = act?;
        for _ in 0..WARM_UP {
            act()?;
        }
        let (started, mut done) = (Instant::now(), 0_u32);
        let before = thread_processor_us();
        while started.elapsed() < TIME {
            for _ in 0..AT_A_TIME {
                act()?;
            }
            done += AT_A_TIME;
        }
        let each = (thread_processor_us() - before) / f64::from(done);
        processor.fetch_max((each * 1_000.0) as u64, Ordering::Relaxed);
        Ok::<_, Problem>(f64::from(done) / started.elapsed().as_secs_f64())
    };
    thread::scope(|scope| {
        let all: Vec<_> = (0..threads()).map(|_| scope.spawn(one)).collect();
        let stopped = |_| Err(failed("a thread stopped"));
        let rates = all.into_iter().map(|thread| thread.join().unwrap_or_else(stopped));
        Ok((rates.sum::<Result<f64, Problem>>()?, processor.load(Ordering::Relaxed) as f64 / 1e3))
    })
}

/// Processor time of this thread so far, in µs.
fn thread_processor_us() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let first = text.split_whitespace().next().and_then(|field| field.parse::<f64>().ok());
    first.unwrap_or_default() / 1e3
}

/// About as long as the bytes of a certificate.
static MESSAGE: [u8; 1_024] = [0x5a; 1_024];
const TIME: Duration = Duration::from_millis(1_500);
const WARM_UP: u32 = 50;
const AT_A_TIME: u32 = 20;
