//! The key store over all devices: what each operation asks of them, and what it makes of their
//! answers. Nothing is handed out that was not looked at.

use crate::device::Device;
use crate::failure::Failure;
use crate::fleet::{Fleet, Holders};
use crate::message::{HeldKey, KeyName, LONG, Request};
use crate::options::HsmOptions;
use crate::signatures::{input_of, signature_of};
use crate::status::HsmStatus;
use crate::wire::MESSAGE_MAX;
use base::{Entropy, Moment, Problem, labels};
use ports::{DeviceState, Domain, KeyInfo, KeyKind, KeyLabel, KeyStore};
use seal::{DataKey, WrapPlace};
use std::cell::Cell;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;
use x509::PublicKey;
use zeroize::Zeroizing;

/// Keys in PKCS#11 tokens.
#[derive(Clone)]
pub struct HsmStore {
    fleet: Arc<Fleet>,
}

/// One call with a key, and when it must be answered.
struct Task<'a> {
    fleet: &'a Fleet,
    label: &'a KeyLabel,
    holders: Holders,
    until: Instant,
}

impl HsmStore {
    /// Starts a child for each device and waits until one is ready. Problems: `hsm_configuration`
    /// (no device, no such library, a wrong PIN), or why none became ready.
    pub fn open(options: HsmOptions) -> Result<Self, Problem> {
        Ok(Self { fleet: Arc::new(Fleet::start(options)?) })
    }

    /// Each device, in the order of the configuration.
    pub fn status(&self) -> Vec<HsmStatus> {
        self.fleet.devices.iter().map(Device::status).collect()
    }

    /// The kinds of keys that new keys can be of: what the first device offers. Empty while it was
    /// never reached.
    pub fn kinds(&self) -> Vec<KeyKind> {
        self.fleet.devices.first().map(|device| device.status().kinds).unwrap_or_default()
    }

    /// A call with a key of this kind, from now on.
    fn task<'a>(&'a self, label: &'a KeyLabel, needed: Needed) -> Result<Task<'a>, Problem> {
        let until = Instant::now() + self.fleet.options.deadline;
        let holders = self.fleet.holders(label, until)?;
        needed.check(&holders.key.info)?;
        Ok(Task { fleet: &self.fleet, label, holders, until })
    }

    fn walk(
        &self,
        label: &KeyLabel,
        domain: Domain,
        values: &mut [u64],
        forward: bool,
    ) -> Result<(), Problem> {
        let mut images = Zeroizing::new(Vec::with_capacity(values.len()));
        let Domain { digits, below } = domain;
        // A batch without values is asked too: key and domain are to be refused all the same.
        let empty = values.is_empty().then_some(&[][..]);
        for chunk in values.chunks(VALUES_MAX).chain(empty) {
            let task = self.task(label, Needed::Permutation)?;
            let bytes = chunk.iter().flat_map(|value| value.to_be_bytes()).collect();
            let bytes: Zeroizing<Vec<u8>> = Zeroizing::new(bytes);
            let (key, values) = (task.key(), &bytes[..]);
            let request = Request::Permute { key, digits, below, forward, values };
            let read = |answer| read_values(answer, chunk.len(), below);
            images.extend_from_slice(&task.run(&request, read)?);
        }
        values.copy_from_slice(&images);
        Ok(())
    }

    /// A signature that is found good; a device that gives another one is asked no more.
    fn signature(
        &self,
        label: &KeyLabel,
        message: &[u8],
        is_good: impl Fn(&PublicKey, &[u8]) -> bool,
    ) -> Result<Vec<u8>, Problem> {
        let (public, task) = self.signing(label)?;
        let algorithm = public.algorithm();
        let input = input_of(algorithm, message);
        fits(&input)?;
        task.run(&Request::Sign { key: task.key(), input: &input }, |raw| {
            let signature = signature_of(algorithm, raw);
            let good = signature.filter(|signature| is_good(&public, signature));
            good.ok_or_else(|| wrong("a signature that does not verify"))
        })
    }

    /// The public half of a key that signs, with the call that it is wanted for.
    fn signing<'a>(&'a self, label: &'a KeyLabel) -> Result<(PublicKey, Task<'a>), Problem> {
        let task = self.task(label, Needed::Sign)?;
        let public = task.holders.key.info.public.clone();
        let public = public.ok_or_else(|| Problem::new(&labels::KEY_KIND, label.as_str()))?;
        Ok((public, task))
    }
}

impl<'a> Task<'a> {
    /// The key as a device is to find it.
    fn key(&self) -> KeyName<'a> {
        KeyName { label: self.label.as_str(), identity: self.holders.key.identity }
    }

    /// Has it done by a device that holds the key. `use_answer` turns bytes into what is handed
    /// out; where it finds them wrong, another device is asked.
    fn run<T>(
        &self,
        request: &Request<'_>,
        use_answer: impl Fn(Vec<u8>) -> Result<T, Failure>,
    ) -> Result<T, Problem> {
        let done = self.fleet.on_any(&self.holders.devices, self.until, |device, until| {
            let answer = device.call(request, until).inspect_err(|failure| {
                if *failure == Failure::Absent {
                    // Another program destroyed it: what is there now is seen by the next call.
                    device.catalogue(|catalogue| catalogue.remove(self.label, false));
                }
            })?;
            use_answer(answer).inspect_err(|failure| device.distrust(failure))
        });
        done.map_err(|failure| failure.problem(self.label))
    }
}

impl KeyStore for HsmStore {
    fn generate(
        &self,
        label: &KeyLabel,
        kind: KeyKind,
        at: Moment,
        entropy: &mut dyn Entropy,
    ) -> Result<KeyInfo, Problem> {
        let until = Instant::now() + self.fleet.options.deadline * LONG;
        // A device that cannot be asked may hold a key of this label.
        self.fleet.refresh(until).map_err(|failure| failure.problem(label))?;
        if self.fleet.find(label)?.is_some() {
            return Err(Failure::Exists.problem(label));
        }
        let mut identity = [0; 8];
        entropy.fill(&mut identity);
        let request = Request::Generate { label: label.as_str(), kind, created: at, identity };
        let Some(device) = self.fleet.devices.first() else {
            return Err(Failure::Resting.problem(label));
        };
        let made = device.call(&request, until).and_then(|answer| {
            let mut from = crate::wire::Reader::new(&answer);
            let key = HeldKey::take(&mut from).ok().filter(|key| key.identity == identity);
            key.ok_or_else(|| Failure::Wrong("it describes another key".to_owned()))
        });
        let key = made.map_err(|failure| failure.problem(label))?;
        device.catalogue(|catalogue| catalogue.insert(key.clone()));
        Ok(key.info)
    }

    fn list(&self) -> Result<Vec<KeyInfo>, Problem> {
        let until = Instant::now() + self.fleet.options.deadline * LONG;
        self.fleet.list(until)
    }

    fn status(&self) -> Vec<DeviceState> {
        Self::status(self).iter().map(HsmStatus::as_device).collect()
    }

    fn permute(&self, label: &KeyLabel, domain: Domain, values: &mut [u64]) -> Result<(), Problem> {
        self.walk(label, domain, values, true)
    }

    fn invert(&self, label: &KeyLabel, domain: Domain, values: &mut [u64]) -> Result<(), Problem> {
        self.walk(label, domain, values, false)
    }

    fn mac(&self, label: &KeyLabel, message: &[u8]) -> Result<[u8; 32], Problem> {
        let task = self.task(label, Needed::Mac)?;
        fits(message)?;
        task.run(&Request::Mac { key: task.key(), message }, |answer| {
            answer.try_into().map_err(|_| wrong("a MAC of another length"))
        })
    }

    fn wrap(
        &self,
        label: &KeyLabel,
        place: &WrapPlace,
        key: &DataKey,
        entropy: &mut dyn Entropy,
    ) -> Result<Vec<u8>, Problem> {
        let task = self.task(label, Needed::Wrap)?;
        let mut nonce = [0; 12];
        entropy.fill(&mut nonce);
        let (bound, plain) = (bound(label, place), &key.reveal()[..]);
        let request = Request::Wrap { key: task.key(), nonce, bound: &bound, plain };
        task.run(&request, |body| {
            let whole = [&[FORM][..], &nonce, &body].concat();
            if whole.len() == WRAPPED { Ok(whole) } else { Err(wrong("a wrapping too long")) }
        })
    }

    fn unwrap(
        &self,
        label: &KeyLabel,
        place: &WrapPlace,
        wrapped: &[u8],
    ) -> Result<DataKey, Problem> {
        let task = self.task(label, Needed::Wrap)?;
        let (nonce, body) = parts(wrapped).ok_or_else(|| {
            Failure::Operation("not a wrapping of a data key".to_owned()).problem(label)
        })?;
        let bound = bound(label, place);
        let request = Request::Unwrap { key: task.key(), nonce, bound: &bound, body };
        task.run(&request, |answer| {
            let answer = Zeroizing::new(answer);
            DataKey::from_slice(&answer).map_err(|_| wrong("a data key of another length"))
        })
    }

    fn sign(&self, label: &KeyLabel, message: &[u8]) -> Result<Vec<u8>, Problem> {
        let trusted = !self.fleet.options.check;
        self.signature(label, message, |public, signature| {
            trusted || public.has_signed(message, signature)
        })
    }

    fn sign_accepted(
        &self,
        label: &KeyLabel,
        message: &[u8],
        accept: &dyn Fn(&[u8]) -> bool,
    ) -> Result<Vec<u8>, Problem> {
        let accepted = Cell::new(false);
        let signature = self.signature(label, message, |public, signature| {
            accepted.set(accept(signature));
            // That the caller expects another key's is no fault of the device.
            accepted.get() || public.has_signed(message, signature)
        })?;
        if accepted.get() {
            return Ok(signature);
        }
        Err(Problem::new(&labels::SIGNING_SIGNATURE, label.as_str()))
    }

    fn public_key(&self, label: &KeyLabel) -> Result<PublicKey, Problem> {
        self.signing(label).map(|(public, _)| public)
    }

    fn destroy(&self, label: &KeyLabel) -> Result<(), Problem> {
        let until = Instant::now() + self.fleet.options.deadline * LONG;
        let told = |failure: Failure| failure.problem(label);
        self.fleet.refresh(until).map_err(told)?;
        let mut destroyed = false;
        for device in &self.fleet.devices {
            match device.call(&Request::Destroy { label: label.as_str() }, until) {
                Ok(_) => destroyed = true,
                Err(Failure::Absent) => {}
                Err(failure) => return Err(told(failure)),
            }
            device.catalogue(|catalogue| catalogue.remove(label, true));
        }
        if destroyed { Ok(()) } else { Err(told(Failure::Absent)) }
    }
}

impl fmt::Debug for HsmStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HsmStore").field("status", &self.status()).finish_non_exhaustive()
    }
}

/// The kind of key that an operation needs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needed {
    Permutation,
    Mac,
    Wrap,
    Sign,
}

impl Needed {
    fn check(self, info: &KeyInfo) -> Result<(), Problem> {
        let (fits, word) = match self {
            Self::Permutation => (info.kind == KeyKind::Permutation, "permutation"),
            Self::Mac => (info.kind == KeyKind::Mac, "mac"),
            Self::Wrap => (info.kind == KeyKind::Wrap, "wrap"),
            Self::Sign => (matches!(info.kind, KeyKind::Sign(_)), "sign"),
        };
        if fits {
            return Ok(());
        }
        let detail = format!("{} is for {}, not for {word}", info.label, info.kind);
        Err(Problem::new(&labels::KEY_KIND, detail))
    }
}

/// What a wrapping is bound to; a label without an epoch counts as epoch 0.
fn bound(label: &KeyLabel, place: &WrapPlace) -> Vec<u8> {
    place.additional(label.epoch().unwrap_or(0))
}

fn read_values(answer: Vec<u8>, length: usize, below: u64) -> Result<Zeroizing<Vec<u64>>, Failure> {
    let answer = Zeroizing::new(answer);
    let (values, rest) = answer.as_chunks::<8>();
    let values: Vec<u64> = values.iter().map(|value| u64::from_be_bytes(*value)).collect();
    let values = Zeroizing::new(values);
    let fits = values.len() == length && rest.is_empty();
    if fits && values.iter().all(|value| *value < below) {
        return Ok(values);
    }
    Err(wrong("images of another form"))
}

/// An input of a length that goes into one message.
fn fits(input: &[u8]) -> Result<(), Problem> {
    if input.len() <= INPUT_MAX {
        return Ok(());
    }
    Err(Problem::new(&labels::KEY_OPERATION, format!("longer than {INPUT_MAX} bytes")))
}

fn wrong(why: &str) -> Failure {
    Failure::Wrong(why.to_owned())
}

/// The nonce of a wrapping and what was encrypted under it.
fn parts(wrapped: &[u8]) -> Option<([u8; 12], &[u8])> {
    let (head, body) = wrapped.split_first_chunk::<13>()?;
    let nonce = head[1..].try_into().ok()?;
    (head[0] == FORM && wrapped.len() == WRAPPED).then_some((nonce, body))
}

/// A wrapping is laid out as sealed values are: form, nonce, data key, tag. Tokens offer AES-GCM
/// and not AES-GCM-SIV, so the form is another one, and drawn nonces bound how often one key may
/// wrap: 2³² times (NIST SP 800-38D §8.3), thirty times as often as there are persons.
const FORM: u8 = 2;
const WRAPPED: usize = 32 + seal::OVERHEAD;
/// Values of a permutation in one message.
const VALUES_MAX: usize = 4096;
/// Bytes that are signed or hashed at once: what goes into a message beside the label.
const INPUT_MAX: usize = MESSAGE_MAX - 1024;
