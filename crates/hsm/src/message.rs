//! What a service and a child say to each other. A request names the key by its label and identity,
//! so that another one under that label is not used; an answer is bytes or a failure. Numbers of
//! requests are never used twice: a late answer finds nobody.

use crate::failure::Failure;
use crate::options::TokenChoice;
use crate::wire::{Malformed, Reader, Writer};
use base::Moment;
use ports::{KeyInfo, KeyKind, KeyLabel};
use x509::PublicKey;
use zeroize::Zeroizing;

/// The first message: what a child works with. With it travel the sockets of its sessions.
pub(crate) struct Hello<'a> {
    pub(crate) module: &'a str,
    pub(crate) token: TokenChoice,
    pub(crate) pin: &'a [u8],
    /// Whether answers are tried by the inverse operation.
    pub(crate) check: bool,
    pub(crate) sessions: u32,
}

/// What a child answers to it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Greeting {
    /// The token's label and serial number.
    pub(crate) token: String,
    pub(crate) serial: String,
    /// The kinds of keys that the token can hold and use.
    pub(crate) kinds: Vec<KeyKind>,
}

/// The key that a request is about: not only its label, since another key may come to stand under
/// that, on one token or on all.
#[derive(Clone, Copy)]
pub(crate) struct KeyName<'a> {
    pub(crate) label: &'a str,
    pub(crate) identity: [u8; 8],
}

/// One piece of work.
pub(crate) enum Request<'a> {
    /// What is signed is ready for the mechanism: a digest, a DigestInfo or, for Ed25519, all.
    Sign {
        key: KeyName<'a>,
        input: &'a [u8],
    },
    Mac {
        key: KeyName<'a>,
        message: &'a [u8],
    },
    Wrap {
        key: KeyName<'a>,
        nonce: [u8; 12],
        bound: &'a [u8],
        plain: &'a [u8],
    },
    Unwrap {
        key: KeyName<'a>,
        nonce: [u8; 12],
        bound: &'a [u8],
        body: &'a [u8],
    },
    /// Values are 8 bytes each.
    Permute {
        key: KeyName<'a>,
        digits: u32,
        below: u64,
        forward: bool,
        values: &'a [u8],
    },
    Generate {
        label: &'a str,
        kind: KeyKind,
        created: Moment,
        identity: [u8; 8],
    },
    Destroy {
        label: &'a str,
    },
    /// The keys whose labels come after this one.
    List {
        after: &'a str,
    },
}

/// A key on a token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct HeldKey {
    pub(crate) info: KeyInfo,
    /// Drawn when it was made: copies of a key share it, another key does not.
    pub(crate) identity: [u8; 8],
}

impl Hello<'_> {
    pub(crate) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut out = Writer::default();
        out.raw(MAGIC).u8(VERSION).text(self.module);
        match &self.token {
            TokenChoice::Label(label) => out.u8(0).text(label),
            TokenChoice::Slot(slot) => out.u8(1).u64(*slot),
        };
        out.bytes(self.pin).u8(self.check.into()).u32(self.sessions);
        out.done()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Hello<'_>, Malformed> {
        let mut from = Reader::new(bytes);
        if from.array()? != *MAGIC || from.u8()? != VERSION {
            return Err(Malformed);
        }
        let module = from.text()?;
        let token = match from.u8()? {
            0 => TokenChoice::Label(from.text()?.to_owned()),
            1 => TokenChoice::Slot(from.u64()?),
            _ => return Err(Malformed),
        };
        let (pin, check, sessions) = (from.bytes()?, from.u8()? == 1, from.u32()?);
        from.end()?;
        Ok(Hello { module, token, pin, check, sessions })
    }
}

impl KeyName<'_> {
    fn put<'w>(&self, out: &'w mut Writer) -> &'w mut Writer {
        out.text(self.label).raw(&self.identity)
    }
}

impl Greeting {
    pub(crate) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut out = Writer::default();
        out.text(&self.token).text(&self.serial);
        for kind in &self.kinds {
            out.u8(kind_code(*kind));
        }
        out.done()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut from = Reader::new(bytes);
        let (token, serial) = (from.text()?.to_owned(), from.text()?.to_owned());
        let kinds = from.rest().iter().map(|code| kind_of(*code)).collect::<Result<_, _>>()?;
        Ok(Self { token, serial, kinds })
    }
}

impl<'a> Request<'a> {
    /// How many times longer than others it may take: a pair of RSA keys is searched for.
    pub(crate) fn length(&self) -> u32 {
        match self {
            Self::Generate { .. } | Self::Destroy { .. } | Self::List { .. } => LONG,
            _ => 1,
        }
    }

    /// The request under its number, with the moment of the monotonic clock, in microseconds, after
    /// which nobody waits for the answer.
    pub(crate) fn encode(&self, id: u64, until_us: u64) -> Zeroizing<Vec<u8>> {
        let mut out = Writer::default();
        out.u64(id).u64(until_us);
        match self {
            Self::Sign { key, input } => key.put(out.u8(1)).raw(input),
            Self::Mac { key, message } => key.put(out.u8(2)).raw(message),
            Self::Wrap { key, nonce, bound, plain } => {
                key.put(out.u8(3)).raw(nonce).bytes(bound).raw(plain)
            }
            Self::Unwrap { key, nonce, bound, body } => {
                key.put(out.u8(4)).raw(nonce).bytes(bound).raw(body)
            }
            Self::Permute { key, digits, below, forward, values } => {
                key.put(out.u8(5)).u32(*digits).u64(*below).u8((*forward).into()).raw(values)
            }
            Self::Generate { label, kind, created, identity } => {
                out.u8(6).text(label).u8(kind_code(*kind)).u64(created.us() as u64).raw(identity)
            }
            Self::Destroy { label } => out.u8(7).text(label),
            Self::List { after } => out.u8(8).text(after),
        };
        out.done()
    }

    pub(crate) fn decode(bytes: &'a [u8]) -> Result<(u64, u64, Self), Malformed> {
        let mut from = Reader::new(bytes);
        let (id, until_us, op) = (from.u64()?, from.u64()?, from.u8()?);
        let label = from.text()?;
        let key = |from: &mut Reader<'a>| Ok(KeyName { label, identity: from.array()? });
        let request = match op {
            1 => Self::Sign { key: key(&mut from)?, input: from.rest() },
            2 => Self::Mac { key: key(&mut from)?, message: from.rest() },
            3 => {
                let (key, nonce, bound) = (key(&mut from)?, from.array()?, from.bytes()?);
                Self::Wrap { key, nonce, bound, plain: from.rest() }
            }
            4 => {
                let (key, nonce, bound) = (key(&mut from)?, from.array()?, from.bytes()?);
                Self::Unwrap { key, nonce, bound, body: from.rest() }
            }
            5 => {
                let (key, digits, below) = (key(&mut from)?, from.u32()?, from.u64()?);
                let forward = from.u8()? == 1;
                Self::Permute { key, digits, below, forward, values: from.rest() }
            }
            6 => {
                let kind = kind_of(from.u8()?)?;
                let created = Moment::from_us(from.u64()? as i64);
                Self::Generate { label, kind, created, identity: from.array()? }
            }
            7 => Self::Destroy { label },
            8 => Self::List { after: label },
            _ => return Err(Malformed),
        };
        from.end()?;
        Ok((id, until_us, request))
    }
}

impl HeldKey {
    pub(crate) fn put(&self, out: &mut Writer) {
        let KeyInfo { label, kind, created, public } = &self.info;
        out.text(label.as_str()).u8(kind_code(*kind)).u64(created.us() as u64).raw(&self.identity);
        out.bytes(public.as_ref().map_or(&[], PublicKey::bits));
    }

    pub(crate) fn take(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        let label: KeyLabel = from.text()?.parse().map_err(|_| Malformed)?;
        let kind = kind_of(from.u8()?)?;
        let created = Moment::from_us(from.u64()? as i64);
        let identity = from.array()?;
        let bits = from.bytes()?;
        let public = match kind {
            KeyKind::Sign(algorithm) => {
                Some(PublicKey::new(algorithm, bits.to_vec()).map_err(|_| Malformed)?)
            }
            _ if bits.is_empty() => None,
            _ => return Err(Malformed),
        };
        Ok(Self { info: KeyInfo { label, kind, created, public }, identity })
    }
}

/// An answer under the number of its request.
pub(crate) fn encode_answer(id: u64, answer: &Result<Vec<u8>, Failure>) -> Zeroizing<Vec<u8>> {
    let mut out = Writer::default();
    out.u64(id);
    match answer {
        Ok(body) => out.u8(0).raw(body),
        Err(failure) => {
            let (code, why) = failure_code(failure);
            // A library's words are cut where they would fill a message.
            let most = why.floor_char_boundary(WHY_MAX);
            out.u8(code).raw(&why.as_bytes()[..most])
        }
    };
    out.done()
}

/// The number of the request with what became of it.
pub(crate) fn decode_answer(bytes: &[u8]) -> Result<(u64, Result<Vec<u8>, Failure>), Malformed> {
    let mut from = Reader::new(bytes);
    let (id, code) = (from.u64()?, from.u8()?);
    let body = from.rest();
    let why = || std::str::from_utf8(body).map(str::to_owned).map_err(|_| Malformed);
    let failure = match code {
        0 => return Ok((id, Ok(body.to_vec()))),
        1 => Failure::Transient(why()?),
        2 => Failure::NoSession(why()?),
        3 => Failure::Gone(why()?),
        4 => Failure::Wrong(why()?),
        5 => Failure::Absent,
        6 => Failure::Exists,
        7 => Failure::Operation(why()?),
        8 => Failure::Mechanism(why()?),
        9 => Failure::Configuration(why()?),
        10 => Failure::Late,
        _ => return Err(Malformed),
    };
    Ok((id, Err(failure)))
}

fn failure_code(failure: &Failure) -> (u8, &str) {
    match failure {
        Failure::Transient(why) => (1, why),
        Failure::NoSession(why) => (2, why),
        Failure::Gone(why) => (3, why),
        Failure::Wrong(why) => (4, why),
        Failure::Absent => (5, ""),
        Failure::Exists => (6, ""),
        Failure::Operation(why) => (7, why),
        Failure::Mechanism(why) => (8, why),
        Failure::Configuration(why) => (9, why),
        Failure::Late => (10, ""),
        Failure::Lost | Failure::Busy | Failure::Resting => (1, ""),
    }
}

/// The code of a kind, in messages and in what is kept with a key on its token: its place in
/// `KeyKind::ALL`, from 1.
pub(crate) fn kind_code(kind: KeyKind) -> u8 {
    KeyKind::ALL.iter().position(|other| *other == kind).map_or(0, |at| at as u8 + 1)
}

/// The kind of a code.
pub(crate) fn kind_of(code: u8) -> Result<KeyKind, Malformed> {
    let at = usize::from(code).checked_sub(1);
    at.and_then(|at| KeyKind::ALL.get(at)).copied().ok_or(Malformed)
}

/// Making and destroying keys and looking through a token may take so many times longer.
pub(crate) const LONG: u32 = 10;
const MAGIC: &[u8; 4] = b"shsm";
const VERSION: u8 = 1;
const WHY_MAX: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// One request of each sort.
    fn requests() -> Vec<Request<'static>> {
        let label = "kek/1";
        let (nonce, identity) = (*b"twelve bytes", *b"identity");
        let (key, created) = (KeyName { label, identity }, Moment::from_us(-3));
        vec![
            Request::Sign { key, input: b"digest" },
            Request::Mac { key, message: b"" },
            Request::Wrap { key, nonce, bound: b"place", plain: b"key" },
            Request::Unwrap { key, nonce, bound: b"place", body: b"sealed" },
            Request::Permute { key, digits: 11, below: 80, forward: false, values: b"12345678" },
            Request::Generate { label, kind: KeyKind::Mac, created, identity },
            Request::Destroy { label },
            Request::List { after: "" },
        ]
    }

    #[test]
    fn requests_read_back() {
        for request in requests() {
            let bytes = request.encode(7, 9);
            let (id, until_us, read) = Request::decode(&bytes).unwrap();
            assert_eq!((id, until_us), (7, 9));
            assert_eq!(read.encode(7, 9), bytes);
        }
    }

    #[test]
    fn what_is_cut_or_has_more_is_refused_where_lengths_are_fixed() {
        for request in requests().into_iter().skip(5) {
            let bytes = request.encode(7, 9);
            for length in 0..bytes.len() {
                assert!(Request::decode(&bytes[..length]).is_err());
            }
            assert!(Request::decode(&[&bytes[..], &[0]].concat()).is_err());
        }
    }

    #[test]
    fn answers_and_failures_read_back() {
        let why = || "CKR_X".to_owned();
        for answer in [
            Ok(Vec::new()),
            Ok(b"bytes".to_vec()),
            Err(Failure::Transient(why())),
            Err(Failure::NoSession(why())),
            Err(Failure::Gone(why())),
            Err(Failure::Wrong(why())),
            Err(Failure::Absent),
            Err(Failure::Exists),
            Err(Failure::Operation(why())),
            Err(Failure::Mechanism(why())),
            Err(Failure::Configuration(why())),
            Err(Failure::Late),
        ] {
            assert_eq!(decode_answer(&encode_answer(3, &answer)), Ok((3, answer)));
        }
        let long = Err(Failure::Gone("鍵".repeat(1_000)));
        assert!(encode_answer(3, &long).len() < 600);
        assert_eq!(decode_answer(&[0, 0, 0, 0, 0, 0, 0, 1, 11]), Err(Malformed));
    }

    #[test]
    fn hello_and_greeting_read_back() {
        for token in [TokenChoice::Label("t".to_owned()), TokenChoice::Slot(u64::MAX)] {
            let (module, pin, check, sessions) = ("/a.so", &b"1234"[..], true, 8);
            let hello = Hello { module, token, pin, check, sessions };
            let bytes = hello.encode();
            let read = Hello::decode(&bytes).unwrap();
            assert_eq!(read.encode(), bytes);
            assert_eq!((read.module, read.token, read.pin), (module, hello.token, pin));
            for length in 0..bytes.len() {
                assert!(Hello::decode(&bytes[..length]).is_err());
            }
        }
        let (token, serial) = ("t".to_owned(), "1".to_owned());
        let greeting = Greeting { token, serial, kinds: KeyKind::ALL.to_vec() };
        assert_eq!(Greeting::decode(&greeting.encode()), Ok(greeting));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            let _ = Request::decode(&bytes);
            let _ = decode_answer(&bytes);
            let _ = Hello::decode(&bytes);
            let _ = Greeting::decode(&bytes);
            let _ = HeldKey::take(&mut Reader::new(&bytes));
        }
    }
}
