//! The key store over all devices: finds who holds a key, shares the work out, turns to another
//! device when one fails, and hands nothing out that it did not check.

use crate::device::Device;
use crate::failure::Failure;
use crate::message::{HeldKey, LONG, Request};
use crate::options::HsmOptions;
use crate::process::SESSIONS_MAX;
use crate::signatures::{input_of, signature_of};
use crate::status::HsmStatus;
use crate::wire::MESSAGE_MAX;
use base::{Entropy, Moment, Problem, labels};
use ports::{Domain, KeyInfo, KeyKind, KeyLabel, KeyStore};
use seal::{DataKey, WrapPlace};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use x509::PublicKey;
use zeroize::Zeroizing;

/// Keys in PKCS#11 tokens.
#[derive(Clone)]
pub struct HsmStore {
    fleet: Arc<Fleet>,
    /// Whether signatures are verified before they are handed out.
    verify: bool,
}

struct Fleet {
    devices: Vec<Device>,
    options: HsmOptions,
    /// Who is asked first among equals.
    turn: AtomicUsize,
}

/// A key and the devices that hold it.
struct Holders {
    key: Arc<HeldKey>,
    devices: Vec<usize>,
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
        check(&options)?;
        let start = |device: &_| Device::start(Clone::clone(device), options.clone());
        let devices: Vec<Device> = options.devices.iter().map(start).collect();
        let until = Instant::now() + options.deadline * 5;
        devices.iter().for_each(|device| device.wait_until_settled(until));
        if !devices.iter().any(|device| device.status().ready) {
            let failure =
                devices.iter().filter_map(Device::last_failure).max_by_key(Failure::weight);
            let failure = failure.unwrap_or(Failure::Late);
            return Err(about(&failure, "no key device is ready"));
        }
        let verify = options.check;
        let fleet = Fleet { devices, options, turn: AtomicUsize::new(0) };
        Ok(Self { fleet: Arc::new(fleet), verify })
    }

    /// The same keys for a caller who verifies each signature himself before it counts, as a
    /// certificate authority does: signatures are handed out as they come. Everything else is
    /// checked as before.
    #[must_use]
    pub fn for_verifying_callers(&self) -> Self {
        Self { fleet: Arc::clone(&self.fleet), verify: false }
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
            let (label, values) = (label.as_str(), &bytes[..]);
            let request = Request::Permute { label, digits, below, forward, values };
            let read = |answer| read_values(answer, chunk.len(), below);
            images.extend_from_slice(&task.run(&request, read)?);
        }
        values.copy_from_slice(&images);
        Ok(())
    }

    /// The public half of a key that signs, with the call that it is wanted for.
    fn signing<'a>(&'a self, label: &'a KeyLabel) -> Result<(PublicKey, Task<'a>), Problem> {
        let task = self.task(label, Needed::Sign)?;
        let public = task.holders.key.info.public.clone();
        let public = public.ok_or_else(|| Problem::new(&labels::KEY_KIND, label.as_str()))?;
        Ok((public, task))
    }
}

impl Task<'_> {
    /// Has it done by a device that holds the key. `use_answer` turns bytes into what is handed
    /// out; where it finds them wrong, another device is asked.
    fn run<T>(
        self,
        request: &Request<'_>,
        use_answer: impl Fn(Vec<u8>) -> Result<T, Failure>,
    ) -> Result<T, Problem> {
        let done = self.fleet.on_any(&self.holders.devices, self.until, |device, until| {
            let answer = device.call(request, until)?;
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

    fn permute(&self, label: &KeyLabel, domain: Domain, values: &mut [u64]) -> Result<(), Problem> {
        self.walk(label, domain, values, true)
    }

    fn invert(&self, label: &KeyLabel, domain: Domain, values: &mut [u64]) -> Result<(), Problem> {
        self.walk(label, domain, values, false)
    }

    fn mac(&self, label: &KeyLabel, message: &[u8]) -> Result<[u8; 32], Problem> {
        let task = self.task(label, Needed::Mac)?;
        fits(message)?;
        task.run(&Request::Mac { label: label.as_str(), message }, |answer| {
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
        let (bound, key) = (bound(label, place), &key.reveal()[..]);
        let request = Request::Wrap { label: label.as_str(), nonce, bound: &bound, key };
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
        let request = Request::Unwrap { label: label.as_str(), nonce, bound: &bound, body };
        task.run(&request, |answer| {
            let answer = Zeroizing::new(answer);
            DataKey::from_slice(&answer).map_err(|_| wrong("a data key of another length"))
        })
    }

    fn sign(&self, label: &KeyLabel, message: &[u8]) -> Result<Vec<u8>, Problem> {
        let (public, task) = self.signing(label)?;
        let algorithm = public.algorithm();
        let input = input_of(algorithm, message);
        fits(&input)?;
        task.run(&Request::Sign { label: label.as_str(), input: &input }, |raw| {
            let signature = signature_of(algorithm, raw);
            let good = |signature: &Vec<u8>| !self.verify || public.has_signed(message, signature);
            signature.filter(good).ok_or_else(|| wrong("a signature that does not verify"))
        })
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
            device.catalogue(|catalogue| catalogue.remove(label));
        }
        if destroyed { Ok(()) } else { Err(told(Failure::Absent)) }
    }
}

impl Fleet {
    /// Who holds the key. One that nobody is known to hold may have been made meanwhile, so all
    /// devices are looked into; only when all have answered is it absent.
    fn holders(&self, label: &KeyLabel, until: Instant) -> Result<Holders, Problem> {
        if let Some(holders) = self.find(label)? {
            return Ok(holders);
        }
        let refreshed = self.refresh(until);
        match (self.find(label)?, refreshed) {
            (Some(holders), _) => Ok(holders),
            (None, Err(failure)) => Err(failure.problem(label)),
            (None, Ok(())) => Err(Failure::Absent.problem(label)),
        }
    }

    /// Who is known to hold the key. Two devices that hold different keys under one label are not
    /// worked with.
    fn find(&self, label: &KeyLabel) -> Result<Option<Holders>, Problem> {
        let mut found: Option<Holders> = None;
        for (at, device) in self.devices.iter().enumerate() {
            let Some(key) = device.catalogue(|catalogue| catalogue.get(label)) else { continue };
            match &mut found {
                None => found = Some(Holders { key, devices: vec![at] }),
                Some(holders) if holders.key == key => holders.devices.push(at),
                Some(_) => return Err(Failure::Configuration(DIFFERENT.to_owned()).problem(label)),
            }
        }
        Ok(found)
    }

    /// Looks into all tokens, one after the other; the first failure, after all were tried.
    fn refresh(&self, until: Instant) -> Result<(), Failure> {
        let looked = self.devices.iter().map(|device| device.refresh(until));
        looked.fold(Ok(()), |before, this| before.and(this))
    }

    fn list(&self, until: Instant) -> Result<Vec<KeyInfo>, Problem> {
        let refreshed = self.refresh(until);
        let known = |device: &Device| device.catalogue(|catalogue| catalogue.is_known());
        if let Err(failure) = refreshed
            && !self.devices.iter().all(known)
        {
            return Err(about(&failure, "not all tokens could be looked into"));
        }
        let mut keys: BTreeMap<KeyLabel, KeyInfo> = BTreeMap::new();
        for device in &self.devices {
            let held: Vec<KeyInfo> = device
                .catalogue(|catalogue| catalogue.keys().map(|key| key.info.clone()).collect());
            keys.extend(held.into_iter().map(|info| (info.label.clone(), info)));
        }
        Ok(keys.into_values().collect())
    }

    /// Asks the devices one after the other until one answers. Each gets its share of what is left
    /// of the time, so that one that stalls leaves some to the others. A device whose child ended
    /// meanwhile is asked once more: its next child may be there at once.
    fn on_any<T>(
        &self,
        holders: &[usize],
        until: Instant,
        ask: impl Fn(&Device, Instant) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut waiting = self.in_order(holders);
        let mut again = true;
        let mut worst: Option<Failure> = None;
        while let Some(at) = waiting.first().copied() {
            waiting.remove(0);
            let now = Instant::now();
            let left = until.saturating_duration_since(now);
            if left.is_zero() {
                break;
            }
            let share = left / (waiting.len() as u32 + 1);
            match ask(&self.devices[at], now + share) {
                Err(failure) if failure.is_of_the_device() || failure == Failure::Absent => {
                    if failure == Failure::Lost && std::mem::take(&mut again) {
                        waiting.push(at);
                    }
                    let heavier = |other: &Failure| other.weight() < failure.weight();
                    if worst.as_ref().is_none_or(heavier) {
                        worst = Some(failure);
                    }
                }
                settled => return settled,
            }
        }
        Err(worst.unwrap_or(Failure::Late))
    }

    /// Those that are ready first, the least busy of them first, in turn among equals.
    fn in_order(&self, holders: &[usize]) -> Vec<usize> {
        if let [only] = holders {
            return vec![*only];
        }
        let mut order = holders.to_vec();
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let first = turn % order.len().max(1);
        order.rotate_left(first);
        order.sort_by_cached_key(|at| {
            let (ready, load) = self.devices[*at].readiness();
            (!ready, load)
        });
        order
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

fn check(options: &HsmOptions) -> Result<(), Problem> {
    let wrong = if options.devices.is_empty() {
        "no device is given"
    } else if !(1..=SESSIONS_MAX).contains(&usize::from(options.sessions)) {
        "sessions: 1 to 128"
    } else if options.deadline.is_zero() || options.stuck < options.deadline {
        "the deadline: above zero, and not above the time after which a child is killed"
    } else {
        return Ok(());
    };
    Err(Problem::new(&labels::HSM_CONFIGURATION, wrong))
}

/// A problem of the devices that is no single key's.
fn about(failure: &Failure, what: &str) -> Problem {
    let label = match failure {
        Failure::Gone(_) => &labels::HSM_GONE,
        Failure::Configuration(_) => &labels::HSM_CONFIGURATION,
        Failure::Wrong(_) => &labels::HSM_ANSWER_WRONG,
        _ => &labels::HSM_UNAVAILABLE,
    };
    Problem::new(label, format!("{what}: {}", failure.word()))
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
const DIFFERENT: &str = "two tokens hold different keys under this label";
